// Variables and functions: backward through the graph, ownership, errors, and deep graphs.
#include <pthread.h>

#include <cmath>
#include <functional>
#include <limits>
#include <new>
#include <thread>

#include "tenbin/core/config.h"
#include "tenbin/core/function.h"
#include "tenbin/core/random.h"
#include "tenbin/cuda/runtime.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/math/sum.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/memory_use.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

class Custom;
using Forward = std::function<Arrays(Custom&, const Arrays&)>;
using Backward = std::function<Arrays(Custom&, const Arrays&, const Arrays&)>;

// A function whose forward and backward are written where it is used.
class Custom : public Function {
 public:
  Custom(std::string name, Forward forward, Backward backward)
      : name_(std::move(name)), forward_(std::move(forward)), backward_(std::move(backward)) {}

  std::string name() const override { return name_; }
  Arrays forward_cpu(const Arrays& xs) override { return forward_(*this, xs); }
  Arrays forward_gpu(const Arrays&) override { throw Error(name(), ": for the CPU only"); }
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override { return backward_(*this, xs, gys); }
  Arrays backward_gpu(const Arrays&, const Arrays&) override { throw Error(name(), ": for the CPU only"); }

  using Function::needs_grad;
  using Function::new_gradient;
  using Function::retain_inputs;
  using Function::retain_outputs;
  using Function::retained_output;

 private:
  std::string name_;
  Forward forward_;
  Backward backward_;
};

Variables call(const std::string& name, const Variables& inputs, Forward forward, Backward backward) {
  const Reference<Function> function(new Custom(name, std::move(forward), std::move(backward)));
  return function->apply(inputs);
}

// `f` of pairs of float64 elements.
Array map(const Array& a, const Array& b, const std::function<double(double, double)>& f) {
  Array y = Array::empty_like(a);
  for (std::size_t i = 0; i < a.size(); ++i)
    y.data<double>()[i] = f(a.data<double>()[i], b.data<double>()[i]);
  return y;
}

// Passes its input and the gradient on unchanged: input and output share memory.
Variable identity(const Variable& x, const std::string& name = "identity",
                  std::vector<std::string>* log = nullptr) {
  return call(
      name, {x},
      [](Custom& self, const Arrays& xs) {
        self.retain_inputs({});
        return Arrays{xs[0]};
      },
      [name, log](Custom&, const Arrays&, const Arrays& gys) {
        if (log != nullptr) log->push_back(name);
        return Arrays{gys[0]};
      })[0];
}

// Returns one array as both gradients.
Variable add(const Variable& a, const Variable& b, const std::string& name = "add",
             std::vector<std::string>* log = nullptr) {
  return call(
      name, {a, b},
      [](Custom& self, const Arrays& xs) {
        self.retain_inputs({});
        return Arrays{map(xs[0], xs[1], std::plus<>())};
      },
      [name, log](Custom&, const Arrays&, const Arrays& gys) {
        if (log != nullptr) log->push_back(name);
        return Arrays{gys[0], gys[0]};
      })[0];
}

Variable multiply(const Variable& a, const Variable& b) {
  return call(
      "multiply", {a, b},
      [](Custom&, const Arrays& xs) { return Arrays{map(xs[0], xs[1], std::multiplies<>())}; },
      [](Custom& self, const Arrays& xs, const Arrays& gys) {
        const auto times = [&](std::size_t input, const Array& other) {
          return self.needs_grad(input) ? map(gys[0], other, std::multiplies<>()) : Array();
        };
        return Arrays{times(0, xs[1]), times(1, xs[0])};
      })[0];
}

// The outputs a cos b and a sin b.
Variables polar(const Variable& a, const Variable& b) {
  const auto part = [](const Array& r, const Array& angle, double (*f)(double)) {
    return map(r, angle, [f](double x, double y) { return x * f(y); });
  };
  return call(
      "polar", {a, b},
      [part](Custom& self, const Arrays& xs) {
        Arrays ys = {part(xs[0], xs[1], std::cos), part(xs[0], xs[1], std::sin)};
        self.retain_inputs({1});
        self.retain_outputs({0, 1});
        return ys;
      },
      [part](Custom& self, const Arrays& xs, const Arrays& gys) {
        Array ga = Array::zeros_like(xs[1]);
        Array gb = Array::zeros_like(xs[1]);
        if (gys[0]) {
          ga.add(part(gys[0], xs[1], std::cos));
          gb.add(map(gys[0], self.retained_output(1), [](double g, double y) { return -g * y; }));
        }
        if (gys[1]) {
          ga.add(part(gys[1], xs[1], std::sin));
          gb.add(map(gys[1], self.retained_output(0), std::multiplies<>()));
        }
        return Arrays{ga, gb};
      });
}

