#include "tenbin/links/linear.h"

#include <atomic>
#include <thread>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("Linear starts from LeCunNormal and a zero bias") {
  random::seed(1);
  const Linear l1(400, 300);
  CHECK(l1.W.shape() == Shape{300, 400});
  CHECK(l1.b.shape() == Shape{300});
  CHECK(values(l1.b.data()) == std::vector<double>(300, 0.0));
  double squares = 0;
  for (const double w : values(l1.W.data())) squares += w * w;
  CHECK(squares / (300 * 400) == Approx(1.0 / 400).epsilon(0.02));
  CHECK(l1.count_params() == 300 * 401);
}

TEST_CASE("Linear computes x W^T + b and keeps n_batch_axes axes") {
  Linear l1(2, 1,
            {.initialW = Constant(Array{{2.0, 3.0}}), .initial_bias = Constant(5), .dtype = Dtype::float64});
  CHECK(values(l1(Array{{1.0, 10.0}, {0.0, 1.0}}).data()) == std::vector<double>{37, 8});
  CHECK(l1(Array::ones({4, 3, 2}, Dtype::float64), 2).shape() == Shape{4, 3, 1});
}

TEST_CASE("Linear without bias has no b") {
  const Linear l1(2, 3, {.nobias = true});
  CHECK_FALSE(l1.b);
  CHECK(l1.namedparams().size() == 1);
  CHECK(values(l1(Array::zeros({1, 2})).data()) == std::vector<double>{0, 0, 0});
}

TEST_CASE("Linear takes initializers of any kind") {
  const Linear l1(2, 2,
                  {.initialW = [](const Shape& shape, Dtype dtype) { return Array::full(shape, 4, dtype); }});
  CHECK(values(l1.W.data()) == std::vector<double>{4, 4, 4, 4});
  CHECK_THROWS_WITH(Linear(2, 3, {.initialW = Constant(Array{1.f})}),
                    "Constant: expected values of shape (3, 2), got float32(1)");
  CHECK_THROWS_WITH(Linear(2, 3,
                           {.initialW =
                                [](const Shape&, Dtype) {
                                  return Array::ones({2, 2});
                                }}),
                    "Linear: the initializer made float32(2, 2), not float32(3, 2)");
  CHECK_THROWS_WITH(Linear(2, 3, {.dtype = Dtype::int32}),
                    "Linear: dtype must be float32 or float64, got int32");
}

TEST_CASE("Linear without in_size takes it from the first x") {
  random::seed(3);
  Linear lazy(3);
  CHECK_FALSE(lazy.W.is_initialized());
  CHECK_FALSE(lazy.W.grad());
  CHECK(lazy.count_params() == 3);
  lazy.cleargrads();
  CHECK_FALSE(lazy.state_arrays()[0].second);

  Linear elsewhere = lazy;  // shares the parameter that is not initialised yet
  Variable y = lazy(Array::ones({2, 5, 2}));
  CHECK(y.shape() == Shape{2, 3});
  CHECK(lazy.W.shape() == Shape{3, 10});
  CHECK(elsewhere.W.shape() == Shape{3, 10});
  CHECK(lazy.count_params() == 33);
  y.set_grad(Array::ones({2, 3}));
  y.backward();
  CHECK(values(lazy.W.grad()) == std::vector<double>(30, 2.0));

  random::seed(3);
  CHECK(values(Linear(10, 3).W.data()) == values(lazy.W.data()));
}

TEST_CASE("a lazy Linear stays uninitialised when the first x does not fit", "[gpu]") {
  Linear lazy(3);
  CHECK_THROWS_WITH(lazy(Array{1.f}), "Linear: x must have more than n_batch_axes = 1 axes, got float32(1)");
  CHECK_THROWS_WITH(lazy(Array{{1.0}}), "Linear: x must be float32, got float64(1, 1)");
  CHECK_FALSE(lazy.W.is_initialized());
  on_every_device([&](Device device) {
    if (device.is_cpu()) return;
    CHECK_THROWS_WITH(lazy(Array{{1.f}}.to(device)),
                      "Linear: x must be on cpu like b, got float32(1, 1)@cuda:0");
    CHECK_FALSE(lazy.W.is_initialized());
  });
}

TEST_CASE("a lazy Linear is initialised where the first x is, with the values it would have on the CPU",
          "[gpu]") {
  random::seed(3);
  const auto expected = values(Linear(4, 3).W.data());
  on_every_device([&](Device device) {
    const Array x = Array::ones({2, 4}, Dtype::float32, device);
    for (const bool nobias : {false, true}) {
      random::seed(3);
      Linear lazy(3, {.nobias = nobias});
      lazy.to(device);
      Variable y = lazy(x);
      CHECK(lazy.W.device() == device);
      CHECK(values(lazy.W.data()) == expected);
      y.set_grad(Array::ones({2, 3}, Dtype::float32, device));
      y.backward();
      CHECK(lazy.W.grad().device() == device);
      CHECK(values(lazy.W.grad()) == std::vector<double>(12, 2));
    }
  });
}

TEST_CASE("parameters are made on the CPU, also of values that are on a device", "[gpu]") {
  on_every_device([](Device device) {
    const Linear l1(2, 1, {.initialW = Constant(Array{{2.f, 3.f}}.to(device))});
    CHECK(l1.W.device() == Device::cpu());
    CHECK(values(l1.W.data()) == std::vector<double>{2, 3});
  });
}

TEST_CASE("a copy of a lazy Linear is initialised on its own") {
  Linear lazy(3);
  Linear other = copy(lazy);
  lazy(Array::ones({1, 2}));
  CHECK_FALSE(other.W.is_initialized());
  other(Array::ones({1, 4}));
  CHECK(lazy.W.shape() == Shape{3, 2});
  CHECK(other.W.shape() == Shape{3, 4});
}

TEST_CASE("an error of a Linear has the path of the link") {
  struct Net : Chain {
    Linear l1 = link("l1", Linear(4, 6));
    Linear lazy = link("lazy", Linear(6));
  } net;
  CHECK_THROWS_WITH(net.l1(Array::ones({1, 3})),
                    "l1: linear: x and W differ in in_size (3 and 4): float32(1, 3) and float32(6, 4)");
  CHECK_THROWS_WITH(net.lazy(Array{1.f}),
                    "lazy: Linear: x must have more than n_batch_axes = 1 axes, got float32(1)");
  Chain outer;
  outer.link("body", net);
  CHECK_THROWS_WITH(net.l1(Array{{1.0}}),
                    "body/l1: linear: x and W differ in dtype: float64(1, 1) and float32(6, 4)");
  CHECK_THROWS_WITH(Linear(4, 6)(Array{1.f}), "linear: x must have more than 1 axes, got float32(1)");
}

TEST_CASE("threads that call a lazy Linear for the first time initialise it once", "[threads]") {
  for (int round = 0; round < 50; ++round) {
    const Linear lazy(3);
    const Array x = Array::ones({2, 5});
    std::atomic<int> waiting{4};
    std::vector<std::vector<double>> results(4);
    std::vector<std::thread> threads;
    for (std::vector<double>& result : results)
      threads.emplace_back([&] {
        const Linear handle = lazy;
        for (--waiting; waiting > 0;) std::this_thread::yield();
        result = values(handle(x).data());
      });
    for (std::thread& thread : threads) thread.join();
    const auto expected = values(lazy(x).data());
    for (const auto& result : results) CHECK(result == expected);
  }
}
