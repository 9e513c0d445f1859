// With ordinary data, metrics, calibration and loaders raise no floating-point exception, so that programs
// may run with feenableexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW); also where a class is never found or
// predicted.
#include <cfenv>

#include "tenbin/cpu/parallel.h"
#include "tenbin/tenbin.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr int watched = FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW;

template <class F>
void check_raises_nothing(const char* what, F f) {
  CAPTURE(what);
  std::feclearexcept(FE_ALL_EXCEPT);
  f();
  CHECK(std::fetestexcept(watched) == 0);
}

void use(const ConfusionMatrix& matrix) {
  matrix.accuracy();
  matrix.balanced_accuracy();
  matrix.g_mean();
  matrix.macro_average(matrix.precision());
  matrix.weighted_average(matrix.f1());
  matrix.specificity();
  matthews_corrcoef(matrix);
  cohen_kappa_score(matrix);
  index_balanced_accuracy(matrix);
  classification_report(matrix);
  classification_report_imbalanced(matrix);
}

}  // namespace

TEST_CASE("metrics and calibration raise no floating-point exceptions") {
  constexpr std::size_t n = 50;
  random::Generator rng(1);
  std::vector<std::int32_t> rare, three;
  for (std::size_t i = 0; i < n; ++i) {
    rare.push_back(i % 5 == 0 ? 1 : 0);
    three.push_back(static_cast<std::int32_t>(i % 3));
  }
  const Array t(rare), t3(three);
  const Array p = rng.uniform({n}, 0, 1, Dtype::float64);
  const Array logits = rng.normal({n, 3}, 0, 2, Dtype::float64);
  const NoBackprop off;
  const Array p3 = softmax(Variable(logits)).data();
  const Array weight = rng.uniform({n}, 1e200, 1e201, Dtype::float64);
  const std::size_t before = num_threads();
  set_num_threads(1);  // the flags belong to a thread

  check_raises_nothing("scores", [&] {
    for (const Array& w : {Array(), weight}) {
      roc_auc_score(t, p, {.sample_weight = w});
      roc_auc_score(t, p, {.sample_weight = w, .max_fpr = 0.2});
      roc_auc_score(t3, p3, {.sample_weight = w});
      average_precision_score(t, p, {.sample_weight = w});
      precision_recall_curve(t, p, {.sample_weight = w});
      log_loss(t3, p3, {.sample_weight = w});
      brier_score_loss(t, p, {.sample_weight = w});
      expected_calibration_error(t3, p3, {.sample_weight = w});
      calibration_curve(t, p, {.sample_weight = w});
    }
    gain_curve(t, p);
    accuracy(p3, t3);
  });
  check_raises_nothing("thresholds", [&] {
    for (const ThresholdObjective& objective :
         {objective::f_beta(), objective::balanced_accuracy(), objective::g_mean(),
          objective::negative_cost(1, 5), objective::precision_at_recall(0.5),
          objective::recall_at_precision(0.1)})
      for (const Array& w : {Array(), weight}) tune_threshold(t, p, objective, {.sample_weight = w});
  });
  check_raises_nothing("matrices", [&] {
    use({t, predict_with_threshold(p, 0.5)});
    use({t, predict_with_threshold(p, 0.5), weight});
    use({Array{0, 0, 1}, Array{0, 0, 0}});  // a class that is never found
    use({Array{0, 0, 0}, Array{0, 1, 2}});  // classes that do not occur
    use(ConfusionMatrix({.n_class = 2}));
  });
  check_raises_nothing("calibration", [&] {
    for (const Array& w : {Array::ones({n}), weight}) {
      PlattScaling().fit(p, t, {.sample_weight = w}).transform(p);
      IsotonicCalibration().fit(p, t, {.sample_weight = w}).transform(p);
      TemperatureScaling().fit(logits, t3, {.sample_weight = w}).transform(logits);
    }
    estimate_prior(p3, Array{1., 1., 1.});
    correct_prior(p3, Array{1., 1., 1.}, Array{1., 0., 1.});
  });
  check_raises_nothing("intervals", [&] {
    wilson_interval(3, 10);
    bootstrap_interval(t, p,
                       [](const Array& labels, const Array& scores) { return roc_auc_score(labels, scores); },
                       {.n_resamples = 20, .stratified = true});
  });
  check_raises_nothing("loading", [&] {
    const ScratchDirectory directory;
    const std::string path = directory / "data.csv";
    write_bytes(path, "a,b\n1.5,2e10\n,3\n-7e-300,4\n");
    load_csv(path);
    const StandardScaler scaler(logits);
    scaler.transform(logits);
  });
  set_num_threads(before);
}