double gradient(const Variable& x) { return x.grad().item(); }

void check_no_graph_is_left() {
  CHECK(graph_stats().nodes == 0);
  CHECK(graph_stats().functions == 0);
}

}  // namespace

TEST_CASE("backward starts from 1 and leaves accumulate") {
  const Variable x(Array{3.0});
  Variable y = multiply(x, x);
  CHECK(y.item() == 9);
  y.backward();
  CHECK(gradient(x) == 6);
  CHECK(gradient(y) == 1);
  y.backward();
  CHECK(gradient(x) == 12);
  CHECK(gradient(y) == 1);
  multiply(x, x).backward();
  CHECK(gradient(x) == 18);
  Variable(x).cleargrad();
  CHECK_FALSE(x.grad());
  y.backward();
  CHECK(gradient(x) == 6);
}

TEST_CASE("gradients of intermediates are those of the last backward") {
  const Variable x(Array{2.0});
  const Variable h = multiply(x, x);
  Variable y = multiply(h, h);
  y.backward(true);
  CHECK(gradient(h) == 8);
  CHECK(gradient(x) == 32);
  y.backward(true);
  CHECK(gradient(h) == 8);
  CHECK(gradient(x) == 64);
  y.backward();
  CHECK_FALSE(h.grad());
  CHECK(gradient(x) == 96);
  // A gradient left by another graph's backward is not used.
  const Variable a = multiply(x, x);
  Variable(multiply(a, a)).backward(true);
  Variable z = multiply(a, h);
  z.backward(true);
  CHECK(gradient(a) == 4);
}

TEST_CASE("a variable with a gradient set starts from it") {
  const Variable x(Array{1.0, 2.0});
  Variable y = multiply(x, x);
  CHECK_THROWS_WITH(y.backward(),
                    "backward: variable float64(2) has no gradient to start from; only a variable of one "
                    "element starts from 1: call set_grad");
  y.set_grad(Array{10.0, 100.0});
  y.backward();
  CHECK(values(x.grad()) == std::vector<double>{20, 400});
  CHECK_THROWS_WITH(y.set_grad(Array{1.0}),
                    "Variable::set_grad: the gradient is float64(1) for a variable float64(2)");
  CHECK_THROWS_WITH(y.set_grad(Array{1.f, 2.f}),
                    "Variable::set_grad: the gradient is float32(2) for a variable float64(2)");
  y.set_grad({});
  CHECK_FALSE(y.grad());
}

TEST_CASE("backward of a Variable that depends on no leaf is an error") {
  CHECK_THROWS_WITH(Variable(Array{1.0}, false).backward(),
                    "backward: variable float64(1) depends on nothing that requires a gradient (constants, "
                    "or NoBackprop): `Variable w = array` makes a constant, `Variable w(array)` a leaf");
  const Variable w = Array{1.0, 2.0};
  CHECK_THROWS_WITH(sum(add(w, w)).backward(), ContainsSubstring("`Variable w = array` makes a constant"));
  CHECK_THROWS_WITH(Variable(Array{1}).set_name("t").backward(),
                    ContainsSubstring("backward: variable t int32(1) depends on nothing"));
  Variable y = identity(Variable(Array{1.0}, false));
  CHECK(y.creator() == nullptr);
  CHECK_THROWS_AS(y.backward(), Error);
  Variable leaf(Array{1.0});
  leaf.backward();
  CHECK(gradient(leaf) == 1);
}

