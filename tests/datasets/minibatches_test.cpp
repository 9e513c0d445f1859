#include "tenbin/datasets/minibatches.h"

#include <algorithm>
#include <iterator>
#include <ranges>

#include "tenbin/cuda/runtime.h"
#include "tenbin/tests/cuda/caching.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// Row i is (i, i + 1000), its label 10 i.
Dataset numbered(std::size_t size) {
  Array x = Array::empty({size, 2});
  Array t = Array::empty({size}, Dtype::int32);
  for (std::size_t i = 0; i < size; ++i) {
    x.data<float>()[2 * i] = static_cast<float>(i);
    x.data<float>()[2 * i + 1] = static_cast<float>(i + 1000);
    t.data<std::int32_t>()[i] = static_cast<std::int32_t>(10 * i);
  }
  return {x, t};
}

std::vector<int> labels(const Minibatches<>& batches) {
  std::vector<int> all;
  for (auto [x, t] : batches)
    for (const int label : t.to_vector<int>()) all.push_back(label / 10);
  return all;
}

}  // namespace

TEST_CASE("Minibatches have every row once, with its label", "[gpu]") {
  std::vector<int> order_on_cpu;
  on_every_device([&](Device device) {
    std::vector<std::size_t> sizes;
    std::vector<int> seen;
    for (auto [x, t] : Minibatches(numbered(10).to(device), {.batch_size = 4, .seed = 3})) {
      REQUIRE(x.shape() == Shape{t.size(), 2});
      REQUIRE(x.device() == device);
      REQUIRE(t.device() == device);
      REQUIRE(t.dtype() == Dtype::int32);
      sizes.push_back(t.size());
      const std::vector<double> samples = values(x), labels_of_batch = values(t);
      for (std::size_t i = 0; i < t.size(); ++i) {
        const double row = labels_of_batch[i] / 10;
        CHECK(samples[2 * i] == row);
        CHECK(samples[2 * i + 1] == row + 1000);
        seen.push_back(static_cast<int>(row));
      }
    }
    CHECK(sizes == std::vector<std::size_t>{4, 4, 2});
    if (device.is_cpu()) order_on_cpu = seen;
    CHECK(seen == order_on_cpu);
    CHECK_FALSE(std::is_sorted(seen.begin(), seen.end()));
    std::sort(seen.begin(), seen.end());
    CHECK(seen == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  });
}

TEST_CASE("the order of Minibatches is a function of seed and epoch") {
  const Dataset data = numbered(50);
  const auto order = [&](std::uint64_t seed, std::uint64_t epoch) {
    return labels(Minibatches(data, {.batch_size = 7, .seed = seed, .epoch = epoch}));
  };
  const auto first = order(1, 0);
  CHECK(order(1, 0) == first);
  CHECK(order(1, 1) != first);
  CHECK(order(2, 0) != first);
  CHECK(order(1, 1) != order(2, 0));
  const Minibatches twice(data, {.batch_size = 7, .epoch = 0});
  CHECK(labels(twice) == first);
  CHECK(labels(twice) == first);
  // The size of the batches does not matter.
  CHECK(labels(Minibatches(data, {.batch_size = 50, .epoch = 0})) == first);
  // The order must never change.
  std::vector<int> order_of_three;
  for (const std::size_t i : random::substream(1, 0x65706f6368, 3).permutation(50))
    order_of_three.push_back(static_cast<int>(i));
  CHECK(order(1, 3) == order_of_three);
}

TEST_CASE("Minibatches with a seed alone count their passes", "[gpu]") {
  on_every_device([](Device device) {
    const Dataset data = numbered(50).to(device);
    const std::vector<std::size_t> rows{4, 1, 4, 0, 4, 9, 8, 7, 6, 5, 3, 2};
    for (const bool chosen : {false, true}) {
      const auto made = [&](const MinibatchesOptions& options) {
        return chosen ? Minibatches(data, rows, options) : Minibatches(data, options);
      };
      const auto order = [&](std::uint64_t epoch) {
        return labels(made({.batch_size = 7, .seed = 5, .epoch = epoch}));
      };
      const Minibatches batches = made({.batch_size = 7, .seed = 5});
      CHECK(batches[0].t.to_vector<int>()[0] == 10 * order(0)[0]);
      for (std::uint64_t pass = 0; pass < 3; ++pass) {
        CHECK(labels(batches) == order(pass));
        CHECK(batches[0].t.to_vector<int>()[0] == 10 * order(pass)[0]);
      }
      CHECK(labels(made({.batch_size = 7, .seed = 5})) == order(0));
      CHECK(labels(made({.batch_size = 7, .epoch = 2})) ==
            labels(made({.batch_size = 7, .seed = 1, .epoch = 2})));
    }
  });
}

TEST_CASE("Minibatches without seed and epoch have a new order in every pass, which random::seed repeats") {
  const Dataset data = numbered(50);
  const auto orders = [&] {
    random::seed(8);
    const Minibatches batches(data, {.batch_size = 7});
    std::vector<std::vector<int>> all{labels(batches), labels(batches), labels(Minibatches(data))};
    random::seed(0);
    return all;
  };
  const auto once = orders();
  CHECK(once[0] != once[1]);
  CHECK(once[0] != once[2]);
  CHECK(once[1] != once[2]);
  CHECK(orders() == once);
  std::vector<int> sorted = once[1];
  std::sort(sorted.begin(), sorted.end());
  for (int i = 0; i < 50; ++i) CHECK(sorted[static_cast<std::size_t>(i)] == i);
  // Minibatches that need no random numbers draw none.
  random::seed(8);
  labels(Minibatches(data, {.epoch = 1}));
  labels(Minibatches(data, {.seed = 1}));
  labels(Minibatches(data, {.shuffle = false}));
  CHECK(random::default_generator().position() == 0);
  random::seed(0);
}

TEST_CASE("Minibatches without seed and epoch take 64 bits of the default generator for their seed") {
  const Dataset data = numbered(50);
  random::seed(8);
  const random::Draw draw = random::default_generator().draw(2);
  const std::uint64_t seed = std::uint64_t{draw.word(0)} << 32 | draw.word(1);
  random::seed(8);
  const std::vector<int> order = labels(Minibatches(data, {.batch_size = 7}));
  random::seed(0);
  CHECK(order == labels(Minibatches(data, {.batch_size = 7, .seed = seed, .epoch = 0})));
}

TEST_CASE("a pass over Minibatches keeps its order while another runs") {
  const Minibatches batches(numbered(20), {.batch_size = 3, .seed = 2});
  std::vector<int> outer;
  for (auto [x, t] : batches) {
    for (const int label : t.to_vector<int>()) outer.push_back(label / 10);
    labels(batches);
  }
  CHECK(outer == labels(Minibatches(numbered(20), {.batch_size = 3, .seed = 2, .epoch = 0})));
}

static_assert(std::input_iterator<Minibatches<>::Iterator>);
static_assert(std::default_initializable<Minibatches<>::Iterator>);
static_assert(std::ranges::input_range<Minibatches<>>);
static_assert(std::ranges::input_range<const Minibatches<>>);
static_assert(std::ranges::sized_range<Minibatches<>>);

TEST_CASE("Minibatches are a range") {
  Minibatches batches(numbered(10), {.batch_size = 3, .shuffle = false});
  std::size_t rows = 0;
  for (auto [x, t] : batches | std::views::take(2)) rows += t.size();
  CHECK(rows == 6);
  std::ranges::for_each(batches, [&](const Dataset& batch) { rows += batch.size(); });
  CHECK(rows == 16);
  std::for_each(batches.begin(), batches.end(), [&](const Dataset& batch) { rows += batch.size(); });
  CHECK(rows == 26);
  for (const Dataset& batch : Minibatches(numbered(10), {.batch_size = 3}) | std::views::take(1))
    rows += batch.size();
  CHECK(rows == 29);
  Minibatches<>::Iterator batch = batches.begin();
  batch++;
  CHECK((*batch).t.to_vector<int>() == std::vector<int>{30, 40, 50});
  ++batch;
  CHECK((*batch).t.to_vector<int>() == std::vector<int>{60, 70, 80});
}

TEST_CASE("Minibatches shuffle evenly") {
  // Where does row 0 go? 3000 epochs over 6 indices: 500 each, with a deviation of 20.4.
  const Dataset data = numbered(6);
  std::vector<int> places(6, 0);
  for (std::uint64_t epoch = 0; epoch < 3000; ++epoch) {
    const auto order = labels(Minibatches(data, {.epoch = epoch}));
    ++places[static_cast<std::size_t>(std::find(order.begin(), order.end(), 0) - order.begin())];
  }
  for (const int count : places) CHECK(std::abs(count - 500) < 5 * 20.4);
}

TEST_CASE("Minibatches without shuffling are slices in file order", "[gpu]") {
  on_every_device([](Device device) {
    const Dataset data = numbered(5).to(device);
    const Minibatches batches(data, {.batch_size = 2, .shuffle = false});
    CHECK(labels(batches) == std::vector<int>{0, 1, 2, 3, 4});
    CHECK(batches[2].x.shares_memory_with(data.x));
    CHECK(batches[2].x.to_vector<float>() == std::vector<float>{4, 1004});
  });
}

TEST_CASE("Minibatches of chosen rows", "[gpu]") {
  on_every_device([](Device device) {
    const Dataset data = numbered(6).to(device);
    const std::vector<std::size_t> rows{4, 1, 4, 0, 4};
    CHECK(labels(Minibatches(data, rows, {.batch_size = 2, .shuffle = false})) ==
          std::vector<int>{4, 1, 4, 0, 4});
    const Minibatches in_order(data, rows, {.batch_size = 2, .shuffle = false});
    CHECK(in_order.size() == 3);
    CHECK(in_order[1].x.to_vector<float>() == std::vector<float>{4, 1004, 0, 1000});
    CHECK(Minibatches(data, rows, {.batch_size = 2, .drop_last = true}).size() == 2);
    CHECK(Minibatches(data, std::vector<std::size_t>(), {.shuffle = false}).size() == 0);
    // Shuffled, they are the same rows, equally often, in an order given by seed and epoch.
    std::vector<std::size_t> many;
    for (std::size_t i = 0; i < 60; ++i) many.push_back(i % 3);
    const auto order = [&](std::uint64_t epoch) { return labels(Minibatches(data, many, {.epoch = epoch})); };
    CHECK(order(0) == order(0));
    CHECK(order(0) != order(1));
    std::vector<int> sorted = order(0);
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < 60; ++i) CHECK(sorted[i] == static_cast<int>(i / 20));
    const std::vector<std::size_t> beyond{0, 6};
    CHECK_THROWS_WITH(Minibatches(data, beyond, {}),
                      "Minibatches: row 6 at position 1 is out of range for 6 samples");
    CHECK_THROWS_WITH(Minibatches(data, rows, {.batch_size = 0}),
                      "Minibatches: expected a batch_size above 0, got 0");
  });
}

