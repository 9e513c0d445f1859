// Thresholds, calibration and prior correction against scikit-learn (tests/data/calibration).
#include "tenbin/calibration/isotonic_calibration.h"
#include "tenbin/calibration/platt_scaling.h"
#include "tenbin/calibration/prior_correction.h"
#include "tenbin/calibration/temperature_scaling.h"
#include "tenbin/calibration/threshold.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// The arrays of one case, by name.
class Case {
 public:
  Case(const NpzReader& arrays, const std::string& prefix) : arrays_(&arrays), prefix_(prefix) {}

  Array operator[](const std::string& name) const { return arrays_->read(prefix_ + name); }
  double number(const std::string& name) const { return (*this)[name].item(); }

 private:
  const NpzReader* arrays_;
  std::string prefix_;
};

template <class Check>
void for_each_case(const std::string& kind, std::size_t n_case, Check check) {
  const NpzReader arrays(std::string(TENBIN_TEST_DATA) + "/calibration/calibration.npz");
  for (std::size_t i = 0; i < n_case; ++i) {
    CAPTURE(kind, i);
    check(Case(arrays, kind + "/" + std::to_string(i) + "/"));
  }
  const std::string beyond = kind + "/" + std::to_string(n_case) + "/";
  for (const std::string& key : arrays.keys()) CHECK(key.compare(0, beyond.size(), beyond) != 0);
}

double value_at(const TunedThreshold& tuned, const Case& given, const ThresholdObjective& objective) {
  const std::vector<double> y = values(predict_with_threshold(given["scores"], tuned.threshold));
  const std::vector<double> t = values(given["t"]), w = values(given["weights"]);
  BinaryOutcomes o;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (t[i] == 1) (y[i] == 1 ? o.true_positive : o.false_negative) += w[i];
    if (t[i] == 0) (y[i] == 1 ? o.false_positive : o.true_negative) += w[i];
  }
  return objective.value(o);
}

}  // namespace

TEST_CASE("golden: tune_threshold finds scikit-learn's best value") {
  const std::vector<std::pair<std::string, ThresholdObjective>> objectives = {
      {"f1", objective::f_beta()},
      {"f2", objective::f_beta(2)},
      {"f_half", objective::f_beta(0.5)},
      {"balanced_accuracy", objective::balanced_accuracy()},
      {"g_mean", objective::g_mean()},
      {"cost_1_7", objective::negative_cost(1, 7)},
      {"precision_at_recall_75", objective::precision_at_recall(0.75)},
      {"recall_at_precision_40", objective::recall_at_precision(0.4)},
  };
  for_each_case("threshold", 40, [&](const Case& given) {
    for (const auto& [name, objective] : objectives) {
      CAPTURE(name);
      const auto tune = [&] {
        return tune_threshold(given["t"], given["scores"], objective, {.sample_weight = given["weights"]});
      };
      const double expected = given.number(name);
      if (std::isnan(expected)) {
        CHECK_THROWS_AS(tune(), Error);
        continue;
      }
      const TunedThreshold tuned = tune();
      check_close({tuned.value}, {expected}, 1e-12, 1e-12);
      check_close({value_at(tuned, given, objective)}, {expected}, 1e-12, 1e-12);
    }
  });
}

TEST_CASE("golden: IsotonicCalibration is scikit-learn's") {
  for_each_case("isotonic", 30, [](const Case& given) {
    IsotonicCalibration calibration;
    calibration.fit(given["scores"], given["t"], {.sample_weight = given["weights"]});
    check_close(calibration.x_thresholds(), values(given["x_thresholds"]), 0, 0);
    check_close(calibration.y_thresholds(), values(given["y_thresholds"]), 1e-12, 1e-12);
    check_close(values(calibration.transform(given["query"])), values(given["p"]), 1e-12, 1e-12);
  });
}

TEST_CASE("golden: PlattScaling reaches the optimum that scikit-learn approaches") {
  for_each_case("platt", 20, [](const Case& given) {
    PlattScaling scaling;
    scaling.fit(given["scores"], given["t"], {.sample_weight = given["weights"]});
    check_close({scaling.a(), scaling.b()}, {given.number("a"), given.number("b")}, 1e-12, 1e-10);
    check_close({scaling.a(), scaling.b()}, {given.number("sklearn_a"), given.number("sklearn_b")}, 1e-6,
                1e-5);
  });
}

TEST_CASE("golden: TemperatureScaling reaches the optimum that scikit-learn approaches") {
  for_each_case("temperature", 20, [](const Case& given) {
    TemperatureScaling scaling;
    scaling.fit(given["logits"], given["t"], {.sample_weight = given["weights"]});
    check_close({scaling.temperature()}, {given.number("temperature")}, 0, 1e-10);
    check_close({scaling.temperature()}, {given.number("sklearn_temperature")}, 0, 1e-5);
    check_close(values(scaling.transform(given["logits"])), values(given["p"]), 1e-10, 1e-8);
  });
}

TEST_CASE("golden: correct_prior converts between naive Bayes classifiers") {
  for_each_case("prior", 10, [](const Case& given) {
    const Array p = given["p_seen"], seen = given["seen"], actual = given["actual"];
    check_close(values(correct_prior(p, seen, actual)), values(given["p_actual"]), 1e-12, 1e-9);
    check_close(values(correct_prior(given["p_actual"], actual, seen)), values(p), 1e-12, 1e-9);
    const Array prior = estimate_prior(p, seen, {.tolerance = 0, .max_iterations = 100});
    check_close(values(prior), values(given["em_100"]), 1e-12, 1e-9);
  });
}