TEST_CASE("random graphs agree with forward-mode derivatives") {
  constexpr std::size_t leaf_count = 3;
  struct Dual {
    double value = 0;
    double tangent[leaf_count] = {};
  };
  const auto chain = [](double value, double da, const Dual& a, double db, const Dual& b) {
    Dual y{value};
    for (std::size_t i = 0; i < leaf_count; ++i) y.tangent[i] = da * a.tangent[i] + db * b.tangent[i];
    return y;
  };
  random::Generator random(11);
  for (int graph = 0; graph < 200; ++graph) {
    CAPTURE(graph);
    std::vector<Variable> variables;
    std::vector<Dual> duals;
    for (std::size_t i = 0; i < leaf_count; ++i) {
      duals.push_back({random.uniform({}, -1, 1, Dtype::float64).item()});
      duals.back().tangent[i] = 1;
      variables.emplace_back(Array::scalar(duals.back().value, Dtype::float64));
    }
    for (int step = 0; step < 30; ++step) {
      const std::size_t i = random.integer(variables.size());
      const std::size_t j = random.integer(variables.size());  // sometimes the same variable twice
      const Variable a = variables[i];
      const Variable b = variables[j];
      const Dual da = duals[i];
      const Dual db = duals[j];
      switch (random.integer(4)) {
        case 0:
          variables.push_back(add(a, b));
          duals.push_back(chain(da.value + db.value, 1, da, 1, db));
          break;
        case 1:
          variables.push_back(identity(a));
          duals.push_back(da);
          break;
        default: {
          const Variables parts = polar(a, b);
          const double c = std::cos(db.value);
          const double s = std::sin(db.value);
          variables.push_back(parts[0]);
          duals.push_back(chain(da.value * c, c, da, -da.value * s, db));
          if (random.integer(2) == 0) break;  // the other output is not used and is destroyed
          variables.push_back(parts[1]);
          duals.push_back(chain(da.value * s, s, da, da.value * c, db));
        }
      }
    }
    Variable y = multiply(variables.back(), variables[variables.size() - 2]);
    const Dual& p = duals.back();
    const Dual& q = duals[duals.size() - 2];
    const Dual expected = chain(p.value * q.value, q.value, p, p.value, q);
    REQUIRE(y.item() == Approx(expected.value).epsilon(1e-12));
    if (random.integer(2) == 0) variables.resize(leaf_count);  // the graph keeps the others alive
    y.backward();
    for (std::size_t i = 0; i < leaf_count; ++i) {
      const double got = variables[i].grad() ? gradient(variables[i]) : 0;
      CHECK(std::abs(got - expected.tangent[i]) <= 1e-9 * (1 + std::abs(expected.tangent[i])));
    }
  }
  check_no_graph_is_left();
}

TEST_CASE("functions run once each, in Chainer's order") {
  std::vector<std::string> log;
  const Variable x(Array{1.0});
  SECTION("equal ranks: the first discovered, whatever was made first") {
    const Variable b = identity(x, "b", &log);
    const Variable a = identity(x, "a", &log);
    const Variable c = identity(x, "c", &log);
    add(add(a, b, "ab", &log), c, "abc", &log).backward();
    CHECK(log == std::vector<std::string>{"abc", "ab", "c", "a", "b"});
  }
  SECTION("a higher rank first") {
    const Variable shallow = identity(x, "shallow", &log);
    const Variable deep = identity(identity(x, "deep0", &log), "deep1", &log);
    add(shallow, deep, "top", &log).backward();
    CHECK(log == std::vector<std::string>{"top", "deep1", "shallow", "deep0"});
  }
  SECTION("a diamond waits for all its gradients") {
    const Variable h = identity(x, "h", &log);
    const Variable left = identity(h, "left", &log);
    const Variable right = identity(identity(h, "right0", &log), "right1", &log);
    add(left, add(right, h, "inner", &log), "outer", &log).backward();
    CHECK(std::count(log.begin(), log.end(), "h") == 1);
    CHECK(log.back() == "h");
    CHECK(gradient(x) == 3);
    CHECK(log.size() == 6);
  }
  SECTION("a diamond of diamonds is swept in linear time") {
    Variable h = x;
    for (int i = 0; i < 100; ++i) h = add(h, h, "double", &log);
    h.backward();
    CHECK(log.size() == 100);
    CHECK(gradient(x) == std::ldexp(1., 100));
  }
}

