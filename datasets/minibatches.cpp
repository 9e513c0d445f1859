#include "tenbin/datasets/minibatches.h"

#include <algorithm>
#include <utility>

#include "tenbin/core/detail/accelerator.h"
#include "tenbin/cpu/gather.h"
#include "tenbin/datasets/detail/pass_generator.h"

namespace tenbin::detail {

namespace {

constexpr std::uint64_t epoch_stream = 0x65706f6368;            // "epoch" in ASCII
constexpr std::uint64_t transform_stream = 0x7472616e73666f72;  // "transfor"

}  // namespace

BatchPlan::BatchPlan(Samples samples, std::optional<std::vector<std::size_t>> rows,
                     MinibatchesOptions options)
    : data_(std::move(samples)), options_(std::move(options)), rows_(std::move(rows)) {
  if (options_.batch_size == 0) throw Error("Minibatches: expected a batch_size above 0, got 0");
  if (options_.transform && data_.x)
    throw Error("Minibatches: a transform changes arrays, and the samples are sparse: ", data_.x);
  count_ = rows_ ? rows_->size() : this->samples();
  for (std::size_t i = 0; rows_ && i < count_; ++i)
    if ((*rows_)[i] >= this->samples())
      throw Error("Minibatches: row ", (*rows_)[i], " at position ", i, " is out of range for ",
                  this->samples(), " samples");
  pass_ = next_pass();
}

BatchPass BatchPlan::pass_of(std::uint64_t seed, std::uint64_t epoch) const {
  BatchPass pass;
  pass.seed = seed;
  pass.epoch = epoch;
  if (!options_.shuffle && !rows_) return pass;
  std::vector<std::size_t> order;
  if (options_.shuffle) {
    order = random::substream(seed, epoch_stream, epoch).permutation(count_);
    if (rows_)
      for (std::size_t& i : order) i = (*rows_)[i];
  } else {
    order = *rows_;
  }
  if (!device().is_cpu()) pass.order_on_gpu = index_array(order).to(device());
  pass.order = std::make_shared<const std::vector<std::size_t>>(std::move(order));
  return pass;
}

BatchPass BatchPlan::next_pass() {
  const bool is_random = options_.shuffle || options_.transform;
  const bool counts = options_.seed && !options_.epoch;
  const std::uint64_t seed = is_random ? pass_seed(options_.seed, options_.epoch) : 0;
  BatchPass pass = pass_of(seed, counts ? passes_ : options_.epoch.value_or(0));
  ++passes_;
  pass.number = ++numbers_;
  return pass;
}

const BatchPass& BatchPlan::begin() {
  const bool advances = (options_.shuffle || options_.transform) && !options_.epoch;
  if (begun_ && advances) {
    pass_ = next_pass();
  } else if (begun_) {
    pass_.number = ++numbers_;
  }
  begun_ = true;
  return pass_;
}

void BatchPlan::restore(BatchPass pass, std::uint64_t passes, bool begun) {
  pass_ = std::move(pass);
  pass_.number = ++numbers_;
  passes_ = passes;
  begun_ = begun;
}

std::size_t BatchPlan::size() const {
  const std::size_t full = count_ / options_.batch_size;
  const bool rest = count_ % options_.batch_size != 0;
  return full + (rest && !options_.drop_last ? 1 : 0);
}

std::size_t BatchPlan::rows_before(std::size_t batch) const {
  return batch == size() && !options_.drop_last ? count_ : batch * options_.batch_size;
}

Arrays BatchPlan::batch(const BatchPass& pass, std::size_t i) const {
  if (i >= size()) throw Error("Minibatches: batch ", i, " is out of range for ", size(), " batches");
  const std::size_t begin = i * options_.batch_size;
  const std::size_t count = std::min(options_.batch_size, count_ - begin);
  const auto rows_of = [&](const Array& array) {
    if (!pass.order) return array.slice(begin, begin + count);
    if (pass.order_on_gpu)
      return accelerator::gather_rows(array, pass.order_on_gpu.slice(begin, begin + count));
    return cpu::gather_rows(array, pass.order->data() + begin, count);
  };
  Arrays batch;
  if (data_.x)
    batch = CsrParts::of(pass.order ? data_.x.rows(pass.order->data() + begin, count)
                                    : data_.x.slice(begin, begin + count));
  for (const Array& array : data_.arrays) batch.push_back(rows_of(array));
  if (options_.transform) return transformed(std::move(batch), pass, i);
  return batch;
}

Arrays BatchPlan::transformed(Arrays batch, const BatchPass& pass, std::size_t i) const {
  const std::uint64_t seed = random::substream(pass.seed, transform_stream, pass.epoch).seed();
  random::Generator generator = random::substream(seed, transform_stream, i);
  Arrays made = options_.transform(std::move(batch), generator);
  if (made.size() != data_.arrays.size())
    throw Error("Minibatches: expected ", data_.arrays.size(), " arrays from transform, got ", made.size());
  require_rows("Minibatches: transform", made);
  return made;
}

}  // namespace tenbin::detail
