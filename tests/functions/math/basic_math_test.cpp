#include <iterator>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "tenbin/cuda/runtime.h"
#include "tenbin/tenbin.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

const double inf = std::numeric_limits<double>::infinity();
const double NaN = std::numeric_limits<double>::quiet_NaN();

using Formula = double (*)(double, double);

struct Case {
  Variable (*function)(const Variable&, const Variable&);
  Formula formula;
};

const Case cases[] = {
    {[](const Variable& a, const Variable& b) { return a + b; }, [](double a, double b) { return a + b; }},
    {[](const Variable& a, const Variable& b) { return a - b; }, [](double a, double b) { return a - b; }},
    {[](const Variable& a, const Variable& b) { return a * b; }, [](double a, double b) { return a * b; }},
    {[](const Variable& a, const Variable& b) { return a / b; }, [](double a, double b) { return a / b; }},
    {[](const Variable& a, const Variable& b) { return pow(a, b); },
     [](double a, double b) { return std::pow(a, b); }},
};

void check_scalar(const Array& x, Variable (*function)(const Variable&), double (*formula)(double)) {
  check_function({
      .inputs = {x},
      .forward = [&](const Variables& xs) { return function(xs[0]); },
      .expected =
          [&](const Arrays& xs) {
            auto y = values(xs[0]);
            for (double& v : y) v = formula(v);
            return y;
          },
  });
}

// y and, for an output gradient of ones, the input's gradient.
struct Result {
  std::vector<double> y;
  std::vector<double> gx;
};
template <class F>
Result run(Device device, const Array& array, F f) {
  Variable x(array.copy().to(device));
  Variable y = f(x);
  y.set_grad(Array::ones(y.shape(), y.dtype(), device));
  y.backward();
  return {values(y.data()), values(x.grad())};
}

}  // namespace

TEST_CASE("arithmetic of arrays of one shape", "[gpu]") {
  for (const Case& c : cases) {
    check_function({
        .inputs = {uniform({3, 5}, 0.5, 2), uniform({3, 5}, 0.5, 2)},
        .forward = [&](const Variables& xs) { return c.function(xs[0], xs[1]); },
        .expected =
            [&](const Arrays& xs) {
              auto y = values(xs[0]);
              const auto b = values(xs[1]);
              for (std::size_t i = 0; i < y.size(); ++i) y[i] = c.formula(y[i], b[i]);
              return y;
            },
    });
  }
}

TEST_CASE("arithmetic broadcasts", "[gpu]") {
  // y[i][j][k] from a[i][j][k] and b[j][0], on either side.
  for (const Case& c : cases) {
    check_function({
        .inputs = {uniform({2, 3, 4}, 0.5, 2), uniform({3, 1}, 0.5, 2)},
        .forward = [&](const Variables& xs) { return c.function(xs[0], xs[1]); },
        .expected =
            [&](const Arrays& xs) {
              auto y = values(xs[0]);
              const auto b = values(xs[1]);
              for (std::size_t i = 0; i < y.size(); ++i) y[i] = c.formula(y[i], b[i / 4 % 3]);
              return y;
            },
    });
    check_function({
        .inputs = {uniform({3, 1}, 0.5, 2), uniform({1, 4}, 0.5, 2)},
        .forward = [&](const Variables& xs) { return c.function(xs[1], xs[0]); },
        .expected =
            [&](const Arrays& xs) {
              const auto a = values(xs[0]);
              const auto b = values(xs[1]);
              std::vector<double> y;
              for (const double row : a)
                for (const double column : b) y.push_back(c.formula(column, row));
              return y;
            },
    });
  }
  on_every_device([](Device device) {
    const Variable x(Array::ones({2, 3}, Dtype::float32, device));
    const Variable scalar(Array::scalar(2, Dtype::float32, device));
    Variable y = x * scalar;
    y.set_grad(x.data());
    y.backward();
    CHECK(scalar.grad().shape() == Shape{});
    CHECK(scalar.grad().item() == 6);
  });
}

