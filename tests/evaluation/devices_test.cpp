// Every metric, and all other code that reads predictions and labels, accepts arrays on any device and gives
// the same number.
#include "tenbin/tenbin.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// The arguments of metrics.
struct Samples {
  Array t;              // 3 classes
  Array logits;         // (N, 3)
  Array probabilities;  // (N, 3)
  Array binary_t;       // 0 or 1
  Array scores;         // (N)
  Array pair;           // (N, 2), probabilities
  Array weight;         // (N)

  Samples to(Device device) const {
    return {t.to(device),      logits.to(device), probabilities.to(device), binary_t.to(device),
            scores.to(device), pair.to(device),   weight.to(device)};
  }
};

Samples make_samples() {
  constexpr std::size_t n = 60;
  random::Generator rng(8);
  Samples s;
  std::vector<std::int32_t> t, binary_t;
  for (std::size_t i = 0; i < n; ++i) {
    t.push_back(static_cast<std::int32_t>(rng.integer(3)));
    binary_t.push_back(static_cast<std::int32_t>(rng.integer(2)));
  }
  s.t = Array(t);
  s.binary_t = Array(binary_t);
  s.logits = rng.normal({n, 3});
  const NoBackprop off;
  s.probabilities = softmax(Variable(s.logits)).data();
  s.pair = softmax(Variable(rng.normal({n, 2}))).data();
  s.scores = rng.uniform({n});
  s.weight = rng.uniform({n}, 0.5, 2);
  return s;
}

using Values = std::vector<double>;
using Metric = std::function<Values(const Samples&)>;

