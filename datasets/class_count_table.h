// The class counts of a data set, for people.
#pragma once

#include <string>
#include <vector>

#include "tenbin/core/array.h"
#include "tenbin/datasets/table.h"

namespace tenbin {

struct ClassCountTableOptions {
  std::vector<std::string> class_names = {};  ///< none: no such column
  Array class_weight = {};                    ///< (K,) floating; none: no such column
};

/// Count and share of every class, with its name and its weight if there are any: what to look at before
/// choosing weights.
///
///     class              name  count   share  weight
///         0             legit   4000  79.97%  0.6252
///         1  fraud (positive)   1002  20.03%   2.496
///     total                     5002
///
/// Class 1 of two is the positive one for every metric and threshold, unless `pos_label` says otherwise.
/// Errors: there is not one name, or one weight, per class.
///
///     const auto counts = class_counts(train.t, 2);
///     std::cout << class_count_table(counts, {.class_weight = balanced_class_weight(counts)});
std::string class_count_table(const std::vector<std::size_t>& counts,
                              const ClassCountTableOptions& options = {});

/// The same of the labels of a table that are not missing, with the classes' names unless others are given.
/// Errors: also a table without a label.
///
///     std::cout << class_count_table(load_csv("train.csv", {.label = "Class"}));
std::string class_count_table(const Table& table, const ClassCountTableOptions& options = {});

}  // namespace tenbin
