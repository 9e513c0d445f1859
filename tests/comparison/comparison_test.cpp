// The comparison of methods: what it measures, what methods may see, and how a run that was stopped goes on.
#include "tenbin/comparison/comparison.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <numeric>
#include <set>

#include "tenbin/bundle/predictor.h"
#include "tenbin/comparison/detail/coded_rows.h"
#include "tenbin/comparison/detail/measure.h"
#include "tenbin/comparison/detail/plan.h"
#include "tenbin/core/random.h"
#include "tenbin/datasets/class_weight.h"
#include "tenbin/evaluation/precision_recall.h"
#include "tenbin/evaluation/proper_scores.h"
#include "tenbin/evaluation/roc.h"
#include "tenbin/functions/loss/softmax_cross_entropy.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/serializers/state.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/scratch_directory.h"
#include "tenbin/tests/thread_count.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// Columns a, b (numbers that move with the class), place (a category) and the label, whose last class is the
// rarest.
Table example_table(const std::vector<std::size_t>& counts, std::uint64_t seed = 5) {
  random::Generator generator(seed);
  std::vector<double> a, b;
  std::vector<std::int32_t> place, t;
  for (std::size_t c = 0; c < counts.size(); ++c)
    for (std::size_t i = 0; i < counts[c]; ++i) {
      const std::vector<double> noise = generator.normal({2}, 0, 1, Dtype::float64).to_vector<double>();
      a.push_back(noise[0] + 1.5 * static_cast<double>(c));
      b.push_back(i == 3 ? missing : 10 * noise[1] - 7 * static_cast<double>(c));
      place.push_back(i % 7 == 0 ? -1 : static_cast<std::int32_t>((i + c) % 3));
      t.push_back(static_cast<std::int32_t>(c));
    }
  std::vector<std::string> names = {"no", "yes", "rare"};
  names.resize(counts.size());
  return Table({{"a", Array(a)},
                {"b", Array(b)},
                {"place", Array(place), {"x", "y", "z"}},
                {"label", Array(t), names}},
               3, "example.csv");
}

// A search and trainings that take a moment.
ComparisonOptions quick() {
  ComparisonOptions options;
  options.folds = 3;
  options.repeats = 1;
  options.network.hidden = {3, 0};
  options.network.weight_decay = {1e-3, 1e-2, 0.1};
  options.network.max_epochs = 4;
  options.network.patience = 2;
  options.network.batch_size = 16;
  options.network.alpha = 0.05;
  options.n_resamples = 20;
  return options;
}

TrainedClassifier plain_network(const TrainingContext& context, const MethodSettings&) {
  TrainedClassifier classifier;
  classifier.network = context.fit();
  return classifier;
}

