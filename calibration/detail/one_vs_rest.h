// Calibration of every class by a function of its own score, one class against the rest; two classes have
// one.
#pragma once

#include <functional>

#include "tenbin/calibration/detail/binary_scores.h"

namespace tenbin::detail {

// What the columns of (N, C), C > 2, are.
enum class Columns : unsigned char { probabilities, any_numbers };

// Calls `fit` with the samples of the positive class and the other (see to_binary_samples); for scores (N, C)
// with C > 2 with the samples of each class and all others, in the order of the classes. Returns the column
// of the positive class of two. Errors, for C > 2: labels outside [0, C) that are not ignored; `pos_label`; a
// class without samples; scores that are not what `columns` says.
std::size_t fit_each(const char* function, const Array& scores, const Array& t,
                     const BinaryFitOptions& options, Columns columns,
                     const std::function<void(BinarySamples)>& fit);

// Probabilities from `probability(i, score)`, where i is the number of the call of `fit`: as map_scores if
// there was one; otherwise (N, C), divided by their sum, where a row of zeros becomes 1 / C.
Array map_each(const char* function, const Array& scores, std::size_t column, std::size_t n_fit,
               Columns columns, const std::function<double(std::size_t, double)>& probability);

}  // namespace tenbin::detail
