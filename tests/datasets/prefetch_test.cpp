// Prefetch: the batches of Minibatches, made in another thread.
#include "tenbin/datasets/prefetch.h"

#include <atomic>
#include <iterator>
#include <ranges>
#include <thread>

#include "tenbin/core/config.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

Dataset numbered(std::size_t size) {
  return {Array::arange(size, Dtype::int32).astype(Dtype::float32).reshape({size, 1}),
          Array::arange(size, Dtype::int32)};
}

Arrays noisy(const Arrays& batch, random::Generator& rng) {
  Array x = batch[0].copy();
  x.add(rng.normal(x.shape()));
  return {x, batch[1]};
}

template <class Batches>
std::vector<std::vector<double>> pass_over(const Batches& batches) {
  std::vector<std::vector<double>> all;
  for (auto [x, t] : batches) {
    all.push_back(values(x));
    all.push_back(values(t));
  }
  return all;
}

static_assert(std::input_iterator<Prefetch<Dataset>::Iterator>);
static_assert(std::ranges::input_range<Prefetch<Dataset>>);
static_assert(std::ranges::input_range<const Prefetch<TupleDataset<4>>>);

}  // namespace

TEST_CASE("Prefetch changes neither order nor bits", "[threads][gpu]") {
  on_every_device([](Device device) {
    const Dataset data = numbered(50).to(device);
    const auto check = [&](const MinibatchesOptions& options) {
      random::seed(7);
      const Minibatches batches(data, options);
      std::vector<std::vector<std::vector<double>>> expected;
      for (int pass = 0; pass < 3; ++pass) expected.push_back(pass_over(batches));
      const std::uint64_t position = random::default_generator().position();
      for (const std::size_t depth : std::vector<std::size_t>{0, 1, 2, 3, 20}) {
        random::seed(7);
        const Prefetch prefetched(Minibatches(data, options), {.depth = depth});
        CHECK(prefetched.size() == batches.size());
        for (int pass = 0; pass < 3; ++pass)
          CHECK(pass_over(prefetched) == expected[static_cast<std::size_t>(pass)]);
        CHECK(random::default_generator().position() == position);
      }
    };
    check({.batch_size = 4});
    check({.batch_size = 4, .seed = 1});
    check({.batch_size = 4, .epoch = 1, .drop_last = true});
    check({.batch_size = 4, .shuffle = false});
    check({.batch_size = 50, .seed = 1});
    check({.batch_size = 4, .epoch = 1, .drop_last = true});
    if (device.is_cpu()) check({.batch_size = 4, .transform = noisy});
  });
}

TEST_CASE("Prefetch gives any batch of any pass", "[threads]") {
  const Dataset data = numbered(30);
  const MinibatchesOptions options{.batch_size = 4, .seed = 1, .transform = noisy};
  const Minibatches batches(data, options);
  const Prefetch prefetched(Minibatches(data, options), {.depth = 3});
  CHECK(values(prefetched[5].x) == values(batches[5].x));
  // The inner passes take the worker; the outer one goes on with its own order.
  const auto outer = [&](const auto& range) {
    std::vector<std::vector<double>> all;
    for (auto [x, t] : range) {
      all.push_back(values(x));
      for (auto [inner_x, inner_t] : range) {
        all.push_back(values(inner_x));
        if (all.size() % 3 == 0) break;
      }
    }
    return all;
  };
  CHECK(outer(prefetched) == outer(batches));
  // Batches are left out, and read twice.
  auto a = prefetched.begin();
  auto b = batches.begin();
  for (const int steps : {0, 0, 1, 3, 0, 2}) {
    for (int i = 0; i < steps; ++i) ++a, ++b;
    CHECK(values((*a).x) == values((*b).x));
  }
  CHECK_THROWS_WITH(prefetched[8], "Minibatches: batch 8 is out of range for 8 batches");
}

TEST_CASE("Prefetch makes batches in advance, in one other thread and in its starter's modes", "[threads]") {
  std::atomic<int> made{0};
  std::atomic<bool> right{true};
  const std::thread::id here = std::this_thread::get_id();
  const auto transform = [&](Arrays batch, random::Generator&) {
    right = right && std::this_thread::get_id() != here && !config().train && config().enable_backprop;
    // A parallel_for stays in this thread.
    parallel_for(4, [&, worker = std::this_thread::get_id()](std::size_t) {
      right = right && std::this_thread::get_id() == worker && !config().train;
    });
    ++made;
    return batch;
  };
  const TestMode test_mode;
  const Prefetch prefetched(Minibatches(numbered(100), {.batch_size = 1, .transform = transform}),
                            {.depth = 3});
  CHECK(made == 0);
  auto batch = prefetched.begin();
  for (int taken = 0; taken < 5; ++taken) {
    while (made < taken + 3) std::this_thread::yield();
    std::this_thread::yield();
    CHECK(made == taken + 3);
    (void)*batch;
    ++batch;
  }
  CHECK(right);
}

TEST_CASE("Prefetch throws the exception of a transform at its batch", "[threads]") {
  const auto transform = [](Arrays batch, random::Generator&) {
    for (const int label : batch[1].to_vector<int>())
      if (label == 5) throw Error("the sixth");
    return batch;
  };
  const MinibatchesOptions options{.batch_size = 1, .shuffle = false, .transform = transform};
  const Prefetch prefetched(Minibatches(numbered(8), options), {.depth = 4});
  std::vector<int> labels;
  for (auto batch = prefetched.begin(); batch != prefetched.end(); ++batch) {
    if (labels.size() == 5) {
      CHECK_THROWS_WITH(*batch, "the sixth");
      CHECK_THROWS_WITH(*batch, "the sixth");
      labels.push_back(-1);
    } else {
      labels.push_back((*batch).t.to_vector<int>()[0]);
    }
  }
  CHECK(labels == std::vector<int>{0, 1, 2, 3, 4, -1, 6, 7});
}

TEST_CASE("a Prefetch that is destroyed in the middle of a pass makes no further batches", "[threads]") {
  std::atomic<int> made{0};
  const auto transform = [&](Arrays batch, random::Generator&) {
    ++made;
    return batch;
  };
  for (int stop = 0; stop < 20; ++stop) {
    made = 0;
    int taken = 0;
    for (auto [x, t] :
         Prefetch(Minibatches(numbered(1000), {.batch_size = 1, .transform = transform}), {.depth = 2}))
      if (++taken > stop) break;
    CHECK(made <= stop + 4);
  }
  const Prefetch unused(Minibatches(numbered(10)));
}

TEST_CASE("Prefetch allocates nothing from the system after warm-up", "[threads]") {
  std::atomic<std::size_t> allocated{0};  // by the worker
  const auto transform = [&](Arrays batch, random::Generator&) {
    allocated = memory::stats().system_allocations;
    return batch;
  };
  const Prefetch prefetched(Minibatches(numbered(2000), {.batch_size = 20, .transform = transform}));
  const auto pass = [&] {
    std::size_t rows = 0;
    for (auto [x, t] : prefetched) rows += t.size();
    return rows;
  };
  for (int i = 0; i < 3; ++i) pass();
  const std::size_t here = memory::stats().system_allocations, there = allocated;
  for (int i = 0; i < 3; ++i) CHECK(pass() == 2000);
  CHECK(memory::stats().system_allocations == here);
  CHECK(allocated == there);
}