TEST_CASE("a leaf owns its gradient") {
  const Variable a(Array{1.0});
  const Variable b(Array{2.0});
  const Variable c(Array{3.0});
  Variable y = add(add(a, b), identity(c));  // only shared gradients
  y.backward();
  const Variables owners = {a, b, c, y};
  for (std::size_t i = 0; i < owners.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) CHECK_FALSE(owners[i].grad().shares_memory_with(owners[j].grad()));
  Array writable = a.grad();
  writable.data<double>()[0] = 50;
  CHECK(gradient(a) == 50);
  CHECK(gradient(b) == 1);
  y.backward();  // accumulates in place, without writing into other arrays' memory
  CHECK(gradient(a) == 51);
  CHECK(gradient(b) == 2);
  CHECK(gradient(y) == 1);

  const Array mine = {5.0};
  Variable leaf(Array{1.0});
  leaf.set_grad(mine);
  identity(leaf).backward();
  CHECK(gradient(leaf) == 6);
  CHECK(mine.item() == 5);

  Variable z = add(a, b);
  const Array seed = {7.0};
  z.set_grad(seed);
  z.backward();
  CHECK(seed.item() == 7);
  CHECK_FALSE(a.grad().shares_memory_with(seed));
}

TEST_CASE("an intermediate's shared gradient is summed without harm to others") {
  const Variable x(Array{1.0});
  const Variable h = identity(x);
  const Variable k = identity(x);
  // h gets one array from two functions that also pass it to k.
  Variable y = add(add(h, k), add(h, k));
  y.backward(true);
  CHECK(gradient(h) == 2);
  CHECK(gradient(k) == 2);
  CHECK(gradient(y) == 1);
  CHECK(gradient(x) == 4);
}

TEST_CASE("constants and integers collect no gradient") {
  const Variable x(Array{2.0});
  const Variable constant = Array{3.0};
  const Variable integers(Array{1});
  const Variable frozen(Array{5.0}, false);
  CHECK_FALSE(constant.requires_grad());
  CHECK_FALSE(integers.requires_grad());
  multiply(x, multiply(constant, frozen)).backward();
  CHECK(gradient(x) == 15);
  CHECK_FALSE(frozen.grad());
  CHECK_FALSE(integers.grad());
}

TEST_CASE("the error for the gradient of a constant says how to make a leaf") {
  Variable w = Array{3.0};
  w.set_name("w");
  const std::string hint =
      ": variable w float64(1) is a constant, because `Variable w = array` makes one; write `Variable "
      "w(array)` for a leaf that collects a gradient";
  CHECK_THROWS_WITH(w.grad(), "Variable::grad" + hint);
  CHECK_THROWS_WITH(w.set_grad(Array{1.0}), "Variable::set_grad" + hint);
  CHECK_THROWS_WITH(w.backward(), "Variable::backward" + hint);
  const Variable same = w;
  CHECK_THROWS_WITH(same.grad(), "Variable::grad" + hint);
  w.cleargrad();
  CHECK(w.item() == 3);
  const auto returned = [](const Array& array) -> Variable { return array; };
  CHECK_THROWS_AS(returned(Array{1.0}).grad(), Error);

  // Integers never collect a gradient, whatever the constructor's argument says.
  const Variable labels = Array{0, 1};
  CHECK_FALSE(labels.grad());
  // No hint for a variable that was explicitly made a constant.
  CHECK_FALSE(Variable(Array{1.0}, false).grad());
}

