#include "tenbin/datasets/minibatches.h"

#include <algorithm>
#include <utility>

#include "tenbin/core/random.h"
#include "tenbin/cuda/gather.h"

namespace tenbin {

namespace {

constexpr std::uint64_t epoch_stream = 0x65706f6368;

}  // namespace

Minibatches::Minibatches(Dataset dataset, const MinibatchesOptions& options)
    : dataset_(std::move(dataset.x), std::move(dataset.t)),
      options_(options),
      count_(dataset_.size()),
      gathers_(options.shuffle) {
  check();
  if (options.shuffle)
    order_ = random::substream(options.seed, epoch_stream, options.epoch).permutation(count_);
  upload_order();
}

Minibatches::Minibatches(Dataset dataset, std::vector<std::size_t> rows, const MinibatchesOptions& options)
    : dataset_(std::move(dataset.x), std::move(dataset.t)),
      options_(options),
      count_(rows.size()),
      gathers_(true),
      order_(std::move(rows)) {
  check();
  for (std::size_t i = 0; i < count_; ++i)
    if (order_[i] >= dataset_.size())
      throw Error("Minibatches: row ", order_[i], " at position ", i, " is out of range for ",
                  dataset_.size(), " samples");
  if (options.shuffle) {
    std::vector<std::size_t> shuffled =
        random::substream(options.seed, epoch_stream, options.epoch).permutation(count_);
    for (std::size_t& i : shuffled) i = order_[i];
    order_ = std::move(shuffled);
  }
  upload_order();
}

void Minibatches::check() const {
  if (options_.batch_size == 0) throw Error("Minibatches: expected a batch_size above 0, got 0");
}

void Minibatches::upload_order() {
  const Device device = dataset_.x.device();
  if (gathers_ && !device.is_cpu()) order_on_gpu_ = detail::index_array(order_).to(device);
}

std::size_t Minibatches::size() const {
  const std::size_t full = count_ / options_.batch_size;
  const bool rest = count_ % options_.batch_size != 0;
  return full + (rest && !options_.drop_last ? 1 : 0);
}

Dataset Minibatches::operator[](std::size_t i) const {
  if (i >= size()) throw Error("Minibatches: batch ", i, " is out of range for ", size(), " batches");
  const std::size_t begin = i * options_.batch_size;
  const std::size_t count = std::min(options_.batch_size, count_ - begin);
  if (!gathers_) return {dataset_.x.slice(begin, begin + count), dataset_.t.slice(begin, begin + count)};
  if (order_on_gpu_) {
    const Array rows = order_on_gpu_.slice(begin, begin + count);
    return {gpu::gather_rows(dataset_.x, rows), gpu::gather_rows(dataset_.t, rows)};
  }
  return {detail::gather_rows(dataset_.x, &order_[begin], count),
          detail::gather_rows(dataset_.t, &order_[begin], count)};
}

}  // namespace tenbin
