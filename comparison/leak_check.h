// LeakCheck: which rows each step of a comparison has seen, as recorded while it ran.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tenbin {

/// One step - "preprocessing", "network", "settings", "resampling", "training", "threshold", "calibration",
/// or a name that a method has given - over all folds and methods.
struct LeakStep {
  std::string step;
  /// The largest number, in one fold, of its training rows that the step was fitted to.
  std::size_t train_rows = 0;
  /// The number of test rows that it was fitted to, added up over the folds: a leak, unless 0.
  std::size_t test_rows = 0;
  /// The number of rows on which it measured models that had been fitted to them, added up: a leak, unless 0.
  std::size_t own_rows = 0;
};

/// What is recorded: the rows to which a pipeline is fitted and those that inner folds train and measure on,
/// by their index in the table; and the rows on which a network is trained, by their content after
/// preprocessing, whatever a method has done with them. A method that trains a model of another kind is
/// recorded when it takes the training rows. A synthetic row counts if it equals a row of the table. Not
/// recorded is which columns are left out: `auto_pipeline` decides that on all rows, without their labels.
struct LeakCheck {
  std::vector<LeakStep> steps;
  std::size_t train_rows = 0;  ///< of the largest fold
  std::size_t test_rows = 0;   ///< of the largest fold
  /// Test rows whose features equal those of a training row of their fold, in `tested` test rows: a property
  /// of the data, not of the protocol, but it flatters models that memorise.
  std::size_t duplicates = 0;
  std::size_t tested = 0;

  /// Whether no step has seen a row that it must not see.
  bool passed() const;
};

/// The check as lines of text.
std::string to_text(const LeakCheck& check);

}  // namespace tenbin
