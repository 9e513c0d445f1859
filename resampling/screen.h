// What makes the search for neighbours fast: float32 bounds that discard most pairs of rows unseen.
//
// Of two rows a and b, |a - b|^2 / 2 = |a|^2 / 2 + |b|^2 / 2 - a.b. In float32, with norms made smaller by
// more than all rounding can add, this is a lower bound of what float64 would find. A pair whose bound is
// beyond the k-th best distance of both its rows needs no second look; the few others get the exact distance.
#pragma once

#include <vector>

#include "tenbin/core/array.h"

namespace tenbin::detail {

// Rows are compared 24 to a panel, in which a column's values lie side by side: three registers of eight.
constexpr std::size_t panel_rows = 24;

// A translation and a scale that bring all rows into [-1, 1], where float32 has its digits.
struct Frame {
  std::vector<double> center;  // of every column
  double scale = 1;
};

// Rows in float32, packed for `screen_panels`. The last panel is filled up with rows that are never near.
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
// unwritten, if every one is beyond the reach of both its rows; reach_a: of the four, reach_b: of the panel.
bool screen(const Panels& a, std::size_t i, std::size_t first, const Panels& b, std::size_t j,
            const float* reach_a, const float* reach_b, Bounds& bounds);

}  // namespace tenbin::detail
