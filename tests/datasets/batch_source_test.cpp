// Batch sources: the batches of loops over Minibatches, and positions that are saved and restored.
#include "tenbin/datasets/batch_source.h"

#include "tenbin/resampling/random_sampler.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

using Source = std::unique_ptr<BatchSource>;

// Row i is (i, i + 0.5), its label i % 4 == 0.
Dataset numbered(std::size_t size) {
  Array x = Array::empty({size, 2});
  Array t = Array::empty({size}, Dtype::int32);
  for (std::size_t i = 0; i < size; ++i) {
    x.data<float>()[2 * i] = static_cast<float>(i);
    x.data<float>()[2 * i + 1] = static_cast<float>(i) + 0.5f;
    t.data<std::int32_t>()[i] = i % 4 == 0;
  }
  return {x, t};
}

Arrays noisy(const Arrays& batch, random::Generator& rng) {
  Array x = batch[0].copy();
  x.add(rng.normal(x.shape()));
  return {x, batch[1]};
}

// What a training sees of a batch.
struct Seen {
  std::vector<double> x;
  std::vector<double> t;
  std::int64_t epoch;
  bool is_new_epoch;
  double epoch_detail;

  bool operator==(const Seen&) const = default;
};

Seen step(BatchSource& source) {
  const Arrays batch = source.next();
  return {values(batch[0]), values(batch[1]), source.epoch(), source.is_new_epoch(), source.epoch_detail()};
}

std::vector<Seen> steps(BatchSource& source, std::size_t count) {
  std::vector<Seen> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(step(source));
  return all;
}

// Saves after each of the first batches, loads into a new source, and compares the batches that follow. The
// default generator is restored too, as a Checkpoint does it.
void check_resume(const std::function<Source()>& make) {
  const ScratchDirectory scratch;
  const std::string file = scratch / "state.npz";
  random::seed(11);
  const Source straight = make();
  for (std::size_t done = 0; done < 9; ++done) {
    CAPTURE(done);
    save_npz(file, *straight);
    const random::Generator saved = random::default_generator();
    const Source resumed = make();
    for (int i = 0; i < 2; ++i) resumed->next();
    random::seed(12);
    load_npz(file, *resumed);
    CHECK(resumed->epoch() == straight->epoch());
    CHECK(resumed->is_new_epoch() == straight->is_new_epoch());
    CHECK(resumed->epoch_detail() == straight->epoch_detail());
    random::default_generator() = saved;
    const std::vector<Seen> after = steps(*resumed, 8);

    random::default_generator() = saved;
    const Source reference = make();
    load_npz(file, *reference);
    random::default_generator() = saved;
    CHECK(steps(*reference, 8) == after);

    random::default_generator() = saved;
    CHECK(step(*straight) == after[0]);
  }
}

}  // namespace

TEST_CASE("a batch source has the batches of the loops over Minibatches", "[gpu]") {
  on_every_device([](Device device) {
    const Dataset data = numbered(10).to(device);
    const std::vector<MinibatchesOptions> all_options{
        {.batch_size = 4},
        {.batch_size = 4, .seed = 3},
        {.batch_size = 4, .epoch = 2},
        {.batch_size = 4, .seed = 3, .epoch = 2},
        {.batch_size = 4, .seed = 3, .drop_last = true},
        {.batch_size = 4, .shuffle = false},
        {.batch_size = 4, .transform = noisy},
        {.batch_size = 4, .shuffle = false, .transform = noisy},
    };
    for (const MinibatchesOptions& options : all_options) {
      if (options.transform && !device.is_cpu()) continue;
      random::seed(5);
      const Minibatches batches(data, options);
      std::vector<std::vector<double>> expected;
      for (int pass = 0; pass < 3; ++pass)
        for (auto [x, t] : batches) expected.push_back(values(x));
      random::seed(5);
      const Source source = batch_source(Minibatches(data, options));
      std::vector<std::vector<double>> got;
      for (std::size_t i = 0; i < expected.size(); ++i) got.push_back(step(*source).x);
      CHECK(got == expected);
    }
  });
}

