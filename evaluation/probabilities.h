// What everything that reads predicted probabilities shares.
#pragma once

#include <cmath>

#include "tenbin/core/array.h"

namespace tenbin::detail {

// Errors: `f: probabilities must be float32 or float64 (N, C), got int32(3)`, also for C = 0.
inline void require_probability_matrix(const char* function, const Array& p) {
  if (!p || !is_floating(p.dtype()) || p.ndim() != 2 || p.shape()[1] == 0)
    throw Error(function, ": probabilities must be float32 or float64 (N, C), got ", p);
}

// Errors: `f: row 3 of probabilities must be >= 0 and sum to 1, its sum is 7`: these are logits.
template <class T>
void require_probability_row(const char* function, const T* row, std::size_t n_class, std::size_t position) {
  constexpr double tolerance = 1e-3;  // float32 softmax over very many classes is off by less
  double sum = 0;
  bool valid = true;
  for (std::size_t c = 0; c < n_class; ++c) {
    valid = valid && row[c] >= 0;
    sum += static_cast<double>(row[c]);
  }
  if (valid && std::abs(sum - 1) <= tolerance) return;
  throw Error(function, ": row ", position, " of probabilities must be >= 0 and sum to 1, its sum is ", sum);
}

}  // namespace tenbin::detail