// Everything in a result, for comparisons of bits.
std::string bits_of(const ComparisonResult& result) {
  std::string bits = to_json(result) + to_csv(result) + to_text(result);
  for (const MethodResult& method : result.methods)
    for (const Array* array : {&method.probabilities, &method.decisions})
      if (*array) bits.append(static_cast<const char*>(array->raw_data()), array->nbytes());
  return bits;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

TEST_CASE("compare measures the methods on the same folds") {
  const Table table = example_table({60, 24});
  const ComparisonResult result =
      compare(table, standard_methods().select({"majority", "plain", "class weights"}), quick());
  CHECK(result.source == "example.csv");
  CHECK(result.n_rows == 84);
  CHECK(result.n_columns == 3);
  CHECK(result.n_categorical == 1);
  CHECK(result.label == "label");
  CHECK(result.classes == std::vector<std::string>{"no", "yes"});
  CHECK(result.class_counts == std::vector<std::size_t>{60, 24});
  CHECK(result.positive == 1);
  REQUIRE(result.folds.size() == 3);
  CHECK(result.folds[0].train_rows == 56);
  CHECK(result.folds[0].test_rows == 28);
  CHECK(result.rows.size() == 84);
  CHECK(result.t.to_vector<std::int32_t>() == table.labels().to_vector<std::int32_t>());

  // The predictions are those of the rows, and the values are those of the folds.
  const MethodResult& plain = result["plain"];
  REQUIRE(plain.probabilities.shape() == Shape{84, 2});
  CHECK(roc_auc_score(result.t, plain.probabilities) > 0.7);
  CHECK(mean_of(plain.values[metric_index("roc_auc")]) > 0.7);
  CHECK(mean_of(plain.values[metric_index("brier_score")]) ==
        Approx(brier_score_loss(result.t, plain.probabilities)));
  CHECK(result.found(plain).present == 24);
  const std::vector<std::int32_t> decisions = plain.decisions.to_vector<std::int32_t>();
  std::size_t found = 0;
  for (std::size_t i = 60; i < 84; ++i) found += decisions[i] == 1 ? 1 : 0;
  CHECK(result.found(plain).found == found);

  // Of the majority all is known.
  const MethodResult& majority = result["majority"];
  CHECK(majority.values[metric_index("balanced_accuracy")] == std::vector<double>(3, 0.5));
  CHECK(majority.values[metric_index("roc_auc")] == std::vector<double>(3, 0.5));
  CHECK(majority.probabilities.at(83, 1) == Approx(24.0 / 84));
  CHECK(result.found(majority).found == 0);
  CHECK(majority.average_precision.value.value == Approx(24.0 / 84));
  CHECK(majority.average_precision.value.low == Approx(24.0 / 84));
  CHECK(&result.best("roc_auc") != &majority);

  // Differences are paired over the folds.
  const std::size_t auc = metric_index("roc_auc");
  CHECK(plain.differences.empty());
  REQUIRE(majority.differences.size() == comparison_metrics().size());
  for (std::size_t fold = 0; fold < 3; ++fold)
    CHECK(majority.differences[auc].values[fold] == majority.values[auc][fold] - plain.values[auc][fold]);
  CHECK(majority.differences[auc].mean < 0);
  CHECK_FALSE(majority.differences[auc].better);
  CHECK(majority.differences[auc].p_holm >= majority.differences[auc].p_value);

  // The interval is of the mean over the folds.
  CHECK(plain.average_precision.value.value ==
        Approx(mean_of(plain.values[metric_index("average_precision")])));
  CHECK(plain.recall_at_fpr.value.value == Approx(mean_of(plain.values[metric_index("recall_at_fpr")])));
  CHECK(plain.average_precision.value.low < plain.average_precision.value.value);
  CHECK(plain.average_precision.value.high >= plain.average_precision.value.value);
  CHECK(plain.average_precision.difference.low == 0);
  CHECK(plain.average_precision.difference.high == 0);
  CHECK(majority.average_precision.difference.high < 0);
}

TEST_CASE("the metrics of a comparison") {
  const Array t{0, 0, 1, 1, 0, 1};
  const Array p{{.9f, .1f}, {.6f, .4f}, {.4f, .6f}, {.7f, .3f}, {.2f, .8f}, {.1f, .9f}};
  const auto value = [&](const char* key, double budget) {
    return detail::measure(t, p, Array{0, 0, 1, 0, 1, 1}, 1, budget)[metric_index(key)];
  };
  CHECK(value("balanced_accuracy", 0) == Approx(2.0 / 3));
  CHECK(value("roc_auc", 0) == Approx(roc_auc_score(t, p)));
  CHECK(value("average_precision", 0) == Approx(average_precision_score(t, p)));
  CHECK(value("log_loss", 0) == Approx(log_loss(t, p)));
  // Scores of the positive rows .9 .6 .3, of the others .8 .4 .1.
  CHECK(value("recall_at_fpr", 0) == Approx(1.0 / 3));
  CHECK(value("recall_at_fpr", 0.33) == Approx(1.0 / 3));
  CHECK(value("recall_at_fpr", 0.34) == Approx(2.0 / 3));
  CHECK(value("recall_at_fpr", 1) == 1);

  // Of three classes, the test rows lack one: means over the others.
  const Array three{{.5f, .3f, .2f}, {.2f, .6f, .2f}, {.4f, .5f, .1f}};
  const std::vector<double> values = detail::measure(Array{0, 1, 0}, three, Array{0, 1, 1}, 2, 0);
  CHECK(values[metric_index("roc_auc")] == 1);
  CHECK(std::isnan(detail::measure(Array{0, 0}, p.slice(0, 2), Array{0, 0}, 1, 0)[metric_index("roc_auc")]));
  CHECK_THROWS_WITH(metric_index("auc"),
                    Catch::Contains("metric_index: no metric is named \"auc\"; there are "
                                    "balanced_accuracy, f1_macro"));
}

TEST_CASE("bootstrap intervals are those of weighted resamples, paired over the methods") {
  // One fold; the positive rows rank 1, 2 and 4 in a, and last in b.
  std::vector<MethodResult> methods(2);
  methods[0].probabilities = Array{{.1f, .9f}, {.2f, .8f}, {.3f, .7f}, {.4f, .6f}, {.5f, .5f}, {.6f, .4f}};
  methods[1].probabilities = Array{{.9f, .1f}, {.8f, .2f}, {.3f, .7f}, {.7f, .3f}, {.2f, .8f}, {.1f, .9f}};
  const detail::PooledLabels labels{{1, 1, 0, 1, 0, 0}, {0, 0, 0, 0, 0, 0}, 1};
  detail::bootstrap({&methods[0], &methods[1]}, methods[1], labels, 0.4, 500, 1);
  const PooledMetric& ap = methods[0].average_precision;
  CHECK(ap.value.value == Approx((1 + 1 + 0.75) / 3));
  CHECK(ap.value.high == 1);
  CHECK(ap.value.low > 0.6);
  CHECK(ap.value.low < 0.85);
  CHECK(methods[0].recall_at_fpr.value.value == 1);
  CHECK(methods[1].recall_at_fpr.value.value == 0);
  CHECK(ap.difference.value == Approx(ap.value.value - methods[1].average_precision.value.value));
  CHECK(ap.difference.low > 0);
  CHECK(methods[1].average_precision.difference.high == 0);
}

TEST_CASE("without a bootstrap there are values but no intervals") {
  const Table table = example_table({60, 24});
  const ComparisonMethods methods = standard_methods().select({"majority", "plain"});
  ComparisonOptions options = quick();
  options.n_resamples = 0;
  const ComparisonResult result = compare(table, methods, options);
  for (const MethodResult& method : result.methods)
    for (const PooledMetric* metric : {&method.average_precision, &method.recall_at_fpr})
      for (const BootstrapValue* value : {&metric->value, &metric->difference}) {
        CHECK(std::isfinite(value->value));
        CHECK_FALSE(value->has_interval());
        CHECK(std::isnan(value->low));
        CHECK(std::isnan(value->high));
      }
  const std::string text = to_text(result);
  CHECK(text.find("bootstrap") == std::string::npos);
  CHECK_THAT(text, ContainsSubstring("\nmajority  28.6        -30.7         0.0        -25.0\n"));
  CHECK_THAT(text, ContainsSubstring("with their differences\nfrom \"plain\"; without intervals\n"));
  CHECK_THAT(to_json(result), ContainsSubstring("\"value\": 0.2857142857142857\n"));
  CHECK(to_json(result).find("\"low\"") == std::string::npos);
  CHECK_THAT(to_json(compare(table, methods, quick())), ContainsSubstring("\"low\": 0.28571428571428"));

  // Two of three classes are tested, without the positive one.
  const Table three = example_table({30, 20, 6});
  options = quick();
  std::vector<std::size_t> train, test;
  for (std::size_t row = 0; row < 56; ++row) (row < 50 && row % 2 == 0 ? test : train).push_back(row);
  options.splits = {{train, test}};
  const ComparisonResult none = compare(three, methods, options);
  CHECK(std::isnan(none["plain"].average_precision.value.value));
  CHECK_FALSE(none["plain"].average_precision.value.has_interval());
  CHECK_THAT(
      to_text(none),
      ContainsSubstring("Average precision and recall@FPR of \"rare\" are not defined: no fold has test "
                        "rows of it and of another class.\n"));
  CHECK_THAT(to_json(none), ContainsSubstring("\"value\": null\n"));
}

TEST_CASE("all standard methods on two and on three classes, at any number of threads", "[threads]") {
  for (const Table& table : {example_table({40, 14}), example_table({40, 21, 5})}) {
    ComparisonOptions options = quick();
    options.folds = 2;
    options.inner_folds = 2;
    std::string bits;
    for (const std::size_t threads : {1, 3}) {
      const ThreadCount count(threads);
      const ComparisonResult result = compare(table, standard_methods(), options);
      for (const MethodResult& method : result.methods) {
        CAPTURE(method.name, method.left_out);
        if (method.name != "Borderline-SMOTE") CHECK_FALSE(method.is_left_out());
      }
      CHECK(result.leak_check.passed());
      if (bits.empty()) bits = bits_of(result);
      CHECK(bits == bits_of(result));
      CHECK(result["balanced softmax"].settings[0].empty());
      CHECK(result["focal loss"].settings[0].values().count("gamma") == 1);
      CHECK(result["plain"].probabilities.to_vector<float>() ==
            result["post-hoc logit adjustment"].probabilities.to_vector<float>());
    }
  }
}

TEST_CASE("a method is a name and a function, with settings that are chosen on inner folds") {
  const Table table = example_table({40, 20});
  ComparisonMethods methods = standard_methods().select({"plain"});
  std::mutex mutex;
  std::set<std::size_t> rows_seen;
  // Right with x = 2 only.
  methods.add("oracle",
              [&](const TrainingContext& context, const MethodSettings& settings) {
                const std::lock_guard<std::mutex> lock(mutex);
                rows_seen.insert(context.train().size());
                CHECK(context.counts().size() == 2);
                CHECK(context.one_hot().size() == 1);
                CHECK(context.one_hot()[0].end - context.one_hot()[0].begin == 4);  // x, y, z, missing
                TrainedClassifier classifier;
                classifier.probabilities = [sign = settings["x"] == 2 ? 1 : -1](const Array& x) {
                  Array p = Array::empty({x.shape()[0], 2});
                  for (std::size_t i = 0; i < x.shape()[0]; ++i) {
                    const bool yes = static_cast<float>(sign) * x.data<float>()[i * x.shape()[1]] > 0;
                    p.data<float>()[2 * i] = yes ? 0.f : 1.f;
                    p.data<float>()[2 * i + 1] = yes ? 1.f : 0.f;
                  }
                  return p;
                };
                return classifier;
              },
              {{"x", 1, {1, 2, 3}}});
  ComparisonOptions options = quick();
  ComparisonResult result = compare(table, methods, options);
  for (const MethodSettings& settings : result["oracle"].settings) CHECK(settings["x"] == 2);
  CHECK(rows_seen == std::set<std::size_t>{26, 27, 40});  // of inner and of outer folds
  options.tune = false;
  result = compare(table, methods, options);
  for (const MethodSettings& settings : result["oracle"].settings) CHECK(settings["x"] == 1);
  CHECK_THROWS_WITH(train_method(table, methods["oracle"], options),
                    "train_method: the model of \"oracle\" is not a network and cannot be saved");

  CHECK_THROWS_WITH(MethodSettings({{"k", 5}})["x"],
                    "MethodSettings: no setting is named \"x\"; there are k 5");
  CHECK_THROWS_WITH(methods.add("oracle", plain_network),
                    "ComparisonMethods::add: there is a method \"oracle\" already");
  CHECK_THROWS_WITH(methods.add("", plain_network),
                    "ComparisonMethods::add: expected a name, got an empty one");
  CHECK_THROWS_WITH(methods.add("none", nullptr),
                    "ComparisonMethods::add: the function of \"none\" is empty");
  CHECK_THROWS_WITH(methods.add("two", plain_network, {{"k", 1}, {"k", 2}}),
                    "ComparisonMethods::add: the settings of \"two\" need different names, got \"k\"");
  CHECK_THROWS_WITH(methods.select({"plain", "other"}),
                    "ComparisonMethods: no method is named \"other\"; there are plain, oracle");
}

TEST_CASE("class 1 of two is positive, however frequent, and of more the rarest") {
  const ComparisonMethods methods = standard_methods().select({"majority", "plain"});
  CHECK(compare(example_table({20, 40}), methods, quick()).positive == 1);
  CHECK(compare(example_table({40, 20}), methods, quick()).positive == 1);
  CHECK(compare(example_table({30, 9, 20}), methods, quick()).positive == 1);
  ComparisonOptions options = quick();
  options.positive = "no";
  CHECK(compare(example_table({20, 40}), methods, options).positive == 0);
}

TEST_CASE("a network that cannot be trained is an error, not an untrained network") {
  const auto reason = [](NetworkSettings settings) {
    ComparisonMethods methods = standard_methods().select({"plain"});
    methods.add("own", [&](const TrainingContext& context, const MethodSettings&) {
      TrainedClassifier classifier;
      classifier.network = context.fit(settings, context.train());
      return classifier;
    });
    return compare(example_table({20, 10}), methods, quick())["own"].left_out;
  };
  CHECK(reason({.epochs = 0, .alpha = 0.5}) ==
        "TrainingContext::fit: expected epochs, max_epochs, batch_size and alpha above 0, got 0, 30, 256 and "
        "0.5");
  CHECK_THAT(reason({.max_epochs = 0}), ContainsSubstring("TrainingContext::fit: expected epochs"));
  CHECK_THAT(reason({.batch_size = 0}), ContainsSubstring("TrainingContext::fit: expected epochs"));
  CHECK_THAT(reason({.alpha = 0}), ContainsSubstring("TrainingContext::fit: expected epochs"));
}

TEST_CASE("a metric that is not defined makes no method the best") {
  ComparisonResult result =
      compare(example_table({20, 10}), standard_methods().select({"plain", "logistic regression"}), quick());
  const std::size_t metric = metric_index("average_precision");
  result.methods[0].values[metric][0] = missing;
  CHECK(result.best("average_precision").name == "logistic regression");
  result.methods[1].values[metric][0] = missing;
  CHECK(result.best("average_precision").name == "plain");
}

TEST_CASE("a method that is not possible is left out with its reason") {
  Table table = example_table({30, 12}).without({"place"});
  ComparisonMethods methods = standard_methods().select({"plain", "SMOTE-NC"});
  methods.add("odd", [](const TrainingContext&, const MethodSettings&) -> TrainedClassifier {
    throw Error("it is, \"odd\"");
  });
  methods.add("nan", [](const TrainingContext&, const MethodSettings&) {
    TrainedClassifier classifier;
    classifier.probabilities = [](const Array& x) { return Array::full({x.shape()[0], 2}, missing); };
    return classifier;
  });
  methods.add("narrow", [](const TrainingContext&, const MethodSettings&) {
    TrainedClassifier classifier;
    classifier.probabilities = [](const Array& x) { return Array::ones({x.shape()[0], 1}); };
    return classifier;
  });
  ComparisonOptions options = quick();
  const ComparisonResult result = compare(table, methods, options);
  CHECK(result["SMOTE-NC"].left_out == "there are no categorical columns");
  CHECK(result["odd"].left_out == "it is, \"odd\"");
  CHECK(result["nan"].left_out ==
        "TrainedClassifier: row 0 of probabilities must be >= 0 and sum to 1, its sum is nan");
  const auto reason = [&](const std::vector<float>& row) {
    methods.add("of " + std::to_string(methods.size()), [row](const TrainingContext&, const MethodSettings&) {
      TrainedClassifier classifier;
      classifier.probabilities = [row](const Array& x) {
        Array p = Array::full({x.shape()[0], 2}, 0.5);
        std::copy_n(row.data(), 2, p.data<float>() + 2 * 13);
        return p;
      };
      return classifier;
    });
    const std::string name = methods.names().back();
    ComparisonResult with = compare(table, methods.select({"plain", name}), options);
    return with[name].left_out;
  };
  CHECK(reason({0.25f, 0.5f}) ==
        "TrainedClassifier: row 13 of probabilities must be >= 0 and sum to 1, its sum is 0.75");
  CHECK(reason({1.5f, -0.5f}) ==
        "TrainedClassifier: row 13 of probabilities must be >= 0 and sum to 1, it has -0.5 for class 1");
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK_THAT(reason({infinity, 0}), ContainsSubstring("its sum is inf"));
  CHECK(reason({0.5f, 0.4995f}).empty());  // the rounding of a sum
  methods = methods.select({"plain", "SMOTE-NC", "odd", "nan", "narrow"});
  CHECK(result["narrow"].left_out == "TrainedClassifier: expected probabilities (14, 2), got float32(14, 1)");
  CHECK(result["odd"].values.empty());
  CHECK(to_text(result).find("  method odd: it is, \"odd\"\n") != std::string::npos);
  CHECK(to_csv(result).find("odd") == std::string::npos);
  options.baseline = "odd";
  CHECK_THROWS_WITH(compare(table, methods, options),
                    "compare: the baseline \"odd\" is not possible: it is, \"odd\"");
}

TEST_CASE("names with control characters are escaped in errors and texts") {
  const std::string odd = "a\x1b[31m\n", shown = "a\\x1b[31m\\x0a";
  const Table plain = example_table({30, 12});
  std::vector<Column> columns = plain.columns();
  columns[0].name = columns[3].name = odd;
  columns[0].name += "2";
  columns[3].categories[1] = odd;
  const Table table(columns, 3, odd);
  ComparisonMethods methods({{odd, plain_network}});
  methods.add(odd + odd,
              [&](const TrainingContext&, const MethodSettings&) -> TrainedClassifier { throw Error(odd); });
  ComparisonOptions options = quick();
  options.baseline = odd;
  const std::string text = to_text(compare(table, methods, options));
  for (const char c : text) CHECK((c == '\n' || (c & 0xE0) != 0));
  for (const std::string& part : {"\n  " + shown + ": 12  (positive)\n", "minus " + shown + "  ",
                                  "  method " + shown + shown + ": " + shown + "\n"})
    CHECK_THAT(text, ContainsSubstring(part));
  options.baseline = odd + "?";
  CHECK_THROWS_WITH(compare(table, methods, options), "compare: the baseline \"" + shown +
                                                          "?\" is not among the methods; there are " + shown +
                                                          ", " + shown + shown);
  options.baseline = odd + odd;
  CHECK_THROWS_WITH(compare(table, methods, options),
                    "compare: the baseline \"" + shown + shown + "\" is not possible: " + shown);
  options.positive = odd + "?";
  CHECK_THROWS_WITH(compare(table, methods, options),
                    Catch::StartsWith("compare: no class is named \"" + shown + "?\"; there are \"no\", "));
  CHECK_THROWS_WITH(methods[odd + "?"], ContainsSubstring("no method is named \"" + shown + "?\""));
  CHECK_THROWS_WITH(methods.add(odd, plain_network), ContainsSubstring("a method \"" + shown + "\" already"));
  CHECK_THROWS_WITH(MethodSettings()[odd], ContainsSubstring("no setting is named \"" + shown + "\""));
  CHECK_THROWS_WITH(metric_index(odd), ContainsSubstring("no metric is named \"" + shown + "\""));
}

TEST_CASE("the leak check finds rows that a method must not see") {
  // As they are, so that a method can smuggle them in.
  const Table table = example_table({30, 12}, 8).without({"place", "b"});
  ComparisonOptions options = quick();
  options.pipeline = TablePipeline();
  const Dataset all = table;
  ComparisonMethods methods({{"plain", plain_network}});
  ComparisonResult result = compare(table, methods, options);
  CHECK(result.leak_check.passed());
  CHECK(result.leak_check.train_rows == 28);
  CHECK(result.leak_check.duplicates == 0);
  REQUIRE(result.leak_check.steps.size() == 3);
  CHECK(result.leak_check.steps[0].step == "preprocessing");
  CHECK(result.leak_check.steps[1].step == "network");
  CHECK(result.leak_check.steps[1].train_rows == 28);
  CHECK(result.leak_check.steps[2].step == "training");
  CHECK(result.leak_check.steps[2].train_rows == 28);

  methods.add("all rows", [&](const TrainingContext& context, const MethodSettings&) {
    TrainedClassifier classifier;
    classifier.network = context.fit(all);
    return classifier;
  });
  result = compare(table, methods, options);
  CHECK_FALSE(result.leak_check.passed());
  CHECK(result.leak_check.steps[2].test_rows == 42);
  CHECK(to_text(result.leak_check).rfind("Leak check: FAILED\n", 0) == 0);
  CHECK_THAT(to_text(result.leak_check), ContainsSubstring("Not recorded: which columns are left out."));

  ComparisonMethods inner({{"plain", [&](const TrainingContext& context, const MethodSettings& settings) {
                              context.out_of_fold("threshold", [&](const TrainingContext& fold) {
                                TrainedClassifier classifier;
                                classifier.network = fold.fit(context.train());
                                return classifier;
                              });
                              return plain_network(context, settings);
                            }}});
  result = compare(table, inner, options);
  CHECK_FALSE(result.leak_check.passed());
  const LeakStep& threshold = result.leak_check.steps.back();
  CHECK(threshold.step == "threshold");
  CHECK(threshold.test_rows == 0);
  CHECK(threshold.own_rows == 3 * 28);

  // Copies of rows are a property of the data.
  Table twice = table.rows({0, 1, 2, 3, 30, 31, 32, 33, 0, 1, 2, 3, 30, 31, 32, 33});
  options.folds = 4;
  result = compare(twice, {{"plain", plain_network}}, options);
  CHECK(result.leak_check.passed());
  CHECK(result.leak_check.duplicates > 0);
}

TEST_CASE("a comparison that was stopped goes on where it was", "[threads]") {
  const ScratchDirectory directory;
  const Table table = example_table({40, 16});
  std::atomic<std::size_t> trained{0};
  ComparisonMethods methods = standard_methods().select(
      {"plain", "plain + tuned threshold", "weights + prior correction", "focal loss", "SMOTE"});
  methods.add("counted", [&](const TrainingContext& context, const MethodSettings& settings) {
    ++trained;
    return plain_network(context, settings);
  });
  ComparisonOptions options = quick();
  options.repeats = 2;
  const std::string expected = bits_of(compare(table, methods, options));
  CHECK(trained == 6);

  options.state = directory / "run.npz";
  options.state_interval = 0;
  std::size_t stops = 0;
  for (const std::size_t threads : {1, 2}) {
    const ThreadCount count(threads);
    trained = 0;
    stops = 0;
    std::string bits;
    while (bits.empty()) {
      try {
        // Progress is also reported for what is known already: skip it, a little further each time.
        const std::size_t known = 7 * stops;
        std::size_t calls = 0;
        options.progress = [&](const ComparisonProgress&) {
          if (++calls > known + 4) throw std::runtime_error("stop");
        };
        bits = bits_of(compare(table, methods, options));
      } catch (const std::runtime_error& error) {
        CHECK(error.what() == std::string("stop"));
        ++stops;
      }
    }
    CHECK(stops > 2);
    CHECK(bits == expected);
    CHECK(trained == 6);
    CHECK(directory.count() == 1);
    // Nothing is left to do.
    options.progress = nullptr;
    CHECK(bits_of(compare(table, methods, options)) == expected);
    CHECK(trained == 6);
    if (threads == 1) std::filesystem::remove(options.state);
  }

  // Another method is computed, the others are known.
  methods.add("new", plain_network);
  const ComparisonResult more = compare(table, methods, options);
  CHECK(trained == 6);
  CHECK(more["new"].probabilities.to_vector<float>() == more["plain"].probabilities.to_vector<float>());

  // A state of something else.
  options.seed = 2;
  CHECK_THROWS_WITH(compare(table, methods, options),
                    options.state +
                        ": the state of a comparison, of other data, of other options or of another version; "
                        "remove it, or name another file");
  options.seed = 1;
  CHECK_THROWS_WITH(compare(example_table({40, 16}, 6), methods, options),
                    Catch::Contains("of other data, of other options or of another version"));
  const detail::ComparisonPlan plan = detail::make_plan(table, options);
  CHECK(plan.key(options, "1.0.0") == plan.key(options, "1.0.0"));
  CHECK(plan.key(options, "1.0.0") != plan.key(options, "1.0.1"));
  CHECK(plan.key(options) != plan.key(options, ""));
  ComparisonOptions unreadable = options;
  unreadable.state = directory / std::string(300, 'x');
  CHECK_THROWS_WITH(compare(table, methods, unreadable),
                    unreadable.state + ": cannot open: File name too long");
  const auto changed = [&](const std::string& key, const Array& array) {
    NamedArrays arrays;
    const NpzReader file(options.state);
    for (const std::string& each : file.keys())
      arrays.emplace_back(each, each == key ? array : file.read(each));
    save_npz(directory / "changed.npz", arrays);
    ComparisonOptions other = options;
    other.state = directory / "changed.npz";
    return other;
  };
  const std::string path = directory / "changed.npz";
  CHECK_THROWS_WITH(compare(table, methods, changed("0/probabilities", Array::full({5, 2}, 0.5))),
                    Catch::StartsWith(path + ": 0/probabilities: expected float32("));
  const std::size_t rows = NpzReader(options.state).read("0/decisions").size();
  CHECK_THROWS_WITH(
      compare(table, methods, changed("0/probabilities", Array::full({rows, 2}, 1.5))),
      path + ": 0/probabilities: row 0 of probabilities must be >= 0 and sum to 1, its sum is 3");
  CHECK_THROWS_WITH(compare(table, methods, changed("0/decisions", Array::full({rows}, 2, Dtype::int32))),
                    path + ": 0/decisions: expected classes below 2, got 2");
  std::string manifest;
  {
    const NpzReader file(options.state);
    StateReader reader(file, {});
    manifest = read_text(reader, "comparison");
  }
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = manifest;
    text.replace(text.find(from), from.size(), to);
    return changed("comparison", text_state(text));
  };
  CHECK_THROWS_WITH(compare(table, methods, with("\"values\":[", "\"values\":[1,")),
                    path + ": the state of a comparison, another number of metrics");
  CHECK_THROWS_WITH(compare(table, methods, with("\"network\":[", "\"network\":[99,")),
                    path + ": the state of a comparison, a network that is no candidate");
  CHECK_THROWS_WITH(compare(table, methods, with("\"fold\":0", "\"fold\":6")),
                    path + ": the state of a comparison, a fold that does not exist");
  CHECK_THROWS_WITH(compare(table, methods, with("\"leak\":[[", "\"leak\":[[3,")),
                    Catch::StartsWith(path + ": the state of the comparison is damaged: "));
  CHECK_THROWS_WITH(compare(table, methods, with("{", "")),
                    Catch::StartsWith(path + ": the state of the comparison is damaged: "));
}

