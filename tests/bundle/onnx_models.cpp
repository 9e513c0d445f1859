// Writes models as ONNX files, with tables and the predictions of Predictor, for onnx_check.py:
//
//   onnx_models DIRECTORY
//
// NAME.onnx; NAME.table.csv; NAME.expected.csv, what Predictor makes of it; NAME.refused.csv, rows each of
// which Predictor refuses.
#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/bundle/onnx.h"
#include "tenbin/bundle/predictor.h"
#include "tenbin/core/config.h"
#include "tenbin/core/random.h"
#include "tenbin/datasets/csv_writer.h"
#include "tenbin/functions/activation/clipped_relu.h"
#include "tenbin/functions/activation/elu.h"
#include "tenbin/functions/activation/gelu.h"
#include "tenbin/functions/activation/hard_sigmoid.h"
#include "tenbin/functions/activation/leaky_relu.h"
#include "tenbin/functions/activation/log_softmax.h"
#include "tenbin/functions/activation/sigmoid.h"
#include "tenbin/functions/activation/softmax.h"
#include "tenbin/functions/activation/softplus.h"
#include "tenbin/functions/activation/tanh.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/functions/math/exponential.h"
#include "tenbin/functions/math/sqrt.h"
#include "tenbin/links/batch_normalization.h"
#include "tenbin/links/dropout.h"
#include "tenbin/links/embed_id.h"
#include "tenbin/links/layer_normalization.h"
#include "tenbin/links/mlp.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/training/predict.h"

using namespace tenbin;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::size_t rows = 1000;

// Numbers in [0, 1) for the rows of a table, the same in every run.
class Dice {
 public:
  explicit Dice(std::uint64_t seed)
      : values_(random::Generator(seed).uniform({100 * rows}).to_vector<double>()) {}
  double operator()() { return values_[next_++ % values_.size()]; }
  bool one_in(double n) { return (*this)() * n < 1; }
  std::int32_t below(int n) { return static_cast<std::int32_t>((*this)() * n); }

 private:
  std::vector<double> values_;
  std::size_t next_ = 0;
};

// Columns of all kinds. `is_new`: with categories that the other tables do not have.
Table mixed_table(std::uint64_t seed, bool is_new) {
  Dice dice(seed);
  std::vector<double> age, amount, tiny, step, code;
  std::vector<std::int32_t> country, when, label;
  std::vector<std::string> dates;
  for (std::size_t i = 0; i < rows; ++i) {
    age.push_back(dice.one_in(10) ? missing : 18 + 60 * dice());
    amount.push_back(dice.one_in(8) ? missing : std::exp(8 * dice()) - 1);
    tiny.push_back(1e-12 * dice());
    step.push_back(dice.one_in(9) ? missing : dice.below(5));  // equal quantiles
    code.push_back(dice.one_in(9) ? missing : (is_new ? dice.below(12) : dice.below(8)) / 4.0);
    country.push_back(dice.one_in(9) ? -1 : dice.below(is_new ? 6 : 4));
    when.push_back(dice.one_in(12) ? -1 : static_cast<std::int32_t>(i % 200));
    label.push_back(dice.below(3));
  }
  for (int i = 0; i < 200; ++i) {
    const auto two_digits = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    dates.push_back(std::to_string(1960 + i % 100) + '-' + two_digits(1 + i % 12) + '-' +
                    two_digits(1 + i % 28) +
                    (i % 3 == 0 ? "" : "T" + two_digits(i % 24) + ':' + two_digits(i % 60)) +
                    (i % 3 == 1 ? "+02:00" : ""));
  }
  const std::vector<std::string> countries{"CH", "DE", "FR", "Österreich", "new", "even newer"};
  return Table({{"age", Array(age)},
                {"amount", Array(amount)},
                {"tiny", Array(tiny)},
                {"step", Array(step)},
                {"code", Array(code)},
                {"country", Array(country), countries},
                {"when", Array(when), dates},
                {"class", Array(label), {"red", "green", "blue"}}},
               is_new ? std::nullopt : std::optional<std::size_t>(7), is_new ? "new" : "train");
}

