// The network of the comparison and its training: the same for every method except for data and loss.
#pragma once

#include <cstdint>
#include <functional>

#include "tenbin/datasets/dataset.h"
#include "tenbin/links/linear.h"

namespace tenbin::examples {

/// One hidden layer of rectified units.
class Classifier : public Chain {
 public:
  Classifier(std::size_t n_input, std::size_t n_hidden, std::size_t n_class);

  /// Logits.
  Variable operator()(const Variable& x) const;
  /// softmax of the logits, without recording a graph, on the CPU.
  Array probabilities(const Array& x) const;

 private:
  Linear hidden_;
  Linear output_;
};

struct TrainingOptions {
  std::size_t n_hidden = 64;
  std::size_t epochs = 30;  ///< passes over the training part before resampling
  std::size_t batch_size = 256;
  double alpha = 0.01;  ///< initial learning rate of Adam; a tenth of it after 60% of the steps, a hundredth
                        ///< after 85%
  double weight_decay = 1e-4;
  Device device;  ///< the data are copied there

  /// The number of steps, for a training part of that size. It is the same for every method: one that repeats
  /// rows uses each of them less often, and one that drops rows uses them more often.
  std::size_t steps(std::size_t n_rows) const { return epochs * ((n_rows + batch_size - 1) / batch_size); }
};

using Loss = std::function<Variable(const Variable& logits, const Array& t)>;

/// Trains a new network, whose initial weights depend on the seed.
Classifier train_classifier(const Dataset& rows, std::size_t n_class, const Loss& loss,
                            const TrainingOptions& training, std::size_t steps, std::uint64_t seed);

}  // namespace tenbin::examples
