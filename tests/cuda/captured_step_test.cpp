// A captured step gives the bits of the normal step, and refuses what it does not support.
#include "tenbin/cuda/captured_step.h"

#include <thread>

#include "tenbin/cuda/runtime.h"
#include "tenbin/tenbin.h"
#include "tenbin/tests/cuda/caching.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

struct Net : Chain {
  Linear l1 = link("l1", Linear(12, 16));
  Linear l2 = link("l2", Linear(16, 3));
  Variable operator()(const Variable& x) const { return l2(dropout(relu(l1(x)), 0.3)); }
};

constexpr std::size_t batch_size = 20;

Dataset samples(std::size_t count, Device device) {
  random::Generator rng(5);
  Array x = rng.normal({count, 12});
  Array t = Array::empty({count}, Dtype::int32);
  for (std::size_t i = 0; i < count; ++i)
    t.data<std::int32_t>()[i] = static_cast<std::int32_t>(rng.integer(3));
  return Dataset(x.to(device), t.to(device));
}

Dataset batch(const Dataset& data, std::size_t i) {
  const std::size_t first = i * 7 % (data.size() - batch_size);
  return Dataset(data.x.slice(first, first + batch_size), data.t.slice(first, first + batch_size));
}

std::vector<double> parameters(const Link& model) {
  std::vector<double> all;
  for (const Parameter& parameter : model.params())
    for (const double value : values(parameter.data())) all.push_back(value);
  return all;
}

struct Result {
  std::vector<double> losses;
  std::vector<double> parameters;
  std::int64_t t;
};

// Trains for 12 steps, in which everything that may change does change.
template <class Rule>
Result train(Device device, Rule& optimizer, bool captured) {
  random::seed(3);
  const Dataset data = samples(100, device);
  const Array weights = Array({1.f, 2.f, 0.5f});
  Net model;
  model.to(device);
  optimizer.setup(model);
  auto& decay = optimizer.add_hook(WeightDecay(1e-3));
  optimizer.add_hook(GradientClipping(0.5));
  optimizer.add_hook(GradientNoise(0.01, 4));
  const auto step = [&](const Array& x, const Array& t) {
    Variable loss = softmax_cross_entropy(model(x), t, {.class_weight = weights});
    model.cleargrads();
    loss.backward();
    optimizer.update();
    return loss;
  };
  CapturedStep captured_step(step);
  Result result;
  for (std::size_t i = 0; i < 12; ++i) {
    decay.rate = 1e-3 * static_cast<double>(i);
    const auto [x, t] = batch(data, i);
    const Array loss = captured ? captured_step(x, t) : step(x, t).data();
    result.losses.push_back(loss.item());
  }
  CHECK(captured_step.is_captured() == (captured && !device.is_cpu()));
  result.parameters = parameters(model);
  result.t = optimizer.t();
  return result;
}

template <class Rule>
void check_captured_equals_eager(Device device) {
  Rule eager_rule, captured_rule;
  const Result eager = train(device, eager_rule, false);
  const Result captured = train(device, captured_rule, true);
  CHECK(captured.losses == eager.losses);
  CHECK(captured.parameters == eager.parameters);
  CHECK(captured.t == eager.t);
}

}  // namespace

TEST_CASE("a captured step is bit-equal to the step: dropout, clipping, noise, changing rates", "[gpu]") {
  on_every_device([](Device device) {
    check_captured_equals_eager<Adam>(device);
    check_captured_equals_eager<SGD>(device);
    check_captured_equals_eager<MomentumSGD>(device);
    check_captured_equals_eager<NesterovAG>(device);
    check_captured_equals_eager<AdaGrad>(device);
    check_captured_equals_eager<RMSprop>(device);
    check_captured_equals_eager<AdaDelta>(device);
  });
}

TEST_CASE("a captured step uses the current value of a hyperparameter", "[gpu]") {
  on_every_device([](Device device) {
    const Array gradient = Array::ones({4}, Dtype::float32, device);
    Net model;
    model.to(device);
    SGD optimizer({.lr = 0.5});
    optimizer.setup(model);
    const Parameter b = model.l2.b;
    const Array one = Array::ones({batch_size, 12}, Dtype::float32, device);
    CapturedStep step([&](const Array& x) {
      Variable y = sum(linear(x, model.l1.W, model.l1.b)) * 0 + sum(b);
      model.cleargrads();
      y.backward();
      optimizer.update();
      return y;
    });
    double expected = values(b.data())[0];
    for (int i = 0; i < 8; ++i) {
      optimizer.hyperparam.lr = i;
      step(one);
      expected -= i;
      CHECK(values(b.data())[0] == Approx(expected));
    }
  });
}

