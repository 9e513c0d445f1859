#include "tenbin/bundle/detail/onnx_pipeline.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tenbin/bundle/detail/onnx_curve.h"
#include "tenbin/core/file.h"
#include "tenbin/datasets/detail/parse_number.h"
#include "tenbin/preprocessing/detail/fitted_pipeline.h"
#include "tenbin/preprocessing/detail/quantile_map.h"

namespace tenbin::detail {

namespace {

// ---- inputs ----------------------------------------------------------------------------------------------

// Whether all categories are numbers as the library writes them.
bool are_numbers(const std::vector<std::string>& categories) {
  const auto is_number = [](const std::string& text) {
    const std::optional<double> number = to_number(text);
    return number && std::isfinite(*number) && number_text(*number) == text;
  };
  return !categories.empty() && std::all_of(categories.begin(), categories.end(), is_number);
}

OnnxType input_type(const FittedColumn& column) {
  const auto* const category = std::get_if<CategoryMap>(&column.map);
  if (category == nullptr || are_numbers(category->fitted.categories)) return OnnxType::float64;
  return OnnxType::string;
}

// ---- numbers ---------------------------------------------------------------------------------------------

// `quantile_place` without the normal distribution.
OnnxCurve quantile_curve(const NumberMap& map) {
  OnnxCurve curve;
  curve.above = 1;
  curve.margin = map.normal ? normal_margin : 0;
  const std::vector<double>& quantiles = map.quantiles;
  const auto steps = static_cast<double>(quantiles.size() - 1);
  for (std::size_t first = 0; first < quantiles.size();) {
    std::size_t last = first;
    while (last + 1 < quantiles.size() && quantiles[last + 1] == quantiles[first]) ++last;
    curve.x.push_back(quantiles[first]);
    curve.at.push_back(static_cast<double>(first + last) / 2 / steps);
    if (last + 1 < quantiles.size()) {
      curve.from.push_back(static_cast<double>(last) / steps);
      curve.to.push_back(static_cast<double>(last + 1) / steps);
    }
    first = last + 1;
  }
  return curve;
}

// The ratio of two polynomials of x (N, 1) with 8 coefficients.
OnnxValue polynomial_ratio(const OnnxValue& x, const double (&above)[8], const double (&below)[8]) {
  OnnxGraph& graph = *x.graph;
  std::vector<double> exponents(8), coefficients;
  std::iota(exponents.begin(), exponents.end(), 0.0);
  for (std::size_t i = 0; i < 8; ++i) coefficients.insert(coefficients.end(), {above[i], below[i]});
  const OnnxValue powers = graph.node("Pow", {x, graph.constant(exponents, x.type)}, x.type);
  const OnnxValue both = graph.node("MatMul", {powers, graph.constant(Array(coefficients, {8, 2}))}, x.type);
  return column(both, 0) / column(both, 1);
}

// As in `quantile_place`, with `normal_quantile` in one formula.
OnnxValue normal_value(const OnnxValue& place) {
  const auto& [a, b, c, d, e, f] = normal_quantile_coefficients;
  const OnnxValue q = place - 0.5;
  const OnnxValue central = q * polynomial_ratio(0.180625 - q * q, a, b);
  const OnnxValue is_lower = less(q, 0);
  const OnnxValue r = unary("Sqrt", unary("Neg", unary("Log", where(is_lower, place, 1 - place))));
  const OnnxValue tail =
      where(less_or_equal(r, 5), polynomial_ratio(r - 1.6, c, d), polynomial_ratio(r - 5, e, f));
  const OnnxValue z =
      where(less_or_equal(unary("Abs", q), 0.425), central, where(is_lower, unary("Neg", tail), tail));
  return where(less_or_equal(place, normal_margin), -largest_normal,
               where(greater_or_equal(place, 1 - normal_margin), largest_normal,
                     clip(z, -largest_normal, largest_normal)));
}

OnnxValue quantile_value(const OnnxValue& x, const NumberMap& map) {
  const OnnxValue place = curve_value(x, quantile_curve(map));
  const OnnxValue value = map.normal ? normal_value(place) : place;
  return x.graph->checks() ? value + (x - x) : value;  // NaN where x is not finite
}

void append_number(const NumberMap& map, const OnnxValue& input, std::vector<OnnxValue>& features) {
  const OnnxValue missing = map.fill || map.indicator ? is_nan(input) : input;
  OnnxValue x = map.fill ? where(missing, *map.fill, input) : input;
  if (map.log1p) x = log1p(x);
  if (!map.quantiles.empty())
    x = quantile_value(x, map);
  else if (map.center != 0 || map.scale != 1)
    x = (x - map.center) / map.scale;
  features.push_back(cast(x, OnnxType::float32));
  if (map.indicator) features.push_back(cast(missing, OnnxType::float32));
}

// ---- categories ------------------------------------------------------------------------------------------

// What becomes of values that are no category: the feature, -1 for none, or an index that does not exist.
struct OtherSlots {
  std::int64_t unknown, missing;
};

bool refuses_unknown(const CategoryMap& map, const OnnxGraph& graph) {
  return map.unknown == UnknownCategory::error && graph.checks();
}

OtherSlots other_slots(const CategoryMap& map, const OnnxGraph& graph) {
  const std::int64_t unknown =
      refuses_unknown(map, graph) ? static_cast<std::int64_t>(map.choices()) : map.unknown_at();
  return {unknown, map.missing_at >= 0 ? map.missing_at : unknown};
}

OnnxValue slots_of_texts(const CategoryMap& map, const OnnxValue& input) {
  const OtherSlots others = other_slots(map, *input.graph);
  std::vector<std::string> keys = map.fitted.categories;
  std::vector<std::int64_t> values(map.feature_of.begin(), map.feature_of.end());
  if (std::find(keys.begin(), keys.end(), "") != keys.end())
    throw Error("export_onnx: column \"", printable(map.fitted.name),
                "\" has the category \"\", an empty text, which means a missing value in ONNX");
  keys.emplace_back();
  values.push_back(others.missing);
  return input.graph->node("LabelEncoder", {input}, OnnxType::int64,
                           {attribute("keys_strings", keys), attribute("values_int64s", values),
                            attribute("default_int64", others.unknown)},
                           "ai.onnx.ml");
}

// LabelEncoder would compare float32.
OnnxValue slots_of_numbers(const CategoryMap& map, const OnnxValue& input) {
  const OtherSlots others = other_slots(map, *input.graph);
  OnnxGraph& graph = *input.graph;
  std::map<double, std::int64_t> slot_of;
  for (std::size_t i = 0; i < map.feature_of.size(); ++i)
    slot_of.emplace(to_number(map.fitted.categories[i]).value(), map.feature_of[i]);
  std::vector<double> numbers;
  std::vector<std::int64_t> slots;
  for (const auto& [number, slot] : slot_of) {
    numbers.push_back(number);
    slots.push_back(slot);
  }
  const OnnxValue unknown = graph.scalar(static_cast<double>(others.unknown), OnnxType::int64);
  const OnnxValue missing = graph.scalar(static_cast<double>(others.missing), OnnxType::int64);
  const OnnxValue at = count_at_most(input, {numbers.begin() + 1, numbers.end()});
  const OnnxValue is_known = equal(gather(graph.constant(numbers, input.type), at), input);
  return where(is_nan(input), missing, where(is_known, gather(graph.constant(slots), at), unknown));
}

OnnxValue category_features(const CategoryMap& map, const OnnxValue& input) {
  OnnxGraph& graph = *input.graph;
  std::vector<std::int64_t> range(map.choices());
  std::iota(range.begin(), range.end(), std::int64_t{0});
  const OnnxValue choices = graph.constant(range);
  OnnxValue slot = input.type == OnnxType::string ? slots_of_texts(map, input) : slots_of_numbers(map, input);
  if (refuses_unknown(map, graph)) slot = gather(choices, slot);
  return cast(map.one_hot ? equal(slot, choices) : slot, OnnxType::float32);
}

}  // namespace

OnnxAxis onnx_rows() { return {0, "N"}; }

std::vector<OnnxInput> pipeline_inputs(const TablePipeline& pipeline) {
  const FittedPipeline& fitted = fitted_pipeline(pipeline);
  std::unordered_set<std::string> taken(std::begin(onnx_outputs), std::end(onnx_outputs));
  const auto unique = [&](std::string name) {
    while (!taken.insert(name).second) name += '_';
    return name;
  };
  // Columns keep their names, also if a part of a date comes first.
  std::vector<std::string> names;
  for (const FittedColumn& column : fitted.columns) {
    if (column.name.empty())
      throw Error("export_onnx: a column of the pipeline has no name, which an input of ONNX needs");
    names.push_back(std::holds_alternative<DateMap>(column.map) ? "" : unique(column.name));
  }
  std::vector<OnnxInput> inputs;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const FittedColumn& column = fitted.columns[i];
    const std::string type = to_string(input_type(column));
    if (const auto* const dates = std::get_if<DateMap>(&column.map))
      for (std::size_t k = 0; k < dates->parts.size(); ++k)
        inputs.push_back({unique(dates->numbers[k].name), column.name, type, dates->parts[k]});
    else
      inputs.push_back({names[i], column.name, type});
  }
  return inputs;
}

OnnxValue export_pipeline(OnnxGraph& graph, const TablePipeline& pipeline) {
  std::vector<OnnxValue> inputs;
  for (const OnnxInput& input : pipeline_inputs(pipeline)) {
    const bool is_text = input.type == to_string(OnnxType::string);
    inputs.push_back(graph.input(graph.unique(input.name), is_text ? OnnxType::string : OnnxType::float64,
                                 {onnx_rows(), {1}}, is_text ? "missing: empty" : "missing: NaN"));
  }
  std::vector<OnnxValue> features;
  auto input = inputs.begin();
  for (const FittedColumn& column : fitted_pipeline(pipeline).columns) {
    if (const auto* const number = std::get_if<NumberMap>(&column.map))
      append_number(*number, *input++, features);
    else if (const auto* const category = std::get_if<CategoryMap>(&column.map))
      features.push_back(category_features(*category, *input++));
    else
      for (const NumberMap& part : std::get<DateMap>(column.map).numbers)
        append_number(part, *input++, features);
  }
  return finite(concat(features));
}

}  // namespace tenbin::detail
