// Speeds up the search for neighbours: float32 lower bounds that rule out most pairs of rows.
//
// For two rows a and b, |a - b|^2 / 2 = |a|^2 / 2 + |b|^2 / 2 - a.b. In float32, with norms reduced by more
// than the largest rounding error, this is a lower bound of the float64 result. A pair whose bound is above
// the k-th best distance of both its rows is skipped; for the few others the exact distance is computed.
#pragma once

#include <vector>

#include "tenbin/core/array.h"

namespace tenbin::detail {

// Rows are compared in panels of 24, in which the values of a column are contiguous: three registers of
// eight.
constexpr std::size_t panel_rows = 24;

// A translation and a scale that bring all rows into [-1, 1], where float32 is most precise.
struct Frame {
  std::vector<double> center;  // by column
  double scale = 1;
};

// Rows in float32, packed for `screen_panels`. The last panel is padded with rows that are far from all
// others.
class Panels {
 public:
  // x: float32 or float64 (N, columns), finite.
  Panels(const Array& x, const std::vector<std::size_t>& rows, const Frame& frame);

  std::size_t count() const { return count_; }
  std::size_t columns() const { return columns_; }
  const float* values(std::size_t panel) const {
    return values_.data<float>() + panel * columns_ * panel_rows;
  }
  const float* half_norms(std::size_t panel) const { return half_norms_.data<float>() + panel * panel_rows; }

 private:
  template <class T>
  void pack(const T* x, const std::vector<std::size_t>& rows, const Frame& frame);

  std::size_t count_;
  std::size_t columns_;
  Array values_;      // (count, columns, panel_rows)
  Array half_norms_;  // (count, panel_rows): lower bounds of |a|^2 / 2
};

// Lower bounds of half the squared distances from four rows of one panel to the rows of another.
struct Bounds {
  float values[4][panel_rows];
};

// Computes the bounds from rows [first, first + 4) of panel i of `a` to panel j of `b`. False, with `bounds`
// unwritten, if every bound exceeds the reach of both its rows; reach_a: for the four rows, reach_b: for the
// panel.
bool screen(const Panels& a, std::size_t i, std::size_t first, const Panels& b, std::size_t j,
            const float* reach_a, const float* reach_b, Bounds& bounds);

}  // namespace tenbin::detail
