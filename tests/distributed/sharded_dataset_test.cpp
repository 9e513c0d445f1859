#include "tenbin/distributed/sharded_dataset.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "tenbin/serializers/npz.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/distributed/parallel_training.h"
#include "tenbin/tests/distributed/thread_ranks.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// Rows whose x is their number, and that number's class.
Dataset numbered(std::size_t rows) {
  Array x = Array::empty({rows, 1}), t = Array::empty({rows}, Dtype::int32);
  for (std::size_t i = 0; i < rows; ++i) {
    x.data<float>()[i] = static_cast<float>(i);
    t.data<std::int32_t>()[i] = i % 10 == 0 ? 1 : 0;
  }
  return Dataset(x, t);
}

using Numbers = std::vector<double>;

// The rows of every batch of the first epochs, shard by shard, from all ranks.
std::vector<std::vector<Numbers>> batches_on(std::size_t ranks, std::size_t rows, std::size_t shards,
                                             std::size_t count, const ShardedBatchesOptions& options) {
  std::vector<std::vector<Numbers>> all(count, std::vector<Numbers>(shards));
  std::mutex mutex;
  on_ranks(ranks, [&](const Communicator& comm) {
    const ShardedDataset data =
        scatter(comm.is_first() ? numbered(rows) : Dataset(), comm, {.shards = shards});
    const auto source = batch_source(data, options);
    for (std::size_t b = 0; b < count; ++b) {
      const Arrays batch = source->next();
      const std::lock_guard lock(mutex);
      for (std::size_t i = 0; i < batch.size() / 2; ++i)
        all[b][data.first_shard() + i] = batch[2 * i].to_vector<double>();
    }
  });
  return all;
}

std::size_t size_of(const std::vector<Numbers>& batch) {
  std::size_t size = 0;
  for (const Numbers& shard : batch) size += shard.size();
  return size;
}

}  // namespace

TEST_CASE("scatter deals every row once, and every class evenly", "[threads]") {
  const auto ranks = GENERATE(as<std::size_t>(), 1, 2, 3, 8);
  std::vector<Numbers> shards(8);
  std::vector<std::size_t> sizes;
  on_ranks(ranks, [&](const Communicator& comm) {
    const ShardedDataset data = scatter(comm.is_first() ? numbered(203) : Dataset(), comm);
    if (data.size() != 203 || data.shards() != 8 || data.labels().size() != 203) throw Error("wrong sizes");
    for (std::size_t i = 0; i < data.local().size(); ++i) {
      const Arrays& arrays = data.local()[i].arrays;
      const std::size_t shard = data.first_shard() + i;
      shards[shard] = arrays[0].to_vector<double>();
      if (data.sizes()[shard] != shards[shard].size()) throw Error("wrong size");
      const std::vector<double> t = arrays[1].to_vector<double>();
      for (std::size_t r = 0; r < t.size(); ++r)
        if ((t[r] == 1) != (static_cast<int>(shards[shard][r]) % 10 == 0)) throw Error("another label");
    }
    if (comm.is_first()) sizes = data.sizes();
  });
  std::set<double> seen;
  for (const Numbers& shard : shards) {
    seen.insert(shard.begin(), shard.end());
    const auto positives =
        std::count_if(shard.begin(), shard.end(), [](double x) { return static_cast<int>(x) % 10 == 0; });
    CHECK((positives == 2 || positives == 3));  // of 21
    CHECK((shard.size() == 25 || shard.size() == 26));
  }
  CHECK(seen.size() == 203);
}

TEST_CASE("labels have the order of the shards on every rank", "[threads]") {
  on_ranks(3, [](const Communicator& comm) {
    const ShardedDataset data = scatter(comm.is_first() ? numbered(40) : Dataset(), comm, {.shards = 5});
    std::vector<double> expected;
    for (std::size_t s = 0; s < 5; ++s)
      for (const double t : Numbers(data.sizes()[s], 0)) expected.push_back(t);
    std::size_t begin = 0;
    for (std::size_t s = 0; s < data.first_shard(); ++s) begin += data.sizes()[s];
    const std::vector<double> labels = data.labels().to_vector<double>();
    for (const detail::Samples& samples : data.local())
      for (const double t : samples.arrays[1].to_vector<double>())
        if (labels[begin++] != t) throw Error("another order");
  });
}

