// The table that the lab works on, and its way into a network: numbers from the training rows only.
#pragma once

#include <string>
#include <vector>

#include "tenbin/datasets/dataset.h"

namespace tenbin::examples {

/// A labelled table of numbers and categories.
struct LabData {
  std::string source;
  Dataset rows;  ///< x float32 (N, D): NaN is missing, categories are their numbers; t int32 (N)
  std::vector<std::size_t> categorical;  ///< columns of x
  std::vector<std::string> classes;
  std::vector<std::size_t> counts;    ///< rows of each class, all above 0
  std::vector<std::string> left_out;  ///< columns that nothing can be learnt from, and why

  /// The class with the fewest rows.
  std::size_t rarest() const;
};

/// Reads a CSV file, or an ARFF file if its name ends so. label: the name of the column of the classes, or
/// its place; "-1" is the last.
///
/// Left out are columns without values, and categorical ones with more than 100 categories: names, numbers of
/// customers, free text. Errors: those of the loaders; fewer than two classes; a class of fewer than 3 rows,
/// which cannot be in a training, a validation and a test part.
LabData load_lab_data(const std::string& path, const std::string& label);

/// Training and test part as the network gets them: categories one-hot, all columns of mean 0 and deviation 1
/// over the training rows, missing values at that mean. A category that the training part does not have is a
/// row of zeros.
struct Fold {
  Dataset train;
  Dataset test;
};
Fold prepare(const Dataset& train, const Dataset& test, const std::vector<std::size_t>& categorical);

}  // namespace tenbin::examples
