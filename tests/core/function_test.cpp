// The inputs and results of a Function, and the errors if they are invalid.
#include "tenbin/core/function.h"

#include <cmath>
#include <limits>

#include "tenbin/core/config.h"
#include "tenbin/cuda/runtime.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/tests/core/custom_function.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("an array that was not retained has its shape and dtype in backward, if another was retained") {
  const Variable x(Array{{1.f, 2.f}});
  const Variable z(Array{1.0});
  Variable y = call(
      "probe", {x, z},
      [](Custom& self, const Arrays& xs) {
        self.retain_inputs({1});
        return Arrays{xs[1].copy()};
      },
      [&](Custom& self, const Arrays& xs, const Arrays&) {
        CHECK_FALSE(xs[0]);
        const Array gx = self.new_gradient(0, xs[0]);
        CHECK(gx.shape() == Shape{1, 2});
        CHECK(gx.dtype() == Dtype::float32);
        return Arrays{gx, Array()};
      })[0];
  y.backward();
  CHECK(x.grad());
}

TEST_CASE("an array that was not retained is empty in backward") {
  const Variable x(Array{1.0});
  const Variable z(Array{1.0});
  bool first = true;
  bool second = false;
  Variable y = call(
      "probe", {x, z},
      [](Custom& self, const Arrays& xs) {
        self.retain_inputs({1});
        return Arrays{xs[0].copy()};
      },
      [&](Custom& self, const Arrays& xs, const Arrays&) {
        first = static_cast<bool>(xs[0]);
        second = static_cast<bool>(xs[1]);
        CHECK_THROWS_WITH(self.retained_output(0), "probe: output 0 was not retained in forward");
        return Arrays{Array(), Array()};
      })[0];
  y.backward();
  CHECK_FALSE(first);
  CHECK(second);
  CHECK_FALSE(x.grad());
}

TEST_CASE("a function knows in forward whether backward may follow") {
  bool known = false;
  const auto forward = [&](Custom& self, const Arrays& xs) {
    known = self.may_run_backward();
    return Arrays{xs[0].copy()};
  };
  const auto backward = [](Custom&, const Arrays&, const Arrays& gys) { return gys; };
  const Variable x(Array{1.0});
  const Variable constant(Array{1.0}, false);
  call("probe", {x, constant}, forward, backward);
  CHECK(known);
  call("probe", {constant, constant}, forward, backward);
  CHECK_FALSE(known);
  Custom alone("probe", forward, backward);
  alone.forward({x.data()});
  CHECK(known);
  const NoBackprop off;
  call("probe", {x, constant}, forward, backward);
  CHECK_FALSE(known);
  Custom another("probe", forward, backward);
  another.forward({x.data()});
  CHECK_FALSE(known);
}

TEST_CASE("a function refuses invalid inputs", "[gpu]") {
  const auto copy = [](Custom&, const Arrays& xs) { return Arrays{xs[0].copy()}; };
  const auto pass = [](Custom&, const Arrays&, const Arrays& gys) { return Arrays{gys[0]}; };
  const Variable x(Array{1.0});
  CHECK_THROWS_WITH(call("f", {}, copy, pass), "f: needs at least one input");
  CHECK_THROWS_WITH(call("f", {x, Variable()}, copy, pass), "f: input 1 is an empty Variable");
  const std::string none = " is empty: an uninitialised parameter, or a Variable of an empty Array";
  CHECK_THROWS_WITH(call("f", {x, Variable(Array())}, copy, pass), "f: input 1" + none);
  CHECK_THROWS_WITH(call("f", {Variable(Array()).set_name("W")}, copy, pass),
                    "f: input 0, parameter W," + none);
  CHECK_THROWS_WITH(Custom("f", copy, pass).forward({x.data(), Array()}), "f: input 1 is an empty Array");
  const auto nothing = [](Custom&, const Arrays&) { return Arrays(); };
  CHECK_THROWS_WITH(call("f", {x}, nothing, pass), "f: forward returned no outputs");
  CHECK_THROWS_WITH(apply<Custom>({x}, "f", nothing, pass), "f: forward returned no outputs");

  const Reference<Function> function(new Custom("f", copy, pass));
  function->apply({x});
  CHECK_THROWS_WITH(function->apply({x}), "f: a Function object is applied once");

  if (!gpu::is_available()) return;
  CHECK_THROWS_WITH(call("f", {x, Array{1.0}.to(Device::cuda(0))}, copy, pass),
                    "f: inputs on cpu and cuda:0");
}

