// The network that the methods of a comparison train: its settings, and how they are chosen.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tenbin {

/// A multilayer perceptron with one hidden layer of rectified units, or none, and its training by Adam.
struct NetworkSettings {
  std::size_t hidden = 64;      ///< units; 0: no hidden layer, which is logistic regression
  double weight_decay = 1e-4;   ///< of the weights, not of the biases
  std::size_t epochs = 30;      ///< passes over the training rows before resampling
  std::size_t max_epochs = 30;  ///< of the schedule: alpha is a tenth after 60% of it, a hundredth after 85%
  std::size_t batch_size = 256;
  double alpha = 0.01;  ///< the initial step size of Adam
};

/// `16 hidden units, weight decay 0.03, 23 epochs`, `no hidden units, ...`.
std::string to_text(const NetworkSettings& network);

namespace detail {

// Not a list in the header: g++ 12 reports that such a list of 32 bytes is not initialised.
std::vector<std::size_t> default_hidden();

}  // namespace detail

/// Candidates for a network. The best is the one of the lowest log loss on inner folds of the training rows,
/// with plain cross entropy:
///
/// 1. With the first of `hidden`, the decay: from the middle of `weight_decay` upwards or downwards as long
///    as the log loss decreases.
/// 2. With that decay, the other numbers of hidden units.
/// 3. The length of every candidate is the epoch of its lowest log loss (early stopping): it stops after
///    `patience` epochs without a lower one.
struct NetworkSearch {
  std::vector<std::size_t> hidden = detail::default_hidden();              ///< {64, 128, 16, 0}
  std::vector<double> weight_decay = {1e-5, 1e-4, 1e-3, 1e-2, 3e-2, 0.1};  ///< ascending
  std::size_t max_epochs = 30;
  bool early_stopping = true;  ///< false: every training has `max_epochs` epochs
  std::size_t patience = 10;
  /// 0: a sixteenth of the rows of the table, at least 16 and at most 256, so that a short table has enough
  /// steps.
  std::size_t batch_size = 0;
  double alpha = 0.01;
};

/// A candidate of the search, at its best epoch.
struct NetworkCandidate {
  NetworkSettings settings;
  double log_loss = 0;  ///< on the inner folds
};

}  // namespace tenbin