TEST_CASE("every use of an empty Variable names the call") {
  Variable moved_from(Array{1.0});
  const Variable there = std::move(moved_from);
  for (const Variable& empty : {Variable(), moved_from}) {  // NOLINT(bugprone-use-after-move)
    const auto message = [](const std::string& call) {
      return "Variable::" + call + ": the Variable is empty (default-constructed or moved from)";
    };
    Variable v = empty;
    CHECK_THROWS_WITH(v.data(), message("data"));
    CHECK_THROWS_WITH(v.set_data(Array{1.0}), message("set_data"));
    CHECK_THROWS_WITH(v.grad(), message("grad"));
    CHECK_THROWS_WITH(v.set_grad(Array{1.0}), message("set_grad"));
    CHECK_THROWS_WITH(v.set_grad({}), message("set_grad"));
    CHECK_THROWS_WITH(v.cleargrad(), message("cleargrad"));
    CHECK_THROWS_WITH(v.shape(), message("shape"));
    CHECK_THROWS_WITH(v.ndim(), message("ndim"));
    CHECK_THROWS_WITH(v.size(), message("size"));
    CHECK_THROWS_WITH(v.dtype(), message("dtype"));
    CHECK_THROWS_WITH(v.device(), message("device"));
    CHECK_THROWS_WITH(v.item(), message("item"));
    CHECK_THROWS_WITH(v.requires_grad(), message("requires_grad"));
    CHECK_THROWS_WITH(v.name(), message("name"));
    CHECK_THROWS_WITH(v.set_name("v"), message("set_name"));
    CHECK_THROWS_WITH(v.creator(), message("creator"));
    CHECK_THROWS_WITH(v.backward(), message("backward"));
    CHECK_THROWS_WITH(v.unchain_backward(), message("unchain_backward"));
    CHECK_THROWS_WITH(relu(v), "relu: input 0 is an empty Variable");
    v = there;
    CHECK(v.item() == 1);
  }
}

TEST_CASE("the error for a missing gradient names the variable") {
  Variable x(Array{1.0, 2.0});
  x.set_name("x");
  CHECK_FALSE(x.grad());
  const std::string none = ": the gradient of variable x float64(2) is none: no backward has reached it";
  CHECK_THROWS_WITH(x.grad().data<double>(), "Array::data" + none);
  CHECK_THROWS_WITH(x.grad().item(), "Array::item" + none);
  CHECK_THROWS_WITH(x.grad().to_vector<double>(), "Array::to_vector" + none);
  CHECK_THROWS_WITH(Variable(Array{1.0}).grad().item(),
                    "Array::item: the gradient of variable float64(1) is none: no backward has reached it");
  x.set_grad(Array{1.0, 1.0});
  CHECK(x.grad().at(1) == 1);
  x.cleargrad();
  CHECK_THROWS_WITH(x.grad().at(1), "Array::at" + none);
  CHECK_THROWS_WITH(Variable(Array{1.0}, false).grad().item(),
                    "Array::item: the gradient of variable float64(1) is none: it does not require one");
  // A copy is an ordinary array.
  const Array copy = x.grad();
  CHECK_THROWS_WITH(copy.item(), ContainsSubstring("Array::item: the array is none ("));
}

TEST_CASE("arrays that backward reads must not be changed in place after forward") {
  const std::string in_place =
      ", was changed in place since forward (an update, load_npz or copyparams); run forward again";
  Variable a(Array{1.0, 2.0});
  Variable b(Array{3.0, 4.0});
  b.set_name("b");
  Array data = b.data();
  Variable y = multiply(a, b);
  y.set_grad(Array{1.0, 1.0});
  SECTION("assign") { data.assign(Array{0.0, 0.0}); }
  SECTION("fill") { data.fill(0); }
  SECTION("add") { data.add(Array{1.0, 1.0}); }
  SECTION("a part of it") { data.slice(1, 2).fill(0); }
  SECTION("through a pointer, after mark_changed") {
    data.data<double>()[0] = 5;
    data.mark_changed();
  }
  CHECK_THROWS_WITH(y.backward(), "multiply: backward: input 1, variable b float64(2)" + in_place);
  CHECK_FALSE(a.grad());
  CHECK_FALSE(b.grad());
  // After another forward, backward works.
  Variable z = multiply(a, b);
  z.set_grad(Array{1.0, 1.0});
  z.backward();
  CHECK(values(a.grad()) == values(b.data()));
  CHECK(values(b.grad()) == std::vector<double>{1, 2});
}

