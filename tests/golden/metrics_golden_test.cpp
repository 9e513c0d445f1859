// All metrics against scikit-learn and imbalanced-learn, to 1e-12.
#include <iostream>
#include <set>
#include <sstream>

#include "tenbin/evaluation/calibration.h"
#include "tenbin/evaluation/confidence_interval.h"
#include "tenbin/evaluation/geometric_mean.h"
#include "tenbin/evaluation/mcc_kappa.h"
#include "tenbin/evaluation/precision_recall.h"
#include "tenbin/evaluation/proper_scores.h"
#include "tenbin/evaluation/roc.h"
#include "tenbin/tests/golden/golden.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

using Values = std::vector<double>;

// The expected numbers of one case. Every one of them must be compared.
class Expected {
 public:
  explicit Expected(const GoldenCase& golden) {
    for (const auto& [name, text] : golden.outputs) {
      std::istringstream in(text);
      Values& numbers = numbers_[name];
      for (std::string number; std::getline(in, number, ',');) numbers.push_back(std::stod(number));
    }
  }

  bool has(const std::string& name) const { return numbers_.count(name) > 0; }

  void check(const std::string& name, const Values& actual) {
    INFO(name);
    REQUIRE(has(name));
    check_close(actual, numbers_.at(name), 1e-12, 1e-12);
    compared_.insert(name);
    total += actual.size();
  }
  void check(const std::string& name, double actual) { check(name, Values{actual}); }

  void check_all_compared() const {
    for (const auto& [name, numbers] : numbers_) {
      INFO(name);
      CHECK(compared_.count(name) == 1);
    }
  }

  static std::size_t total;

 private:
  std::map<std::string, Values> numbers_;
  std::set<std::string> compared_;
};

std::size_t Expected::total = 0;

Array weights_of(const GoldenCase& golden) { return golden.has_input("w") ? golden.input("w") : Array(); }

void check_labels(const GoldenCase& golden, Expected& expected) {
  const auto n_class = static_cast<std::size_t>(golden.number("n_class"));
  const ConfusionMatrix matrix(golden.input("t"), golden.input("y"), weights_of(golden),
                               {.n_class = n_class});
  expected.check("confusion", values(matrix.counts()));
  expected.check("accuracy", matrix.accuracy());
  expected.check("balanced_accuracy", matrix.balanced_accuracy());
  expected.check("support", matrix.support());
  expected.check("specificity", matrix.specificity());
  expected.check("mcc", matthews_corrcoef(matrix));
  expected.check("kappa_None", cohen_kappa_score(matrix));
  expected.check("kappa_linear", cohen_kappa_score(matrix, {.weights = KappaWeights::linear}));
  expected.check("kappa_quadratic", cohen_kappa_score(matrix, {.weights = KappaWeights::quadratic}));
  for (const double zero : {0.0, 1.0, std::nan("")}) {
    const std::string suffix = std::isnan(zero) ? "_nan" : zero == 0 ? "_0" : "_1";
    const auto check_averages = [&](const std::string& name, const Values& per_class) {
      expected.check(name + suffix, per_class);
      expected.check(name + suffix + "_macro", matrix.macro_average(per_class));
      expected.check(name + suffix + "_weighted", matrix.weighted_average(per_class));
    };
    check_averages("precision", matrix.precision(zero));
    check_averages("recall", matrix.recall(zero));
    check_averages("f_1", matrix.f1(zero));
    check_averages("f_2", matrix.f_beta(2, zero));
  }
  expected.check("g_mean", matrix.g_mean());
  expected.check("g_mean_corrected", matrix.g_mean(0.001));
  if (!expected.has("iba")) return;
  expected.check("geometric_mean", geometric_mean_per_class(matrix));
  expected.check("geometric_mean_macro", geometric_mean_score(matrix, ClassAverage::macro));
  expected.check("geometric_mean_weighted", geometric_mean_score(matrix, ClassAverage::weighted));
  expected.check("iba", index_balanced_accuracy(matrix));
  expected.check("iba_plain", index_balanced_accuracy(matrix, {.alpha = 0.3, .squared = false}));
}