// Two classes instead of three.
Table two_classes(const Table& table) {
  std::vector<Column> columns = table.columns();
  std::vector<std::int32_t> label = columns.back().values.to_vector<std::int32_t>();
  for (std::int32_t& each : label) each = each == 1 ? 1 : 0;
  columns.back() = {"class", Array(label), {"legit", "fraud"}};
  return Table(columns, columns.size() - 1, "train");
}

const std::vector<DatePart> all_parts{DatePart::year,        DatePart::month,      DatePart::day,
                                      DatePart::hour,        DatePart::minute,     DatePart::weekday,
                                      DatePart::day_of_year, DatePart::is_weekend, DatePart::timestamp};

class Writer {
 public:
  explicit Writer(std::string directory) : directory_(std::move(directory)) {}

  void write(const std::string& name, const Bundle& bundle, const Table& table,
             const Table* refused = nullptr) {
    export_onnx(file(name, ".onnx"), bundle);
    const Predictor predictor(bundle);
    const bool has_pipeline = bundle.pipeline.has_value();
    const auto predict = [&](const Table& each) {
      return has_pipeline ? predictor(each) : predictor(matrix(each));
    };
    const Predictions p = predict(table);
    std::vector<Column> columns{{"label", p.decisions.astype(Dtype::int32), p.classes}};
    const std::vector<double> all = p.probabilities.to_vector<double>();
    for (std::size_t c = 0; c < p.classes.size(); ++c) {
      std::vector<double> own;
      for (std::size_t i = 0; i < p.size(); ++i) own.push_back(all[i * p.classes.size() + c]);
      columns.push_back({"p" + std::to_string(c), Array(own)});
    }
    write_csv(table, file(name, ".table.csv"));
    write_csv(Table(columns), file(name, ".expected.csv"));
    if (refused == nullptr) return;
    for (std::size_t i = 0; i < refused->size(); ++i)
      require_refused(name, i, [&] { predict(refused->rows({i})); });
    write_csv(*refused, file(name, ".refused.csv"));
  }

  void write(const std::string& name, const Network& network, const Array& x,
             std::vector<std::string> classes, const Table* refused = nullptr) {
    Bundle bundle;
    bundle.network = network;
    bundle.classes = std::move(classes);
    write(name, bundle, x, refused);
  }

  // Without a pipeline.
  void write(const std::string& name, const Bundle& bundle, const Array& x, const Table* refused = nullptr) {
    dtype_ = x.dtype();
    std::vector<Column> columns;
    const std::vector<double> values = x.to_vector<double>();
    const std::size_t width = x.shape()[1];
    for (std::size_t c = 0; c < width; ++c) {
      std::vector<double> own;
      for (std::size_t i = 0; i < x.shape()[0]; ++i) own.push_back(values[i * width + c]);
      columns.push_back({"x" + std::to_string(c), Array(own)});
    }
    write(name, bundle, Table(columns), refused);
  }

  // The calibration as a file may have it, with its curve for the other class.
  Calibration of_class_0(const Calibration& calibration) const {
    NamedArrays state = calibration.save_state();
    for (auto& [key, value] : state)
      if (key == "method/pos_class") value = Array::zeros({}, Dtype::int64);
    const std::string path = file("calibration", ".npz");
    save_npz(path, state);
    return Calibration::load(path);
  }

 private:
  std::string file(const std::string& name, const char* suffix) const {
    return directory_ + '/' + name + suffix;
  }

  Array matrix(const Table& table) const {
    std::vector<double> values;
    for (std::size_t i = 0; i < table.size(); ++i)
      for (const Column& column : table.columns()) values.push_back(column.values.data<double>()[i]);
    return Array(values, {table.size(), table.columns().size()}).astype(dtype_);
  }

  static void require_refused(const std::string& name, std::size_t row,
                              const std::function<void()>& predict) {
    try {
      predict();
    } catch (const Error&) {
      return;
    }
    throw Error(name, ": row ", row, " is not refused by Predictor");
  }

  std::string directory_;
  Dtype dtype_ = Dtype::float32;
};

Bundle bundle_of(const TablePipeline& prep, const Network& network) {
  Bundle bundle;
  bundle.pipeline = prep;
  bundle.network = network;
  return bundle;
}

TablePipeline plain_pipeline() { return TablePipeline().drop({"when"}).impute().one_hot().scale(); }

