#include "tenbin/calibration/threshold.h"

#include <cmath>
#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

const Array scores = {0.1, 0.2, 0.2, 0.4, 0.6, 0.8};
const Array t = {0, 0, 1, 0, 1, 1};

}  // namespace

TEST_CASE("tune_threshold puts the threshold halfway") {
  // From 0.5 on: TP 2, FP 0, FN 1. From 0.15 on: TP 3, FP 2.
  const TunedThreshold f_half = tune_threshold(t, scores, objective::f_beta(0.5));
  CHECK(f_half.threshold == Approx(0.5));
  CHECK(f_half.value == Approx(1.25 * 2 / (1.25 * 2 + 0.25 * 1)));
  const TunedThreshold f2 = tune_threshold(t, scores, objective::f_beta(2));
  CHECK(f2.threshold == Approx(0.15));
  CHECK(f2.value == Approx(5. * 3 / (5 * 3 + 2)));
  // The two scores of 0.2 get the same decision.
  const TunedThreshold all = tune_threshold(t, scores, objective::precision_at_recall(1));
  CHECK(all.threshold == Approx(0.15));
  CHECK(all.value == Approx(0.6));
  CHECK(values(predict_with_threshold(scores, all.threshold)) == std::vector<double>{0, 1, 1, 1, 1, 1});
}

TEST_CASE("tune_threshold may find that always or never is best") {
  const Array reversed = {0.9, 0.8, 0.1};
  const Array truth = {0, 0, 1};
  const TunedThreshold none = tune_threshold(truth, reversed, objective::negative_cost(1, 1));
  CHECK(none.threshold == infinity);
  CHECK(none.value == Approx(-1. / 3));
  CHECK(values(predict_with_threshold(reversed, none.threshold)) == std::vector<double>{0, 0, 0});
  const TunedThreshold all = tune_threshold(truth, reversed, objective::f_beta());
  CHECK(all.threshold == -infinity);
  CHECK(values(predict_with_threshold(reversed, all.threshold)) == std::vector<double>{1, 1, 1});
}

TEST_CASE("tune_threshold with all scores tied") {
  const TunedThreshold tuned = tune_threshold(Array{0, 1, 0}, Array{0.5, 0.5, 0.5}, objective::f_beta());
  CHECK(tuned.threshold == -infinity);
  CHECK(tuned.value == Approx(0.5));
}

TEST_CASE("tune_threshold prefers the better of two that the objective finds equal") {
  // Recall is 1 from 0.2 on, whatever the false alarms below.
  CHECK(tune_threshold(Array{0, 0, 1, 1}, Array{0.1, 0.2, 0.3, 0.9}, objective::recall_at_precision(0.1))
            .threshold == Approx(0.25));
  // False alarms with cost 0 are still avoided.
  CHECK(tune_threshold(t, scores, objective::negative_cost(0, 1)).threshold == Approx(0.15));
  // Precision 1 at recall 1/2 and 1.
  CHECK(tune_threshold(Array{0, 0, 1, 1}, Array{0.1, 0.2, 0.3, 0.9}, objective::precision_at_recall(0.5))
            .threshold == Approx(0.25));
}

TEST_CASE("tune_threshold: a weight is a repetition, and 0 is an absence") {
  const Array weights = {1.f, 3.f, 2.f, 0.f, 1.f, 2.f};
  const Array repeated = {0.1, 0.2, 0.2, 0.2, 0.2, 0.2, 0.6, 0.8, 0.8};
  const Array repeated_t = {0, 0, 0, 0, 1, 1, 1, 1, 1};
  for (const ThresholdObjective& objective :
       {objective::f_beta(), objective::balanced_accuracy(), objective::g_mean(),
        objective::negative_cost(1, 2), objective::precision_at_recall(0.5)}) {
    CAPTURE(objective.name);
    const TunedThreshold weighted = tune_threshold(t, scores, objective, {.sample_weight = weights});
    const TunedThreshold plain = tune_threshold(repeated_t, repeated, objective);
    CHECK(weighted.threshold == Approx(plain.threshold));
    CHECK(weighted.value == Approx(plain.value));
  }
}