TEST_CASE("the number of Minibatches") {
  const auto count = [](std::size_t n, std::size_t batch_size, bool drop_last) {
    const Minibatches batches(numbered(n), {.batch_size = batch_size, .drop_last = drop_last});
    const auto counted = static_cast<std::size_t>(std::distance(batches.begin(), batches.end()));
    CHECK(counted == batches.size());
    return counted;
  };
  CHECK(count(10, 4, false) == 3);
  CHECK(count(10, 4, true) == 2);
  CHECK(count(8, 4, false) == 2);
  CHECK(count(8, 4, true) == 2);
  CHECK(count(3, 4, false) == 1);
  CHECK(count(3, 4, true) == 0);
  CHECK(count(0, 4, false) == 0);
  CHECK(count(1, 1, false) == 1);
}

TEST_CASE("Minibatches allocate nothing from the system after warm-up") {
  const Dataset data = numbered(1000);
  for (auto [x, t] : Minibatches(data, {.batch_size = 128})) CHECK(x);
  const Minibatches batches(data, {.batch_size = 128, .epoch = 1});
  const std::size_t before = memory::stats().system_allocations;
  std::size_t rows = 0;
  for (auto [x, t] : batches) rows += t.size();
  CHECK(memory::stats().system_allocations == before);
  CHECK(rows == 1000);
}