TEST_CASE("the network is chosen by its log loss on inner folds") {
  const Table table = example_table({60, 24});
  ComparisonOptions options = quick();
  options.network.hidden = {4, 0};
  options.network.weight_decay = {0, 1e-3, 0.3};
  options.network.max_epochs = 6;
  ComparisonResult result = compare(table, {{"plain", plain_network}}, options);
  for (const FoldResult& fold : result.folds) {
    REQUIRE(fold.candidates.size() >= 3);
    CHECK(fold.candidates[0].settings.hidden == 4);
    CHECK(fold.candidates[0].settings.weight_decay == 1e-3);  // the middle
    CHECK(fold.candidates[1].settings.weight_decay == 0.3);   // upwards first
    CHECK(fold.candidates.back().settings.hidden == 0);
    const auto best = std::min_element(
        fold.candidates.begin(), fold.candidates.end(),
        [](const NetworkCandidate& a, const NetworkCandidate& b) { return a.log_loss < b.log_loss; });
    CHECK(best->settings.hidden == fold.network.hidden);
    CHECK(best->settings.weight_decay == fold.network.weight_decay);
    CHECK(best->settings.epochs == fold.network.epochs);
    CHECK(fold.logistic.hidden == 0);
    for (const NetworkCandidate& candidate : fold.candidates) {
      CHECK(candidate.settings.epochs >= 1);
      CHECK(candidate.settings.epochs <= 6);
      CHECK(std::isfinite(candidate.log_loss));
    }
  }

  // A training that diverges has an infinite loss.
  options.network.alpha = 1e30;
  CHECK_THROWS_WITH(compare(table, {{"plain", plain_network}}, options),
                    Catch::StartsWith("compare: the baseline \"plain\" is not possible: "));

  // Nothing to choose.
  options.network.alpha = 0.05;
  options.network.hidden = {4};
  options.network.weight_decay = {1e-3};
  options.network.early_stopping = false;
  result = compare(table, {{"plain", plain_network}}, options);
  CHECK(result.folds[0].candidates.empty());
  CHECK(result.folds[0].network.epochs == 6);
  CHECK(result.leak_check.steps.size() == 2);
}

