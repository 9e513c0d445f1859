#include "tenbin/distributed/detail/tree_sum.h"

#include <algorithm>
#include <utility>

#include "tenbin/distributed/detail/transport.h"

namespace tenbin::detail {

namespace {

// A subtree of all shards: those of [index << level, (index + 1) << level) that exist.
struct Subtree {
  std::size_t level;
  std::size_t index;

  std::size_t first() const { return index << level; }
  std::size_t last(std::size_t shards) const { return std::min((index + 1) << level, shards); }
  Subtree left() const { return {level - 1, 2 * index}; }
  Subtree right() const { return {level - 1, 2 * index + 1}; }
};

Subtree whole_tree(std::size_t shards) {
  std::size_t level = 0;
  while ((std::size_t{1} << level) < shards) ++level;
  return {level, 0};
}

// The largest subtrees of the shards of a rank, in their order.
void list_subtrees(const Subtree& tree, const ShardRange& range, std::vector<Subtree>& found) {
  const std::size_t first = tree.first(), last = tree.last(range.total);
  if (first >= range.last || last <= range.first) return;
  if (first >= range.first && last <= range.last) {
    found.push_back(tree);
    return;
  }
  list_subtrees(tree.left(), range, found);
  list_subtrees(tree.right(), range, found);
}

std::vector<Subtree> subtrees_of(const ShardRange& range) {
  std::vector<Subtree> found;
  list_subtrees(whole_tree(range.total), range, found);
  return found;
}

// The sum of a subtree, in the memory of its first term. `term(subtree)` is its array, or null if it has to
// be added up.
template <class Term>
Array& add_up(const Subtree& tree, std::size_t shards, const Term& term) {
  if (Array* const known = term(tree)) return *known;
  Array& sum = add_up(tree.left(), shards, term);
  if (tree.right().first() < shards) sum.add(add_up(tree.right(), shards, term));
  return sum;
}

struct Segments {
  std::size_t size;
  std::size_t ranks;

  std::size_t begin(std::size_t rank) const { return size * rank / ranks; }
  Array of(const Array& array, std::size_t rank) const { return array.slice(begin(rank), begin(rank + 1)); }
};

}  // namespace

void tree_sum(const Communicator& comm, const ShardRange& range, std::vector<Array>& terms, Array& sum) {
  std::vector<Subtree> mine = subtrees_of(range);
  std::vector<Array> sums;  // of `mine`
  for (const Subtree& tree : mine)
    sums.push_back(add_up(tree, range.total, [&](const Subtree& leaf) -> Array* {
      return leaf.level == 0 ? &terms[leaf.index - range.first] : nullptr;
    }));
  if (comm.size() == 1) {
    sum.assign(sums[0]);
    return;
  }

  // On a GPU through the memory of the CPU, unless the transport can do without.
  const std::vector<ConstBytes> none(comm.size(), {nullptr, 0});
  const std::vector<Bytes> nowhere(comm.size(), {nullptr, 0});
  const Device device = sum.device();
  const bool is_on_device = !device.is_cpu() && comm.transport().exchange_on(device, none, nowhere);
  const auto exchange = [&](const std::vector<ConstBytes>& sent, const std::vector<Bytes>& received) {
    if (is_on_device) {
      comm.transport().exchange_on(device, sent, received);
    } else {
      comm.transport().exchange(sent, received);
    }
  };
  const Device of_exchange = is_on_device ? device : Device::cpu();
  for (Array& each : sums) each = each.to(of_exchange);

  // Every rank gets its segment of all subtrees.
  const Segments segments{sum.size(), comm.size()};
  const std::size_t own = comm.rank();
  const Array own_place = segments.of(sum, own);
  struct Received {
    Subtree tree;
    Array segment;
  };
  std::vector<Received> received;
  std::vector<std::vector<Subtree>> trees;  // of every rank
  std::size_t rounds = 0;
  for (std::size_t r = 0; r < comm.size(); ++r) {
    trees.push_back(subtrees_of(ShardRange(range.total, r, comm.size())));
    rounds = std::max(rounds, trees[r].size());
  }
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<ConstBytes> sent(comm.size(), {nullptr, 0});
    std::vector<Bytes> places(comm.size(), {nullptr, 0});
    for (std::size_t r = 0; r < comm.size(); ++r) {
      if (round < mine.size()) {
        const Array segment = segments.of(sums[round], r);
        sent[r] = elements(segment);
      }
      if (round >= trees[r].size()) continue;
      received.push_back({trees[r][round], Array::empty(own_place.shape(), sum.dtype(), of_exchange)});
      places[r] = elements(received.back().segment);
    }
    exchange(sent, places);
  }
  const Array& own_sum = add_up(whole_tree(range.total), range.total, [&](const Subtree& tree) -> Array* {
    for (Received& each : received)
      if (each.tree.level == tree.level && each.tree.index == tree.index) return &each.segment;
    return nullptr;
  });

  // Every rank gets the sums of all segments.
  Array whole = device == of_exchange ? sum : Array::empty(sum.shape(), sum.dtype());
  std::vector<Bytes> places;
  for (std::size_t r = 0; r < comm.size(); ++r) {
    Array segment = segments.of(whole, r);
    places.push_back(elements(segment));
  }
  exchange(std::vector<ConstBytes>(comm.size(), elements(own_sum)), places);
  if (device != of_exchange) sum.assign(whole.to(device));
}

}  // namespace tenbin::detail
