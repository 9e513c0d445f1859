#include "tenbin/optimizers/optimizer_hooks.h"

#include <limits>

#include "tenbin/optimizers/momentum_sgd.h"
#include "tenbin/optimizers/sgd.h"
#include "tenbin/tests/optimizers/optimizer_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// w = {1, -2, 0, 4}, split over two parameters and two dtypes, with gradients {3, 0, -4, 12}: norm 13.
struct Model : Chain {
  Parameter a, b;
  explicit Model(Device device = {}) : Model(device, device) {}
  Model(Device of_a, Device of_b)
      : a(param("a", Array{1.f, -2.f}.to(of_a))), b(param("b", Array{0.0, 4.0}.to(of_b))) {
    set_gradients();
  }
  void set_gradients() {
    a.set_grad(Array{3.f, 0.f}.to(a.device()));
    b.set_grad(Array{-4.0, 12.0}.to(b.device()));
  }
  std::vector<double> gradients() const {
    auto all = values(a.grad());
    for (const double g : values(b.grad())) all.push_back(g);
    return all;
  }
  std::vector<double> parameters() const {
    auto all = values(a.data());
    for (const double w : values(b.data())) all.push_back(w);
    return all;
  }
};

// The gradients after one hook.
template <class Hook>
std::vector<double> hooked(const Hook& hook, Device of_a, Device of_b) {
  Model model(of_a, of_b);
  SGD optimizer({.lr = 0});
  optimizer.setup(model);
  optimizer.add_hook(hook);
  optimizer.update();
  return model.gradients();
}

template <class Hook>
std::vector<double> hooked(const Hook& hook, Device device) {
  return hooked(hook, device, device);
}

using Values = std::vector<double>;

}  // namespace

TEST_CASE("WeightDecay adds rate w", "[gpu]") {
  on_every_device([](Device device) { CHECK(hooked(WeightDecay(0.5), device) == Values{3.5, -1, -4, 14}); });
}

TEST_CASE("Lasso adds rate sign(w), and nothing at 0", "[gpu]") {
  on_every_device([](Device device) { CHECK(hooked(Lasso(0.5), device) == Values{3.5, -0.5, -4, 12.5}); });
}

TEST_CASE("GradientHardClipping clips each element", "[gpu]") {
  on_every_device([](Device device) {
    CHECK(hooked(GradientHardClipping(-1, 5), device) == Values{3, 0, -1, 5});
    CHECK(hooked(GradientHardClipping(1, 1), device) == Values{1, 1, 1, 1});
  });
  CHECK_THROWS_WITH(GradientHardClipping(2, 1),
                    "GradientHardClipping: lower_bound must not be above upper_bound, got 2 and 1");
}

TEST_CASE("GradientClipping scales by the norm of all gradients together", "[gpu]") {
  on_every_device([](Device device) {
    check_close(hooked(GradientClipping(6.5), device), {1.5, 0, -2, 6}, 1e-6, 0);
    CHECK(hooked(GradientClipping(13), device) == Values{3, 0, -4, 12});
    CHECK(hooked(GradientClipping(20), device) == Values{3, 0, -4, 12});
    CHECK(hooked(GradientClipping(0), device) == Values{0, 0, 0, 0});
    // One part of the model on the CPU, the other on the device.
    check_close(hooked(GradientClipping(6.5), Device::cpu(), device), {1.5, 0, -2, 6}, 1e-6, 0);
  });
  CHECK_THROWS_WITH(GradientClipping(-1), "GradientClipping: threshold must be >= 0, got -1");
}