TEST_CASE("compare with a test table, and with given splits") {
  const Table train = example_table({60, 24}), other = example_table({20, 9}, 9);
  std::vector<Column> columns = other.columns();
  columns[2].categories = {"x", "new", "z"};
  std::swap(columns[0], columns[1]);
  const Table test(columns, 3, "test.csv");
  const ComparisonMethods methods = standard_methods().select({"majority", "plain"});
  ComparisonResult result = compare(train, test, methods, quick());
  REQUIRE(result.folds.size() == 1);
  CHECK(result.n_folds == 0);
  CHECK(result.folds[0].train_rows == 84);
  CHECK(result.folds[0].test_rows == 29);
  CHECK(result.rows.front() == 84);
  CHECK(result["majority"].probabilities.at(0, 1) == Approx(24.0 / 84));
  CHECK(result["majority"].differences[0].p_value == 1);
  CHECK(result.n_rows == 113);
  CHECK(result.class_counts == std::vector<std::size_t>{80, 33});
  CHECK(result.test_source == "test.csv");
  CHECK(result.test_class_counts == std::vector<std::size_t>{20, 9});
  CHECK(to_text(result).rfind("example.csv: 84 rows; test.csv: 29 rows, 3 columns, 1 of them categorical\n"
                              "  no: 60 + 20\n"
                              "  yes: 24 + 9  (positive)\n"
                              "trained on the rows of the first file, tested on those of the second\n",
                              0) == 0);
  CHECK_THAT(to_json(result),
             ContainsSubstring("\"test_source\": \"test.csv\",\n  \"test_class_counts\": [\n"));
  CHECK_THROWS_WITH(compare(train, test.without({"label"}), methods, quick()),
                    "compare: expected a test table with the label \"label\", got test.csv");

  ComparisonOptions options = quick();
  std::vector<std::size_t> even, odd, third;
  for (std::size_t i = 0; i < 84; ++i) (i % 2 == 0 ? even : odd).push_back(i);
  for (std::size_t i = 0; i < 84; i += 3) third.push_back(i);
  options.splits = {{even, odd}, {odd, even}, {odd, {0, 2, 4}}};
  result = compare(train, methods, options);
  CHECK(result.folds.size() == 3);
  CHECK_FALSE(result.has_test_table());
  CHECK(to_text(result).find("3 given split(s)") != std::string::npos);
  CHECK(result.n_pooled_folds == 2);
  CHECK(result.rows.size() == 84);
  CHECK(result.found(result["majority"]).present == 24);
  const auto refuses = [&](std::vector<Split> splits, const std::string& text) {
    options.splits = std::move(splits);
    CHECK_THROWS_WITH(compare(train, methods, options), "compare: splits[0]" + text);
  };
  refuses({{even, {}}}, ".test has no rows");
  refuses({{even, {84}}}, ".test has row 84, but example.csv has 84 rows");
  refuses({{even, third}}, ": row 0 occurs twice");
  refuses({{{0, 1, 2, 3, 60}, {4}}}, ".train has 1 row(s) of class \"yes\", expected at least 2");
}

