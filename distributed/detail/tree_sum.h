// Sums of the gradients of shards in an order that does not depend on the ranks. Internal.
#pragma once

#include <cstddef>
#include <vector>

#include "tenbin/core/array.h"
#include "tenbin/distributed/communicator.h"
#include "tenbin/distributed/detail/shard_threads.h"

namespace tenbin::detail {

// The sum over all shards of one array per shard, on all ranks. `terms`: those of the shards of this rank,
// all of one shape of one axis, which are used up; on the device of `sum`.
//
// The terms are added as a binary tree over all shards: (0 + 1) + (2 + 3), and so on. Each rank adds up the
// largest subtrees of its own shards, sends segments of them to the ranks, adds up all subtrees for its own
// segment, and gets the others: with R ranks that have a subtree each, a rank sends 2 (R - 1) / R times the
// array.
void tree_sum(const Communicator& comm, const ShardRange& range, std::vector<Array>& terms, Array& sum);

}  // namespace tenbin::detail