void write_pipelines(Writer& writer, const Table& train, const Table& table) {
  const auto write = [&](const std::string& name, TablePipeline prep, const Table& with,
                         const Table* refused = nullptr) {
    prep.fit(train);
    random::seed(3);
    writer.write("pipeline_" + name, bundle_of(prep, MLP({prep.n_features(), 16, 3})), with, refused);
  };
  write("standard", plain_pipeline(), table);
  write("indicator",
        TablePipeline()
            .drop({"when"})
            .impute({.strategy = ImputeStrategy::mean, .indicator = true})
            .log1p({"amount", "tiny"})
            .one_hot({.min_frequency = 0.24})
            .scale({.scaling = Scaling::min_max}),
        table);
  write("constant",
        TablePipeline()
            .drop({"when", "country"})
            .impute({.strategy = ImputeStrategy::constant, .fill_value = -0.5})
            .log1p()
            .scale(),
        table);
  write("ordinal", TablePipeline().drop({"when"}).impute().ordinal({.columns = {"country", "code"}}).scale(),
        table);
  write("ignore",
        TablePipeline()
            .drop({"when"})
            .impute()
            .one_hot({.columns = {"country", "code", "step"}, .unknown = UnknownCategory::ignore})
            .scale(),
        table);
  for (const QuantileOutput output : {QuantileOutput::uniform, QuantileOutput::normal})
    for (const std::size_t quantiles : {std::size_t{1}, std::size_t{2}, std::size_t{100}, std::size_t{1000}})
      write((output == QuantileOutput::normal ? "normal_" : "uniform_") + std::to_string(quantiles),
            TablePipeline().drop({"when"}).impute().one_hot().scale(
                {.scaling = Scaling::quantile, .output = output, .n_quantiles = quantiles}),
            table);
  write("dates", TablePipeline().dates("when", all_parts).impute({.indicator = true}).one_hot().scale(),
        table);

  // Missing categories that no fitted row has.
  std::vector<std::size_t> present;
  for (std::size_t i = 0; i < train.size(); ++i)
    if (train["country"].values.data<std::int32_t>()[i] >= 0 &&
        !std::isnan(train["code"].values.data<double>()[i]))
      present.push_back(i);
  const auto write_present = [&](const std::string& name, TablePipeline prep) {
    prep.drop({"when"}).impute().scale().fit(train, present);
    writer.write("pipeline_" + name, bundle_of(prep, MLP({prep.n_features(), 3})), table);
  };
  const std::vector<std::string> both{"country", "code"};
  write_present("no_missing_other", TablePipeline().one_hot({.columns = both}));
  write_present("no_missing_infrequent", TablePipeline().ordinal({.columns = both, .min_frequency = 0.2}));
  write_present("no_missing_ignore",
                TablePipeline().ordinal({.columns = both, .unknown = UnknownCategory::ignore}));

  // What is an error of Predictor. Only complete rows, and categories that were fitted, are not.
  std::vector<std::size_t> complete;
  for (std::size_t i = 0; i < train.size(); ++i) {
    bool is_complete = true;
    for (const char* const name : {"age", "amount", "step"})
      is_complete = is_complete && !std::isnan(train[name].values.data<double>()[i]);
    if (is_complete) complete.push_back(i);
  }
  const Table some = train.rows(complete).without({"when", "code"});
  TablePipeline strict = TablePipeline().log1p({"amount"}).one_hot({.unknown = UnknownCategory::error});
  strict.scale({.columns = {"step"}, .scaling = Scaling::quantile}).fit(some);
  const Table refused({{"age", Array{missing, infinity, 1., 1., 1., 1., 1., 1e300}},
                       {"amount", Array{1., 1., -1., -2., 1., 1., 1., 1.}},
                       {"tiny", Array{0., 0., 0., 0., 0., 0., 0., 0.}},
                       {"step", Array{1., 1., 1., 1., infinity, missing, 1., 1.}},
                       {"country", Array{0, 0, 0, 0, 0, 0, 1, 0}, {"DE", "new"}}},
                      std::nullopt, "refused");
  writer.write("pipeline_strict", bundle_of(strict, MLP({strict.n_features(), 3})), some.without({"class"}),
               &refused);
}

