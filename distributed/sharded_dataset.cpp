#include "tenbin/distributed/sharded_dataset.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "tenbin/core/hash.h"
#include "tenbin/core/text.h"
#include "tenbin/datasets/detail/pass_generator.h"
#include "tenbin/distributed/detail/joined_rows.h"
#include "tenbin/distributed/detail/shard_threads.h"
#include "tenbin/serializers/state.h"

namespace tenbin {

namespace {

constexpr std::uint64_t shard_stream = 0x7368617264;  // "shard" in ASCII
constexpr std::uint64_t epoch_stream = 0x65706f6368;  // "epoch"

std::size_t rows_of(const detail::Samples& samples) { return samples.arrays.back().shape()[0]; }

// A copy of some rows, as the arrays of a batch.
Arrays arrays_at(const detail::Samples& samples, const std::vector<std::size_t>& rows) {
  Arrays arrays;
  if (samples.x) arrays = detail::CsrParts::of(samples.x.rows(rows.data(), rows.size()));
  for (Array& array : detail::rows_at("scatter", samples.arrays, rows)) arrays.push_back(std::move(array));
  return arrays;
}

detail::Samples samples_of(Arrays arrays) {
  if (!detail::CsrParts::are_in(arrays)) return arrays;
  Arrays others;
  for (std::size_t i = detail::CsrParts::count; i < arrays.size(); ++i) others.push_back(arrays[i]);
  return {detail::CsrParts::matrix(arrays), others};
}

// `float32(?, 30) int32(?)`: what shards have in common.
std::string kind_of(const detail::Samples& samples) {
  std::string text =
      samples.x ? detail::text_of(samples.x.dtype(), " of ", samples.x.shape()[1], " columns ") : "";
  for (const Array& array : samples.arrays) {
    text += detail::text_of(array.dtype(), "(rows");
    for (std::size_t axis = 1; axis < array.ndim(); ++axis)
      text += detail::text_of(", ", array.shape()[axis]);
    text += ") ";
  }
  text.pop_back();
  return text;
}

// The rows of every shard: dealt one by one, of integer labels class by class.
std::vector<std::vector<std::size_t>> deal(const Array& t, std::size_t shards, bool stratify) {
  std::vector<std::size_t> order(t.shape()[0]);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (stratify && is_integer(t.dtype()) && t.ndim() == 1) {
    const std::vector<std::int64_t> labels = t.to_vector<std::int64_t>();
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return labels[a] < labels[b]; });
  }
  std::vector<std::vector<std::size_t>> rows(shards);
  for (std::size_t i = 0; i < order.size(); ++i) rows[i % shards].push_back(order[i]);
  for (auto& each : rows) std::sort(each.begin(), each.end());
  return rows;
}

}  // namespace

ShardedDataset::ShardedDataset(const Communicator& comm, std::vector<detail::Samples> local,
                               std::size_t shards)
    : comm_(comm), local_(std::move(local)), first_(detail::ShardRange(shards, comm).first) {
  comm.together([&] {
    const std::size_t expected = detail::ShardRange(shards, comm).count();
    if (local_.size() != expected || expected == 0)
      throw Error("ShardedDataset: expected ", expected, " shards at rank ", comm.rank(), " of ", comm.size(),
                  ", at least one, got ", local_.size());
    for (const detail::Samples& samples : local_)
      if (kind_of(samples) != kind_of(local_[0]))
        throw Error("ShardedDataset: shards differ: ", kind_of(local_[0]), " and ", kind_of(samples));
  });
  const std::vector<std::string> kinds = comm.allgather(kind_of(local_[0]));
  for (std::size_t r = 1; r < kinds.size(); ++r)
    if (kinds[r] != kinds[0])
      throw Error("ShardedDataset: shards of ranks 0 and ", r, " differ: ", kinds[0], " and ", kinds[r]);

  std::vector<std::int64_t> sizes;
  std::vector<Array> labels;
  for (const detail::Samples& samples : local_) {
    sizes.push_back(static_cast<std::int64_t>(rows_of(samples)));
    labels.push_back(samples.arrays.back().to(Device::cpu()));
  }
  for (const Array& of_rank : comm.allgather(Array(sizes)))
    for (const std::int64_t size : of_rank.to_vector<std::int64_t>())
      sizes_.push_back(static_cast<std::size_t>(size));
  size_ = std::accumulate(sizes_.begin(), sizes_.end(), std::size_t{0});
  if (size_ == 0) throw Error("ShardedDataset: expected rows, got shards without any");
  labels_ = detail::joined_rows(comm.allgather(detail::joined_rows(labels)));
}