TEST_CASE("compare names what is wrong with a table or an option") {
  const ComparisonMethods methods = standard_methods().select({"plain"});
  const Table table = example_table({20, 8});
  const auto label = [](const std::vector<std::int32_t>& t, const std::vector<std::string>& classes) {
    std::vector<double> x(t.size());
    std::iota(x.begin(), x.end(), 0.0);
    return Table({{"x", Array(x)}, {"y", Array(t), classes}}, 1, "t.csv");
  };
  const auto refuses = [&](const Table& data, const std::string& text) {
    CHECK_THROWS_WITH(compare(data, methods, quick()), "compare: " + text);
  };
  refuses(table.without({"label"}), "expected a table with a label, got example.csv");
  refuses(label({0, 0, 0, 0}, {"a", "b"}), "t.csv: expected two or more classes in \"y\", got 1");
  refuses(label({0, 0, 0, 0, 1, 1}, {"a", "b"}),
          "t.csv: class \"b\" has 2 row(s); a training, a validation and a test part need at least 3");
  refuses(table.without({"a", "b", "place"}), "example.csv: no column is left to learn from");
  CHECK_THROWS_WITH(compare(Table({{"x", Array::full({8}, missing, Dtype::float64)},
                                   {"y", Array{0, 0, 0, 0, 1, 1, 1, 1}, {"a", "b"}}},
                                  1, "t.csv"),
                            methods, quick()),
                    "t.csv: no column is left to learn from: \"x\" has no values");
  std::vector<std::int32_t> many(150);
  std::iota(many.begin(), many.end(), 0);
  std::vector<std::string> names;
  for (const std::int32_t value : many) names.push_back(std::to_string(1000 + value));
  refuses(label(many, names),
          "t.csv: the label \"y\" has 150 different values, \"1000\" in 1 row(s); expected classes with at "
          "least 3 rows each. If it is a quantity, predicting it is a regression, which is not supported");

  const auto option = [&](const std::function<void(ComparisonOptions&)>& change, const std::string& text) {
    ComparisonOptions options = quick();
    change(options);
    CHECK_THROWS_WITH(compare(table, methods, options), "compare: " + text);
  };
  option([](auto& o) { o.folds = 1; }, "expected folds of at least 2, got 1");
  option([](auto& o) { o.repeats = 0; }, "expected repeats above 0, got 0");
  option([](auto& o) { o.inner_folds = 1; }, "expected inner_folds of at least 2, got 1");
  option([](auto& o) { o.false_alarm_budget = missing; }, "expected false_alarm_budget in [0, 1], got nan");
  option([](auto& o) { o.network.hidden = {}; }, "expected network.hidden to have candidates, got none");
  option(
      [](auto& o) {
        o.network.weight_decay = {1, 0.1};
      },
      "expected network.weight_decay to be ascending, got another order");
  option([](auto& o) { o.network.weight_decay = {-1}; },
         "expected network.weight_decay to be finite and >= 0, got -1");
  option([](auto& o) { o.network.max_epochs = 0; }, "expected network.max_epochs above 0, got 0");
  option([](auto& o) { o.network.alpha = 0; }, "expected network.alpha to be finite and > 0, got 0");
  option([](auto& o) { o.positive = "maybe"; }, "no class is named \"maybe\"; there are \"no\", \"yes\"");
  option([](auto& o) { o.baseline = "simple"; },
         "the baseline \"simple\" is not among the methods; there are plain");
  CHECK_THROWS_WITH(compare(table, ComparisonMethods(), quick()), "compare: expected methods, got none");
  ComparisonOptions options = quick();
  options.state = "/no/such/directory/run.npz";
  CHECK_THROWS_WITH(compare(table, methods, options), Catch::StartsWith("/no/such/directory/run.npz"));
}