TEST_CASE("tune_threshold takes a user's objective, float32, and probabilities of two classes") {
  const ThresholdObjective hits{
      [](const BinaryOutcomes& o) { return o.true_positive - 3 * o.false_positive; }};
  CHECK(tune_threshold(t, scores, hits).value == 2);
  CHECK(tune_threshold(t, scores.astype(Dtype::float32), hits).threshold == Approx(0.5));
  const Array two = {{0.9, 0.1}, {0.8, 0.2}, {0.8, 0.2}, {0.6, 0.4}, {0.4, 0.6}, {0.2, 0.8}};
  CHECK(tune_threshold(t, two, hits).threshold == Approx(0.5));
  CHECK(values(predict_with_threshold(two, 0.5)) == std::vector<double>{0, 0, 0, 0, 1, 1});
}

TEST_CASE("a threshold between neighbouring doubles, or at the ends of their range, still separates") {
  const double next = std::nextafter(1.0, 2.0), most = std::numeric_limits<double>::max();
  const double smallest = std::numeric_limits<double>::denorm_min();
  for (const auto& [low, high] :
       {std::pair(1.0, next), std::pair(-most, most), std::pair(-next, -1.0), std::pair(0.0, smallest)}) {
    const Array pair = {low, high};
    const TunedThreshold tuned = tune_threshold(Array{0, 1}, pair, objective::balanced_accuracy());
    CHECK(tuned.value == 1);
    CHECK(values(predict_with_threshold(pair, tuned.threshold)) == std::vector<double>{0, 1});
  }
}

TEST_CASE("tune_threshold: errors") {
  const ThresholdObjective f1 = objective::f_beta();
  const std::string text = "tune_threshold: ";
  CHECK_THROWS_WITH(tune_threshold(Array{0, 0, 0, 0, 0, 0}, scores, f1),
                    text + "expected samples of both classes, got 6 of class 0 and 0 of class 1");
  CHECK_THROWS_WITH(tune_threshold(Array::zeros({0}, Dtype::int32), Array::zeros({0}), f1),
                    text + "expected samples of both classes, got 0 of class 0 and 0 of class 1");
  CHECK_THROWS_WITH(tune_threshold(Array{0, 1}, Array{0.5, 0.1}, f1, {.sample_weight = Array{1., 0.}}),
                    text + "expected samples of both classes, got 1 of class 0 and 0 of class 1");
  CHECK_THROWS_WITH(tune_threshold(Array{0, 0, 0, 2, 1, 1}, scores, f1),
                    text + "t[3] = 2 is not a class in [0, 2)");
  CHECK_THROWS_WITH(tune_threshold(Array{0, 1}, scores, f1),
                    text + "scores and t differ in length: float64(6) and int32(2)");
  CHECK_THROWS_WITH(tune_threshold(Array{0, 1}, Array{0.5, not_a_number}, f1),
                    text + "scores[1] = nan is not finite");
  CHECK_THROWS_WITH(tune_threshold(Array{0, 1}, Array{infinity, 0.}, f1),
                    text + "scores[0] = inf is not finite");
  CHECK_THROWS_WITH(tune_threshold(Array{0, 1}, Array{1, 2}, f1),
                    text + "scores must be float32 or float64 (N), or probabilities (N, 2), got int32(2)");
  CHECK_THROWS_WITH(tune_threshold(Array{0, 1}, Array{{0.5, 0.5}, {3.0, 4.0}}, f1),
                    text + "row 1 of probabilities must be >= 0 and sum to 1, its sum is 7");
  CHECK_THROWS_WITH(tune_threshold(Array{0, 1}, Array{0.5, 0.1}, f1, {.sample_weight = Array{1., 2., 3.}}),
                    text + "sample_weight must have t's shape, got float64(3) for t int32(2)");
  CHECK_THROWS_WITH(tune_threshold(Array{0, 1}, Array{0.5, 0.1}, f1, {.sample_weight = Array{1., -2.}}),
                    text + "sample_weight[1] = -2 must be finite and >= 0");
  CHECK_THROWS_WITH(tune_threshold(Array{0, 1}, Array{0.5, 0.1}, objective::recall_at_precision(0.75)),
                    text + "no threshold satisfies recall_at_precision(0.75)");
  CHECK_THROWS_WITH(tune_threshold(t, scores, {}), text + "the objective has no value function");
  CHECK_THROWS_WITH(objective::f_beta(-1), "f_beta: beta must be finite and >= 0, got -1");
  CHECK_THROWS_WITH(objective::negative_cost(1, not_a_number),
                    "negative_cost: cost_fn must be finite and >= 0, got nan");
  CHECK_THROWS_WITH(objective::precision_at_recall(80),
                    "precision_at_recall: min_recall must be in [0, 1], got 80");
  CHECK_THROWS_WITH(predict_with_threshold(scores, not_a_number),
                    "predict_with_threshold: expected a number as threshold, got nan");
}

