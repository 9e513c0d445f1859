// Every weighted metric and fit accepts finite weights of any size: neither their scale nor the ratio between
// classes matters.
#include <cmath>
#include <functional>
#include <limits>

#include "tenbin/calibration/isotonic_calibration.h"
#include "tenbin/calibration/platt_scaling.h"
#include "tenbin/calibration/temperature_scaling.h"
#include "tenbin/calibration/threshold.h"
#include "tenbin/evaluation/accuracy.h"
#include "tenbin/evaluation/calibration.h"
#include "tenbin/evaluation/geometric_mean.h"
#include "tenbin/evaluation/mcc_kappa.h"
#include "tenbin/evaluation/precision_recall.h"
#include "tenbin/evaluation/proper_scores.h"
#include "tenbin/evaluation/roc.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

using Values = std::vector<double>;

const Array t = {1, 0, 1, 0, 1, 0};
const Array p = {0.9, 0.8, 0.6, 0.3, 0.2, 0.1};
const Array pair = {{0.1, 0.9}, {0.2, 0.8}, {0.4, 0.6}, {0.7, 0.3}, {0.8, 0.2}, {0.9, 0.1}};
const Array t3 = {0, 1, 2, 0, 1, 2};
const Array p3 = {{0.5, 0.3, 0.2}, {0.3, 0.4, 0.3}, {0.1, 0.2, 0.7},
                  {0.2, 0.5, 0.3}, {0.6, 0.3, 0.1}, {0.4, 0.3, 0.3}};

ConfusionMatrix matrix(const Array& w) { return {t, predict_with_threshold(p, 0.5), w}; }

const std::vector<std::pair<const char*, std::function<Values(const Array& w)>>> metrics = {
    {"accuracy_score",
     [](const Array& w) {
       return Values{accuracy_score(t, predict_with_threshold(p, 0.5), {.sample_weight = w})};
     }},
    {"ConfusionMatrix",
     [](const Array& w) {
       const ConfusionMatrix m = matrix(w);
       Values all = {m.accuracy(), m.balanced_accuracy(), m.g_mean(), m.macro_average(m.f1())};
       for (const Values& metric : {m.precision(), m.recall(), m.specificity(), m.f1(), m.f_beta(1e200)})
         all.insert(all.end(), metric.begin(), metric.end());
       return all;
     }},
    {"matthews_corrcoef", [](const Array& w) { return Values{matthews_corrcoef(matrix(w))}; }},
    {"cohen_kappa_score", [](const Array& w) { return Values{cohen_kappa_score(matrix(w))}; }},
    {"index_balanced_accuracy", [](const Array& w) { return index_balanced_accuracy(matrix(w)); }},
    {"roc_auc_score",
     [](const Array& w) {
       return Values{roc_auc_score(t, p, {.sample_weight = w}),
                     roc_auc_score(t, p, {.sample_weight = w, .max_fpr = 0.4}),
                     roc_auc_score(t3, p3, {.sample_weight = w}),
                     roc_auc_score(t3, p3, {.average = ClassAverage::weighted, .sample_weight = w})};
     }},
    {"roc_curve", [](const Array& w) { return roc_curve(t, p, {.sample_weight = w}).tpr; }},
    {"average_precision_score",
     [](const Array& w) {
       return Values{average_precision_score(t, p, {.sample_weight = w}),
                     average_precision_score(t3, p3, {.sample_weight = w})};
     }},
    {"precision_recall_curve",
     [](const Array& w) { return precision_recall_curve(t, p, {.sample_weight = w}).precision; }},
    {"brier_score_loss",
     [](const Array& w) {
       return Values{brier_score_loss(t, p, {.sample_weight = w}),
                     brier_score_loss(t3, p3, {.sample_weight = w})};
     }},
    {"log_loss", [](const Array& w) { return Values{log_loss(t, p, {.sample_weight = w})}; }},
    {"expected_calibration_error",
     [](const Array& w) { return Values{expected_calibration_error(t, p, {.sample_weight = w})}; }},
    {"calibration_error_per_class",
     [](const Array& w) { return calibration_error_per_class(t3, p3, {.sample_weight = w}); }},
    {"calibration_curve",
     [](const Array& w) { return calibration_curve(t, p, {.sample_weight = w}).prob_true; }},
    {"tune_threshold",
     [](const Array& w) {
       Values all;
       for (const ThresholdObjective& objective :
            {objective::f_beta(), objective::f_beta(1e200), objective::balanced_accuracy(),
             objective::g_mean(), objective::negative_cost(1, 3), objective::precision_at_recall(0.5)})
         all.push_back(tune_threshold(t, p, objective, {.sample_weight = w}).value);
       return all;
     }},
    {"IsotonicCalibration",
     [](const Array& w) {
       return values(IsotonicCalibration().fit(p, t, {.sample_weight = w}).transform(p));
     }},
    {"isotonic_regression",
     [](const Array& w) {
       return values(isotonic_regression(Array{3., 1., 2., 5., 4., 6.}, w));
     }},
    {"TemperatureScaling",
     [](const Array& w) {
       return Values{TemperatureScaling().fit(p3, t3, {.sample_weight = w}).temperature()};
     }},
};

