// Softmax of rows in float64.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace tenbin::detail {

// Replaces each row of n_class logits z by softmax(beta z).
inline void softmax_rows(std::vector<double>& z, std::size_t n_class, double beta) {
  for (double* row = z.data(); row != z.data() + z.size(); row += n_class) {
    const double largest = *std::max_element(row, row + n_class);
    double sum = 0;
    for (std::size_t c = 0; c < n_class; ++c) sum += row[c] = std::exp(beta * (row[c] - largest));
    for (std::size_t c = 0; c < n_class; ++c) row[c] /= sum;
  }
}

}  // namespace tenbin::detail
