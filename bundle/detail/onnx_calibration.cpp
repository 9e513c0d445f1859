#include "tenbin/bundle/detail/onnx_calibration.h"

#include <string>
#include <variant>
#include <vector>

#include "tenbin/bundle/detail/onnx_curve.h"

namespace tenbin::detail {

namespace {

// As detail/one_vs_rest.h: of more than two classes, each divided by the sum; uniform where that is 0.
OnnxValue normalized(const std::vector<OnnxValue>& columns) {
  const OnnxValue all = concat(columns), sums = row_sums(all);
  const OnnxValue uniform = sums.graph->scalar(1 / static_cast<double>(columns.size()), sums.type);
  return where(equal(sums, 0), uniform, all / sums);
}

OnnxCurve curve_of(const IsotonicCalibration::Curve& points) {
  return {points.x,
          points.y.front(),
          points.y.back(),
          0,
          points.y,
          {points.y.begin(), points.y.end() - 1},
          {points.y.begin() + 1, points.y.end()}};
}

// Of logits in float64, (N, K).

OnnxValue probabilities(const std::monostate&, const OnnxValue& z) { return softmax(z, 1); }

OnnxValue probabilities(const TemperatureScaling& scaling, const OnnxValue& z) {
  return softmax(z * (1 / scaling.temperature()), 1);
}

OnnxValue probabilities(const PlattScaling& scaling, const OnnxValue& z) {
  const auto of_line = [](const PlattScaling::Line& line, const OnnxValue& score) {
    return sigmoid(unary("Neg", score * line.a + line.b));
  };
  const std::vector<PlattScaling::Line>& lines = scaling.lines();
  if (lines.size() == 1) {
    const OnnxValue p = of_line(lines[0], column(z, 1) - column(z, 0));
    return concat({1 - p, p});
  }
  std::vector<OnnxValue> columns;
  for (std::size_t c = 0; c < lines.size(); ++c) columns.push_back(of_line(lines[c], column(z, c)));
  return normalized(columns);
}

OnnxValue probabilities(const IsotonicCalibration& calibration, const OnnxValue& z) {
  const OnnxValue scores = softmax(z, 1);
  const std::vector<IsotonicCalibration::Curve>& curves = calibration.curves();
  if (curves.size() == 1) {
    const bool is_last = calibration.pos_class() == 1;
    const OnnxValue p = curve_value(column(scores, is_last ? 1 : 0), curve_of(curves[0]));
    return is_last ? concat({1 - p, p}) : concat({p, 1 - p});
  }
  std::vector<OnnxValue> columns;
  for (std::size_t c = 0; c < curves.size(); ++c)
    columns.push_back(curve_value(column(scores, c), curve_of(curves[c])));
  return normalized(columns);
}

OnnxValue corrected(const OnnxValue& p, const PriorCorrection& prior) {
  // What becomes of equal probabilities is the ratio of the priors, up to a factor.
  const std::size_t n_class = prior.n_class();
  const Array equal = Array::full({1, n_class}, 1 / static_cast<double>(n_class), Dtype::float64);
  const OnnxValue weighted = p * p.graph->constant(prior.transform(equal));
  return finite(weighted / row_sums(weighted));
}

OnnxValue by_argmax(const OnnxValue& p) {
  return p.graph->node("ArgMax", {p}, OnnxType::int64,
                       {attribute("axis", std::int64_t{1}), attribute("keepdims", std::int64_t{0})});
}

OnnxValue by_threshold(const Decision::Threshold& rule, const OnnxValue& p) {
  const OnnxValue column = p.graph->scalar(static_cast<double>(rule.pos_class), OnnxType::int64);
  const OnnxValue score = cast(gather(p, column, 1), OnnxType::float64);
  return where(greater_or_equal(score, rule.threshold), column, static_cast<double>(1 - rule.pos_class));
}

// Added up class by class, as argmin_expected_cost does, so that ties stay ties.
OnnxValue by_cost(const Array& cost, const OnnxValue& p) {
  const OnnxValue exact = cast(p, OnnxType::float64);
  const auto of_class = [&](std::size_t c) {
    return column(exact, c) * exact.graph->constant(cost.slice(c, c + 1));
  };
  OnnxValue expected = of_class(0);
  for (std::size_t c = 1; c < cost.shape()[0]; ++c) expected = expected + of_class(c);
  return p.graph->node("ArgMin", {expected}, OnnxType::int64,
                       {attribute("axis", std::int64_t{1}), attribute("keepdims", std::int64_t{0})});
}

}  // namespace

OnnxValue export_calibration(const Calibration& calibration, const OnnxValue& logits, bool is_column) {
  OnnxValue z = finite(cast(logits, OnnxType::float64));
  if (is_column) z = concat({z - z, z});
  OnnxValue p =
      std::visit([&](const auto& method) { return probabilities(method, z); }, calibration.method());
  if (calibration.prior()) p = corrected(p, *calibration.prior());
  return cast(p, logits.type);
}

OnnxValue export_decision(const Decision& decision, const OnnxValue& probabilities) {
  const std::string kind = decision.kind();
  if (kind == "threshold") return by_threshold(decision.threshold(), probabilities);
  if (kind == "cost") return by_cost(decision.cost(), probabilities);
  return by_argmax(probabilities);
}

}  // namespace tenbin::detail
