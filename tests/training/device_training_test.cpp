// Training on the GPU gives the numbers of training on the CPU within rounding.
#include "tenbin/cuda/captured_step.h"
#include "tenbin/tenbin.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// The model and the data of examples/fashion_mnist_lt.cpp.
struct Net : Chain {
  Linear l1 = link("l1", Linear(784, 256));
  Linear l2 = link("l2", Linear(256, 128));
  Linear l3 = link("l3", Linear(128, 10));
  Variable operator()(const Variable& x) const { return l3(relu(l2(relu(l1(x))))); }
};

Dataset long_tailed_fashion_mnist() {
  const FashionMnist data = load_fashion_mnist();
  const Dataset all(data.train.images, data.train.labels);
  const Dataset some = all.subset(long_tail_subset(all.t, long_tail_counts(6000, 10, 100)));
  const Array pixels = some.x.reshape({some.size(), 784}).astype(Dtype::float32);
  return Dataset((Variable(pixels) / 255).data(), some.t);
}

struct Run {
  std::vector<double> losses;
  std::vector<double> parameters;
};

Run train(const Dataset& data, Device device, bool captured) {
  random::seed(1);
  const Array weights = balanced_class_weight(data.t, 10);
  Net model;
  model.to(device);
  MomentumSGD optimizer({.lr = 0.05, .momentum = 0.9});
  optimizer.setup(model);
  optimizer.add_hook(GradientClipping(5));
  optimizer.add_hook(WeightDecay(5e-4));
  CapturedStep step(
      [&](const Array& x, const Array& t) {
        Variable loss = softmax_cross_entropy(model(x), t, {.class_weight = weights});
        model.cleargrads();
        loss.backward();
        optimizer.update();
        return loss;
      },
      {.warmup = captured ? 3 : std::numeric_limits<std::size_t>::max()});
  Run run;
  const Minibatches batches(data, {.batch_size = 128, .epoch = 0});
  for (std::size_t i = 0; i < 20; ++i) {
    const auto [x, t] = batches[i];
    run.losses.push_back(step(x.to(device), t.to(device)).item());
  }
  for (const Parameter& parameter : model.params())
    for (const double value : values(parameter.data())) run.parameters.push_back(value);
  return run;
}

}  // namespace

TEST_CASE("twenty steps of the Fashion-MNIST-LT model on a GPU are the CPU's within rounding", "[gpu]") {
  const Dataset data = long_tailed_fashion_mnist();
  const Run expected = train(data, Device::cpu(), false);
  CHECK(expected.losses.back() < expected.losses.front());
  on_every_device([&](Device device) {
    const Run run = train(data, device, false);
    check_close(run.losses, expected.losses, 0, 2e-5);
    check_close(run.parameters, expected.parameters, 2e-6, 1e-5);
    const Run captured = train(data, device, true);
    CHECK(captured.losses == run.losses);
    CHECK(captured.parameters == run.parameters);
  });
}

TEST_CASE("an invalid label is reported at the next read, changes nothing, and training continues", "[gpu]") {
  on_every_device([](Device device) {
    random::seed(2);
    Linear model(5, 3);
    model.to(device);
    Adam optimizer;
    optimizer.setup(model);
    const Array x = random::Generator(1).normal({4, 5}).to(device);
    const Array good = Array({0, 1, 2, 1}).to(device);
    const Array bad = Array({0, 1, 7, -3}).to(device);
    const auto step = [&](const Array& t) {
      Variable loss = softmax_cross_entropy(model(x), t);
      model.cleargrads();
      loss.backward();
      optimizer.update();
      return loss;
    };
    step(good);
    const std::vector<double> before = values(model.W.data());
    const std::string text =
        "softmax_cross_entropy: t[2] is 7, expected a label in [0, 3) or ignore_label -1";
    if (device.is_cpu()) {
      CHECK_THROWS_WITH(step(bad), text);
    } else {
      const Variable loss = step(bad);
      step(good);  // an update between the error and the read must not happen either
      CHECK_THROWS_WITH(loss.item(), text);
    }
    CHECK(values(model.W.data()) == before);
    const double loss = step(good).item();
    CHECK(std::isfinite(loss));
    CHECK(values(model.W.data()) != before);
  });
}
