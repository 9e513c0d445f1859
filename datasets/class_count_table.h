// The class counts of a data set as human-readable text.
#pragma once

#include <string>
#include <vector>

#include "tenbin/core/array.h"
#include "tenbin/datasets/table.h"

namespace tenbin {

struct ClassCountTableOptions {
  std::vector<std::string> class_names = {};  ///< empty: no name column
  Array class_weight = {};                    ///< (K,) floating; empty: no weight column
};

/// Count and share of every class, with its name and weight if given: read it before you choose class
/// weights.
///
///     class              name  count   share  weight
///         0             legit   4000  79.97%  0.6252
///         1  fraud (positive)   1002  20.03%   2.496
///     total                     5002
///
/// With two classes, class 1 is the positive class for every metric and threshold, unless `pos_label` says
/// otherwise. Errors: the number of names, or of weights, is not the number of classes.
///
///     const auto counts = class_counts(train.t, 2);
///     std::cout << class_count_table(counts, {.class_weight = balanced_class_weight(counts)});
std::string class_count_table(const std::vector<std::size_t>& counts,
                              const ClassCountTableOptions& options = {});

/// The same for the labels of a table, without missing ones, with the table's class names unless others are
/// given. Errors: also a table without a label.
///
///     std::cout << class_count_table(load_csv("train.csv", {.label = "Class"}));
std::string class_count_table(const Table& table, const ClassCountTableOptions& options = {});

}  // namespace tenbin