TEST_CASE("compare leaves out what is useless, and counts only classes that occur") {
  std::vector<std::int32_t> names(130);
  std::iota(names.begin(), names.end(), 0);
  std::vector<std::string> texts;
  for (const std::int32_t i : names) texts.push_back("customer " + std::to_string(i));
  std::vector<std::int32_t> t;
  std::vector<double> x;
  for (std::size_t i = 0; i < 130; ++i) {
    t.push_back(i % 4 == 0 ? 0 : 2);
    x.push_back(static_cast<double>(i % 11));
  }
  const Table table({{"name", Array(names), texts},
                     {"empty", Array::full({130}, missing, Dtype::float64)},
                     {"x", Array(x)},
                     {"y", Array(t), {"rare, \"odd\"", "never", "often"}}},
                    3, "t.csv");
  ComparisonMethods methods({{"plain", plain_network}});
  methods.add("a, \"b\"", plain_network);
  const ComparisonResult result = compare(table, methods, quick());
  CHECK(result.left_out_columns ==
        std::vector<std::string>{
            "\"name\" looks like an identifier or free text: 130 different values in 130 rows",
            "\"empty\" has no values"});
  CHECK(result.n_columns == 1);
  CHECK(result.classes == std::vector<std::string>{"rare, \"odd\"", "often"});
  CHECK(result.positive == 1);
  CHECK(to_csv(result).find("\"a, \"\"b\"\"\",roc_auc,2,") != std::string::npos);
  CHECK(to_json(result).find("\"method\": \"a, \\\"b\\\"\"") != std::string::npos);
  const MethodResult& copy = result["a, \"b\""];
  CHECK(copy.differences[0].mean == 0);
  CHECK(copy.differences[0].p_holm == 1);
}

