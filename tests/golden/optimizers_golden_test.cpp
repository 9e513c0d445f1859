// Twenty steps of every optimizer and hook against Chainer.
#include "tenbin/tenbin.h"
#include "tenbin/tests/golden/golden.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// The optimizer of a case with its hyperparameters, or null if the library has none of that name.
std::unique_ptr<Optimizer> make_optimizer(const GoldenCase& golden) {
  const auto number = [&](const char* name) { return golden.number(name); };
  if (golden.function == "SGD") return std::make_unique<SGD>(SGDOptions{.lr = number("lr")});
  if (golden.function == "MomentumSGD")
    return std::make_unique<MomentumSGD>(
        MomentumSGDOptions{.lr = number("lr"), .momentum = number("momentum")});
  if (golden.function == "AdaGrad")
    return std::make_unique<AdaGrad>(AdaGradOptions{.lr = number("lr"), .eps = number("eps")});
  if (golden.function == "RMSprop")
    return std::make_unique<RMSprop>(RMSpropOptions{.lr = number("lr"),
                                                    .alpha = number("alpha"),
                                                    .eps = number("eps"),
                                                    .eps_inside_sqrt = golden.flag("eps_inside_sqrt")});
  if (golden.function == "AdaDelta")
    return std::make_unique<AdaDelta>(AdaDeltaOptions{.rho = number("rho"), .eps = number("eps")});
  if (golden.function == "Adam" || golden.function == "AMSGrad" || golden.function == "AdaBound")
    return std::make_unique<Adam>(AdamOptions{.alpha = number("alpha"),
                                              .beta1 = number("beta1"),
                                              .beta2 = number("beta2"),
                                              .eps = number("eps"),
                                              .eta = number("eta"),
                                              .weight_decay_rate = number("weight_decay_rate"),
                                              .amsgrad = golden.flag("amsgrad"),
                                              .adabound = golden.flag("adabound"),
                                              .final_lr = number("final_lr"),
                                              .gamma = number("gamma")});
  return nullptr;
}

// Adds the hooks of `Name:argument:value/argument:value,...`; returns the name of the first unknown hook.
std::string add_hooks(Optimizer& optimizer, const GoldenCase& golden) {
  std::istringstream hooks(golden.option("hooks"));
  for (std::string hook; std::getline(hooks, hook, ',');) {
    const std::string name = hook.substr(0, hook.find(':'));
    const auto argument = [&](const std::string& argument_name) {
      const std::size_t at = hook.find(argument_name + ":");
      return std::stod(hook.substr(at + argument_name.size() + 1));
    };
    if (name == "WeightDecay") {
      optimizer.add_hook(WeightDecay{argument("rate")});
    } else if (name == "Lasso") {
      optimizer.add_hook(Lasso{argument("rate")});
    } else if (name == "GradientClipping") {
      optimizer.add_hook(GradientClipping{argument("threshold")});
    } else if (name == "GradientHardClipping") {
      optimizer.add_hook(GradientHardClipping{argument("lower_bound"), argument("upper_bound")});
    } else {
      return name;
    }
  }
  return "";
}

void check_trajectory(const GoldenCase& golden, const Array& actual, const Array& expected) {
  CHECK(actual.shape() == expected.shape());
  const double tolerance = golden.is_float32() ? 5e-6 : 1e-12;
  check_close(values(actual), values(expected), tolerance, golden.is_float32() ? 5e-6 : 1e-12);
}

struct Quadratic : Chain {
  Quadratic(const GoldenCase& golden, Device device)
      : w(param("w", golden.input("w0").to(device))), b(param("b", golden.input("b0").to(device))) {}
  Parameter w, b;
};

// grad = a (w - c), from the current w.
Array quadratic_gradient(const Array& w, const Array& a, const Array& c) {
  return (Variable(a) * (Variable(w.to(Device::cpu())) - c)).data().to(w.device());
}

void check_quadratic(const GoldenCase& golden, Optimizer& optimizer, Device device) {
  Quadratic model(golden, device);
  optimizer.setup(model);
  const Array w_trajectory = golden.output("w_traj"), b_trajectory = golden.output("b_traj");
  for (std::size_t step = 1; step < w_trajectory.shape()[0]; ++step) {
    model.cleargrads();
    model.w.set_grad(quadratic_gradient(model.w.data(), golden.input("aw"), golden.input("cw")));
    model.b.set_grad(quadratic_gradient(model.b.data(), golden.input("ab"), golden.input("cb")));
    optimizer.update();
    check_trajectory(golden, model.w.data(), w_trajectory.slice(step, step + 1).reshape(model.w.shape()));
    check_trajectory(golden, model.b.data(), b_trajectory.slice(step, step + 1).reshape(model.b.shape()));
  }
  check_trajectory(golden, model.w.grad(), golden.output("grad_after_w"));
  check_trajectory(golden, model.b.grad(), golden.output("grad_after_b"));
  std::size_t states = 0;
  for (const auto& [key, state] : optimizer.state_arrays()) {
    const std::string role = "state_" + key.substr(0, 1) + "_" + key.substr(key.find('/') + 1);
    if (key.find('/') == std::string::npos || !golden.has_output(role)) continue;
    INFO(role);
    check_trajectory(golden, state, golden.output(role));
    ++states;
  }
  std::size_t expected_states = 0;
  for (const auto& [role, key] : golden.outputs) expected_states += role.rfind("state_", 0) == 0 ? 1 : 0;
  CHECK(states == expected_states);
}

struct TinyMLP : Chain {
  TinyMLP(const GoldenCase& golden, Device device) {
    for (const char* name : {"l1W", "l1b", "l2W", "l2b", "l3W", "l3b"})
      param(name, golden.input(name).to(device));
  }
  Variable operator()(const Variable& x) const {
    const auto p = params();
    return linear(tanh(linear(relu(linear(x, p[0], p[1])), p[2], p[3])), p[4], p[5]);
  }
};

void check_mlp(const GoldenCase& golden, Optimizer& optimizer, Device device) {
  TinyMLP model(golden, device);
  optimizer.setup(model);
  const Array x = golden.input("x").to(device), t = golden.input("t").to(device);
  std::vector<double> losses;
  for (int step = 0; step < 20; ++step) {
    Variable loss = softmax_cross_entropy(model(x), t, {.class_weight = golden.input("class_weight")});
    losses.push_back(loss.item());
    model.cleargrads();
    loss.backward();
    optimizer.update();
  }
  check_close(losses, values(golden.output("losses")), 1e-12, golden.is_float32() ? 1e-5 : 1e-12);
  check_trajectory(golden, model(x).data(), golden.output("final_logits"));
  for (const auto& [name, parameter] : model.namedparams())
    check_trajectory(golden, parameter.data(), golden.output("final_" + name));
}

}  // namespace

TEST_CASE("golden: optimizers and hooks", "[gpu]") {
  run_golden("optimizers", 36, [](const GoldenCase& golden) -> LeftOut {
    LeftOut left_out;
    on_every_device([&](Device device) {
      const std::unique_ptr<Optimizer> optimizer = make_optimizer(golden);
      if (!optimizer) {
        left_out = golden.function + " is not one of our optimizers";
        return;
      }
      const std::string missing = add_hooks(*optimizer, golden);
      if (!missing.empty()) {
        left_out = missing + " is not one of our hooks";
      } else if (golden.id.rfind("quad", 0) == 0) {
        check_quadratic(golden, *optimizer, device);
      } else {
        check_mlp(golden, *optimizer, device);
      }
    });
    return left_out;
  });
}