TEST_CASE("a batch source counts passes and rows") {
  const Source source = batch_source(Minibatches(numbered(10), {.batch_size = 4, .seed = 3}));
  CHECK(source->epoch() == 0);
  CHECK_FALSE(source->is_new_epoch());
  CHECK(source->epoch_detail() == 0);
  std::vector<double> details;
  std::vector<bool> ends;
  std::vector<std::int64_t> epochs;
  for (const Seen& seen : steps(*source, 5)) {
    details.push_back(seen.epoch_detail);
    ends.push_back(seen.is_new_epoch);
    epochs.push_back(seen.epoch);
  }
  CHECK(details == std::vector<double>{0.4, 0.8, 1, 1.4, 1.8});
  CHECK(ends == std::vector<bool>{false, false, true, false, false});
  CHECK(epochs == std::vector<std::int64_t>{0, 0, 1, 1, 1});

  const Source dropping = batch_source(Minibatches(numbered(10), {.batch_size = 4, .drop_last = true}));
  CHECK(step(*dropping).epoch_detail == 0.5);
  CHECK(step(*dropping).epoch_detail == 1);
  CHECK(dropping->is_new_epoch());
}

TEST_CASE("a batch source continues in the middle of a pass, for all ways of seeding") {
  const Dataset data = numbered(20);
  const std::uint64_t large = ~std::uint64_t{0} - 5;  // does not fit into int64
  const std::vector<MinibatchesOptions> all_options{
      {.batch_size = 6},
      {.batch_size = 6, .seed = large},
      {.batch_size = 6, .epoch = 2},
      {.batch_size = 6, .seed = 3, .epoch = large},
      {.batch_size = 6, .drop_last = true},
      {.batch_size = 6, .seed = 3, .shuffle = false},
      {.batch_size = 6, .transform = noisy},
      {.batch_size = 6, .seed = 3, .shuffle = false, .transform = noisy},
      {.batch_size = 20},
  };
  const std::vector<std::size_t> rows = random_under_sample(data.t, {.seed = 2});
  for (std::size_t i = 0; i < all_options.size(); ++i) {
    CAPTURE(i);
    const MinibatchesOptions& options = all_options[i];
    check_resume([&] { return batch_source(Minibatches(data, options)); });
    check_resume([&] { return batch_source(Minibatches(data, rows, options)); });
  }
}

TEST_CASE("a batch source continues with Prefetch, also where it was saved without", "[threads]") {
  const Dataset data = numbered(20);
  check_resume([&] { return batch_source(Prefetch(Minibatches(data, {.batch_size = 6}))); });
  int count = 0;
  check_resume([&]() -> Source {
    Minibatches batches(data, {.batch_size = 3, .seed = 4, .transform = noisy});
    return ++count % 2 == 0 ? batch_source(std::move(batches)) : batch_source(Prefetch(std::move(batches)));
  });
}

TEST_CASE("batches_of_epoch calls its function once per epoch and continues in the middle of one",
          "[threads]") {
  const Dataset data = numbered(20);
  std::vector<std::int64_t> calls;
  const auto sampled = [&](std::int64_t epoch) {
    calls.push_back(epoch);
    const auto e = static_cast<std::uint64_t>(epoch);
    return Minibatches(data, random_under_sample(data.t, {.epoch = e}), {.batch_size = 4, .epoch = e});
  };
  const Source source = batches_of_epoch(sampled);
  CHECK(calls.empty());
  std::vector<std::vector<double>> got, expected;
  for (int i = 0; i < 6; ++i) got.push_back(step(*source).x);
  CHECK(calls == std::vector<std::int64_t>{0, 1});
  CHECK(source->epoch() == 2);
  CHECK(source->is_new_epoch());
  CHECK(source->epoch_detail() == 2);
  step(*source);
  CHECK(source->epoch_detail() == 2.4);
  for (const std::int64_t epoch : {0, 1})
    for (auto [x, t] : sampled(epoch)) expected.push_back(values(x));
  CHECK(got == expected);

  check_resume([&] { return batches_of_epoch(sampled); });
  check_resume([&] {  // the order is drawn from the default generator
    return batches_of_epoch([&](std::int64_t) { return Minibatches(data, {.batch_size = 6}); });
  });
  check_resume(
      [&] { return batches_of_epoch([&](std::int64_t epoch) { return Prefetch(sampled(epoch)); }); });
}