TEST_CASE("batches have the asked size, and every row once per epoch, on any number of ranks", "[threads]") {
  const auto rows = GENERATE(as<std::size_t>(), 8, 203, 64);
  const auto batch_size = GENERATE(as<std::size_t>(), 3, 16, 50);
  const std::size_t per_epoch = (rows + batch_size - 1) / batch_size;
  const ShardedBatchesOptions options{.batch_size = batch_size, .seed = 4};
  const auto alone = batches_on(1, rows, 8, 2 * per_epoch, options);
  for (std::size_t epoch = 0; epoch < 2; ++epoch) {
    std::multiset<double> seen;
    for (std::size_t b = 0; b < per_epoch; ++b) {
      const auto& batch = alone[epoch * per_epoch + b];
      CHECK(size_of(batch) == std::min(batch_size, rows - b * batch_size));
      for (const Numbers& shard : batch) {
        seen.insert(shard.begin(), shard.end());
        CHECK(shard.size() <= batch_size / 8 + 2);  // an even share
      }
    }
    CHECK(seen.size() == rows);
    CHECK(std::set<double>(seen.begin(), seen.end()).size() == rows);
  }
  if (rows > 8) CHECK(alone[0] != alone[per_epoch]);  // another order
  CHECK(batches_on(2, rows, 8, 2 * per_epoch, options) == alone);
  CHECK(batches_on(3, rows, 8, 2 * per_epoch, options) == alone);
}

TEST_CASE("batches without shuffling, and without the last one") {
  const auto in_order = batches_on(1, 20, 2, 3, {.batch_size = 8, .shuffle = false, .drop_last = true});
  CHECK(size_of(in_order[1]) == 8);
  CHECK(in_order[0] == in_order[2]);  // 2 batches of an epoch
  for (const Numbers& shard : in_order[0]) CHECK(std::is_sorted(shard.begin(), shard.end()));
}

TEST_CASE("a sampler chooses the same rows on any number of ranks", "[threads]") {
  ShardedBatchesOptions options{.batch_size = 12, .seed = 4};
  Array labels;
  on_ranks(1, [&](const Communicator& comm) { labels = scatter(numbered(203), comm).labels(); });
  const Array weight = balanced_sample_weight(labels);
  options.rows = [&](std::uint64_t epoch) { return weighted_sample(weight, {.size = 60, .epoch = epoch}); };
  const auto alone = batches_on(1, 203, 8, 10, options);
  std::size_t positives = 0;
  for (const auto& batch : alone) {
    CHECK(size_of(batch) == 12);
    for (const Numbers& shard : batch)
      for (const double x : shard) positives += static_cast<int>(x) % 10 == 0 ? 1 : 0;
  }
  CHECK((positives > 40 && positives < 80));  // of 120: balanced, where 10% are positive
  CHECK(alone[0] != alone[5]);
  CHECK(batches_on(3, 203, 8, 10, options) == alone);

  const auto errors = errors_on_ranks(2, [&](const Communicator& comm) {
    ShardedBatchesOptions of_rank = options;
    of_rank.rows = [&](std::uint64_t) { return std::vector<std::size_t>{1, 2 + comm.rank()}; };
    batch_source(scatter(numbered(203), comm), of_rank);
  });
  for (const std::string& error : errors)
    CHECK(error ==
          "batch_source: `rows` of ranks 0 and 1 chooses other rows for epoch 0: it must depend on the epoch "
          "alone");
  options.rows = [](std::uint64_t) { return std::vector<std::size_t>{1, 203}; };
  CHECK_THROWS_WITH(batch_source(scatter(numbered(203), Communicator()), options),
                    "batch_source: row 203 at position 1 is out of range for 203 rows");
}

TEST_CASE("a state of one number of ranks goes on with another", "[threads]") {
  const ScratchDirectory scratch;
  const auto position = GENERATE(as<std::size_t>(), 1, 12, 13, 17);  // 13 batches of an epoch
  const bool is_sampled = GENERATE(false, true);
  ShardedBatchesOptions options{.batch_size = 16, .seed = 4};
  if (is_sampled)  // epochs of different lengths
    options.rows = [](std::uint64_t epoch) {
      std::vector<std::size_t> rows;
      for (std::size_t i = 0; i < 200 + 16 * epoch; ++i) rows.push_back((7 * i + epoch) % 203);
      return rows;
    };
  const std::string file = (scratch / "batches.npz");
  const auto expected = batches_on(1, 203, 8, 30, options);
  on_ranks(3, [&](const Communicator& comm) {
    const auto source = batch_source(scatter(comm.is_first() ? numbered(203) : Dataset(), comm), options);
    for (std::size_t b = 0; b < position; ++b) source->next();
    if (comm.is_first()) save_npz(file, *source);
    comm.barrier();
  });
  std::vector<std::vector<Numbers>> rest(30 - position, std::vector<Numbers>(8));
  std::mutex mutex;
  on_ranks(2, [&](const Communicator& comm) {
    const ShardedDataset data = scatter(comm.is_first() ? numbered(203) : Dataset(), comm);
    const auto source = batch_source(data, options);
    load_npz(file, *source);
    for (auto& batch : rest) {
      const Arrays arrays = source->next();
      const std::lock_guard lock(mutex);
      for (std::size_t i = 0; i < arrays.size() / 2; ++i)
        batch[data.first_shard() + i] = arrays[2 * i].to_vector<double>();
    }
  });
  CHECK(rest == std::vector<std::vector<Numbers>>(expected.begin() + static_cast<std::ptrdiff_t>(position),
                                                  expected.end()));
  const auto other = batch_source(scatter(numbered(200), Communicator()), options);
  CHECK_THROWS_WITH(load_npz(file, *other), ContainsSubstring("the data or the number of shards differ"));
}