namespace detail {

ShardedDataset scatter(const std::optional<Samples>& samples, const Communicator& comm,
                       const ScatterOptions& options) {
  const std::size_t shards = options.shards;
  require_enough_shards("scatter", shards, comm);
  std::vector<Arrays> lists(comm.size());
  comm.together([&] {
    if (!comm.is_first()) return;
    if (!samples) throw Error("scatter: expected rows at rank 0, got a dataset without any");
    const auto rows = deal(samples->arrays.back(), shards, options.stratify);
    for (std::size_t r = 0; r < comm.size(); ++r) {
      const ShardRange range(shards, r, comm.size());
      for (std::size_t i = range.first; i < range.last; ++i)
        for (Array& array : arrays_at(*samples, rows[i])) lists[r].push_back(std::move(array));
    }
  });
  const Arrays mine = comm.scatter(lists);
  const std::size_t arrays_of_each = mine.size() / ShardRange(shards, comm).count();
  std::vector<Samples> local;
  for (std::size_t begin = 0; begin < mine.size(); begin += arrays_of_each) {
    Arrays arrays;
    for (std::size_t i = 0; i < arrays_of_each; ++i) arrays.push_back(mine[begin + i]);
    local.push_back(samples_of(std::move(arrays)));
  }
  return ShardedDataset(comm, std::move(local), shards);
}

ShardedDataset load_shards(const Communicator& comm, std::size_t shards,
                           const std::function<Samples(std::size_t)>& load) {
  require_enough_shards("load_shards", shards, comm);
  std::vector<Samples> local;
  const ShardRange range(shards, comm);
  comm.together([&] {
    for (std::size_t i = range.first; i < range.last; ++i) local.push_back(load(i));
  });
  return ShardedDataset(comm, std::move(local), shards);
}

}  // namespace detail

// ---- batches ---------------------------------------------------------------------------------------------

namespace {

// How many rows of each shard of this rank are in the first batches of an epoch: the rows of a batch are
// shared out in proportion to the sizes of all shards, and add up to its size.
class Shares {
 public:
  Shares(const std::vector<std::size_t>& sizes, std::size_t first, std::size_t count, std::size_t batch_size,
         std::size_t batches)
      : own_(count) {
    const std::size_t rows = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
    std::vector<std::size_t> taken(sizes.size(), 0);
    for (std::size_t b = 0; b <= batches; ++b) {
      take(sizes, rows, std::min(b * batch_size, rows), taken);
      before_.insert(before_.end(), taken.begin() + static_cast<std::ptrdiff_t>(first),
                     taken.begin() + static_cast<std::ptrdiff_t>(first + count));
    }
  }
  // Of shard number `shard` of this rank.
  std::size_t before(std::size_t batch, std::size_t shard) const { return before_[batch * own_ + shard]; }

 private:
  // Takes rows until `end` of all are taken: of every shard its share, rounded down, then one of each of
  // those that lack most.
  static void take(const std::vector<std::size_t>& sizes, std::size_t rows, std::size_t end,
                   std::vector<std::size_t>& taken) {
    std::vector<std::pair<double, std::size_t>> lacks;  // minus what a shard lacks
    std::size_t count = end - std::accumulate(taken.begin(), taken.end(), std::size_t{0});
    for (std::size_t s = 0; s < sizes.size(); ++s) {
      const double share =
          static_cast<double>(sizes[s]) * (static_cast<double>(end) / static_cast<double>(rows));
      const std::size_t whole = std::min(static_cast<std::size_t>(share), sizes[s]);
      const std::size_t more = std::min(whole > taken[s] ? whole - taken[s] : 0, count);
      taken[s] += more;
      count -= more;
      if (taken[s] < sizes[s]) lacks.emplace_back(static_cast<double>(taken[s]) - share, s);
    }
    std::sort(lacks.begin(), lacks.end());
    for (const auto& [lack, s] : lacks) {
      if (count == 0) return;
      ++taken[s];
      --count;
    }
  }

