// An axis of a chart: the range of the values, where a value is drawn, and the ticks. Internal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tenbin/plots/chart.h"

namespace tenbin::detail {

struct Tick {
  double value;
  std::string label;
};

class Axis {
 public:
  // `has_whole_ticks`: for counts such as epochs: if all values are whole numbers, all ticks are.
  explicit Axis(Scale scale, bool has_whole_ticks = false) : scale_(scale), is_whole_(has_whole_ticks) {}

  // Whether a value can be drawn: it is finite, and above 0 on a logarithmic scale.
  bool has(double value) const;
  // Widens the range by a value that can be drawn.
  void include(double value);
  bool is_empty() const { return low_ > high_; }
  // Where a value is, from 0 to 1. Precondition: `finish` was called.
  double position(double value) const;
  // Fixes the range.
  void set_limits(const std::optional<AxisLimits>& limits) { limits_ = limits; }
  bool has_limits() const { return limits_.has_value(); }
  // Widens the range a little if `with_margin`; a range of one value becomes a wider one. `count`: about how
  // many ticks fit.
  void finish(int count, bool with_margin);
  const std::vector<Tick>& ticks() const { return ticks_; }

 private:
  double transformed(double value) const;
  void add_linear_ticks(int count);
  void add_decades(int count);

  Scale scale_;
  double low_ = 1;   // as drawn: logarithms on a logarithmic scale
  double high_ = 0;  // below `low_` while there is no value
  bool is_whole_;
  std::optional<AxisLimits> limits_;
  std::vector<Tick> ticks_;
};

// A number as a tick's label, with the digits that tell it from one that differs by a power of ten: `0.25`,
// `2e-05`, `1e+07`. `exponent` is that power's.
std::string tick_label(double value, int exponent);

}  // namespace tenbin::detail
