#include "tenbin/datasets/minibatches.h"

#include <algorithm>
#include <utility>

#include "tenbin/core/detail/accelerator.h"
#include "tenbin/cpu/gather.h"
#include "tenbin/datasets/detail/pass_generator.h"

namespace tenbin {

namespace {

constexpr std::uint64_t epoch_stream = 0x65706f6368;

}  // namespace

Minibatches::Minibatches(Dataset dataset, const MinibatchesOptions& options)
    : dataset_(std::move(dataset)), options_(options) {
  detail::require_rows(dataset_.x, dataset_.t);  // the members are public and may have been assigned
  if (options_.batch_size == 0) throw Error("Minibatches: expected a batch_size above 0, got 0");
  count_ = dataset_.size();
  pass_ = next_pass();
}

Minibatches::Minibatches(Dataset dataset, std::vector<std::size_t> rows, const MinibatchesOptions& options)
    : dataset_(std::move(dataset)), options_(options), rows_(std::move(rows)), count_(rows_->size()) {
  detail::require_rows(dataset_.x, dataset_.t);
  if (options_.batch_size == 0) throw Error("Minibatches: expected a batch_size above 0, got 0");
  for (std::size_t i = 0; i < count_; ++i)
    if ((*rows_)[i] >= dataset_.size())
      throw Error("Minibatches: row ", (*rows_)[i], " at position ", i, " is out of range for ",
                  dataset_.size(), " samples");
  pass_ = next_pass();
}

Minibatches::Pass Minibatches::next_pass() const {
  Pass pass;
  if (!options_.shuffle && !rows_) return pass;
  std::vector<std::size_t> order;
  if (options_.shuffle) {
    const bool counts = options_.seed && !options_.epoch;
    const std::optional<std::uint64_t> epoch = counts ? passes_ : options_.epoch;
    order = detail::pass_generator(options_.seed, epoch, epoch_stream).permutation(count_);
    if (rows_)
      for (std::size_t& i : order) i = (*rows_)[i];
  } else {
    order = *rows_;
  }
  const Device device = dataset_.x.device();
  if (!device.is_cpu()) pass.order_on_gpu = detail::index_array(order).to(device);
  pass.order = std::make_shared<const std::vector<std::size_t>>(std::move(order));
  ++passes_;
  return pass;
}

Minibatches::Iterator Minibatches::begin() const {
  const bool advances = options_.shuffle && !options_.epoch;
  if (begun_ && advances) pass_ = next_pass();
  begun_ = true;
  return {*this, pass_, 0};
}

std::size_t Minibatches::size() const {
  const std::size_t full = count_ / options_.batch_size;
  const bool rest = count_ % options_.batch_size != 0;
  return full + (rest && !options_.drop_last ? 1 : 0);
}

Dataset Minibatches::batch(const Pass& pass, std::size_t i) const {
  if (i >= size()) throw Error("Minibatches: batch ", i, " is out of range for ", size(), " batches");
  const std::size_t begin = i * options_.batch_size;
  const std::size_t count = std::min(options_.batch_size, count_ - begin);
  const auto rows_of = [&](const Array& array) {
    if (!pass.order) return array.slice(begin, begin + count);
    if (pass.order_on_gpu)
      return accelerator::gather_rows(array, pass.order_on_gpu.slice(begin, begin + count));
    return cpu::gather_rows(array, pass.order->data() + begin, count);
  };
  return detail::part_of_dataset(rows_of(dataset_.x), rows_of(dataset_.t));
}

}  // namespace tenbin
