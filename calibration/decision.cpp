#include "tenbin/calibration/decision.h"

#include <cmath>

#include "tenbin/calibration/detail/read_pos_class.h"
#include "tenbin/evaluation/argmax.h"
#include "tenbin/evaluation/detail/probabilities.h"

namespace tenbin {

namespace {

constexpr const char* kinds[] = {"argmax", "threshold", "cost"};

void require_probabilities(const Array& probabilities) {
  detail::require_probability_matrix("Decision", probabilities);
  const std::vector<double> p = probabilities.to_vector<double>();
  const std::size_t n_class = probabilities.shape()[1];
  for (std::size_t i = 0; i < probabilities.shape()[0]; ++i)
    detail::require_probability_row("Decision", &p[i * n_class], n_class, i, probabilities.dtype());
}

Array decide(const std::monostate&, const Array& probabilities) {
  return argmax(probabilities.to(Device::cpu()));
}
Array decide(const Decision::Threshold& rule, const Array& probabilities) {
  PredictWithThresholdOptions options;
  options.pos_label = rule.pos_class;
  return predict_with_threshold(probabilities, rule.threshold, options);
}
Array decide(const Array& cost, const Array& probabilities) {
  return argmin_expected_cost(probabilities, cost);
}

// Runs a constructor with what a file says.
template <class Make>
Decision made_of(const StateReader& reader, Make make) {
  try {
    return make();
  } catch (const Error& error) {
    throw Error(reader.source(), ": ", error.what());
  }
}

Decision read_decision(StateReader& reader, const std::string& kind) {
  if (kind == kinds[0]) return {};
  if (kind == kinds[1]) {
    const double threshold = read_number(reader, "threshold");
    const auto pos_class = static_cast<std::int64_t>(detail::read_pos_class(reader));
    return made_of(reader, [=] { return Decision(threshold, pos_class); });
  }
  if (kind == kinds[2]) {
    const Array cost = read_array(reader, "cost");
    if (cost.dtype() != Dtype::float64) reader.fail("cost", "expected float64 (K, K), got ", cost);
    return made_of(reader, [&] { return Decision::expected_cost(cost); });
  }
  reader.fail("kind", "expected argmax, threshold or cost, got ", printable(kind));
}

}  // namespace

Decision::Decision(double threshold, std::int64_t pos_class) : rule_(Threshold{threshold, pos_class}) {
  const double rounding = detail::probability_rounding(Dtype::float32);
  const bool is_probability = threshold >= -rounding && threshold <= 1 + rounding;
  if (!is_probability && !std::isinf(threshold))
    throw Error("Decision: expected a threshold of probabilities, in [0, 1] or infinite, got ", threshold);
  if (pos_class != 0 && pos_class != 1) throw Error("Decision: pos_class must be 0 or 1, got ", pos_class);
}

Decision::Decision(const TunedThreshold& tuned) : Decision(tuned.threshold, tuned.pos_class) {}

Decision Decision::expected_cost(const Array& cost) {
  constexpr const char* function = "Decision::expected_cost";
  if (!cost || !is_floating(cost.dtype()) || cost.ndim() != 2 || cost.shape()[0] != cost.shape()[1] ||
      cost.shape()[0] < 2)
    throw Error(function, ": cost must be float32 or float64 (K, K), K >= 2, got ", cost);
  const std::vector<double> costs = cost.to_vector<double>();
  for (std::size_t i = 0; i < costs.size(); ++i)
    if (!std::isfinite(costs[i]))
      throw Error(function, ": cost", subscript(i, cost.shape()), " = ", costs[i], " is not finite");
  Decision decision;
  decision.rule_ = Array(costs, cost.shape());
  return decision;
}

Array Decision::operator()(const Array& probabilities) const {
  require_probabilities(probabilities);
  if (n_class() != 0 && n_class() != probabilities.shape()[1])
    throw Error("Decision: a ", kind(), " of ", n_class(), " classes does not fit probabilities ",
                probabilities);
  return std::visit([&](const auto& rule) { return decide(rule, probabilities); }, rule_);
}

const char* Decision::kind() const { return kinds[rule_.index()]; }

const Decision::Threshold& Decision::threshold() const {
  if (const auto* rule = std::get_if<Threshold>(&rule_)) return *rule;
  throw Error("Decision::threshold: the decision is by ", kind());
}

const Array& Decision::cost() const {
  if (const auto* rule = std::get_if<Array>(&rule_)) return *rule;
  throw Error("Decision::cost: the decision is by ", kind());
}

std::size_t Decision::n_class() const {
  if (const auto* cost = std::get_if<Array>(&rule_)) return cost->shape()[0];
  return std::holds_alternative<Threshold>(rule_) ? 2 : 0;
}

NamedArrays Decision::save_state() const {
  NamedArrays all{{"kind", text_state(kind())}};
  if (const auto* rule = std::get_if<Threshold>(&rule_)) {
    all.emplace_back("threshold", number_state(rule->threshold));
    all.emplace_back("pos_class", integer_state(rule->pos_class));
  }
  if (const auto* cost = std::get_if<Array>(&rule_)) all.emplace_back("cost", *cost);
  return all;
}

std::function<void()> Decision::prepare_load(StateReader& reader) {
  const std::string kind = read_text(reader, "kind");
  Decision loaded = read_decision(reader, kind);
  for (const char* other : {kinds[1], kinds[2]})
    if (kind != other && reader.contains(other)) reader.fail("kind", "is ", kind, ", but there is a ", other);
  return [this, loaded] { *this = loaded; };
}

Decision Decision::load(const std::string& path) {
  Decision decision;
  load_npz(path, decision);
  return decision;
}

}  // namespace tenbin