TEST_CASE("GradientClipping scales by rates that are too small for the dtype", "[gpu]") {
  const auto clipped = [](Dtype dtype, double g, double threshold, Device device) {
    Chain model;
    Parameter w = model.param("w", Array({0., 0., 0.}, dtype).to(device));
    SGD optimizer;
    optimizer.setup(model);
    w.set_grad(Array({3 * g, 0., -4 * g}, dtype).to(device));
    optimizer.add_hook(GradientClipping(threshold));
    optimizer.update();
    return values(w.grad());
  };
  on_every_device([&](Device device) {
    check_close(clipped(Dtype::float32, 1e30, 1e-10, device), {0.6e-10, 0, -0.8e-10}, 0, 2e-7);
    check_close(clipped(Dtype::float32, 1e37, 1e-30, device), {0.6e-30, 0, -0.8e-30}, 0, 2e-7);
    check_close(clipped(Dtype::float64, 1e150, 1e-200, device), {0.6e-200, 0, -0.8e-200}, 0, 1e-15);
    CHECK(clipped(Dtype::float32, 1e30, 0, device) == Values{0, 0, 0});
    // Also close to where the quotient becomes too small.
    check_close(clipped(Dtype::float32, 1, 1e-37, device), {0.6e-37, 0, -0.8e-37}, 0, 2e-7);
    check_close(clipped(Dtype::float32, 2, 5e-38, device), {3e-38, 0, -4e-38}, 0, 2e-7);
  });
}

TEST_CASE("GradientClipping does not change gradients of zero", "[gpu]") {
  on_every_device([](Device device) {
    Model model(device);
    model.cleargrads();
    SGD optimizer;
    optimizer.setup(model);
    optimizer.add_hook(GradientClipping(1));
    optimizer.update();
    CHECK(model.parameters() == Values{1, -2, 0, 4});
  });
}

TEST_CASE("GradientClipping sums long gradients in double", "[gpu]") {
  on_every_device([](Device device) {
    for (const std::size_t count : {4096u, 4097u, 100003u}) {
      Chain model;
      Parameter w = model.param("w", Array::zeros({count}, Dtype::float32, device));
      w.set_grad(Array::full({count}, 0.1, Dtype::float32, device));
      SGD optimizer;
      optimizer.setup(model);
      optimizer.add_hook(GradientClipping(1));
      optimizer.update();
      const double expected = 1 / std::sqrt(static_cast<double>(count));
      check_close(values(w.grad()), Values(count, expected), 0, 2e-7);
    }
  });
}

TEST_CASE("GradientClipping refuses a norm that is not finite and changes nothing") {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Model model;
    SGD optimizer;
    optimizer.setup(model);
    optimizer.add_hook(GradientClipping(1));
    model.b.set_grad(Array{bad, 1.0});
    CHECK_THROWS_WITH(optimizer.update(),
                      ContainsSubstring("GradientClipping: the norm of the gradients is "));
    CHECK(model.parameters() == Values{1, -2, 0, 4});
    CHECK(values(model.a.grad()) == Values{3, 0});
    CHECK(optimizer.t() == 0);
    model.set_gradients();
    optimizer.update();  // training can continue
    CHECK(optimizer.t() == 1);
  }
}

TEST_CASE("on a GPU GradientClipping reports a norm that is not finite at the next read", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    for (const double bad :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
      Model model(device);
      MomentumSGD optimizer;
      optimizer.setup(model);
      optimizer.add_hook(GradientClipping(1));
      model.b.set_grad(Array{bad, 1.0}.to(device));
      optimizer.update();
      const std::string norm = std::isnan(bad) ? "nan" : "inf";
      CHECK_THROWS_WITH(values(model.a.grad()), "GradientClipping: the norm of the gradients is " + norm);
      CHECK(values(model.a.grad()) == Values{3, 0});
      CHECK(model.parameters() == Values{1, -2, 0, 4});
      for (const auto& [name, state] : optimizer.state_arrays())
        if (name.find("/v") != std::string::npos) CHECK(values(state) == Values{0, 0});
      model.set_gradients();
      optimizer.update();  // training can continue
      CHECK(model.parameters() != Values{1, -2, 0, 4});
    }
  });
}