Array scaled(const Values& weights, double scale) {
  Values all = weights;
  for (double& w : all) w *= scale;
  return Array(all);
}

}  // namespace

TEST_CASE("weighted metrics do not depend on how large the weights are") {
  const Values weights = {1, 2, 4, 1, 2, 3};
  for (const auto& [name, metric] : metrics) {
    CAPTURE(name);
    const Values expected = metric(Array(weights));
    for (const double scale : {1e200, 1e-200, 1e307, 1e-307}) {
      CAPTURE(scale);
      check_close(metric(scaled(weights, scale)), expected, 1e-13, 1e-13);
    }
    // Powers of two do not change a bit.
    for (const int exponent : {-900, -199, 30, 201, 1000})
      CHECK(metric(scaled(weights, std::ldexp(1, exponent))) == expected);
  }
}

TEST_CASE("ROC-AUC does not depend on how much heavier one class is than the other") {
  const double plain = roc_auc_score(t, p);
  for (const double w : {1e200, 1e-200}) {
    const Array weights = {w, 1 / w, w, 1 / w, w, 1 / w};
    CHECK(roc_auc_score(t, p, {.sample_weight = weights}) == Approx(plain).epsilon(1e-14));
  }
}

TEST_CASE("sums of weights keep their scale where it matters") {
  const Array huge = Array::full({6}, 1e300, Dtype::float64);
  CHECK(log_loss(t, p, {.normalize = false, .sample_weight = huge}) ==
        Approx(1e300 * log_loss(t, p, {.normalize = false})));
  CHECK(calibration_curve(t, p, {.n_bins = 1, .sample_weight = huge}).weight[0] == Approx(6e300));
  CHECK(matrix(huge).total() == Approx(6e300));
  // Platt's targets depend on the number of samples: these weights are like almost none, and like infinitely
  // many.
  const Values tiny_p =
      values(PlattScaling().fit(p, t, {.sample_weight = scaled(Values(6, 1), 1e-200)}).transform(p));
  for (const double value : tiny_p) CHECK(value == Approx(0.5));
  const auto fitted = [](double w) {
    return values(PlattScaling().fit(p, t, {.sample_weight = scaled({1, 2, 4, 1, 2, 3}, w)}).transform(p));
  };
  check_close(fitted(1e307), fitted(1e20), 1e-12, 1e-10);
}

TEST_CASE("a ConfusionMatrix refuses weights whose sum is beyond float64, and stays as it was") {
  const double most = std::numeric_limits<double>::max();
  ConfusionMatrix sum(Array{0, 1}, Array{0, 1}, Array{most / 2, 1.});
  const std::string text = "ConfusionMatrix: sample_weight adds up to more than float64 holds, got ";
  CHECK_THROWS_WITH(sum.add(Array{0, 1}, Array{1, 1}, Array{most, most}), text + "float64(2)");
  CHECK_THROWS_WITH(sum.add(Array{0}, Array{1}, Array{most}), text + "float64(1)");
  CHECK(sum.total() == most / 2 + 1);
  sum.add(Array{1, 0, -1}, Array{0, 0, 0}, Array{most / 4, 0., most});
  CHECK(sum(1, 0) == most / 4);
}

TEST_CASE("Matthews' coefficient and kappa of counts whose products overflow") {
  const auto counts = [](double tp, double fn, double fp, double tn) {
    return ConfusionMatrix(Array{1, 1, 0, 0}, Array{1, 0, 1, 0}, Array{tp, fn, fp, tn});
  };
  // (n - m) (n + m) / (n + m)^2 with n = 10 m.
  for (const double m : {5000., 1e299, 1e-301}) {
    CAPTURE(m);
    CHECK(matthews_corrcoef(counts(10 * m, m, m, 10 * m)) == Approx(9. / 11).epsilon(1e-14));
    CHECK(cohen_kappa_score(counts(10 * m, m, m, 10 * m)) == Approx(9. / 11).epsilon(1e-14));
  }
  CHECK(matthews_corrcoef(counts(1e18, 1e18, 1e18, 2)) == Approx(-0.5).epsilon(1e-14));
}