TEST_CASE("train_method trains on all rows what can be saved") {
  const ScratchDirectory directory;
  const Table table = example_table({60, 24});
  for (const char* name : {"plain + tuned threshold", "weights + prior correction", "SMOTE", "majority"}) {
    CAPTURE(name);
    const TrainedMethod trained = train_method(table, standard_methods()[name], quick());
    std::vector<std::size_t> rows = trained.out_of_fold.rows;
    std::sort(rows.begin(), rows.end());
    CHECK(rows.size() == 84);
    CHECK(std::unique(rows.begin(), rows.end()) == rows.end());
    CHECK(trained.out_of_fold.p.shape() == Shape{84, 2});
    save_bundle(directory / "model.npz", trained.bundle);
    const Predictions predicted = Predictor::load(directory / "model.npz")(table);
    CHECK(predicted.classes == std::vector<std::string>{"no", "yes"});
    if (std::string(name) != "majority") CHECK(roc_auc_score(predicted.t, predicted.probabilities) > 0.8);
    CHECK(trained.bundle.made.options.at("method") == name);
    if (std::string(name) == "SMOTE") CHECK(trained.bundle.made.options.count("k") == 1);
  }
}

TEST_CASE("what a method makes of a stop is no result") {
  const ScratchDirectory directory;
  const Table table = example_table({30, 12});
  ComparisonOptions options = quick();
  options.state = directory / "run.npz";
  bool stop = true;
  ComparisonMethods methods = standard_methods().select({"plain"});
  methods.add("catches", [&](const TrainingContext& context, const MethodSettings& settings) {
    if (!stop) return plain_network(context, settings);
    NetworkSettings long_one = context.network();
    long_one.epochs = long_one.max_epochs = 100'000'000;
    try {
      context.fit(long_one, context.train());
    } catch (...) {
    }
    throw Error("training failed");
  });
  options.progress = [&](const ComparisonProgress& progress) {
    if (stop && progress.what.find("training") != std::string::npos) throw std::runtime_error("stop");
  };
  CHECK_THROWS_WITH(compare(table, methods, options), "stop");
  stop = false;
  CHECK_FALSE(compare(table, methods, options)["catches"].is_left_out());
}