TEST_CASE("a batch source refuses the state of other batches and stays as it was") {
  const Dataset data = numbered(20);
  const ScratchDirectory scratch;
  const std::string file = scratch / "s.npz";
  const auto check = [&](const MinibatchesOptions& options, const Dataset& loaded, const char* text) {
    const Source source = batch_source(Minibatches(loaded, options));
    const Source same = batch_source(Minibatches(loaded, options));
    source->next();
    same->next();
    CHECK_THROWS_WITH(load_npz(file, *source), file + ": " + text);
    CHECK(step(*source) == step(*same));
  };
  save_npz(file, *batch_source(Minibatches(data, {.batch_size = 6, .seed = 3})));
  check({.batch_size = 6, .seed = 3}, numbered(21), "samples: expected 21, that of the batches, got 20");
  check({.batch_size = 7, .seed = 3}, data, "batch_size: expected 7, that of the batches, got 6");
  check({.batch_size = 6, .seed = 4}, data, "seed: expected 4, that of the batches, got 3");
  check({.batch_size = 6, .epoch = 4}, data, "seed: expected none, that of the batches, got 3");
  check({.batch_size = 6, .seed = 3, .epoch = 1}, data,
        "epoch_of_order: expected 1, that of the batches, got none");
  check({.batch_size = 6, .seed = 3, .shuffle = false}, data,
        "shuffle: expected 0, that of the batches, got 1");
  check({.batch_size = 6, .seed = 3, .drop_last = true}, data,
        "drop_last: expected 1, that of the batches, got 0");

  const std::vector<std::size_t> rows{1, 2, 3, 4}, others{1, 2, 3, 5};
  const MinibatchesOptions options{.batch_size = 2, .seed = 3};
  save_npz(file, *batch_source(Minibatches(data, rows, options)));
  const Source source = batch_source(Minibatches(data, others, options));
  CHECK_THROWS_WITH(
      load_npz(file, *source),
      file + ": sampled_rows: the rows differ from those of the state: give the sampler a seed");
  CHECK_THROWS_WITH(load_npz(file, *batch_source(Minibatches(data, {.batch_size = 2, .seed = 3}))),
                    file + ": rows: expected 20, that of the batches, got 4");

  NamedArrays state = batch_source(Minibatches(data, options))->save_state();
  for (auto& [key, array] : state)
    if (key == "batch") array = Array::scalar(11, Dtype::int64);
  save_npz(file, state);
  check(options, data, "batch: expected 0 to 10, got 11");
  for (auto& [key, array] : state)
    if (key == "batch") array = Array::scalar(1);
  save_npz(file, state);
  check(options, data, "batch: expected int64(), got float32()");
}

TEST_CASE("a batch source without batches is an error") {
  CHECK_THROWS_WITH(batch_source(Minibatches(numbered(3), {.batch_size = 4, .drop_last = true})),
                    "batch_source: there are no batches: 3 rows, a batch_size of 4 and drop_last");
  CHECK_THROWS_WITH(batch_source(Minibatches(Dataset(Array::zeros({0, 2}), Array::zeros({0}, Dtype::int32)))),
                    "batch_source: there are no batches: 0 rows, a batch_size of 128");
  const Source none = batches_of_epoch([](std::int64_t) { return Source(); });
  CHECK_THROWS_WITH(none->next(), "batches_of_epoch: the function returned no batches for epoch 0");
}

TEST_CASE("after an exception a batch source makes the same batch") {
  bool fails = false;
  const auto transform = [&](const Arrays& batch, random::Generator& rng) {
    if (fails) throw Error("no");
    return noisy(batch, rng);
  };
  const Dataset data = numbered(10);
  random::seed(3);
  const Source straight = batch_source(Minibatches(data, {.batch_size = 4, .transform = transform}));
  const std::vector<Seen> expected = steps(*straight, 7);
  random::seed(3);
  const Source source = batch_source(Minibatches(data, {.batch_size = 4, .transform = transform}));
  for (int i = 0; i < 7; ++i) {
    fails = true;
    CHECK_THROWS_WITH(source->next(), "no");
    fails = false;
    CHECK(step(*source) == expected[static_cast<std::size_t>(i)]);
  }
}

TEST_CASE("batch sources allocate nothing from the system after warm-up") {
  const Source source = batch_source(Minibatches(numbered(1000), {.batch_size = 128}));
  for (int i = 0; i < 8; ++i) source->next();
  const std::size_t before = memory::stats().system_allocations;
  for (int i = 0; i < 8; ++i) CHECK(source->next()[0]);
  CHECK(memory::stats().system_allocations == before);
}