TEST_CASE("arrays that no function has retained may be changed in place") {
  Variable a(Array{1.0, 2.0});
  Variable b(Array{3.0, 4.0});
  SECTION("not retained") {
    Variable y = add(a, b);
    Array(b.data()).fill(0);
    y.set_grad(Array{1.0, 1.0});
    y.backward();
    CHECK(values(b.grad()) == std::vector<double>{1, 1});
  }
  SECTION("changed before, and replaced afterwards") {
    Array(b.data()).fill(5);
    Variable y = multiply(a, b);
    b.set_data(Array{100.0, 100.0});
    Array(b.data()).fill(7);
    y.set_grad(Array{1.0, 1.0});
    y.backward();
    CHECK(values(a.grad()) == std::vector<double>{5, 5});
  }
  SECTION("gradients that accumulate, and are cleared, set and added to") {
    Variable y = multiply(a, b);
    y.set_grad(Array{1.0, 1.0});
    for (int i = 0; i < 3; ++i) y.backward();
    Array(a.grad()).add(Array{1.0, 1.0});
    y.backward();
    CHECK(values(a.grad()) == std::vector<double>{13, 17});
  }
  SECTION("without a graph there is no check") {
    const NoBackprop off;
    const Variable y = multiply(a, b);
    Array(b.data()).fill(0);
    CHECK(values(y.data()) == std::vector<double>{3, 8});
  }
}

TEST_CASE("an output that backward reads must not be changed in place either") {
  const Variable x(Array{1.0, -2.0});
  const Variable h = relu(x);
  Variable y = identity(h);
  y.set_grad(Array{1.0, 1.0});
  y.backward();
  Array(h.data()).fill(1);
  CHECK_THROWS_WITH(y.backward(),
                    "relu: backward: output 0, float64(2), was changed in place since forward; "
                    "run forward again");
}

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

TEST_CASE("unused outputs have no gradient") {
  const Variable r(Array{2.0});
  const Variable angle(Array{0.5});
  Variables parts = polar(r, angle);
  SECTION("the handle is there") {
    parts[1].backward();
    CHECK_FALSE(parts[0].grad());
  }
  SECTION("the handle has gone") {
    Variable y = parts[1];
    parts.clear();
    y.backward();
  }
  CHECK(gradient(r) == Approx(std::sin(0.5)));
  CHECK(gradient(angle) == Approx(2 * std::cos(0.5)));
}

TEST_CASE("unchain_backward forgets how a variable was made") {
  const Variable x(Array{2.0});
  {
    Variable h = multiply(x, x);
    const Variable side = identity(h);
    Variable y = multiply(h, h);
    h.unchain_backward();
    CHECK(h.creator() == nullptr);
    CHECK(side.creator() != nullptr);
    y.backward();
    CHECK_FALSE(x.grad());
    CHECK(gradient(h) == 8);  // now a leaf

    Variable z = multiply(x, y);
    z.unchain_backward();
    CHECK(y.creator() == nullptr);
    CHECK(graph_stats().functions == 1);  // identity, of h
  }
  CHECK(graph_stats().functions == 0);
}