TEST_CASE("a batch of a dataset on a GPU uploads nothing, waits for nothing and allocates nothing", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const Caching on(true);
    const Dataset data = numbered(1000).to(device);
    for (auto [x, t] : Minibatches(data, {.batch_size = 100})) CHECK(x);
    const Minibatches batches(data, {.batch_size = 100, .epoch = 1});
    const gpu::Stats before = gpu::stats();
    for (auto [x, t] : batches) CHECK(x.size() == 200);
    const gpu::Stats after = gpu::stats();
    CHECK(after.synchronizations == before.synchronizations);
    CHECK(after.system_allocations == before.system_allocations);
    CHECK(after.launches == before.launches + 2 * 10);
  });
}

TEST_CASE("Minibatches keep images in uint8", "[gpu]") {
  on_every_device([](Device device) {
    const Dataset data(Array::arange(12, Dtype::uint8).reshape({3, 2, 2}), Array{0, 1, 2});
    for (auto [x, t] : Minibatches(data.to(device))) {
      CHECK(x.dtype() == Dtype::uint8);
      CHECK(x.shape() == Shape{3, 2, 2});
      for (std::size_t i = 0; i < 3; ++i) CHECK(values(x.slice(i, i + 1))[3] == 4 * values(t)[i] + 3);
    }
  });
}

