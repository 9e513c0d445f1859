// Whole training runs: the same bits every time, no leak, no allocation from the system.
#include "tenbin/tenbin.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/memory_use.h"
#include "tenbin/tests/training/small_training.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

struct Net : Chain {
  Net(std::size_t in, std::size_t hidden, std::size_t out)
      : l1(link("l1", Linear(in, hidden))),
        l2(link("l2", Linear(hidden, hidden))),
        l3(link("l3", Linear(hidden, out))) {}
  Variable operator()(const Variable& x) const { return l3(dropout(relu(l2(relu(l1(x)))), 0.2)); }
  Linear l1, l2, l3;
};

Dataset blobs(std::size_t size, std::size_t width, std::size_t n_class) {
  random::Generator rng(7);
  Array x = rng.normal({size, width});
  Array t = Array::empty({size}, Dtype::int32);
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t label = rng.integer(n_class);
    t.data<std::int32_t>()[i] = static_cast<std::int32_t>(label);
    x.data<float>()[i * width + label] += 2;
  }
  return Dataset(x, t);
}

// Trains for a number of steps and passes the model to a callback after each.
template <class AfterStep>
void train(Net& model, Optimizer& optimizer, const Dataset& data, std::size_t batch_size, std::size_t steps,
           AfterStep after_step) {
  const Array weights = balanced_class_weight(data.t, model.l3.W.shape()[0]);
  std::size_t step = 0;
  for (std::uint64_t epoch = 0; step < steps; ++epoch)
    for (auto [x, t] :
         Minibatches(data, {.batch_size = batch_size, .seed = 3, .epoch = epoch, .drop_last = true})) {
      Variable loss = softmax_cross_entropy(model(x), t, {.class_weight = weights});
      model.cleargrads();
      loss.backward();
      optimizer.update();
      after_step(++step);
      if (step == steps) return;
    }
}

std::uint64_t hash_after_200_steps(std::size_t hidden, std::size_t batch_size) {
  random::seed(11);
  const Dataset data = blobs(2000, 20, 5);
  Net model(20, hidden, 5);
  Adam optimizer({.alpha = 0.01});
  optimizer.setup(model);
  train(model, optimizer, data, batch_size, 200, [](std::size_t) {});
  return hash_of(model);
}

}  // namespace

TEST_CASE("the same seed gives the same bits, ten times over") {
  const std::uint64_t expected = hash_after_200_steps(16, 50);
  for (int run = 1; run < 10; ++run) CHECK(hash_after_200_steps(16, 50) == expected);
}

TEST_CASE("the same seed gives the same bits with 1, 2 and 4 threads") {
  // Wide enough that the products are divided into blocks for several threads.
  const std::size_t before = num_threads();
  set_num_threads(1);
  const std::uint64_t expected = hash_after_200_steps(400, 500);
  for (const std::size_t threads : {2u, 4u}) {
    set_num_threads(threads);
    CHECK(hash_after_200_steps(400, 500) == expected);
  }
  set_num_threads(before);
}

TEST_CASE("ten thousand steps leak no nodes and no memory") {
  const Dataset data = blobs(320, 10, 3);
  const auto nodes_before = graph_stats().nodes;
  {
    Net model(10, 16, 3);
    Adam optimizer;
    optimizer.setup(model);
    const auto parameters = graph_stats().nodes - nodes_before;
    std::size_t resident = 0;
    train(model, optimizer, data, 32, 10000, [&](std::size_t step) {
      if (step == 500) resident = resident_bytes();
    });
    CHECK(graph_stats().functions == 0);
    CHECK(graph_stats().nodes - nodes_before == parameters);
    CHECK(resident_bytes() < resident + (std::size_t{1} << 20));
  }
  CHECK(graph_stats().nodes == nodes_before);
}

TEST_CASE("after warm-up losses allocate nothing from the system") {
  const Variable x(Array::full({32, 3}, 0.5));
  const Array t = blobs(32, 3, 3).t;
  const Array binary = Array::ones({32, 3}, Dtype::int32);
  const Array per_class{0.5f, 0.25f, 0.125f};
  const auto all_losses = [&] {
    for (Variable loss :
         {softmax_focal_loss(x, t, {.class_weight = per_class}), sigmoid_focal_loss(x, binary),
          ldam_loss(x, t, per_class, {.class_weight = per_class}),
          logit_adjusted_cross_entropy(x, t, per_class),
          sigmoid_cross_entropy(x, binary, {.pos_weight = per_class})})
      loss.backward();
  };
  for (int i = 0; i < 10; ++i) all_losses();
  const std::size_t heap_before = allocation_count();
  const std::size_t pool_before = memory::stats().system_allocations;
  for (int i = 0; i < 100; ++i) all_losses();
  CHECK(allocation_count() == heap_before);
  CHECK(memory::stats().system_allocations == pool_before);
}

TEST_CASE("after warm-up a step allocates nothing from the system") {
  const Dataset data = blobs(320, 10, 3);
  Net model(10, 16, 3);
  Adam optimizer({.amsgrad = true});
  optimizer.setup(model);
  optimizer.add_hook(WeightDecay(1e-4));
  optimizer.add_hook(GradientClipping(5));
  const Array weights = balanced_class_weight(data.t, 3);
  const auto [x, t] = Dataset(data.x.slice(0, 32), data.t.slice(0, 32));
  const auto step = [&, &x = x, &t = t] {
    Variable loss = softmax_cross_entropy(model(x), t, {.class_weight = weights});
    model.cleargrads();
    loss.backward();
    optimizer.update();
  };
  for (int i = 0; i < 10; ++i) step();
  const std::size_t heap_before = allocation_count();
  const std::size_t pool_before = memory::stats().system_allocations;
  for (int i = 0; i < 100; ++i) step();
  CHECK(allocation_count() == heap_before);
  CHECK(memory::stats().system_allocations == pool_before);
}
