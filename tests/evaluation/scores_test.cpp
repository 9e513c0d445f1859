#include "tenbin/evaluation/scores.h"

#include <cmath>

#include "tenbin/evaluation/roc.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

TEST_CASE("classification_scores of two classes are those of class 1") {
  const Array t = {0, 0, 0, 1, 1};
  const Array p = {{.9f, .1f}, {.4f, .6f}, {.8f, .2f}, {.3f, .7f}, {.6f, .4f}};
  const Array decisions = Array{0, 1, 0, 1, 1}.astype(Dtype::int64);  // a threshold of 0.4
  const Scores scores = classification_scores(t, p, decisions, {"legit", "fraud"});
  CHECK(scores.size() == 11);
  CHECK(scores.at("accuracy") == Approx(0.8));
  CHECK(scores.at("recall") == 1);
  CHECK(scores.at("precision") == Approx(2. / 3));
  CHECK(scores.at("f1") == Approx(0.8));
  CHECK(scores.at("balanced_accuracy") == Approx((2. / 3 + 1) / 2));
  CHECK(scores.at("g_mean") == Approx(std::sqrt(2. / 3)));
  CHECK(scores.at("matthews_corrcoef") == Approx((2 * 2 - 1 * 0) / std::sqrt(3. * 2 * 3 * 2)));
  CHECK(scores.at("roc_auc") == Approx(5. / 6));  // one of six pairs is in the wrong order
  CHECK(scores.at("average_precision") == Approx((1 + 2. / 3) / 2));  // positives at ranks 1 and 3
  CHECK(scores.at("brier_score") == Approx((.01 + .36 + .04 + .09 + .36) / 5));
  CHECK(scores.at("log_loss") ==
        Approx(-(std::log(.9) + std::log(.4) + std::log(.8) + std::log(.7) + std::log(.4)) / 5));
}

TEST_CASE("classification_scores of more classes are means over those that occur") {
  const Array t = {0, 0, 1, 1};
  const Array p = {{.8f, .1f, .1f}, {.2f, .7f, .1f}, {.1f, .8f, .1f}, {.3f, .6f, .1f}};
  const Array decisions = {0, 1, 1, 2};
  const Scores scores = classification_scores(t, p, decisions, {"a", "b", "c"});
  CHECK(scores.at("recall") == Approx(0.5));
  CHECK(scores.at("precision") == Approx((1 + 0.5) / 2));
  CHECK(scores.at("recall/a") == Approx(0.5));
  CHECK(scores.at("recall/b") == Approx(0.5));
  CHECK(std::isnan(scores.at("recall/c")));
  CHECK(scores.at("roc_auc") == Approx((0.75 + 0.75) / 2));
}

TEST_CASE("classification_scores are NaN where they are not defined") {
  const Array t = {0, 0};
  const Array p = {{.8f, .2f}, {.6f, .4f}};
  const Scores scores = classification_scores(t, p, Array{0, 0}, {"legit", "fraud"});
  CHECK(scores.at("accuracy") == 1);
  for (const char* name : {"recall", "f1", "average_precision", "roc_auc"}) {
    INFO(name);
    CHECK(std::isnan(scores.at(name)));
  }
  CHECK(to_json({{"a", scores.at("recall")}, {"b", 0.1}}) == "{\n  \"a\": null,\n  \"b\": 0.1\n}");
}

TEST_CASE("classification_scores refuses what does not fit") {
  const Array t = {0, 1};
  const Array p = {{.8f, .2f}, {.6f, .4f}};
  CHECK_THROWS_WITH(
      classification_scores(t, p, t, {"a", "b", "c"}),
      "classification_scores: expected probabilities (N, 3) for 3 names of classes, 2 or more, got "
      "float32(2, 2)");
  CHECK_THROWS_WITH(classification_scores(t, p, t, {"a"}),
                    "classification_scores: expected probabilities (N, 1) for 1 names of classes, 2 or more, "
                    "got float32(2, 2)");
  CHECK_THROWS_WITH(
      classification_scores(t, Array{{2.f, -1.f}, {0.f, 1.f}}, t, {"a", "b"}),
      "average_precision_per_class: row 0 of probabilities must be >= 0 and sum to 1, it has -1 for class 1");
  CHECK_THROWS_WITH(classification_scores(t, p, Array{0}, {"a", "b"}),
                    "ConfusionMatrix: y must be logits (N, C, ...) or integer classes of t's shape, got "
                    "int32(1) for t int32(2)");
  CHECK_THROWS_WITH(to_json({{"\xff", 1}}), Catch::StartsWith("to_json: "));
}

TEST_CASE("score_intervals contain the scores, and are Wilson's for shares") {
  const Array t = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1};
  Array p = Array::zeros({10, 2});
  const float scores_of_1[] = {.1f, .2f, .3f, .3f, .4f, .7f, .2f, .6f, .8f, .9f};
  for (std::size_t i = 0; i < 10; ++i) {
    p.data<float>()[2 * i] = 1 - scores_of_1[i];
    p.data<float>()[2 * i + 1] = scores_of_1[i];
  }
  const Array decisions = {0, 0, 0, 0, 0, 1, 0, 1, 1, 1};
  const std::vector<std::string> names = {"legit", "fraud"};
  const Scores scores = classification_scores(t, p, decisions, names);
  BootstrapOptions options;
  options.n_resamples = 200;
  options.seed = 1;
  const auto intervals = score_intervals(t, p, decisions, names, options);
  REQUIRE(intervals.size() == scores.size());
  for (const auto& [name, interval] : intervals) {
    INFO(name);
    CHECK(interval.low <= scores.at(name));
    CHECK(interval.high >= scores.at(name));
    CHECK(interval.low < interval.high);
  }
  CHECK(intervals.at("recall").low == wilson_interval(3, 4).low);
  CHECK(intervals.at("precision").high == wilson_interval(3, 4).high);
  CHECK(intervals.at("accuracy").low == wilson_interval(8, 10).low);
  options.stratified = true;
  const auto auc = [](const Array& labels, const Array& y) { return roc_auc_score(labels, y); };
  CHECK(intervals.at("roc_auc").low == bootstrap_interval(t, p, auc, options).low);
}

TEST_CASE("score_intervals leave out what is not defined") {
  const Array t = {0, 0, 1, 1};
  const Array p = {{.8f, .1f, .1f}, {.2f, .7f, .1f}, {.1f, .8f, .1f}, {.3f, .6f, .1f}};
  BootstrapOptions options;
  options.n_resamples = 20;
  const auto three = score_intervals(t, p, Array{0, 1, 1, 2}, {"a", "b", "c"}, options);
  CHECK(three.count("recall/c") == 0);
  CHECK(three.at("recall/a").high == wilson_interval(1, 2).high);
  CHECK(three.count("recall") == 1);
  const Array p2 = {{.8f, .2f}, {.6f, .4f}, {.8f, .2f}, {.6f, .4f}};
  const auto never = score_intervals(t, p2, Array{0, 0, 0, 0}, {"a", "b"}, options);
  CHECK(never.count("precision") == 0);
  CHECK(never.at("recall").low == 0);
  const auto one_class =
      score_intervals(Array{0, 0}, Array{{.8f, .2f}, {.6f, .4f}}, Array{0, 0}, {"a", "b"}, options);
  CHECK(one_class.count("roc_auc") == 0);
  CHECK(one_class.count("recall") == 0);
  CHECK(one_class.count("brier_score") == 1);
}