  std::size_t own_;
  std::vector<std::size_t> before_;  // for every batch, of each shard of this rank
};

class ShardedSource : public BatchSource {
 public:
  ShardedSource(ShardedDataset data, ShardedBatchesOptions options)
      : data_(std::move(data)), options_(std::move(options)) {
    if (options_.batch_size == 0) throw Error("batch_source: expected a batch_size above 0, got 0");
    seed_ = detail::pass_seed(options_.seed, {});
    start(0);
  }

  Arrays next() override {
    if (next_ == batches_) start(static_cast<std::uint64_t>(epoch_));
    Arrays batch;
    for (std::size_t i = 0; i < data_.local().size(); ++i)
      for (Array& array : arrays_at(data_.local()[i], rows_of_batch(i))) batch.push_back(std::move(array));
    ++next_;
    if (next_ == batches_) ++epoch_;
    return batch;
  }

  std::int64_t epoch() const override { return epoch_; }
  bool is_new_epoch() const override { return next_ == batches_; }
  double epoch_detail() const override {
    if (next_ == 0 || next_ == batches_) return static_cast<double>(epoch_);
    return static_cast<double>(epoch_) +
           static_cast<double>(next_ * options_.batch_size) / static_cast<double>(rows_);
  }

  NamedArrays save_state() override {
    return {{"sizes", sizes_state()},
            {"batch_size", integer_state(static_cast<std::int64_t>(options_.batch_size))},
            {"seed", seed_state(seed_)},
            {"epoch", integer_state(epoch_)},
            {"batch", integer_state(static_cast<std::int64_t>(next_))},
            {"is_new_epoch", integer_state(is_new_epoch())}};
  }

  std::function<void()> prepare_load(StateReader& reader) override {
    const Array sizes = reader.read("sizes");
    if (!sizes || sizes.dtype() != Dtype::int64 ||
        sizes.to_vector<std::int64_t>() != sizes_state().to_vector<std::int64_t>())
      reader.fail("sizes", "expected the rows of each of ", data_.shards(), " shards, ", data_.size(),
                  " in all: the data or the number of shards differ from those of the state");
    const std::int64_t batch_size = read_integer(reader, "batch_size");
    if (batch_size != static_cast<std::int64_t>(options_.batch_size))
      reader.fail("batch_size", "expected ", options_.batch_size, ", that of the batches, got ", batch_size);
    const std::uint64_t seed = read_seed(reader, "seed");
    if (options_.seed && seed != *options_.seed)
      reader.fail("seed", "expected ", *options_.seed, ", that of the batches, got ", seed);
    const std::int64_t epoch = read_integer(reader, "epoch"), batch = read_integer(reader, "batch");
    if (epoch < 0 || batch < 0)
      reader.fail("epoch", "expected numbers from 0 on, got ", epoch, " and ", batch);
    const bool is_new_epoch = read_integer(reader, "is_new_epoch") != 0;
    return [this, seed, epoch, batch, is_new_epoch] {
      seed_ = seed;
      epoch_ = epoch;
      next_ = static_cast<std::size_t>(batch);
      if (is_new_epoch) {
        batches_ = next_;
        return;
      }
      start(static_cast<std::uint64_t>(epoch));
      next_ = std::min(static_cast<std::size_t>(batch), batches_);
    };
  }

 private:
  Array sizes_state() const {
    std::vector<std::int64_t> sizes;
    for (const std::size_t size : data_.sizes()) sizes.push_back(static_cast<std::int64_t>(size));
    return Array(sizes);
  }

  // The order of an epoch.
  void start(std::uint64_t epoch) {
    if (options_.rows) {
      take_sampled(epoch);
    } else {
      rows_ = data_.size();
      orders_.assign(data_.local().size(), {});
      for (std::size_t i = 0; i < orders_.size(); ++i) orders_[i] = order_of(data_.first_shard() + i, epoch);
    }
    batches_ = rows_ / options_.batch_size;
    if (rows_ % options_.batch_size != 0 && !options_.drop_last) ++batches_;
    if (batches_ == 0)
      throw Error("batch_source: there are no batches: ", rows_, " rows, a batch_size of ",
                  options_.batch_size, options_.drop_last ? " and drop_last" : "");
    if (!options_.rows && !shares_)
      shares_.emplace(data_.sizes(), data_.first_shard(), orders_.size(), options_.batch_size, batches_);
    next_ = 0;
  }

