#include "tenbin/optimizers/detail/shard_gradients.h"

#include <algorithm>
#include <utility>

#include "tenbin/optimizers/detail/optimizer_entry.h"

namespace tenbin {

Optimizer::ShardGradients::ShardGradients(Optimizer& optimizer) : optimizer_(optimizer) {
  if (!optimizer.is_flat()) optimizer.flatten();
  flattenings_ = optimizer.flattenings_;
  const FlatGroups& groups = optimizer.all_flats();
  for (const FlatParameters& group : groups) flats_.push_back(Array::zeros_like(group.grad));
  std::vector<const detail::Node*> seen;  // a shared parameter has several entries
  for (const Entry& entry : optimizer.entries_) {
    const detail::Node* const node = entry.parameter.node_.get();
    if (entry.is_frozen || std::find(seen.begin(), seen.end(), node) != seen.end()) continue;
    seen.push_back(node);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (!groups[i].grad.shares_memory_with(entry.grad)) continue;
      const Array of_shard =
          flats_[i].slice(entry.begin, entry.begin + entry.grad.size()).reshape(entry.grad.shape());
      places_.push_back({entry.parameter, of_shard, entry.grad, {}, std::make_unique<Array>(of_shard)});
    }
  }
}

bool Optimizer::ShardGradients::fits() const {
  return optimizer_.is_flat() && optimizer_.flattenings_ == flattenings_;
}

void Optimizer::ShardGradients::swap() {
  for (Place& place : places_) {
    detail::Node& node = *place.parameter.node_;
    std::swap<Array>(node.grad, place.grad);
    std::swap(node.grad_slot, place.slot);
    std::swap(node.slot_taken, place.slot_taken);
  }
}

void Optimizer::ShardGradients::clear() {
  for (Place& place : places_) {
    place.grad = {};
    place.slot_taken = false;
  }
}

bool Optimizer::ShardGradients::complete() {
  bool is_any = false;
  for (Place& place : places_) {
    is_any = is_any || place.grad;
    if (!place.grad) place.of_shard.fill(0);
  }
  return is_any;
}

std::vector<Array> Optimizer::ShardGradients::of_optimizer() const {
  std::vector<Array> flats;
  for (const FlatParameters& group : optimizer_.all_flats()) flats.push_back(group.grad);
  return flats;
}

void Optimizer::ShardGradients::assign_to_optimizer() const {
  for (const Place& place : places_) {
    detail::Node& node = *place.parameter.node_;
    node.grad = place.of_optimizer;
    node.slot_taken = true;
  }
}

}  // namespace tenbin