Values concat(const Values& a, const Values& b) {
  Values all = a;
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

Values of_curve(const CalibrationCurve& curve) { return concat(curve.prob_true, curve.prob_pred); }

const std::vector<std::pair<const char*, Metric>> metrics = {
    {"accuracy", [](const Samples& s) { return Values{accuracy(s.logits, s.t)}; }},
    {"argmax", [](const Samples& s) { return values(argmax(s.logits)); }},
    {"ConfusionMatrix", [](const Samples& s) { return values(ConfusionMatrix(s.t, s.logits).counts()); }},
    {"ConfusionMatrix, weighted",
     [](const Samples& s) { return values(ConfusionMatrix(s.t, argmax(s.logits), s.weight).counts()); }},
    {"ConfusionMatrix::add",
     [](const Samples& s) {
       ConfusionMatrix matrix({.n_class = 3});
       matrix.add(s.t, s.logits);
       matrix.add(s.t, s.logits);
       return values(matrix.counts());
     }},
    {"expected_calibration_error",
     [](const Samples& s) { return Values{expected_calibration_error(s.t, s.probabilities)}; }},
    {"calibration_error_per_class",
     [](const Samples& s) { return calibration_error_per_class(s.t, s.probabilities); }},
    {"calibration_curve", [](const Samples& s) { return of_curve(calibration_curve(s.binary_t, s.scores)); }},
    {"hits_at_k", [](const Samples& s) { return Values{hits_at_k(s.binary_t, s.scores, 20)}; }},
    {"gain_at_k", [](const Samples& s) { return Values{gain_at_k(s.binary_t, s.scores, 20)}; }},
    {"lift_at_k", [](const Samples& s) { return Values{lift_at_k(s.binary_t, s.scores, 20)}; }},
    {"gain_curve", [](const Samples& s) { return gain_curve(s.binary_t, s.scores).gain; }},
    {"isotonic_regression", [](const Samples& s) { return values(isotonic_regression(s.scores, s.weight)); }},
    {"precision_recall_curve",
     [](const Samples& s) { return precision_recall_curve(s.binary_t, s.scores).precision; }},
    {"average_precision_score",
     [](const Samples& s) { return Values{average_precision_score(s.t, s.probabilities)}; }},
    {"average_precision_per_class",
     [](const Samples& s) { return average_precision_per_class(s.t, s.probabilities); }},
    {"correct_prior",
     [](const Samples& s) {
       return values(correct_prior(s.pair, Array{0.5, 0.5}, Array{0.9, 0.1}));
     }},
    {"estimate_prior",
     [](const Samples& s) {
       return values(estimate_prior(s.pair, Array{0.5, 0.5}));
     }},
    {"brier_score_loss",
     [](const Samples& s) {
       return Values{brier_score_loss(s.t, s.probabilities, {.sample_weight = s.weight})};
     }},
    {"log_loss", [](const Samples& s) { return Values{log_loss(s.t, s.probabilities)}; }},
    {"roc_curve", [](const Samples& s) { return roc_curve(s.binary_t, s.scores).tpr; }},
    {"roc_auc_score",
     [](const Samples& s) {
       return Values{roc_auc_score(s.binary_t, s.scores, {.sample_weight = s.weight}),
                     roc_auc_score(s.t, s.probabilities, {.multi_class = MultiClass::ovo})};
     }},
    {"roc_auc_per_class", [](const Samples& s) { return roc_auc_per_class(s.t, s.probabilities); }},
    {"tune_threshold",
     [](const Samples& s) {
       const TunedThreshold tuned =
           tune_threshold(s.binary_t, s.pair, objective::f_beta(), {.sample_weight = s.weight});
       return Values{tuned.threshold, tuned.value};
     }},
    {"predict_with_threshold",
     [](const Samples& s) { return values(predict_with_threshold(s.scores, 0.5)); }},
    {"argmin_expected_cost",
     [](const Samples& s) {
       const Array cost = Array{{0., 1.}, {5., 0.}}.to(s.pair.device());
       return values(argmin_expected_cost(s.pair, cost));
     }},
    {"bootstrap_interval",
     [](const Samples& s) {
       const auto interval = bootstrap_interval(
           s.t, s.logits, [](const Array& t, const Array& y) { return accuracy(y, t); }, {.n_resamples = 50});
       return Values{interval.low, interval.high};
     }},
    {"PlattScaling",
     [](const Samples& s) {
       return values(
           PlattScaling().fit(s.scores, s.binary_t, {.sample_weight = s.weight}).transform(s.scores));
     }},
    {"IsotonicCalibration",
     [](const Samples& s) {
       return values(
           IsotonicCalibration().fit(s.scores, s.binary_t, {.sample_weight = s.weight}).transform(s.scores));
     }},
    {"TemperatureScaling",
     [](const Samples& s) {
       return values(
           TemperatureScaling().fit(s.logits, s.t, {.sample_weight = s.weight}).transform(s.logits));
     }},
    {"class_counts",
     [](const Samples& s) {
       const auto counts = class_counts(s.t, 3);
       return Values(counts.begin(), counts.end());
     }},
    {"balanced_class_weight", [](const Samples& s) { return values(balanced_class_weight(s.t, 3)); }},
    {"long_tail_subset",
     [](const Samples& s) {
       const auto rows = long_tail_subset(s.t, {10, 5, 2});
       return Values(rows.begin(), rows.end());
     }},
    {"stratified_split",
     [](const Samples& s) {
       const Split split = stratified_split(Dataset(s.logits, s.t), 0.25, 1);
       return Values(split.test.begin(), split.test.end());
     }},
    {"stratified_k_fold",
     [](const Samples& s) {
       const auto folds = stratified_k_fold(Dataset(s.logits, s.t), 3, 1);
       return Values(folds[1].test.begin(), folds[1].test.end());
     }},
    {"random_over_sample",
     [](const Samples& s) {
       const Dataset sampled = random_over_sample(Dataset(s.logits, s.t), {.seed = 3});
       return concat(values(sampled.x), values(sampled.t));
     }},
    {"smote",
     [](const Samples& s) {
       const Dataset sampled = smote(Dataset(s.logits, s.t), {.seed = 3});
       return concat(values(sampled.x), values(sampled.t));
     }},
    {"StandardScaler", [](const Samples& s) { return values(StandardScaler(s.logits).transform(s.logits)); }},
    {"StandardScaler of sparse rows",
     [](const Samples& s) {
       const CsrMatrix x = CsrMatrix::from_dense(s.logits);
       const CsrMatrix scaled = StandardScaler(x, {.with_mean = false}).transform(x);
       CHECK(scaled.device() == x.device());
       return values(scaled.to_dense());
     }},
};

}  // namespace

TEST_CASE("metrics, calibration, splits and samplers take arrays of every device", "[gpu]") {
  const Samples on_cpu = make_samples();
  for (const auto& [name, metric] : metrics) {
    INFO(name);
    const Values expected = metric(on_cpu);
    CHECK_FALSE(expected.empty());
    on_every_device([&, &metric = metric](Device device) {
      const Values actual = metric(on_cpu.to(device));
      CHECK(actual == expected);
    });
  }
}
