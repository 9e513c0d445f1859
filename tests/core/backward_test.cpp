// Graphs: backward, owners of gradients, retained arrays, and deep graphs.
#include <pthread.h>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <thread>

#include "tenbin/core/config.h"
#include "tenbin/core/function.h"
#include "tenbin/core/random.h"
#include "tenbin/cuda/runtime.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/math/sum.h"
#include "tenbin/tests/core/custom_function.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/memory_use.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// `f` of the elements, pair by pair, which are float64.
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
  CHECK_THROWS_WITH(
      Variable(Array{1.0}, false).backward(),
      "backward: variable float64(1) depends on nothing that requires a gradient (constants, "
      "frozen parameters, or NoBackprop): `Variable w = array` makes a constant, `Variable w(array)` a leaf");
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

TEST_CASE("summing into a shared gradient of an intermediate changes no other gradient") {
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

TEST_CASE("an array that backward reads must not be changed in place since forward") {
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
  // The first input is checked, too.
  Array left = a.data();
  left.fill(0);
  CHECK_THROWS_WITH(z.backward(), "multiply: backward: input 0, variable float64(2)" + in_place);
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

TEST_CASE("outputs that are not used have no gradient") {
  const Variable r(Array{2.0});
  const Variable angle(Array{0.5});
  Variables parts = polar(r, angle);
  SECTION("the handle exists") {
    parts[1].backward();
    CHECK_FALSE(parts[0].grad());
  }
  SECTION("the handle was destroyed") {
    Variable y = parts[1];
    parts.clear();
    y.backward();
  }
  CHECK(gradient(r) == Approx(std::sin(0.5)));
  CHECK(gradient(angle) == Approx(2 * std::cos(0.5)));
}

TEST_CASE("unchain_backward removes the graph of a variable") {
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

TEST_CASE("unchain_backward leaves a graph alone that is built while it destroys another") {
  const auto copies = [](std::size_t count) {
    return [count](Custom&, const Arrays& xs) {
      Arrays ys;
      for (std::size_t i = 0; i < count; ++i) ys.push_back(xs[0].copy());
      return ys;
    };
  };
  const auto no_gradient = [](Custom&, const Arrays&, const Arrays&) { return Arrays(); };
  const Variable x(Array{2.0});
  const Reference<Function> later(new Custom("later", copies(1), no_gradient));
  Variable built;
  Variable y;
  {
    const Variables two = call("two", {x}, copies(2), no_gradient);
    // The destructor of `one` builds the other graph, in the memory that two[0] leaves. The function `two` is
    // then visited again, since it has several paths to y.
    const std::shared_ptr<void> at_end(nullptr, [&](void*) { built = later->apply({x})[0]; });
    const Variable one = call(
        "one", {two[0]},
        [at_end, copy = copies(1)](Custom& self, const Arrays& xs) { return copy(self, xs); },
        no_gradient)[0];
    y = call("sum", {two[1], one, two[1]}, copies(1), no_gradient)[0];
  }
  y.unchain_backward();
  CHECK(built.creator() == later.get());
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

TEST_CASE("a function keeps its input array when the variable gets another one") {
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