TEST_CASE("inputs of another shape run uncaptured, and the captured step stays usable", "[gpu]") {
  on_every_device([](Device device) {
    const auto run = [&](bool captured) {
      random::seed(8);
      const Dataset data = samples(90, device);
      Net model;
      model.to(device);
      Adam optimizer;
      optimizer.setup(model);
      const auto train_step = [&](const Array& x, const Array& t) {
        Variable loss = softmax_cross_entropy(model(x), t);
        model.cleargrads();
        loss.backward();
        optimizer.update();
        return loss;
      };
      CapturedStep step(train_step, {.warmup = 1});
      std::vector<double> losses;
      for (std::uint64_t epoch = 0; epoch < 3; ++epoch)  // batches of 20, the last one of 10
        for (auto [x, t] : Minibatches(data, {.batch_size = batch_size, .epoch = epoch}))
          losses.push_back(captured ? step(x, t).item() : train_step(x, t).item());
      return losses;
    };
    CHECK(run(true) == run(false));
  });
}

TEST_CASE("the most frequent shape is captured", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const Dataset data = samples(70, device);  // three batches of 20 and one of 10
    CapturedStep step([&](const Array& x, const Array&) { return sum(Variable(x)); });
    for (std::uint64_t epoch = 0; epoch < 2; ++epoch)
      for (auto [x, t] : Minibatches(data, {.batch_size = batch_size, .epoch = epoch})) {
        const double result = step(x, t).item();
        CHECK(step.is_captured() == (epoch == 1));
        CHECK(result == sum(Variable(x)).item());
      }
    const auto before = gpu::stats(device.index).launches;
    step(data.x.slice(0, batch_size), data.t.slice(0, batch_size));
    CHECK(gpu::stats(device.index).launches == before);
  });
}

TEST_CASE("inputs on two devices are not captured", "[gpu]") {
  on_every_device([](Device device) {
    std::size_t runs = 0;
    CapturedStep step([&](const Array& x, const Array& t) {
      ++runs;
      return sum(Variable(x)) * static_cast<double>(t.size());
    });
    const Array x = Array::ones({3}, Dtype::float32, device);
    for (int i = 0; i < 6; ++i) CHECK(step(x, Array({0, 1})).item() == 6);
    CHECK(runs == 6);
    CHECK_FALSE(step.is_captured());
  });
}

TEST_CASE("a captured step keeps what its kernels read and write", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const Caching on(true);
    Net model;
    model.to(device);
    const Array x = Array::ones({4, 12}, Dtype::float32, device);
    CapturedStep predict([&](const Array& in) {
      const NoBackprop off;
      return linear(in, model.l1.W, model.l1.b);
    });
    CapturedStep accumulate([&](const Array& in) {
      Variable y = sum(linear(in, model.l1.W, model.l1.b));
      y.backward();
      return y;
    });
    std::vector<double> expected;
    for (int i = 0; i < 5; ++i) {
      expected = values(predict(x));
      accumulate(x);
    }
    model.cleargrads();  // without the graph, the next arrays could reuse both
    Variable W = model.l1.W;
    W.set_data(Array::zeros(W.shape(), Dtype::float32, device));
    const Array others[] = {Array::full({16, 12}, 9, Dtype::float32, device),
                            Array::full({16, 12}, 9, Dtype::float32, device),
                            Array::full({16}, 9, Dtype::float32, device)};
    CHECK(values(predict(x)) == expected);
    accumulate(x);
    for (const Array& other : others) CHECK(values(other) == std::vector<double>(other.size(), 9));
  });
}

TEST_CASE("while a step is captured, other threads cannot use the device", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    std::string refusal;
    CapturedStep step(
        [&](const Array& in) {
          std::thread([&] {
            try {
              static_cast<void>(Array({1.f}).to(device));
            } catch (const Error& error) {
              refusal = error.what();
            }
          }).join();
          return sum(Variable(in));
        },
        {.warmup = 0});
    const Array x = Array::ones({3}, Dtype::float32, device);
    CHECK(step(x).item() == 3);
    CHECK(refusal == "cuda:0: another thread is capturing a step there");
    CHECK(Array({1.f}).to(device).item() == 1);
  });
}

TEST_CASE("steps are captured on a second device too", "[gpu]") {
  if (gpu::device_count() < 2) return;
  check_captured_equals_eager<Adam>(Device::cuda(1));
  const double first = Array({1.5f}).to(Device::cuda(0)).item();
  CHECK(first == 1.5);
}

