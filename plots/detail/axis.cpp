#include "tenbin/plots/detail/axis.h"

#include <algorithm>
#include <cmath>
#include <iomanip>

#include "tenbin/core/text.h"

namespace tenbin::detail {

namespace {

// So that the length of a range is finite, too.
constexpr double largest_drawn = 1e300;
constexpr double tiny = 1e-280;  // here and below, steps lose digits

// The smallest of 1, 2, 5, times a power of ten, that is not below `step`.
double nice_step(double step) {
  const double power = std::pow(10, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= step * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

}  // namespace

std::string tick_label(double value, int exponent) {
  const double size = std::abs(value);
  if (size == 0) return "0";
  TextStream text;
  if (size >= 1e7 || size < 1e-4) {
    const int digits = static_cast<int>(std::floor(std::log10(size) + 1e-9)) - exponent + 1;
    text << std::setprecision(std::clamp(digits, 1, 15)) << value;
  } else {
    text << std::fixed << std::setprecision(std::clamp(-exponent, 0, 15)) << value;
  }
  return text.str();
}

bool Axis::has(double value) const { return std::isfinite(value) && (scale_ == Scale::linear || value > 0); }

double Axis::transformed(double value) const {
  return scale_ == Scale::log ? std::log10(value) : std::clamp(value, -largest_drawn, largest_drawn);
}

void Axis::include(double value) {
  const double drawn = transformed(value);
  if (is_empty()) {
    low_ = high_ = drawn;
  } else {
    low_ = std::min(low_, drawn);
    high_ = std::max(high_, drawn);
  }
  is_whole_ = is_whole_ && value == std::floor(value);
}

double Axis::position(double value) const { return (transformed(value) - low_) / (high_ - low_); }

void Axis::finish(int count, bool with_margin) {
  if (is_empty()) return;
  if (limits_) {
    low_ = transformed(limits_->low);
    high_ = transformed(limits_->high);
  }
  // A range that is smaller than the rounding errors of its ends has no ticks: it becomes a wider one.
  const double resolution = std::max({std::abs(low_), std::abs(high_), tiny}) * 1e-12;
  if (high_ - low_ <= resolution) {
    const double half = scale_ == Scale::log                 ? 0.5
                        : is_whole_ || std::abs(low_) < tiny ? 1
                                                             : std::abs(low_) * 0.1;
    const double wide = std::max(half, resolution);
    low_ -= wide;
    high_ += wide;
  } else if (with_margin && !limits_) {
    const double margin = (high_ - low_) * 0.04;
    low_ -= margin;
    high_ += margin;
  }
  if (scale_ == Scale::log) {
    add_decades(count);
  } else {
    add_linear_ticks(count);
  }
}

void Axis::add_linear_ticks(int count) {
  double step = nice_step((high_ - low_) / count);
  if (is_whole_) step = std::max(step, 1.0);
  const int exponent = static_cast<int>(std::floor(std::log10(step) + 1e-9));
  for (double i = std::ceil(low_ / step - 1e-9); i * step <= high_ + step * 1e-9; ++i) {
    // Rounding leaves 1e-17 where 0 is.
    const double value = std::abs(i) < 0.5 ? 0 : i * step;
    ticks_.push_back({value, tick_label(value, exponent)});
  }
}

// Powers of ten; their double and fivefold, too, where there are few.
void Axis::add_decades(int count) {
  const auto add = [&](double exponent, double factor) {
    const double drawn = exponent + std::log10(factor);
    if (drawn < low_ - 1e-9 || drawn > high_ + 1e-9) return;
    const double value = factor * std::pow(10, exponent);
    if (value > 0 && std::isfinite(value))
      ticks_.push_back({value, tick_label(value, static_cast<int>(exponent))});
  };
  const double decades = high_ - low_;
  for (double every = std::max(1.0, nice_step(decades / count));;
       every = std::max(1.0, std::floor(every / 2))) {
    ticks_.clear();
    for (double exponent = std::floor(low_ / every) * every; exponent <= high_; exponent += every) {
      add(exponent, 1);
      if (decades < 2.5)
        for (const double factor : {2.0, 5.0}) add(exponent, factor);
    }
    if (ticks_.size() >= 2) return;
    if (every == 1) break;
  }
  // Within a part of a decade: the ticks of a linear axis.
  ticks_.clear();
  Axis linear(Scale::linear);
  linear.include(std::pow(10, low_));
  linear.include(std::pow(10, high_));
  linear.finish(count, false);
  for (const Tick& tick : linear.ticks_)
    if (tick.value > 0) ticks_.push_back(tick);
}

}  // namespace tenbin::detail