void check_binary(const GoldenCase& golden, Expected& expected) {
  const Array t = golden.input("t");
  const Array y = golden.input("y");
  const Array w = weights_of(golden);
  const auto pos_label = static_cast<std::int64_t>(golden.number("pos_label"));
  expected.check("average_precision",
                 average_precision_score(t, y, {.pos_label = pos_label, .sample_weight = w}));
  expected.check("brier", brier_score_loss(t, y, {.sample_weight = w, .pos_label = pos_label}));
  expected.check(
      "brier_whole",
      brier_score_loss(t, y, {.sample_weight = w, .pos_label = pos_label, .scale_by_half = false}));
  expected.check("log_loss", log_loss(t, y, {.sample_weight = w, .pos_label = pos_label}));
  expected.check("log_loss_sum",
                 log_loss(t, y, {.normalize = false, .sample_weight = w, .pos_label = pos_label}));
  const bool both_classes = expected.has("roc_auc");
  for (const bool drop : {true, false}) {
    const std::string suffix = drop ? "_True" : "_False";
    const auto pr =
        precision_recall_curve(t, y, {.pos_label = pos_label, .sample_weight = w, .drop_intermediate = drop});
    expected.check("precision" + suffix, pr.precision);
    expected.check("recall" + suffix, pr.recall);
    expected.check("pr_thresholds" + suffix, pr.thresholds);
    if (!both_classes) continue;
    const auto roc = roc_curve(t, y, {.pos_label = pos_label, .sample_weight = w, .drop_intermediate = drop});
    expected.check("fpr" + suffix, roc.fpr);
    expected.check("tpr" + suffix, roc.tpr);
    expected.check("roc_thresholds" + suffix, roc.thresholds);
  }
  if (both_classes) {
    const auto auc = [&](std::optional<double> max_fpr) {
      return roc_auc_score(t, y, {.sample_weight = w, .max_fpr = max_fpr, .pos_label = pos_label});
    };
    expected.check("roc_auc", auc({}));
    expected.check("roc_auc_0.1", auc(0.1));
    expected.check("roc_auc_0.6", auc(0.6));
  }
  if (w) return;
  for (const auto strategy : {BinStrategy::uniform, BinStrategy::quantile})
    for (const std::size_t n_bins : std::vector<std::size_t>{5, 15}) {
      const std::string suffix =
          (strategy == BinStrategy::uniform ? "_uniform_" : "_quantile_") + std::to_string(n_bins);
      const auto curve =
          calibration_curve(t, y, {.pos_label = pos_label, .n_bins = n_bins, .strategy = strategy});
      expected.check("prob_true" + suffix, curve.prob_true);
      expected.check("prob_pred" + suffix, curve.prob_pred);
    }
}

void check_multiclass(const GoldenCase& golden, Expected& expected) {
  const Array t = golden.input("t");
  const Array y = golden.input("y");
  const Array w = weights_of(golden);
  expected.check("roc_auc_per_class", roc_auc_per_class(t, y, {.sample_weight = w}));
  expected.check("roc_auc_ovr_weighted",
                 roc_auc_score(t, y, {.average = ClassAverage::weighted, .sample_weight = w}));
  expected.check("ap_per_class", average_precision_per_class(t, y, {.sample_weight = w}));
  expected.check("ap_macro", average_precision_score(t, y, {.sample_weight = w}));
  expected.check("ap_weighted",
                 average_precision_score(t, y, {.average = ClassAverage::weighted, .sample_weight = w}));
  expected.check("brier", brier_score_loss(t, y, {.sample_weight = w}));
  expected.check("brier_half", brier_score_loss(t, y, {.sample_weight = w, .scale_by_half = true}));
  expected.check("log_loss", log_loss(t, y, {.sample_weight = w}));
  if (expected.has("roc_auc_ovr_macro"))
    expected.check("roc_auc_ovr_macro", roc_auc_score(t, y, {.sample_weight = w}));
  if (w) return;
  for (const auto average : {ClassAverage::macro, ClassAverage::weighted})
    expected.check(average == ClassAverage::macro ? "roc_auc_ovo_macro" : "roc_auc_ovo_weighted",
                   roc_auc_score(t, y, {.average = average, .multi_class = MultiClass::ovo}));
  for (const auto strategy : {BinStrategy::uniform, BinStrategy::quantile}) {
    const std::string suffix = strategy == BinStrategy::uniform ? "_uniform" : "_quantile";
    expected.check("ece" + suffix, expected_calibration_error(t, y, {.strategy = strategy}));
    expected.check("ece_per_class" + suffix,
                   calibration_error_per_class(t, y, {.n_bins = 10, .strategy = strategy}));
  }
}

void check_wilson(const GoldenCase& golden, Expected& expected) {
  const auto [low, high] =
      wilson_interval(golden.number("successes"), golden.number("trials"), golden.number("level"));
  expected.check("interval", {low, high});
}

}  // namespace

TEST_CASE("golden: metrics") {
  const std::map<std::string, void (*)(const GoldenCase&, Expected&)> checks = {
      {"labels", check_labels},
      {"binary", check_binary},
      {"multiclass", check_multiclass},
      {"wilson", check_wilson}};
  std::map<std::string, std::size_t> cases;
  run_golden("metrics", 460, [&](const GoldenCase& golden) -> LeftOut {
    Expected expected(golden);
    checks.at(golden.function)(golden, expected);
    expected.check_all_compared();
    ++cases[golden.function];
    return "";
  });
  for (const auto& [function, count] : cases) std::cout << "  " << function << ": " << count << " cases\n";
  std::cout << "  " << Expected::total << " numbers compared\n";
}