TEST_CASE("arrays that backward does not need are not kept") {
  const std::size_t large = 1 << 20;
  const Variable x(Array::ones({large}, Dtype::float64));
  const auto freed_by_dropping = [&](bool retain) {
    Variable h = multiply(x, x);
    Variable y = call(
        "last", {h},
        [retain](Custom& self, const Arrays& xs) {
          if (!retain) self.retain_inputs({});
          return Arrays{Array::scalar(xs[0].data<double>()[0], Dtype::float64)};
        },
        [](Custom&, const Arrays& xs, const Arrays&) {
          return Arrays{Array::ones(xs[0] ? xs[0].shape() : Shape{1 << 20}, Dtype::float64)};
        })[0];
    const std::size_t before = memory::stats().cached_bytes;
    h = Variable();
    const std::size_t freed = memory::stats().cached_bytes - before;
    y.backward();  // the node still exists because of its gradient
    return freed;
  };
  CHECK(freed_by_dropping(true) == 0);
  CHECK(freed_by_dropping(false) >= large * 8);
  CHECK(values(x.grad())[large - 1] == 4);
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

TEST_CASE("a function refuses invalid inputs") {
  const auto copy = [](Custom&, const Arrays& xs) { return Arrays{xs[0].copy()}; };
  const auto pass = [](Custom&, const Arrays&, const Arrays& gys) { return Arrays{gys[0]}; };
  const Variable x(Array{1.0});
  CHECK_THROWS_WITH(call("f", {}, copy, pass), "f: needs at least one input");
  CHECK_THROWS_WITH(call("f", {x, Variable()}, copy, pass), "f: input 1 is an empty Variable");
  const std::string none = " is none: an uninitialised parameter, or a Variable of no Array";
  CHECK_THROWS_WITH(call("f", {x, Variable(Array())}, copy, pass), "f: input 1" + none);
  CHECK_THROWS_WITH(call("f", {Variable(Array()).set_name("W")}, copy, pass),
                    "f: input 0, parameter W," + none);
  CHECK_THROWS_WITH(Custom("f", copy, pass).forward({x.data(), Array()}), "f: input 1 is none");
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

TEST_CASE("a function that throws leaves a usable graph") {
  {
    bool broken = true;
    const Variable x(Array{3.0});
    const Variable h = multiply(x, x);
    const GraphStats before = graph_stats();
    CHECK_THROWS_WITH(call(
                          "f", {h}, [](Custom&, const Arrays&) -> Arrays { throw Error("forward"); },
                          [](Custom&, const Arrays&, const Arrays&) { return Arrays(); }),
                      "forward");
    CHECK(graph_stats().nodes == before.nodes);
    CHECK(graph_stats().functions == before.functions);

    const Variable k = call(
        "g", {h}, [](Custom&, const Arrays& xs) { return Arrays{xs[0].copy()}; },
        [&](Custom&, const Arrays&, const Arrays& gys) {
          if (broken) throw Error("backward");
          return Arrays{gys[0]};
        })[0];
    Variable y = add(k, identity(identity(h)));
    CHECK_THROWS_WITH(y.backward(), "backward");
    CHECK_FALSE(x.grad());
    broken = false;
    y.backward();
    CHECK(gradient(x) == 12);
  }
  check_no_graph_is_left();
}

TEST_CASE("running out of memory while functions are applied leaks nothing") {
  const Variable r(Array{2.0});
  const Variable angle(Array{0.5});
  const GraphStats before = graph_stats();
  std::size_t failures = 0;
  for (bool done = false; !done;) {
    try {
      memory::release_cached();
      const testing::FailingMemory failing(failures);
      const Variables parts = polar(polar(r, angle)[1], angle);
      done = parts.size() == 2;
    } catch (const std::bad_alloc&) {
      ++failures;
    }
    REQUIRE(graph_stats().nodes == before.nodes);
    REQUIRE(graph_stats().functions == before.functions);
  }
  CHECK(failures > 10);
  polar(r, angle)[0].backward();
  CHECK(gradient(r) == Approx(std::cos(0.5)));
}

TEST_CASE("modes can be passed to another thread") {
  const NoBackprop no_backprop;
  const DebugMode debug;
  Config plain;
  Config taken;
  Config afterwards;
  std::thread([&, modes = config()] {
    plain = config();
    {
      const UseConfig use(modes);
      taken = config();
      const TestMode test;
    }
    afterwards = config();
  }).join();
  const auto is = [](const Config& modes, bool enable_backprop, bool train, bool debug_mode) {
    return modes.enable_backprop == enable_backprop && modes.train == train && modes.debug == debug_mode &&
           !modes.allow_tf32;
  };
  CHECK(is(plain, true, true, false));
  CHECK(is(taken, false, true, true));
  CHECK(is(afterwards, true, true, false));
  {
    const UseConfig use(Config{});
    CHECK(is(config(), true, true, false));
  }
  CHECK(is(config(), false, true, true));
}

TEST_CASE("modes end with their scope, by an exception too") {
  CHECK(config().enable_backprop);
  CHECK(config().train);
  CHECK_FALSE(config().debug);
  try {
    const NoBackprop no_backprop;
    const TestMode test;
    const DebugMode debug;
    { const NoBackprop nested; }
    CHECK_FALSE(config().enable_backprop);
    CHECK_FALSE(config().train);
    CHECK(config().debug);
    throw Error("out");
  } catch (const Error&) {
  }
  CHECK(config().enable_backprop);
  CHECK(config().train);
  CHECK_FALSE(config().debug);
}

TEST_CASE("under NoBackprop nothing is recorded") {
  const Variable x(Array{2.0});
  const std::int64_t functions = graph_stats().functions;
  const NoBackprop off;
  Variable y = multiply(x, x);
  CHECK(y.creator() == nullptr);
  CHECK_FALSE(y.requires_grad());
  CHECK(graph_stats().functions == functions);
  CHECK_THROWS_AS(y.backward(), Error);
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
  f(true, true);  // no check without the mode
  const DebugMode debug;
  f(false, false);
  CHECK_THROWS_WITH(f(true, false), "f: NaN in output 0, float64(1)");
  CHECK_THROWS_WITH(f(false, true), "f: NaN in gradient 0, float64(2)");
}

TEST_CASE("DebugMode finds a NaN wherever it is, on every device") {
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

TEST_CASE("a Variable is a handle") {
  Variable x(Array{1.0});
  const Variable same = x;
  x.set_name("x").set_data(Array{{1.f, 2.f}});
  CHECK(same.name() == "x");
  CHECK(same.shape() == Shape{1, 2});
  std::ostringstream out;
  out << same << ", " << Variable() << ", " << Variable(Array{1});
  CHECK(out.str() == "variable x float32(1, 2), variable none, variable int32(1)");
  CHECK_FALSE(Variable());
  x = same;  // itself
  CHECK(x.name() == "x");
}

namespace {

constexpr int deep = 1000000;

struct DeepResult {
  double gradient = 0;
  GraphStats before_end = {};
  GraphStats after = {};
};

void* build_and_sweep(void* argument) {
  auto& result = *static_cast<DeepResult*>(argument);
  {
    const Variable x(Array{2.f});
    Variable h = x;
    for (int i = 0; i < deep; ++i) h = relu(h);
    h.backward();
    result.gradient = x.grad().item();
    result.before_end = graph_stats();
    h = relu(x);  // the long graph is destroyed
    for (int i = 0; i < deep / 4; ++i) h = relu(h);
    h.unchain_backward();
  }
  result.after = graph_stats();
  return nullptr;
}

}  // namespace

TEST_CASE("a million functions are built, swept and destroyed on a small stack") {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, 512 * 1024) == 0);
  pthread_t thread;
  DeepResult result;
  REQUIRE(pthread_create(&thread, &attributes, build_and_sweep, &result) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  CHECK(result.gradient == 1);
  CHECK(result.before_end.functions == deep);
  CHECK(result.before_end.nodes == deep + 1);
  CHECK(result.after.functions == 0);
  CHECK(result.after.nodes == 0);
}

TEST_CASE("ten thousand steps leak nothing") {
  check_no_graph_is_left();
  Variable x(Array({{1, 2}, {3, 4}}, Dtype::float64));
  const auto step = [&] {
    const Variable h = multiply(x, x);
    Variable y = add(identity(h), multiply(h, x));
    y.set_grad(Array::ones({2, 2}, Dtype::float64));
    x.cleargrad();
    y.backward();
  };
  for (int i = 0; i < 100; ++i) step();
  const std::size_t resident = testing::resident_bytes();
  const std::size_t allocations = memory::stats().system_allocations;
  for (int i = 0; i < 10000; ++i) step();
  CHECK(memory::stats().system_allocations == allocations);
  CHECK(testing::resident_bytes() < resident + (1 << 20));
  CHECK(graph_stats().nodes == 1);
  CHECK(graph_stats().functions == 0);
}

TEST_CASE("a function keeps the array that it saw, whatever the variable holds later") {
  Variable x(Array{1.0, 2.0});
  Variable y = multiply(x, x);
  x.set_data(Array{10.0, 20.0});
  y.set_grad(Array{1.0, 1.0});
  y.backward();
  CHECK(x.grad().to_vector<double>() == std::vector<double>{2, 4});

  Variable z = multiply(x, x);
  x.set_data(Array::zeros({1000000}, Dtype::float64));
  z.set_grad(Array{1.0, 1.0});
  CHECK_THROWS_WITH(z.backward(), ContainsSubstring("for input 0, float64(1000000)"));
}

TEST_CASE("an unchained variable does not share its gradient") {
  Variable x(Array{1.0, 2.0});
  Variable h = identity(x);
  Variable y = add(h, identity(x));
  y.set_grad(Array{1.0, 1.0});
  y.backward(true);
  h.unchain_backward();
  Variable z = identity(h);
  z.set_grad(Array{3.0, 3.0});
  z.backward();
  CHECK(h.grad().to_vector<double>() == std::vector<double>{4, 4});
  CHECK(y.grad().to_vector<double>() == std::vector<double>{1, 1});
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