TEST_CASE("argmin_expected_cost weights probabilities by costs") {
  const Array p = {{0.7, 0.2, 0.1}, {0.1, 0.8, 0.1}, {0.98, 0.01, 0.01}, {0.0, 0.0, 1.0}};
  const Array zero_one = {{0., 1., 1.}, {1., 0., 1.}, {1., 1., 0.}};
  CHECK(values(argmin_expected_cost(p, zero_one)) == std::vector<double>{0, 1, 0, 2});
  // A miss of class 2 costs 10: it is predicted from p_2 = 0.1 on, unless another class is more certain.
  const Array careful = {{0., 1., 1.}, {1., 0., 1.}, {10., 10., 0.}};
  CHECK(values(argmin_expected_cost(p, careful)) == std::vector<double>{2, 2, 0, 2});
  // Rows are the true classes: with the transposed matrix, predicting class 2 wrongly costs 10.
  const Array transposed = {{0., 1., 10.}, {1., 0., 10.}, {1., 1., 0.}};
  CHECK(values(argmin_expected_cost(p, transposed)) == std::vector<double>{0, 1, 0, 2});
}

TEST_CASE("argmin_expected_cost of two classes is a threshold of C_FP / (C_FP + C_FN)") {
  const Array cost = {{0.f, 1.f}, {3.f, 0.f}};
  const Array p = {{0.76f, 0.24f}, {0.74f, 0.26f}, {0.75f, 0.25f}};
  // At 1/4 the costs are equal, and the first class wins.
  CHECK(values(argmin_expected_cost(p, cost)) == std::vector<double>{0, 1, 0});
  CHECK(argmin_expected_cost(p, cost).dtype() == Dtype::int64);
  CHECK(argmin_expected_cost(Array::zeros({0, 2}), cost).shape() == Shape{0});
}

TEST_CASE("argmin_expected_cost: errors") {
  const std::string text = "argmin_expected_cost: ";
  const Array p = {{0.5, 0.5}};
  CHECK_THROWS_WITH(argmin_expected_cost(p, Array{1., 2.}),
                    text + "cost must be float32 or float64 (2, 2), got float64(2)");
  CHECK_THROWS_WITH(argmin_expected_cost(p, Array{{0., not_a_number}, {1., 0.}}),
                    text + "cost[0, 1] = nan is not finite");
  CHECK_THROWS_WITH(argmin_expected_cost(Array{{1., 2.}}, Array{{0., 1.}, {1., 0.}}),
                    text + "row 0 of probabilities must be >= 0 and sum to 1, its sum is 3");
  CHECK_THROWS_WITH(argmin_expected_cost(Array{0.5}, Array{{0., 1.}, {1., 0.}}),
                    text +
                        "probabilities must be float32 or float64 (N, C), got float64(1); for one column p, "
                        "as of a sigmoid, pass (N, 2): 1 - p, p");
  CHECK_THROWS_WITH(argmin_expected_cost(Array{{0.5}, {0.2}}, Array{{0.}}),
                    text +
                        "probabilities must be float32 or float64 (N, C), got float64(2, 1); for one column "
                        "p, as of a sigmoid, pass (N, 2): 1 - p, p");
}

TEST_CASE("tune_threshold and predict_with_threshold of a positive class of any label") {
  const ThresholdObjective precise = objective::f_beta(0.5);
  const double threshold = tune_threshold(t, scores, precise).threshold;
  // The same with 0 for 1.
  const Array turned = {-0.1, -0.2, -0.2, -0.4, -0.6, -0.8};
  const Array turned_t = {1, 1, 0, 1, 0, 0};
  const Array ascending = {0.1, 0.2, 0.2, 0.4, 0.6, 0.8};
  CHECK(tune_threshold(turned_t, ascending, precise, {.pos_label = 0}).threshold == threshold);
  CHECK(values(predict_with_threshold(ascending, threshold, {.pos_label = 0})) ==
        std::vector<double>{1, 1, 1, 1, 0, 0});
  const Array signs = {-1, -1, 1, -1, 1, 1};
  CHECK(tune_threshold(signs, scores, precise, {.pos_label = 1}).threshold == threshold);
  CHECK(tune_threshold(signs, turned, precise, {.pos_label = -1}).value ==
        tune_threshold(turned_t, turned, precise).value);
  CHECK(values(predict_with_threshold(scores, threshold, {.pos_label = 1, .neg_label = -1})) ==
        std::vector<double>{-1, -1, -1, -1, 1, 1});
  const Array others = {3, 3, 7, 3, 7, 7};
  CHECK(tune_threshold(others, scores, precise, {.pos_label = 7}).threshold == threshold);
  const Array weight = {1., 1., 0., 1., 1., 1.};
  CHECK(tune_threshold(others, scores, precise, {.sample_weight = weight, .pos_label = 7}).value ==
        tune_threshold(t, scores, precise, {.sample_weight = weight}).value);
}

