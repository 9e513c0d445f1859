// The table of the comparison, and its conversion into network input, fitted on the training rows only.
#pragma once

#include <string>
#include <vector>

#include "tenbin/datasets/dataset.h"

namespace tenbin::examples {

/// A labelled table of numbers and categories.
struct ComparisonData {
  std::string source;
  Dataset rows;  ///< x float32 (N, D): NaN is missing, categories are codes; t int32 (N)
  std::vector<std::size_t> categorical;  ///< columns of x
  std::vector<std::string> classes;
  std::vector<std::size_t> counts;    ///< rows of each class, all above 0
  std::vector<std::string> left_out;  ///< columns that are useless for learning, and why

  /// The class with the fewest rows.
  std::size_t rarest() const;
};

/// Reads a CSV file, or an ARFF file if its name ends in .arff or .arff.gz. label: the name of the label
/// column, or its index; "-1" is the last.
///
/// Left out are columns without values, and categorical columns with more than 100 categories: names,
/// customer numbers, free text. Errors: those of the loaders; fewer than two classes; a class of fewer than 3
/// rows, which cannot be in a training, a validation and a test part.
ComparisonData load_comparison_data(const std::string& path, const std::string& label);

/// Training and test part as network input: categories one-hot, all columns standardised by the training
/// rows, missing values replaced by the mean. A category that the training part does not have becomes a row
/// of zeros.
struct Fold {
  Dataset train;
  Dataset test;
};
Fold prepare(const Dataset& train, const Dataset& test, const std::vector<std::size_t>& categorical);

}  // namespace tenbin::examples
