// Checks shared by all code that reads predicted probabilities.
#pragma once

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "tenbin/core/array.h"

namespace tenbin::detail {

// With enough digits to tell it from every other number of its dtype: 1.0000001, not 1.
inline std::string all_digits(double value, Dtype dtype) {
  char text[32];
  char* const end = dtype == Dtype::float32
                        ? std::to_chars(text, text + sizeof text, static_cast<float>(value)).ptr
                        : std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

// The rounding error that is accepted outside [0, 1]: a few units in the last place of 1.
inline double probability_rounding(Dtype dtype) {
  constexpr int units = 8;
  return units * (dtype == Dtype::float32 ? double{std::numeric_limits<float>::epsilon()}
                                          : std::numeric_limits<double>::epsilon());
}

// Errors: `f: y[3] = 1.5 is not a probability`. dtype: that of the original array.
inline void require_probability(const char* function, const char* argument, double p, std::size_t position,
                                Dtype dtype) {
  const double rounding = probability_rounding(dtype);
  if (!(p >= -rounding && p <= 1 + rounding))
    throw Error(function, ": ", argument, "[", position, "] = ", all_digits(p, dtype),
                " is not a probability");
}

// Errors: `f: probabilities must be float32 or float64 (N, C), got int32(3)`, also for C < 2.
inline void require_probability_matrix(const char* function, const Array& p) {
  if (p && is_floating(p.dtype()) && p.ndim() == 2 && p.shape()[1] > 1) return;
  const bool one_column =
      p && is_floating(p.dtype()) && (p.ndim() == 1 || (p.ndim() == 2 && p.shape()[1] == 1));
  throw Error(function, ": probabilities must be float32 or float64 (N, C), got ", p,
              one_column ? "; for one column p, as of a sigmoid, pass (N, 2): 1 - p, p" : "");
}

// Errors: `f: row 3 of probabilities must be >= 0 and sum to 1, its sum is 7`: probably logits. dtype: that
// of the original array; elements that rounding brought below 0 are accepted.
inline void require_probability_row(const char* function, const double* row, std::size_t n_class,
                                    std::size_t position, Dtype dtype) {
  constexpr double tolerance = 1e-3;  // larger than the error of a float32 softmax over very many classes
  const double rounding = probability_rounding(dtype);
  double sum = 0;
  for (std::size_t c = 0; c < n_class; ++c) {
    if (row[c] < -rounding)
      throw Error(function, ": row ", position, " of probabilities must be >= 0 and sum to 1, it has ",
                  all_digits(row[c], dtype), " for class ", c);
    sum += row[c];
  }
  if (!(std::abs(sum - 1) <= tolerance))
    throw Error(function, ": row ", position, " of probabilities must be >= 0 and sum to 1, its sum is ",
                all_digits(sum, dtype));
}

}  // namespace tenbin::detail
