#include "tenbin/datasets/minibatches.h"

#include <algorithm>
#include <utility>

#include "tenbin/core/random.h"

namespace tenbin {

namespace {

// Keeps the keys of the epochs apart from what else philox is asked with the same seed.
constexpr std::uint64_t epoch_stream = 0x65706f6368;

random::Generator generator_of(std::uint64_t seed, std::uint64_t epoch) {
  const auto words = random::philox(seed, epoch, epoch_stream);
  return random::Generator(std::uint64_t{words[0]} << 32 | words[1]);
}

}  // namespace

Minibatches::Minibatches(Dataset dataset, const MinibatchesOptions& options)
    : dataset_(std::move(dataset.x), std::move(dataset.t)), options_(options) {
  if (options.batch_size == 0) throw Error("Minibatches: expected a batch_size above 0, got 0");
  if (!dataset_.x.device().is_cpu())
    throw Error("Minibatches: expected a dataset on the CPU, got ", dataset_.x);
  if (options.shuffle) order_ = generator_of(options.seed, options.epoch).permutation(dataset_.size());
}

std::size_t Minibatches::size() const {
  const std::size_t full = dataset_.size() / options_.batch_size;
  const bool rest = dataset_.size() % options_.batch_size != 0;
  return full + (rest && !options_.drop_last ? 1 : 0);
}

Dataset Minibatches::operator[](std::size_t i) const {
  if (i >= size()) throw Error("Minibatches: batch ", i, " is out of range for ", size(), " batches");
  const std::size_t begin = i * options_.batch_size;
  const std::size_t count = std::min(options_.batch_size, dataset_.size() - begin);
  if (!options_.shuffle)
    return {dataset_.x.slice(begin, begin + count), dataset_.t.slice(begin, begin + count)};
  return {detail::gather_rows(dataset_.x, &order_[begin], count),
          detail::gather_rows(dataset_.t, &order_[begin], count)};
}

}  // namespace tenbin