TEST_CASE("a captured step allocates nothing and waits for nothing", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const Dataset data = samples(100, device);
    const Array weights = Array({1.f, 2.f, 0.5f});
    Net model;
    model.to(device);
    Adam optimizer;
    optimizer.setup(model);
    optimizer.add_hook(GradientClipping(1));
    const auto train_step = [&](const Array& x, const Array& t) {
      Variable loss = softmax_cross_entropy(model(x), t, {.class_weight = weights});
      model.cleargrads();
      loss.backward();
      optimizer.update();
      return loss;
    };
    const Caching on(true);
    CapturedStep captured(train_step);
    const auto check_steady = [&](const auto& step) {
      for (std::size_t i = 0; i < 6; ++i) step(i);
      const gpu::Stats before = gpu::stats(device.index);
      for (std::size_t i = 0; i < 50; ++i) step(i);
      const gpu::Stats after = gpu::stats(device.index);
      CHECK(after.system_allocations == before.system_allocations);
      CHECK(after.synchronizations == before.synchronizations);
    };
    check_steady([&](std::size_t i) {
      const auto [x, t] = batch(data, i);
      train_step(x, t);
    });
    check_steady([&](std::size_t i) {
      const auto [x, t] = batch(data, i);
      captured(x, t);
    });
    CHECK(captured.is_captured());
    // Three per linear layer in backward, and so on: a graph with missing kernels would be shorter.
    CHECK(captured.node_count() >= 15);
  });
}

TEST_CASE(
    "an operation that cannot be captured is an error that says what and where, and training can continue",
    "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const Dataset data = samples(100, device);
    Net model;
    model.to(device);
    SGD optimizer;
    optimizer.setup(model);
    std::size_t runs = 0;
    const auto [x, t] = batch(data, 0);
    const auto forward = [&](const Array& samples) {
      ++runs;
      return sum(model(samples));
    };
    CapturedStep reads([&](const Array& samples) {
      Variable y = forward(samples);
      y.item();
      return y;
    });
    for (int i = 0; i < 3; ++i) reads(x);
    CHECK_THROWS_WITH(reads(x), ContainsSubstring("reading from the device") &&
                                    ContainsSubstring("cannot be part of a captured step"));
    CHECK_FALSE(reads.is_captured());
    CHECK_FALSE(gpu::is_capturing());

    CapturedStep uploads(
        [&](const Array& samples) { return forward(samples) * Variable(Array({2.f}).to(device)); });
    for (int i = 0; i < 3; ++i) uploads(x);
    CHECK_THROWS_WITH(uploads(x), ContainsSubstring("a copy from the CPU"));

    class Peek : public Function {
     public:
      std::string name() const override { return "peek"; }
      Arrays forward_cpu(const Arrays& xs) override { return xs; }
      Arrays forward_gpu(const Arrays& xs) override {
        return {Array::scalar(xs[0].to_vector<float>()[0]).to(xs[0].device())};
      }
      Arrays backward_cpu(const Arrays&, const Arrays& gys) override { return gys; }
      Arrays backward_gpu(const Arrays&, const Arrays& gys) override { return gys; }
    };
    CapturedStep peeks([&](const Array& samples) { return apply<Peek>({forward(samples)}); });
    for (int i = 0; i < 3; ++i) peeks(x);
    CHECK_THROWS_WITH(peeks(x), ContainsSubstring("in forward of peek"));
    CHECK_THROWS_WITH(peeks(x), ContainsSubstring("in forward of peek"));  // it does not run half-captured

    const double before = sum(model(x)).item();
    Variable loss = softmax_cross_entropy(model(x), t);
    model.cleargrads();
    loss.backward();
    optimizer.update();
    CHECK(std::isfinite(loss.item()));
    CHECK(sum(model(x)).item() != before);
  });
}

TEST_CASE("a replay that throws has launched nothing", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const Dataset data = samples(100, device);
    Net model;
    model.to(device);
    Adam optimizer;
    optimizer.setup(model);
    CapturedStep step([&](const Array& x, const Array& t) {
      Variable loss = softmax_cross_entropy(model(x), t);
      model.cleargrads();
      loss.backward();
      optimizer.update();
      return loss;
    });
    const auto [x, t] = batch(data, 0);
    for (int i = 0; i < 5; ++i) step(x, t);
    const std::vector<double> before = parameters(model);
    optimizer.hyperparam.beta1 = 1.5;
    CHECK_THROWS_WITH(step(x, t), ContainsSubstring("Adam: beta1 must be in [0, 1), got 1.5"));
    CHECK(parameters(model) == before);
    CHECK(optimizer.t() == 5);
    optimizer.hyperparam.beta1 = 0.9;
    step(x, t);
    CHECK(parameters(model) != before);
    CHECK(optimizer.t() == 6);

    Net other;
    model.copyparams(other);  // only the values change: the arrays stay where they are
    step(x, t);
    Variable W = model.l1.W;
    W.set_data(W.data().copy());
    CHECK_THROWS_WITH(step(x, t),
                      ContainsSubstring("have been replaced or moved since the step was captured"));
  });
}