void write_networks(Writer& writer) {
  random::seed(5);
  random::Generator rng(6);
  const Array x = rng.normal({rows, 5}), exact = rng.normal({rows, 5}, 0, 1, Dtype::float64);
  const std::vector<std::string> two{"no", "yes"}, three{"a", "b", "c"};
  using Unary = Variable (*)(const Variable&);
  const Unary tanh = tenbin::tanh;
  const std::vector<std::pair<std::string, LayerFunction>> functions = {
      {"abs", static_cast<Unary>(tenbin::abs)},
      {"absolute", absolute},
      {"clipped_relu", with_arguments(clipped_relu, 0.5)},
      {"dropout", with_arguments(static_cast<Variable (*)(const Variable&, double)>(dropout), 0.5)},
      {"elu", with_arguments(elu, 0.7)},
      {"exp", static_cast<Unary>(tenbin::exp)},
      {"gelu", gelu},
      {"hard_sigmoid", hard_sigmoid},
      {"leaky_relu", with_arguments(leaky_relu, 0.1)},
      {"log_softmax", with_arguments(log_softmax, 1)},
      {"relu", relu},
      {"relu6", relu6},
      {"sigmoid", sigmoid},
      {"softmax", with_arguments(softmax, -1)},
      {"softplus", with_arguments(softplus, 1.5)},
      {"softplus_falling", with_arguments(softplus, -2.0)},
      {"square", square},
      {"tanh", tanh}};
  for (const auto& [name, function] : functions) {
    writer.write("float32_" + name,
                 MLP(name == "exp" || name == "square" ? std::vector<std::size_t>{5, 24, 3}
                                                       : std::vector<std::size_t>{5, 24, 24, 3},
                     {.activation = function}),
                 x, three);
    writer.write("float64_" + name, MLP({5, 24, 3}, {.activation = function, .dtype = Dtype::float64}), exact,
                 three);
  }
  // Of positive numbers only.
  writer.write("logarithm",
               Sequential(Linear(5, 8), square, with_arguments(clipped_relu, 3.),
                          with_arguments(softplus, 1.0), static_cast<Unary>(tenbin::log), Linear(8, 2)),
               x, two);
  writer.write("root", Sequential(Linear(5, 8), square, static_cast<Unary>(tenbin::sqrt), Linear(8, 2)), x,
               two);

  Sequential nested(Linear(5, 16, {.nobias = true}), BatchNormalization(16), relu, Dropout(0.3),
                    Sequential(Linear(16, 12), LayerNormalization(12), tanh),
                    BatchNormalization(12, {.use_gamma = false, .use_beta = false}), MLP({12, 8, 2}));
  for (int i = 0; i < 3; ++i) nested(Variable(Array(rng.normal({200, 5})), false));  // running statistics
  writer.write("nested", nested, x, two);
  writer.write("linear", Linear(5, 2), x, two);
  writer.write("normalized_first", Sequential(LayerNormalization(5), Linear(5, 2)), x, two);

  Dice dice(7);
  std::vector<std::int64_t> ids;
  for (std::size_t i = 0; i < 3 * rows; ++i) ids.push_back(dice.below(9));
  const Array id(ids, {rows, 3});
  const Table refused({{"x0", Array{-1., 0., 9.}}, {"x1", Array{0., 0., 0.}}, {"x2", Array{0., 10., 0.}}});
  writer.write("embed_id",
               Sequential(EmbedID(9, 4), tanh, LayerNormalization(4), BatchNormalization(3), Linear(12, 8),
                          relu, Linear(8, 3)),
               id, three, &refused);
  for (std::int64_t& each : ids) each = each == 8 ? -1 : each;
  const Table refused_too({{"x0", Array{-2., 0., 8.}}, {"x1", Array{0., 0., 0.}}, {"x2", Array{0., 9., 0.}}});
  writer.write("embed_id_ignored", Sequential(EmbedID(8, 4, {.ignore_label = -1}), Linear(12, 3)),
               Array(ids, {rows, 3}), three, &refused_too);
}

// Labels that depend on the logits, with errors.
Array labels_like(const Array& logits, std::size_t n_class) {
  Dice dice(13);
  const std::vector<double> z = logits.to_vector<double>();
  const std::size_t width = logits.shape()[1];
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < logits.shape()[0]; ++i) {
    std::vector<double> scores;
    for (std::size_t c = 0; c < n_class; ++c)
      scores.push_back((width == n_class ? z[i * width + c] : c == 0 ? 0 : z[i]) + 2 * dice());
    labels.push_back(
        static_cast<std::int32_t>(std::max_element(scores.begin(), scores.end()) - scores.begin()));
  }
  return Array(labels);
}