TEST_CASE("every rank loads its own shards", "[threads]") {
  for (const std::size_t ranks : {1u, 2u, 4u})
    on_ranks(ranks, [&](const Communicator& comm) {
      std::vector<std::size_t> loaded;
      const ShardedDataset data = load_shards(comm, 4, [&](std::size_t shard) {
        loaded.push_back(shard);
        return numbered(10 + shard);
      });
      if (loaded.size() != 4 / ranks || loaded[0] != data.first_shard()) throw Error("other shards");
      if (data.sizes() != std::vector<std::size_t>{10, 11, 12, 13}) throw Error("other sizes");
      if (data.labels().size() != 46) throw Error("other labels");
    });
  CHECK_THROWS_WITH(
      load_shards(Communicator(), 2,
                  [](std::size_t shard) {
                    return Dataset(Array::zeros({4, 1 + shard}), Array::zeros({4}, Dtype::int32));
                  }),
      "ShardedDataset: shards differ: float32(rows, 1) int32(rows) and float32(rows, 2) int32(rows)");
  const auto errors = errors_on_ranks(2, [](const Communicator& comm) {
    load_shards(comm, 2, [](std::size_t shard) {
      return Dataset(Array::zeros({4, 1 + shard}), Array::zeros({4}, Dtype::int32));
    });
  });
  CHECK(errors[0] ==
        "ShardedDataset: shards of ranks 0 and 1 differ: float32(rows, 1) int32(rows) and float32(rows, 2) "
        "int32(rows)");
}

TEST_CASE("sparse rows and tuples are scattered, too", "[threads]") {
  on_ranks(2, [](const Communicator& comm) {
    SparseDataset sparse;
    if (comm.is_first()) sparse = SparseDataset(CsrMatrix::from_dense(numbered(20).x), numbered(20).t);
    const ShardedDataset data = scatter(sparse, comm, {.shards = 4});
    const Arrays batch = batch_source(data, {.batch_size = 8, .seed = 1})->next();
    if (batch.size() != 2 * (detail::CsrParts::count + 1)) throw Error("other arrays");
    if (detail::CsrParts::matrix(batch).shape() != Shape{2, 1}) throw Error("another matrix");
    TupleDataset<3> tuple;
    if (comm.is_first()) tuple = TupleDataset<3>(numbered(20).x, numbered(20).x, numbered(20).t);
    if (batch_source(scatter(tuple, comm, {.shards = 4}), {.batch_size = 8})->next().size() != 6)
      throw Error("other arrays");
  });
}

TEST_CASE("datasets and batches that cannot be are errors") {
  CHECK_THROWS_WITH(scatter(Dataset(), Communicator()),
                    "scatter: expected rows at rank 0, got a dataset without any");
  CHECK_THROWS_WITH(scatter(numbered(20), Communicator(), {.shards = 0}),
                    "scatter: expected as many shards as ranks or more, got 0 shards for 1 ranks");
  CHECK_THROWS_WITH(load_shards(Communicator(), 0, [](std::size_t) { return numbered(20); }),
                    "load_shards: expected as many shards as ranks or more, got 0 shards for 1 ranks");
  const ShardedDataset data = scatter(numbered(20), Communicator());
  CHECK_THROWS_WITH(batch_source(data, {.batch_size = 0}),
                    "batch_source: expected a batch_size above 0, got 0");
  CHECK_THROWS_WITH(batch_source(data, {.batch_size = 21, .drop_last = true}),
                    "batch_source: there are no batches: 20 rows, a batch_size of 21 and drop_last");
}