TEST_CASE("Minibatches refuse odd arguments") {
  CHECK_THROWS_WITH(Minibatches(numbered(3), {.batch_size = 0}),
                    "Minibatches: expected a batch_size above 0, got 0");
  CHECK_THROWS_WITH(Minibatches(numbered(3))[1], "Minibatches: batch 1 is out of range for 1 batches");
  Dataset data = numbered(3);
  data.t = Array{1};
  CHECK_THROWS_WITH(
      Minibatches(data),
      "Dataset: x and t must have equally many rows on one device, got float32(3, 2) and int32(1)");
}

TEST_CASE("Minibatches of a TupleDataset have rows that belong together", "[gpu]") {
  on_every_device([](Device device) {
    const Dataset data = numbered(10);
    const Array codes = Array::arange(30).reshape({10, 3});
    const Array weight = Array::arange(10, Dtype::float64);
    const TupleDataset all = TupleDataset(data.x, codes, data.t, weight).to(device);
    static_assert(std::is_same_v<decltype(all), const TupleDataset<4>>);
    static_assert(std::is_same_v<decltype(TupleDataset(all)), TupleDataset<4>>);
    const Minibatches batches(all, {.batch_size = 4, .seed = 3});
    static_assert(std::is_same_v<decltype(batches), const Minibatches<TupleDataset<4>>>);
    std::vector<int> order;
    for (auto [x, c, t, w] : batches) {
      CHECK(c.shape() == Shape{t.size(), 3});
      CHECK(c.device() == device);
      const std::vector<double> xs = values(x), cs = values(c), ts = values(t), ws = values(w);
      for (std::size_t i = 0; i < t.size(); ++i) {
        CHECK(xs[2 * i] == ws[i]);
        CHECK(cs[3 * i] == 3 * ws[i]);
        CHECK(ts[i] == 10 * ws[i]);
        order.push_back(static_cast<int>(ws[i]));
      }
    }
    CHECK(order == labels(Minibatches(data, {.batch_size = 4, .seed = 3})));
    CHECK(batches[2].size() == 2);

    const std::vector<std::size_t> rows{7, 7, 0};
    const auto [x, c, t, w] = all.subset(rows);
    CHECK(values(w) == std::vector<double>{7, 7, 0});
    CHECK(values(c) == std::vector<double>{21, 22, 23, 21, 22, 23, 0, 1, 2});
    std::vector<double> seen;
    for (const auto& batch : Minibatches(all, rows, {.batch_size = 2, .shuffle = false}))
      for (const double value : values(batch.get<3>())) seen.push_back(value);
    CHECK(seen == std::vector<double>{7, 7, 0});
    const std::vector<std::size_t> beyond{0, 10};
    CHECK_THROWS_WITH(all.subset(beyond),
                      "TupleDataset::subset: index 10 at position 1 is out of range for 10 samples");
  });
  const auto unequal = [] { return TupleDataset(Array{1, 2}, Array{1.f}, Array{1, 2}); };
  CHECK_THROWS_WITH(unequal(),
                    "TupleDataset: the arrays must have equally many rows on one device, got int32(2), "
                    "float32(1), int32(2)");
  CHECK_THROWS_WITH(TupleDataset(Array::scalar(1)),
                    "TupleDataset: the arrays must have equally many rows on one device, got float32()");
  TupleDataset changed(Array{1, 2}, Array{1, 2});
  changed.get<1>() = Array{1};
  CHECK_THROWS_WITH(
      Minibatches(changed),
      "TupleDataset: the arrays must have equally many rows on one device, got int32(2), int32(1)");
  CHECK_THROWS_WITH(changed[2], "TupleDataset: array 2 is out of range for 2 arrays");
  CHECK(changed[1].shares_memory_with(changed.get<1>()));
  CHECK(TupleDataset<2>().size() == 0);
}