TEST_CASE("GradientNoise is the same on every device", "[gpu]") {
  const auto noise = [](Device device) {
    Chain model;
    Parameter odd = model.param("odd", Array::zeros({5}, Dtype::float32, device));
    Parameter exact = model.param("exact", Array::zeros({600}, Dtype::float64, device));
    SGD optimizer({.lr = 0});
    optimizer.setup(model);
    optimizer.add_hook(GradientNoise(0.3, 5));
    for (int t = 0; t < 3; ++t) {
      model.cleargrads();
      odd.set_grad(Array::full({5}, 1, Dtype::float32, device));
      exact.set_grad(Array::zeros({600}, Dtype::float64, device));
      optimizer.update();
    }
    Values all = values(odd.grad());
    for (const double g : values(exact.grad())) all.push_back(g);
    return all;
  };
  const Values expected = noise(Device::cpu());
  CHECK(expected[0] != 1);
  on_every_device([&](Device device) {
    const Values actual = noise(device);
    REQUIRE(actual.size() == expected.size());
    check_close({actual.begin(), actual.begin() + 5}, {expected.begin(), expected.begin() + 5}, 2e-7, 2e-7);
    check_close({actual.begin() + 5, actual.end()}, {expected.begin() + 5, expected.end()}, 1e-14, 1e-14);
  });
}

TEST_CASE("GradientNoise has the documented deviation, and repeats") {
  const auto noise = [](std::int64_t updates, std::uint64_t seed) {
    Chain model;
    Parameter w = model.param("w", Array::zeros({20000}));
    SGD optimizer({.lr = 0});
    optimizer.setup(model);
    optimizer.add_hook(GradientNoise(0.3, seed));
    for (std::int64_t t = 0; t <= updates; ++t) {
      w.set_grad(Array::zeros({20000}));
      optimizer.update();
    }
    return values(w.grad());
  };
  const auto variance = [](const Values& v) {
    double sum = 0;
    for (const double x : v) sum += x * x;
    return sum / static_cast<double>(v.size());
  };
  CHECK(variance(noise(0, 1)) == Approx(0.3).epsilon(0.03));
  CHECK(variance(noise(9, 1)) == Approx(0.3 / std::pow(10, 0.55)).epsilon(0.03));
  CHECK(noise(2, 1) == noise(2, 1));
  const auto words = random::philox(1, 2);
  random::Generator generator(std::uint64_t{words[0]} * 0x100000000 + words[1]);
  const double deviation = std::sqrt(0.3 / std::pow(3, 0.55));
  check_close(noise(2, 1), values(generator.normal({20000}, 0, deviation)), 1e-6, 1e-6);
  CHECK(noise(2, 1) != noise(2, 2));
  CHECK(noise(2, 1) != noise(3, 1));
  CHECK_THROWS_WITH(GradientNoise(-1), "GradientNoise: eta must be >= 0, got -1");
}

TEST_CASE("hooks run in the order of insertion, before the update", "[gpu]") {
  const auto run = [](bool decay_first, Device device) {
    Model model(device);
    SGD optimizer({.lr = 1});
    optimizer.setup(model);
    if (decay_first) optimizer.add_hook(WeightDecay(1));
    optimizer.add_hook(GradientHardClipping(-1, 1));
    if (!decay_first) optimizer.add_hook(WeightDecay(1));
    optimizer.update();
    return model.parameters();
  };
  on_every_device([&](Device device) {
    CHECK(run(true, device) == Values{0, -1, 1, 3});
    CHECK(run(false, device) == Values{-1, 0, 1, -1});
  });
}

TEST_CASE("hooks are named, changed and removed") {
  Model model;
  SGD optimizer({.lr = 1});
  optimizer.setup(model);
  WeightDecay& decay = optimizer.add_hook(WeightDecay(1));
  CHECK_THROWS_WITH(optimizer.add_hook(WeightDecay(2)), "SGD: there is a hook 'WeightDecay' already");
  optimizer.add_hook(WeightDecay(2), "second");
  CHECK_THROWS_WITH(optimizer.add_hook(Lasso(1), "second"), "SGD: there is a hook 'second' already");
  optimizer.remove_hook("second");
  CHECK_THROWS_WITH(optimizer.remove_hook("second"), "SGD: there is no hook 'second'");
  decay.rate = 0.5;
  optimizer.update();
  CHECK(model.gradients() == Values{3.5, -1, -4, 14});
}