TEST_CASE("backward's gradients are checked") {
  const Variable x(Array{1.0, 2.0});
  const auto returning = [&](Arrays gxs) {
    Variable y = call(
        "f", {x}, [](Custom&, const Arrays&) { return Arrays{Array{0.0}}; },
        [gxs](Custom&, const Arrays&, const Arrays&) { return gxs; })[0];
    y.backward();
  };
  CHECK_THROWS_WITH(returning({}), "f: backward returned 0 gradients for 1 inputs");
  CHECK_THROWS_WITH(returning({Array{1.0, 1.0}, Array()}), "f: backward returned 2 gradients for 1 inputs");
  CHECK_THROWS_WITH(returning({Array{1.0}}),
                    "f: backward returned the gradient float64(1) for input 0, float64(2)");
  CHECK_THROWS_WITH(returning({Array{1.f, 1.f}}),
                    "f: backward returned the gradient float32(2) for input 0, float64(2)");
  CHECK_FALSE(x.grad());
  returning({Array()});
  CHECK_FALSE(x.grad());
  returning({Array{1.0, 1.0}});
  CHECK(x.grad());
}

TEST_CASE("backward keeps no gradient of a constant, and a function may leave one out") {
  const auto forward = [](Custom&, const Arrays& xs) { return Arrays{xs[0].copy()}; };
  for (const bool both : {true, false}) {
    CAPTURE(both);
    Variable x(Array{1.0}, true), y(Array{2.0}, true), constant(Array{3.0}, false);
    call("custom", {x, y, constant}, forward,
         [both](Custom&, const Arrays&, const Arrays& gys) {
           return Arrays{gys[0].copy(), both ? gys[0].copy() : Array(), gys[0].copy()};
         })[0]
        .backward();
    CHECK(x.grad().item() == 1);
    CHECK(static_cast<bool>(y.grad()) == both);
    CHECK_FALSE(constant.grad());
  }
}

TEST_CASE("DebugMode names the function that makes a NaN") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Variable x(Array{1.0, 0.0});
  const auto f = [&](bool forward, bool backward) {
    Variable y = call(
        "f", {x}, [=](Custom&, const Arrays&) { return Arrays{Array{forward ? nan : 1.0}}; },
        [=](Custom&, const Arrays&, const Arrays&) {
          return Arrays{Array{0.0, backward ? nan : 1.0}};
        })[0];
    y.backward();
  };
  f(true, true);  // without the mode there is no check
  const DebugMode debug;
  f(false, false);
  CHECK_THROWS_WITH(f(true, false), "f: NaN in output 0, float64(1)");
  CHECK_THROWS_WITH(f(false, true), "f: NaN in gradient 0, float64(2)");
}

TEST_CASE("DebugMode finds a NaN wherever it is, on every device", "[gpu]") {
  on_every_device([](Device device) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64})
      for (const std::size_t place : {0u, 599u}) {
        CAPTURE(dtype, place);
        std::vector<double> numbers(600, 1.0);
        const Variable good(Array(numbers).astype(dtype).to(device));
        numbers[place] = std::numeric_limits<double>::quiet_NaN();
        const Variable bad(Array(numbers).astype(dtype).to(device));
        CHECK(std::isnan(values(relu(bad).data())[place]));
        const DebugMode debug;
        CHECK(values(relu(good).data()) == std::vector<double>(600, 1.0));
        CHECK_THROWS_WITH(relu(bad), ContainsSubstring("relu: NaN in output 0, "));
      }
  });
}

TEST_CASE("of more than 64 inputs, only the first 64 can be retained one by one") {
  const auto retain = [](std::size_t index) {
    Variables inputs;
    for (int i = 0; i < 65; ++i) inputs.emplace_back(Array{1.0});
    call(
        "probe", inputs,
        [index](Custom& self, const Arrays& xs) {
          self.retain_inputs({index});
          return Arrays{xs[0].copy()};
        },
        [](Custom&, const Arrays&, const Arrays&) { return Arrays(); });
  };
  retain(63);
  CHECK_THROWS_WITH(retain(64), "probe: only the first 64 arrays can be retained one by one");
}

TEST_CASE("a function's inputs") {
  const Variable x(Array{{1.f, 2.f}});
  const Variable w(Array{{3.f, 4.f}});
  const Variable y = relu(relu(x) * w);
  const Variables inputs = y.creator()->inputs();
  REQUIRE(inputs.size() == 1);
  CHECK(inputs[0].shape() == Shape{1, 2});
  CHECK(inputs[0].dtype() == Dtype::float32);
  CHECK_FALSE(inputs[0].data());  // its last handle is gone, and asking for it does not bring it back
  const Variables factors = inputs[0].creator()->inputs();
  REQUIRE(factors.size() == 2);
  CHECK(factors[1].id() == w.id());
  CHECK(factors[1].data().data<float>() == w.data().data<float>());
  CHECK(factors[0].id() != w.id());
  CHECK(factors[0].creator()->inputs()[0].id() == x.id());
  CHECK(Variable().id() == nullptr);

  Variable z = y;
  z.unchain_backward();
  CHECK(z.creator() == nullptr);
}

TEST_CASE("reading the inputs of a function does not change what backward computes") {
  const Variable x(Array{3.f});
  Variable y = relu(x) * 2.f;
  { const Variables inputs = y.creator()->inputs(); }
  y.backward();
  CHECK(x.grad().item() == 2);
}
