// Cleaner class borders: removes rows that disagree with their nearest neighbours.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "tenbin/datasets/dataset.h"

namespace tenbin {

/// The Tomek links of a data set: pairs (a, b), a < b, of different classes, each the nearest neighbour of
/// the other, in ascending order (Tomek, "Two modifications of CNN", IEEE Transactions on Systems, Man, and
/// Cybernetics 1976).
///
/// Of equally near rows the first is the nearest. x: (N, ...), of any dtype; t: integer (N). Errors: fewer
/// than 2 rows; those of nearest_neighbors.
std::vector<std::pair<std::size_t, std::size_t>> tomek_links(const Dataset& train);

/// Options of remove_tomek_links.
struct RemoveTomekLinksOptions {
  /// The classes whose rows may be removed; empty: all but the smallest class (ties: the smallest label).
  std::vector<std::int64_t> classes = {};
};

/// The data set without the rows that are in a Tomek link (imbalanced-learn: `TomekLinks`).
///
/// Apply it to the training part of a split only, after scaling, since it depends on distances: splits refuse
/// its result. Errors: those of `tomek_links`; a class that has no samples.
///
///     const Dataset cleaned = remove_tomek_links(all.subset(split.train));
Dataset remove_tomek_links(const Dataset& train, const RemoveTomekLinksOptions& options = {});

enum class KindSel {
  all,  ///< a row stays if all its neighbours are of its class
  mode  ///< a row stays if its class is the most frequent among its neighbours (ties: the smallest label)
};

/// Options of edited_nearest_neighbours.
struct EditedNearestNeighboursOptions {
  /// The classes whose rows may be removed; empty: all but the smallest class (ties: the smallest label).
  std::vector<std::int64_t> classes = {};
  std::size_t n_neighbors = 3;
  KindSel kind_sel = KindSel::all;
};

/// The data set without the rows that disagree with their nearest neighbours (Wilson, "Asymptotic properties
/// of nearest neighbor rules using edited data", IEEE Transactions on Systems, Man, and Cybernetics 1972;
/// imbalanced-learn: `EditedNearestNeighbours`).
///
/// All rows are judged before any is removed. Apply it to the training part of a split only, after scaling,
/// since it depends on distances: splits refuse its result. x: (N, ...), of any dtype; t: integer (N).
/// Errors: n_neighbors = 0 or not below N; a class that has no samples; those of nearest_neighbors.
///
///     const Dataset cleaned = edited_nearest_neighbours(train, {.kind_sel = KindSel::mode});
Dataset edited_nearest_neighbours(const Dataset& train, const EditedNearestNeighboursOptions& options = {});

}  // namespace tenbin