TEST_CASE("a transform of Minibatches depends on the seed, the epoch and the index of the batch alone") {
  const Dataset data = numbered(10);
  const auto numbers = [](Arrays batch, random::Generator& rng) {
    batch[0] = rng.uniform({batch[0].shape()[0]});
    return batch;
  };
  const auto drawn = [](const Minibatches<>& batches) {
    std::vector<std::vector<double>> all;
    for (auto [x, t] : batches) all.push_back(values(x));
    return all;
  };
  using Options = MinibatchesOptions;
  const Options first{.batch_size = 4, .seed = 3, .epoch = 0, .transform = numbers};
  const auto expected = drawn(Minibatches(data, first));
  CHECK(expected[0] != expected[1]);
  CHECK(values(Minibatches(data, first)[1].x) == expected[1]);
  const Options counting{.batch_size = 4, .seed = 3, .transform = numbers};
  const Minibatches counted(data, counting);
  CHECK(drawn(counted) == expected);
  const auto second = drawn(counted);
  CHECK(second != expected);
  const Options other_epoch{.batch_size = 4, .seed = 3, .epoch = 1, .transform = numbers};
  CHECK(drawn(Minibatches(data, other_epoch)) == second);
  const Options other_seed{.batch_size = 4, .seed = 4, .epoch = 0, .transform = numbers};
  CHECK(drawn(Minibatches(data, other_seed)) != expected);
  // The numbers must never change.
  random::Generator generator =
      random::substream(random::substream(3, 0x7472616e73666f72, 0).seed(), 0x7472616e73666f72, 1);
  CHECK(values(generator.uniform({4})) == expected[1]);
  // In file order, each pass has numbers of its own too, and the rows stay as they are.
  const Options in_order{.batch_size = 4, .seed = 3, .shuffle = false, .transform = numbers};
  const Minibatches ordered(data, in_order);
  CHECK(drawn(ordered) == expected);
  CHECK(drawn(ordered) == second);
  CHECK(labels(ordered) == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  // Without a seed, the default generator draws one in each pass.
  random::seed(4);
  const Minibatches unseeded(data, {.batch_size = 4, .shuffle = false, .transform = numbers});
  const auto once = drawn(unseeded);
  CHECK(drawn(unseeded) != once);
  random::seed(4);
  CHECK(drawn(Minibatches(data, {.batch_size = 4, .shuffle = false, .transform = numbers})) == once);
}

TEST_CASE("Minibatches check what a transform returns") {
  const Dataset data = numbered(4);
  const auto check = [&](const BatchTransform& transform, const char* text) {
    CHECK_THROWS_WITH(Minibatches(data, {.transform = transform})[0], text);
  };
  check([](Arrays batch, random::Generator&) { return Arrays{batch[0]}; },
        "Minibatches: expected 2 arrays from transform, got 1");
  check(
      [](Arrays batch, random::Generator&) {
        return Arrays{batch[0], Array()};
      },
      "Minibatches: transform: the arrays must have equally many rows on one device, got float32(4, 2), "
      "none");
  check(
      [](Arrays batch, random::Generator&) {
        return Arrays{batch[0], batch[1].slice(0, 3)};
      },
      "Minibatches: transform: the arrays must have equally many rows on one device, got float32(4, 2), "
      "int32(3)");
  const auto half = [](Arrays batch, random::Generator&) {
    return Arrays{batch[0].slice(0, 2), batch[1].slice(0, 2)};
  };
  CHECK(Minibatches(data, {.transform = half})[0].size() == 2);
}