TEST_CASE("of probabilities of two classes the column of the positive class counts") {
  const Array two = {{0.9, 0.1}, {0.8, 0.2}, {0.6, 0.4}, {0.3, 0.7}};
  const Array labels = {0, 0, 1, 1};
  const ThresholdObjective f1 = objective::f_beta();
  CHECK(tune_threshold(labels, two, f1).threshold == Approx(0.3));
  CHECK(tune_threshold(labels, two, f1, {.pos_label = 0}).threshold == Approx(0.7));
  CHECK(values(predict_with_threshold(two, 0.7, {.pos_label = 0})) == std::vector<double>{0, 0, 1, 1});
  // Columns are in ascending order of the labels.
  CHECK(tune_threshold(Array{3, 3, 7, 7}, two, f1, {.pos_label = 3}).threshold == Approx(0.7));
  CHECK(values(predict_with_threshold(two, 0.7, {.pos_label = 3, .neg_label = 7})) ==
        std::vector<double>{3, 3, 7, 7});
  // A column (N, 1) is equivalent to (N).
  const Array column = {{0.1}, {0.2}, {0.4}, {0.7}};
  CHECK(tune_threshold(labels, column, f1).threshold == Approx(0.3));
  CHECK(values(predict_with_threshold(column, 0.3)) == std::vector<double>{0, 0, 1, 1});
}

TEST_CASE("labels that do not determine the positive class are an error") {
  const ThresholdObjective f1 = objective::f_beta();
  const Array two = {0.1, 0.2, 0.3};
  CHECK_THROWS_WITH(tune_threshold(Array{1, 2, 2}, two, f1),
                    "tune_threshold: t[1] = 2 is not a class in [0, 2)");
  CHECK_THROWS_WITH(tune_threshold(Array{-1, 1, 1}, two, f1),
                    "tune_threshold: t has the labels -1 and 1: pass pos_label = 1, or map -1 to 0");
  CHECK_THROWS_WITH(tune_threshold(Array{-1, 0, 1}, two, f1),
                    "tune_threshold: t[0] = -1 is not a class in [0, 2)");
  CHECK_THROWS_WITH(tune_threshold(Array{0, 1, 2}, two, f1, {.pos_label = 1}),
                    "tune_threshold: t[2] = 2, expected pos_label 1 and one other label, which is 0");
  CHECK_THROWS_WITH(tune_threshold(Array{5, 5, 5}, two, f1, {.pos_label = 4}),
                    "tune_threshold: expected samples of both classes, got 3 of class 5 and 0 of class 4");
  CHECK_THROWS_WITH(
      predict_with_threshold(two, 0.5, {.pos_label = 7}),
      "predict_with_threshold: expected neg_label, the other class, in addition to pos_label 7");
  CHECK_THROWS_WITH(predict_with_threshold(two, 0.5, {.pos_label = 7, .neg_label = 7}),
                    "predict_with_threshold: pos_label and neg_label are both 7");
}

