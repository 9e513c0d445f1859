#include "tenbin/bundle/detail/onnx_curve.h"

#include <limits>

namespace tenbin::detail {

namespace {

std::vector<double> differences(const std::vector<double>& from, const std::vector<double>& to) {
  std::vector<double> all;
  for (std::size_t i = 0; i < from.size(); ++i) all.push_back(to[i] - from[i]);
  return all;
}

}  // namespace

OnnxValue count_at_most(const OnnxValue& x, const std::vector<double>& numbers) {
  constexpr std::size_t few = 64;  // for these, all comparisons take less time than the nodes of a search
  if (numbers.empty()) return x.graph->scalar(0, OnnxType::int64);
  if (numbers.size() <= few)
    return row_sums(cast(less_or_equal(x.graph->constant(numbers, OnnxType::float64), x), OnnxType::int64));
  std::int64_t steps = 1;  // a power of two above the number of numbers
  while (steps <= static_cast<std::int64_t>(numbers.size())) steps *= 2;
  std::vector<double> padded = numbers;  // nothing is >= NaN
  padded.resize(static_cast<std::size_t>(steps - 1), std::numeric_limits<double>::quiet_NaN());
  OnnxValue count = x.graph->scalar(0, OnnxType::int64);
  const OnnxValue table = x.graph->constant(padded, OnnxType::float64);
  for (std::int64_t step = steps / 2; step > 0; step /= 2) {
    const OnnxValue last = gather(table, count + static_cast<double>(step - 1));
    count = where(less_or_equal(last, x), count + static_cast<double>(step), count);
  }
  return count;
}

OnnxValue curve_value(const OnnxValue& x, const OnnxCurve& curve) {
  const std::size_t pieces = curve.x.size() - 1;
  const OnnxValue low_x = curve.margin == 0 ? x : x - curve.margin;
  const OnnxValue high_x = curve.margin == 0 ? x : x + curve.margin;
  const OnnxValue is_below = less_or_equal(low_x, curve.x.front());
  const OnnxValue below = x.graph->scalar(curve.below, x.type), above = x.graph->scalar(curve.above, x.type);
  if (pieces == 0) return where(is_below, below, above);

  const std::vector<double> starts(curve.x.begin(), curve.x.end() - 1),
      ends(curve.x.begin() + 1, curve.x.end());
  const OnnxValue piece = count_at_most(x, {starts.begin() + 1, starts.end()});
  const auto of_piece = [&](const std::vector<double>& values) {
    return gather(x.graph->constant(values, x.type), piece);
  };
  const OnnxValue start = of_piece(starts);
  const OnnxValue share = (x - start) / of_piece(differences(starts, ends));
  const OnnxValue inside = of_piece(curve.from) + share * of_piece(differences(curve.from, curve.to));
  const OnnxValue at = of_piece({curve.at.begin(), curve.at.end() - 1});
  return where(is_below, below,
               where(greater_or_equal(high_x, curve.x.back()), above, where(equal(x, start), at, inside)));
}

}  // namespace tenbin::detail