TEST_CASE("arithmetic of one shape takes one launch for the result and one for each gradient that is not gy",
          "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const auto launches = [] { return gpu::stats().launches; };
    const Array ones = Array::ones({3, 5}, Dtype::float32, device);
    const std::size_t gradients[] = {0, 1, 2, 2, 2};  // of the cases in their order
    for (std::size_t i = 0; i < std::size(cases); ++i) {
      const auto [a, b] = std::pair(Variable(ones), Variable(ones));
      const std::size_t before = launches();
      const Variable y = cases[i].function(a, b);
      CHECK(launches() - before == 1);
      const Arrays gxs = y.creator()->backward({a.data(), b.data()}, {ones});
      CHECK(launches() - before == 1 + gradients[i]);
    }
  });
}

TEST_CASE("arithmetic with scalars", "[gpu]") {
  const Array x = uniform({3, 5}, 0.5, 2);
  check_scalar(
      x, [](const Variable& v) { return v + 2.5; }, [](double v) { return v + 2.5; });
  check_scalar(
      x, [](const Variable& v) { return 2.5 + v; }, [](double v) { return v + 2.5; });
  check_scalar(
      x, [](const Variable& v) { return v - 2.5; }, [](double v) { return v - 2.5; });
  check_scalar(
      x, [](const Variable& v) { return 2.5 - v; }, [](double v) { return 2.5 - v; });
  check_scalar(
      x, [](const Variable& v) { return v * 2.5; }, [](double v) { return v * 2.5; });
  check_scalar(
      x, [](const Variable& v) { return 2.5 * v; }, [](double v) { return v * 2.5; });
  check_scalar(
      x, [](const Variable& v) { return v / 2.5; }, [](double v) { return v / 2.5; });
  check_scalar(
      x, [](const Variable& v) { return 2.5 / v; }, [](double v) { return 2.5 / v; });
  check_scalar(
      x, [](const Variable& v) { return pow(v, 2.5); }, [](double v) { return std::pow(v, 2.5); });
  check_scalar(
      x, [](const Variable& v) { return pow(v, 2); }, [](double v) { return v * v; });
  check_scalar(
      x, [](const Variable& v) { return pow(v, -1); }, [](double v) { return 1 / v; });
  check_scalar(
      x, [](const Variable& v) { return pow(2.5, v); }, [](double v) { return std::pow(2.5, v); });
  check_scalar(
      x, [](const Variable& v) { return -v; }, [](double v) { return -v; });
  check_scalar(
      Array{-2.0, 0.5, 3.0}, [](const Variable& v) { return abs(v); }, [](double v) { return std::abs(v); });
}

TEST_CASE("operators take every kind of operand", "[gpu]") {
  on_every_device([](Device device) {
    const Variable x(Array{1.f, 2.f}.to(device));
    const Array array = Array{10.f, 20.f}.to(device);
    CHECK(values((x * x + 1.0).data()) == std::vector<double>{2, 5});
    CHECK(values((2 * x).data()) == std::vector<double>{2, 4});
    CHECK(values((x / std::size_t{2}).data()) == std::vector<double>{0.5, 1});
    CHECK(values((1.f - x).data()) == std::vector<double>{0, -1});
    CHECK(values((x * array).data()) == std::vector<double>{10, 40});
    CHECK(values((array - x).data()) == std::vector<double>{9, 18});
    CHECK(values((x + Array{{1.f}, {2.f}}.to(device)).data()) == std::vector<double>{2, 3, 3, 4});
    CHECK_FALSE((array * array).requires_grad());
    CHECK((x + 0.1).dtype() == Dtype::float32);  // the scalar takes the array's dtype
    CHECK((x + 0.1).data().to_vector<float>()[0] == 1.f + 0.1f);
    CHECK(std::is_same_v<decltype(pow(2.0, 3.0)), double>);  // the functions of <cmath> are still found
  });
}