TEST_CASE("recall_at_false_positive_rate and recall_at_alarm_rate keep to a budget") {
  // From the highest score on: 1 0 1 0 1 0 0 0 0 0, three positives and seven negatives.
  const Array scores = {10., 9., 8., 7., 6., 5., 4., 3., 2., 1.};
  const Array t = {1, 0, 1, 0, 1, 0, 0, 0, 0, 0};
  const auto tune = [&](const ThresholdObjective& objective) { return tune_threshold(t, scores, objective); };
  // 1/7 of the negatives: two of three positives, with one false alarm.
  const TunedThreshold one = tune(objective::recall_at_false_positive_rate(1. / 7));
  CHECK(one.threshold == 7.5);
  CHECK(one.value == Approx(2. / 3));
  CHECK(tune(objective::recall_at_false_positive_rate(0.142)).threshold == 9.5);
  CHECK(tune(objective::recall_at_false_positive_rate(0)).value == Approx(1. / 3));
  // More budget than needed: the least false alarms win.
  CHECK(tune(objective::recall_at_false_positive_rate(1)).threshold == 5.5);
  // 3 and 4 alarms of 10 rows.
  CHECK(tune(objective::recall_at_alarm_rate(0.3)).threshold == 7.5);
  CHECK(tune(objective::recall_at_alarm_rate(0.4)).threshold == 7.5);
  CHECK(tune(objective::recall_at_alarm_rate(0.5)).threshold == 5.5);
  CHECK(tune(objective::recall_at_alarm_rate(0)).threshold == std::numeric_limits<double>::infinity());
  CHECK(objective::recall_at_alarm_rate(0.25).name == "recall_at_alarm_rate(0.25)");
  CHECK_THROWS_WITH(objective::recall_at_false_positive_rate(1.5),
                    "recall_at_false_positive_rate: max_fpr must be in [0, 1], got 1.5");
  CHECK_THROWS_WITH(objective::recall_at_alarm_rate(std::numeric_limits<double>::quiet_NaN()),
                    "recall_at_alarm_rate: max_rate must be in [0, 1], got nan");
}

TEST_CASE("tune_threshold says which class is positive, and still has two structured bindings") {
  const Array p = {{0.9, 0.1}, {0.2, 0.8}, {0.3, 0.7}}, t = {0, 1, 1};
  CHECK(tune_threshold(t, p, objective::f_beta()).pos_class == 1);
  CHECK(tune_threshold(t, p, objective::f_beta(), {.pos_label = 0}).pos_class == 0);
  CHECK(tune_threshold(Array{3, 7, 7}, p, objective::f_beta(), {.pos_label = 7}).pos_class == 1);
  const auto [threshold, value] = tune_threshold(t, p, objective::f_beta());
  CHECK(threshold == Approx(0.4));
  CHECK(value == 1);
}

TEST_CASE("objective::parse reads what a command line has") {
  const BinaryOutcomes o = {8, 2, 2, 88};  // recall 0.8, precision 0.8, FPR 2/90, alarms 10 of 100
  const auto value = [&](const char* text) { return objective::parse(text).value(o); };
  const auto name = [](const char* text) { return objective::parse(text).name; };
  CHECK(value("recall >= 0.8") == Approx(0.8));
  CHECK(std::isnan(value("recall>=81%")));
  CHECK(name("Recall >= 90 %") == "precision_at_recall(0.9)");
  CHECK(value("precision >= .5") == Approx(0.8));
  CHECK(std::isnan(value("precision >= 0.9")));
  CHECK(value("fpr <= 0.03") == Approx(0.8));
  CHECK(std::isnan(value("fpr <= 0.02")));
  CHECK(value("alarms <= 10%") == Approx(0.8));
  CHECK(std::isnan(value("alarms <= 9.9%")));
  CHECK(name("f1") == "f_beta(1)");
  CHECK(name(" F2 ") == "f_beta(2)");
  CHECK(name("f0.5") == "f_beta(0.5)");
  CHECK(name("balanced accuracy") == "balanced_accuracy");
  CHECK(name("balanced_accuracy") == "balanced_accuracy");
  CHECK(name("g-mean") == "g_mean");
  CHECK(name("G_mean") == "g_mean");
  CHECK(value("cost 1:50") == Approx(-(2 + 50 * 2) / 100.));
}

TEST_CASE("objective::parse: errors list what there is") {
  const std::string expected =
      R"(objective::parse: expected "recall >= 0.9", "precision >= 0.5", "fpr <= 0.01", "alarms <= 0.005", )"
      R"("f1", "f2", "balanced accuracy", "g-mean" or "cost 1:50", got ")";
  for (const char* text : {"", "f", "recal >= 0.9", "recall <= 0.9", "recall 0.9", "recall >=", "recall >= x",
                           "fpr >= 0.1", "cost 1", "cost 1:", "cost :2", "f1 f2", "accuracy"}) {
    INFO(text);
    CHECK_THROWS_WITH(objective::parse(text), expected + text + '"');
  }
  CHECK_THROWS_WITH(objective::parse("recall >= 1.5"),
                    "precision_at_recall: min_recall must be in [0, 1], got 1.5");
  CHECK_THROWS_WITH(objective::parse("cost 1:-2"), "negative_cost: cost_fn must be finite and >= 0, got -2");
  CHECK_THROWS_WITH(objective::parse("f-1"), "f_beta: beta must be finite and >= 0, got -1");
}
