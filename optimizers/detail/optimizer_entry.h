// A parameter of an optimizer and where it is stored. Internal.
#pragma once

#include <string>

#include "tenbin/optimizers/optimizer.h"

namespace tenbin {

// A shared parameter has an entry for each of its paths, all with the same place.
struct Optimizer::Entry {
  std::string path;
  Variable parameter;
  Optimizer* rule;  // the optimizer, or the group that it belongs to
  std::size_t buffer;
  std::size_t begin;
  bool is_frozen;
  Array data;  // the places, in the parameter's shape
  Array grad;
  SmallVector<Array, 3> states;

  bool is_in_place(const Variable& now) const {
    const detail::Node& node = *now.node_;
    return &node == parameter.node_.get() && node.data.raw_data() == data.raw_data() && node.grad_slot &&
           node.grad_slot->raw_data() == grad.raw_data() && node.requires_grad == !is_frozen;
  }
};

}  // namespace tenbin