TEST_CASE("a variable used twice gets the sum of both gradients, and operands keep theirs apart", "[gpu]") {
  on_every_device([](Device device) {
    Variable a(Array{1.f, 2.f}.to(device));
    Variable b(Array{3.f, 4.f}.to(device));
    Variable y = a + b;
    y.set_grad(Array{1.f, 10.f}.to(device));
    y.backward();
    CHECK_FALSE(a.grad().shares_memory_with(b.grad()));
    CHECK_FALSE(a.grad().shares_memory_with(y.grad()));
    Variable z = a + a;
    z.set_grad(Array{1.f, 10.f}.to(device));
    a.cleargrad();
    z.backward();
    CHECK(values(a.grad()) == std::vector<double>{2, 20});
    CHECK(values(z.grad()) == std::vector<double>{1, 10});
    a.cleargrad();
    const Variable h = a * 3;  // an intermediate variable may keep the gradient array that add passes on
    Variable w = h + h;
    w.set_grad(Array{1.f, 10.f}.to(device));
    w.backward();
    CHECK(values(a.grad()) == std::vector<double>{6, 60});
    CHECK(values(w.grad()) == std::vector<double>{1, 10});
  });
}

TEST_CASE("a gradient that is not needed is not computed", "[gpu]") {
  on_every_device([](Device device) {
    const DebugMode debug;  // throws if the NaN of the derivative by the exponent is computed
    const Variable x(Array{-2.0}.to(device));
    Variable y = pow(x, Array{2.0}.to(device));
    y.backward();
    CHECK(x.grad().item() == -4);
    Variable z = pow(x, Variable(Array{2.0}.to(device)));
    const std::string where = device.is_cpu() ? "" : "@cuda:0";
    CHECK_THROWS_WITH(z.backward(), "pow: NaN in gradient 1, float64(1)" + where);
  });
}

TEST_CASE("division follows IEEE 754", "[gpu]") {
  on_every_device([](Device device) {
    const Array x{1.0, -1.0, 0.0};
    check_close(run(device, x, [](const Variable& v) { return v / 0.0; }).y, {inf, -inf, NaN}, 0, 0);
    const Result r = run(device, x, [](const Variable& v) { return 1 / v; });
    check_close(r.y, {1, -1, inf}, 0, 0);
    check_close(r.gx, {-1, -1, -inf}, 0, 0);
    const Result tiny =
        run(device, Array{1e-200}, [](const Variable& v) { return Array{1e-200}.to(v.device()) / v; });
    check_close(tiny.gx, {-1e200}, 0, 1e-15);  // the square of x underflows
  });
}

TEST_CASE("powers at the edges", "[gpu]") {
  on_every_device([](Device device) {
    const Array x{0.0, -2.0, 3.0};
    const auto power = [&](double c) { return run(device, x, [c](const Variable& v) { return pow(v, c); }); };
    CHECK(power(0).y == std::vector<double>{1, 1, 1});
    CHECK(power(0).gx == std::vector<double>{0, 0, 0});
    CHECK(power(1).gx == std::vector<double>{1, 1, 1});
    CHECK(power(2).y == std::vector<double>{0, 4, 9});
    CHECK(power(2).gx == std::vector<double>{0, -4, 6});
    CHECK(power(3).gx == std::vector<double>{0, 12, 27});
    check_close(power(-1).y, {inf, -0.5, 1. / 3}, 0, 1e-15);
    check_close(power(0.5).y, {0, NaN, std::sqrt(3.)}, 0, 1e-15);

    // 0 to the power y: the gradient by y is 0 for y > 0, and defined as 0 at y = 0.
    const Array y{0.0, 2.0, -1.0};
    const Result scalar_base = run(device, y, [](const Variable& v) { return pow(0, v); });
    check_close(scalar_base.y, {1, 0, inf}, 0, 0);
    check_close(scalar_base.gx, {0, 0, -inf}, 0, 0);
    check_close(run(device, y,
                    [](const Variable& v) {
                      return pow(Array{0.0, 0.0, 0.0}.to(v.device()), v);
                    })
                    .gx,
                {0, 0, -inf}, 0, 0);
    check_close(run(device, y,
                    [](const Variable& v) {
                      return pow(Array{-2.0, -2.0, -2.0}.to(v.device()), v);
                    })
                    .gx,
                {NaN, NaN, NaN}, 0, 0);
    check_close(run(device, Array{0.0, 0.0},
                    [](const Variable& v) {
                      return pow(v, Array{0.0, 1.0}.to(v.device()));
                    })
                    .gx,
                {0, 1}, 0, 0);
  });
}

