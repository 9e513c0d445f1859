// The gradients that a shard of a batch gives to the parameters of an optimizer. Internal.
#pragma once

#include <memory>
#include <vector>

#include "tenbin/optimizers/optimizer.h"

namespace tenbin {

// Arrays like the optimizer's flat gradients, in which `backward` leaves the parameters' gradients between
// two calls of `swap`. The optimizer must have been set up, with all parameters initialized, and must not be
// used between the calls.
class Optimizer::ShardGradients {
 public:
  // Moves the parameters into the optimizer's buffers if they are not there.
  explicit ShardGradients(Optimizer& optimizer);

  // Whether the optimizer's buffers are still those of the constructor.
  bool fits() const;
  // Makes these the gradients of the parameters, and keeps the ones that they had until the next call.
  void swap();
  // Forgets all gradients.
  void clear();
  // Sets those to 0 that no backward has computed. Returns whether one has been computed.
  bool complete();
  // One array for each of the optimizer's flat gradients, in their order.
  std::vector<Array>& flats() { return flats_; }

  // The optimizer's own flat gradients.
  std::vector<Array> of_optimizer() const;
  // Says that all of them have been computed.
  void assign_to_optimizer() const;

 private:
  struct Place {
    Variable parameter;
    Array of_shard;  // a view of a flat array
    Array of_optimizer;
    Array grad;  // what `swap` exchanges with the node's
    std::unique_ptr<Array> slot;
    bool slot_taken = false;
  };

  Optimizer& optimizer_;
  std::size_t flattenings_;
  std::vector<Array> flats_;
  std::vector<Place> places_;
};

}  // namespace tenbin