// All calibrations, with and without a prior, and all decisions. `rows`: a Table or an Array.
template <class Rows>
void write_calibrations(Writer& writer, const std::string& name, Bundle bundle, const Array& logits,
                        std::size_t n_class, const Rows& table) {
  const Array t = labels_like(logits, n_class);
  std::vector<Calibration> calibrations{
      {}, Calibration(TemperatureScaling()).fit(logits, t), Calibration(PlattScaling()).fit(logits, t)};
  // Where its curve is steep, it magnifies the rounding of float32 beyond the tolerance.
  if (logits.dtype() == Dtype::float64) {
    calibrations.push_back(Calibration(IsotonicCalibration()).fit(logits, t));
    if (n_class == 2) calibrations.push_back(writer.of_class_0(calibrations.back()));
  }
  std::vector<Decision> decisions{Decision()};
  if (n_class == 2)
    decisions = {Decision(), Decision(0.4), Decision(0.7, 0), Decision(infinity),
                 Decision::expected_cost({{0., 1.}, {3., 0.}})};
  else
    decisions.push_back(Decision::expected_cost({{0., 1., 2.}, {3., 0., 1.}, {2., 2., 0.}}));
  const PriorCorrection prior = n_class == 2 ? PriorCorrection(Array{0.5, 0.5}, Array{0.8, 0.2})
                                             : PriorCorrection(Array{1., 1., 1.}, Array{5., 1., 2.});
  std::size_t count = 0;
  for (const Calibration& calibration : calibrations)
    for (const bool is_corrected : {false, true}) {
      bundle.calibration = is_corrected ? calibration.then(prior) : calibration;
      for (std::size_t i = 0; i < 2; ++i) {  // each decision several times, not with each calibration
        bundle.decision = decisions[count++ % decisions.size()];
        writer.write(name + '_' + std::to_string(count) + '_' + calibration.kind() +
                         (is_corrected ? "_prior_" : "_") + bundle.decision.kind(),
                     bundle, table);
      }
    }
}

void write_calibrations(Writer& writer, const Table& train, const Table& table) {
  TablePipeline prep = plain_pipeline();
  prep.fit(train);
  const std::size_t n_class = prep.classes().size();
  const std::string prefix = n_class == 2 ? "two" : "three";
  random::seed(11);
  std::vector<std::size_t> outputs{n_class};
  if (n_class == 2) outputs.push_back(1);
  for (const std::size_t width : outputs) {
    const std::string name = prefix + (width == 1 ? "_from_one_logit" : "");
    const MLP network({prep.n_features(), 16, width});
    write_calibrations(writer, name, bundle_of(prep, network), predict(network, prep.transform(train).x),
                       n_class, table);
    const MLP exact({5, 16, width}, {.dtype = Dtype::float64});
    const Array x = random::Generator(17).normal({rows, 5}, 0, 2, Dtype::float64);
    Bundle bundle;
    bundle.network = exact;
    bundle.classes = prep.classes();
    write_calibrations(writer, name + "_float64", bundle, predict(exact, x), n_class, x);
    if (n_class < 3) continue;
    // A class has probability 0 up to 0.45, and where all have, they are uniform.
    const Array pairs{{0., 0.2, -50.}, {0.2, 0., -50.}, {-50., 0., 0.2},
                      {-50., 0.2, 0.}, {0.2, -50., 0.}, {0., -50., 0.2}};
    bundle.calibration = Calibration(IsotonicCalibration()).fit(pairs, Array{1, 0, 2, 1, 0, 2});
    writer.write(name + "_float64_uniform", bundle, x);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: onnx_models DIRECTORY\n";
    return 2;
  }
  try {
    Writer writer(argv[1]);
    const Table train = mixed_table(1, false), table = mixed_table(2, true).without({"class"});
    write_pipelines(writer, train, table);
    write_networks(writer);
    write_calibrations(writer, train, table);
    write_calibrations(writer, two_classes(train), table);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