TEST_CASE("signs at zero", "[gpu]") {
  on_every_device([](Device device) {
    const Result absolute_values =
        run(device, Array{0.0, -0.0, -inf, NaN}, [](const Variable& v) { return abs(v); });
    check_close(absolute_values.y, {0, 0, inf, NaN}, 0, 0);
    CHECK(absolute_values.gx == std::vector<double>{0, 0, -1, 0});
    CHECK_FALSE(std::signbit(absolute_values.y[1]));
    CHECK(std::signbit(run(device, Array{0.0}, [](const Variable& v) { return -v; }).y[0]));
    CHECK(std::signbit(run(device, Array{-0.0}, [](const Variable& v) { return v * 1; }).y[0]));
  });
}

TEST_CASE("arithmetic on empty arrays and empty axes", "[gpu]") {
  on_every_device([](Device device) {
    CHECK((Variable(Array::zeros({0}, Dtype::float32, device)) + 1).shape() == Shape{0});
    const Variable b(Array::ones({3}, Dtype::float32, device));
    Variable y = Variable(Array::zeros({0, 3}, Dtype::float32, device)) * b;
    CHECK(y.shape() == Shape{0, 3});
    y.set_grad(Array::zeros({0, 3}, Dtype::float32, device));
    y.backward();
    CHECK(values(b.grad()) == std::vector<double>{0, 0, 0});
    CHECK((Variable(Array::zeros({0}, Dtype::float32, device)) *
           Variable(Array::ones({1}, Dtype::float32, device)))
              .shape() == Shape{0});
  });
}

TEST_CASE("arithmetic refuses operands that do not fit") {
  const Variable x(Array::zeros({2, 3}));
  CHECK_THROWS_WITH(x + Array::zeros({2, 3}, Dtype::float64),
                    "add: a and b differ in dtype: float32(2, 3) and float64(2, 3)");
  CHECK_THROWS_WITH(x - Array::zeros({2}), "sub: a and b do not broadcast: float32(2, 3) and float32(2)");
  CHECK_THROWS_WITH(x * Array::zeros({0, 3}),
                    "mul: a and b do not broadcast: float32(2, 3) and float32(0, 3)");
  CHECK_THROWS_WITH(x / Array::zeros({2, 3}, Dtype::int32),
                    "div: b must be float32 or float64, got int32(2, 3)");
  CHECK_THROWS_WITH(pow(Array{1, 2}, x), "pow: a must be float32 or float64, got int32(2)");
  CHECK_THROWS_WITH(2 * Variable(Array{1, 2}), "mul: x must be float32 or float64, got int32(2)");
  CHECK_THROWS_WITH(1 - Variable(Array{1, 2}), "sub: x must be float32 or float64, got int32(2)");
  CHECK_THROWS_WITH(1 / Variable(Array{1, 2}), "div: x must be float32 or float64, got int32(2)");
  CHECK_THROWS_WITH(pow(2, Array{1, 2}), "pow: x must be float32 or float64, got int32(2)");
  CHECK_THROWS_WITH(-Variable(Array{1, 2}), "neg: x must be float32 or float64, got int32(2)");
  CHECK_THROWS_WITH(abs(Array{1, 2}), "absolute: x must be float32 or float64, got int32(2)");
}

TEST_CASE("the error of subtracting a scalar names sub") {
  CHECK_THROWS_WITH(Variable(Array{1, 2, 3}) - 1, "sub: x must be float32 or float64, got int32(3)");
}

TEST_CASE("+= and similar operators make a new variable, and leave the array unchanged") {
  const Variable leaf(Array{3.0, 4.0});
  const Variable b(Array{1.0, 2.0});
  Variable w = leaf;
  w += b;
  w *= 2;
  w -= Array{2.0, 2.0};
  w /= b;
  CHECK(values(w.data()) == std::vector<double>{6, 5});
  CHECK(values(leaf.data()) == std::vector<double>{3, 4});
  Variable total = sum(w);
  total += 1;
  CHECK(total.item() == 12);
  total.backward();
  CHECK(values(leaf.grad()) == std::vector<double>{2, 1});
  Variable empty;
  CHECK_THROWS_WITH(empty += b, "add: input 0 is an empty Variable");
}
