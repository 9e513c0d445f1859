// The samples of every group: shared by the splits that keep groups whole.
#pragma once

#include <vector>

#include "tenbin/datasets/group_split.h"

namespace tenbin::detail {

// The samples of every group, groups ascending. t: int64 (N). Errors: those of `SplitGroups::checked`;
// another length than that of t.
std::vector<std::vector<std::size_t>> samples_by_group(const char* function, const Array& t,
                                                       const SplitGroups& groups);

// The number of samples per group (rows) and class (columns), classes ascending. t: int64 (N).
std::vector<std::vector<std::size_t>> class_counts_of(const std::vector<std::vector<std::size_t>>& groups,
                                                      const Array& t);

}  // namespace tenbin::detail
