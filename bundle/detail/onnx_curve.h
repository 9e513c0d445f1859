// Tables with ascending arguments in a graph: binary search, and piecewise linear functions. Internal.
#pragma once

#include <vector>

#include "tenbin/bundle/detail/onnx_graph.h"

namespace tenbin::detail {

// How many of the ascending numbers are <= x: int64 (N, 1); NaN: 0. x: float64 (N, 1).
OnnxValue count_at_most(const OnnxValue& x, const std::vector<double>& numbers);

// A piecewise linear function with jumps at the knots x[0] < x[1] < ...
struct OnnxCurve {
  std::vector<double> x;
  double below = 0;              // the value up to x.front() ...
  double above = 0;              // and from x.back() on, ...
  double margin = 0;             // and this close to them
  std::vector<double> at;        // the value at each knot; not read at the ends
  std::vector<double> from, to;  // the values at the ends of each piece: one less than knots
};

// The value of the curve. x: float64 (N, 1).
OnnxValue curve_value(const OnnxValue& x, const OnnxCurve& curve);

}  // namespace tenbin::detail