TEST_CASE("parameters that have been moved to another buffer since the capture are an error", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const auto check_refused = [&](const auto& flatten_again) {
      Net model;
      model.to(device);
      Adam optimizer;
      optimizer.setup(model);
      const Dataset data = samples(100, device);
      const auto [x, t] = batch(data, 0);
      CapturedStep step([&](const Array& in, const Array& labels) {
        Variable loss = softmax_cross_entropy(model(in), labels);
        model.cleargrads();
        loss.backward();
        optimizer.update();
        return loss;
      });
      for (int i = 0; i < 5; ++i) step(x, t);
      flatten_again(model, optimizer);
      const std::vector<double> before = parameters(model);
      CHECK_THROWS_WITH(step(x, t), ContainsSubstring("Adam: the parameters have been replaced or moved"));
      CHECK(parameters(model) == before);
    };
    check_refused([](Net& model, Adam& optimizer) { optimizer.setup(model); });
    check_refused([&](Net& model, Adam& optimizer) {
      model.to(Device::cpu());
      model.to(device);
      optimizer.state_arrays();
    });
    check_refused([](Net& model, Adam& optimizer) {
      Variable W = model.l1.W;
      W.set_data(W.data().copy());
      optimizer.update();
    });
    check_refused([](Net&, Adam& optimizer) {
      optimizer.hyperparam.amsgrad = true;
      optimizer.state_arrays();
    });
  });
}

TEST_CASE("memory released while a step is captured stays valid for its replays", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const Caching on(true);
    Array old = Array::full({1000}, 7, Dtype::float32, device);
    CapturedStep step(
        [&](const Array& x) {
          Array y = old.copy();
          old = {};
          const Array more = Array::full({1000}, 9, Dtype::float32, device);  // of the same size
          y.add(more);
          y.add(x);
          return y;
        },
        {.warmup = 0});
    const Array one = Array::ones({1000}, Dtype::float32, device);
    for (int i = 0; i < 3; ++i) CHECK(step(one).to_vector<float>() == std::vector<float>(1000, 17));
  });
}

TEST_CASE("arrays may outlive the captured step that made them, and its memory is reused", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const Caching on(true);
    const Array x = Array::full({1000}, 3, Dtype::float32, device);
    Array result;
    {
      CapturedStep step([&](const Array& in) { return Variable(in) * 2; }, {.warmup = 0});
      result = step(x);
      CHECK(step.node_count() == 1);
      const Array kept = result.copy();
      const Array other = Array::full({1000}, 5, Dtype::float32, device);
      step(other);
      CHECK(result.to_vector<float>() == std::vector<float>(1000, 10));  // the same memory
      CHECK(kept.to_vector<float>() == std::vector<float>(1000, 6));
    }
    // The memory is not reused while it is in use.
    const Array more = Array::full({1000}, 7, Dtype::float32, device);
    CHECK(result.to_vector<float>() == std::vector<float>(1000, 10));
    result = {};
    const std::size_t before = gpu::stats(device.index).system_allocations;
    for (int i = 0; i < 3; ++i) Array::empty({1000}, Dtype::float32, device);
    CHECK(gpu::stats(device.index).system_allocations == before);
  });
}

TEST_CASE("memory of arrays released while a step is captured is not reused outside of the step", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    gpu::set_caching(true);
    const auto full = [=](double value) { return Array::full({1000}, value, Dtype::float32, device); };
    Array shift = full(3);
    CapturedStep step(
        [&](const Array& x) {
          Variable y = (Variable(x) + Variable(shift)) * 2;
          shift = {};
          return y;
        },
        {.warmup = 0});
    const Array x = full(1);
    step(x);
    // More arrays of the same size than the step uses.
    std::vector<Array> others;
    for (int i = 0; i < 8; ++i) others.push_back(full(i));
    for (int replay = 0; replay < 2; ++replay)
      CHECK(step(x).to_vector<float>() == std::vector<float>(1000, 8));
    for (std::size_t i = 0; i < others.size(); ++i)
      CHECK(others[i].to_vector<float>() == std::vector<float>(1000, static_cast<float>(i)));
  });
}
