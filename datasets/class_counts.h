// How many samples every class has.
//
// Class weights (class_weight.h), priors (class_prior.h), margins (ldam.h) and the bias of `set_prior_bias`
// start from these counts. The number of classes is explicit: a class without training samples keeps its
// number.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// The number of samples of every class. Labels equal to `ignore_label`, -1 if it is not given, are ignored.
///
/// t: integer, any shape. Errors: any other label outside [0, n_class), named with its position; two classes
/// and labels of -1 and 1 only, unless `ignore_label` is given: map -1 to 0; two axes with a single 1 among
/// zeros in every row, which are taken for one-hot rows: if they are labels, pass `t.reshape({t.size()})`.
std::vector<std::size_t> class_counts(const Array& t, std::size_t n_class,
                                      std::optional<std::int64_t> ignore_label = {});

namespace detail {

// Errors: no classes; a class without samples or, if `in_every_class` is false, no samples at all.
void require_samples(const char* function, const std::vector<std::size_t>& counts,
                     bool in_every_class = true);

}  // namespace detail

}  // namespace tenbin