TEST_CASE("a short table has small batches, so that its networks converge") {
  ComparisonOptions options = quick();
  options.network = {};
  const ComparisonMethods methods = standard_methods().select({"majority", "logistic regression", "plain"});
  const ComparisonResult result = compare(example_table({300, 20}), methods, options);
  CHECK(result.search.batch_size == 20);
  CHECK(result.folds[0].network.batch_size == 20);
  // With batches of 256 rows, a logistic regression of 30 epochs is worse than the class frequencies.
  const auto log_loss_of = [&](const char* name) {
    const std::vector<double>& values = result[name].values[metric_index("log_loss")];
    return std::accumulate(values.begin(), values.end(), 0.0);
  };
  CHECK(log_loss_of("logistic regression") < log_loss_of("majority"));
  CHECK(compare(example_table({100, 20}), methods, options).search.batch_size == 16);
  options.network.batch_size = 33;
  CHECK(compare(example_table({100, 20}), methods, options).search.batch_size == 33);
}

TEST_CASE("what the progress callback throws ends a long training, also a tenbin::Error") {
  const Table table = example_table({30, 12});
  ComparisonOptions options = quick();
  options.network.max_epochs = 100'000'000;  // for days
  options.network.early_stopping = false;
  options.progress = [](const ComparisonProgress& progress) {
    if (progress.what.find("training") != std::string::npos) throw Error("enough");
  };
  const ComparisonMethods plain = standard_methods().select({"plain"});
  CHECK_THROWS_WITH(compare(table, plain, options), "enough");
  CHECK_THROWS_WITH(train_method(table, plain["plain"], options), "enough");
}

TEST_CASE("train_method names itself and the method in errors, and reports its progress") {
  const Table table = example_table({30, 12});
  ComparisonOptions options = quick();
  const ComparisonMethod plain = standard_methods()["focal loss"];
  std::vector<ComparisonProgress> reports;
  options.progress = [&](const ComparisonProgress& progress) { reports.push_back(progress); };
  train_method(table, plain, options);
  REQUIRE(reports.size() > 5);
  CHECK(reports[0].done == 0);
  CHECK(reports[0].what == "network");
  for (std::size_t i = 1; i < reports.size(); ++i) CHECK(reports[i].done >= reports[i - 1].done);
  CHECK(reports.back().done == reports.back().total);
  reports.clear();
  compare(table, standard_methods().select({"plain", "SMOTE"}), options);
  CHECK(reports.back().what == "bootstrap");
  CHECK(reports.back().done == reports.back().total);

  const auto refuses = [&](const ComparisonMethod& method, const std::string& text) {
    CHECK_THROWS_WITH(train_method(table, method, options), "train_method: " + text);
  };
  refuses(
      {"odd", [](const TrainingContext&, const MethodSettings&) -> TrainedClassifier { throw Error("no"); }},
      "the method \"odd\" is not possible: no");
  options.inner_folds = 1;
  refuses(plain, "expected inner_folds of at least 2, got 1");
  options = quick();
  options.network.patience = 0;
  refuses(plain, "expected network.patience above 0, got 0");
  options = quick();
  options.positive = "maybe";
  refuses(plain, "no class is named \"maybe\"; there are \"no\", \"yes\"");
  CHECK_THROWS_WITH(train_method(table.without({"label"}), plain, quick()),
                    "train_method: expected a table with a label, got example.csv");
  CHECK_THROWS_WITH(train_method(example_table({20, 2}), plain, quick()),
                    Catch::StartsWith("train_method: example.csv: class \"yes\" has 2 row(s);"));
}

TEST_CASE("one-hot features become codes and features again") {
  // a, place (3 features), b, kind (2 features).
  const Array x{{1.f, 0.f, 1.f, 0.f, 5.f, 1.f, 0.f}, {2.f, 0.f, 0.f, 0.f, 6.f, 0.f, 1.f}};
  const Dataset rows(x, Array{0, 1});
  const detail::CodedRows coded(rows, {{1, 4}, {5, 7}});
  CHECK(coded.coded().x.to_vector<float>() == std::vector<float>{1, 5, 1, 0, 2, 6, -1, 1});
  CHECK(coded.categorical() == std::vector<std::size_t>{2, 3});
  CHECK(coded.has_numbers());
  CHECK(coded.decoded(coded.coded()).x.to_vector<float>() == x.to_vector<float>());
  CHECK_FALSE(detail::CodedRows(Dataset(x.slice(0, 1).reshape({1, 7}), Array{0}), {{0, 7}}).has_numbers());
}

TEST_CASE("the caller's random numbers stay as they are") {
  random::seed(3);
  const std::uint64_t position = random::default_generator().position();
  const ThreadCount one(1);
  compare(example_table({20, 8}), {{"plain", plain_network}}, quick());
  CHECK(random::default_generator().position() == position);
}