  std::vector<std::size_t> order_of(std::size_t shard, std::uint64_t epoch) const {
    const std::size_t size = data_.sizes()[shard];
    if (options_.shuffle) {
      const std::uint64_t seed = random::substream(seed_, shard_stream, shard).seed();
      return random::substream(seed, epoch_stream, epoch).permutation(size);
    }
    std::vector<std::size_t> order(size);
    std::iota(order.begin(), order.end(), std::size_t{0});
    return order;
  }

  // A sampler's rows: those of this rank's shards, and in which batch they are.
  void take_sampled(std::uint64_t epoch) {
    const Communicator& comm = data_.communicator();
    const std::vector<std::size_t> chosen = comm.together([&] { return options_.rows(epoch); });
    detail::Fnv1a hash;
    hash.add(chosen.data(), chosen.size() * sizeof(std::size_t));
    const std::vector<std::string> hashes = comm.allgather(std::to_string(hash.value()));
    for (std::size_t r = 1; r < hashes.size(); ++r)
      if (hashes[r] != hashes[0])
        throw Error("batch_source: `rows` of ranks 0 and ", r, " chooses other rows for epoch ", epoch,
                    ": it must depend on the epoch alone");
    rows_ = chosen.size();
    orders_.assign(data_.local().size(), {});
    sampled_begins_.assign(data_.local().size(), {});
    std::vector<std::size_t> begins{0};  // of the shards, in the rows of all
    for (const std::size_t size : data_.sizes()) begins.push_back(begins.back() + size);
    for (std::size_t p = 0; p < chosen.size(); ++p) {
      if (chosen[p] >= data_.size())
        throw Error("batch_source: row ", chosen[p], " at position ", p, " is out of range for ",
                    data_.size(), " rows");
      if (p % options_.batch_size == 0)
        for (std::size_t i = 0; i < orders_.size(); ++i) sampled_begins_[i].push_back(orders_[i].size());
      const auto after = std::upper_bound(begins.begin(), begins.end(), chosen[p]);
      const auto shard = static_cast<std::size_t>(after - begins.begin()) - 1;
      if (shard < data_.first_shard() || shard >= data_.first_shard() + orders_.size()) continue;
      orders_[shard - data_.first_shard()].push_back(chosen[p] - begins[shard]);
    }
    for (std::size_t i = 0; i < orders_.size(); ++i) sampled_begins_[i].push_back(orders_[i].size());
  }

  // The rows of shard number i of this rank in the next batch.
  std::vector<std::size_t> rows_of_batch(std::size_t i) const {
    const auto bound = [&](std::size_t batch) {
      return options_.rows ? sampled_begins_[i][batch] : shares_->before(batch, i);
    };
    const auto begin = orders_[i].begin();
    return {begin + static_cast<std::ptrdiff_t>(bound(next_)),
            begin + static_cast<std::ptrdiff_t>(bound(next_ + 1))};
  }

  ShardedDataset data_;
  ShardedBatchesOptions options_;
  std::uint64_t seed_ = 0;
  std::int64_t epoch_ = 0;
  std::size_t rows_ = 0;                          // of the epoch
  std::size_t batches_ = 0;                       // of the epoch
  std::size_t next_ = 0;                          // batch of the epoch; their number after the last one
  std::vector<std::vector<std::size_t>> orders_;  // of each shard of this rank
  std::vector<std::vector<std::size_t>> sampled_begins_;  // of the batches in `orders_`, with a sampler
  std::optional<Shares> shares_;                          // without one
};

}  // namespace

std::unique_ptr<BatchSource> batch_source(ShardedDataset data, ShardedBatchesOptions options) {
  return std::make_unique<ShardedSource>(std::move(data), std::move(options));
}

}  // namespace tenbin
