#include "tenbin/functions/gradient_check.h"

#include "tenbin/functions/math/basic_math.h"
#include "tenbin/functions/math/sum.h"
#include "tenbin/functions/noise/dropout.h"
#include "tenbin/links/linear.h"
#include "tenbin/optimizers/adam.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// 2 x, whose gradient is wrong at one position.
class Double : public Function {
 public:
  explicit Double(double wrong, Dtype dtype = Dtype::float64) : wrong_(wrong), dtype_(dtype) {}
  std::string name() const override { return "double"; }
  Arrays forward_cpu(const Arrays& xs) override { return twice(xs[0]); }
  Arrays forward_gpu(const Arrays& xs) override { return forward_cpu(xs); }
  Arrays backward_cpu(const Arrays&, const Arrays& gys) override {
    Arrays gx = twice(gys[0]);
    if (gx[0].dtype() == dtype_)
      visit_floating(dtype_, [&](auto zero) {
        auto* const last = gx[0].data<decltype(zero)>() + gx[0].size() - 1;
        *last = static_cast<decltype(zero)>(*last * wrong_);
      });
    return gx;
  }
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override { return backward_cpu(xs, gys); }

 private:
  static Arrays twice(const Array& x) {
    Array y = x.copy();
    y.add(x);
    return {y};
  }

  double wrong_;
  Dtype dtype_;
};

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("check_gradients finds a gradient that is wrong in one element and one dtype") {
  const Array x = uniform({2, 3}), t({1, 2, 3});
  for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
    const auto with = [&](double wrong) {
      return error_of([&] {
        check_gradients(
            [&](const Variables& xs) { return xs[1] * sum(apply<Double>({xs[0]}, wrong, dtype), 0); },
            {x, uniform({3}, 1, 2), t});
      });
    };
    CHECK(with(1) == "");
    CHECK_THAT(with(1.001), Catch::StartsWith("check_gradients: expected the gradient "));
    CHECK_THAT(with(1.001), Catch::Contains(" of input 0 at (1, 2), by central differences, got "));
    CHECK_THAT(with(1.001),
               Catch::Contains(std::string("; ") + (dtype == Dtype::float32 ? "float32" : "float64") +
                               "(2, 3), tolerance "));
    CHECK_THAT(with(std::nan("")), Catch::Contains("got nan"));
  }
}

TEST_CASE("check_gradients checks one dtype, with its tolerances, if asked to") {
  const auto f = [](const Variables& xs) { return apply<Double>({xs[0]}, 1.001); };
  CHECK_NOTHROW(check_gradients(f, {uniform({3})}, {.dtype = Dtype::float32}));
  CHECK_THROWS(check_gradients(f, {uniform({3})}, {.dtype = Dtype::float64}));
  CHECK_NOTHROW(check_gradients(f, {uniform({3})}, {.rtol = 1e-2}));
  CHECK_THROWS_WITH(check_gradients(f, {uniform({3})}, {.dtype = Dtype::int32}),
                    "check_gradients: dtype must be float32 or float64, got int32");
}

TEST_CASE("check_gradients takes an input without influence to have the gradient 0") {
  CHECK_NOTHROW(
      check_gradients([](const Variables& xs) { return xs[0] * xs[0]; }, {uniform({2}), uniform({3})}));
}

TEST_CASE("check_gradients checks parameters, and restores them") {
  random::seed(1);
  Linear model(3, 2);
  Adam optimizer;
  optimizer.setup(model);
  const Array x = uniform({4, 3});
  sum(model(x.astype(Dtype::float32))).backward();
  const auto W = values(model.W.data()), gW = values(model.W.grad());
  const void* const memory = model.W.data().raw_data();
  check_gradients([&](const Variables& xs) { return model(xs[0]); }, {x}, model.namedparams());
  CHECK(values(model.W.data()) == W);
  CHECK(values(model.W.grad()) == gW);
  CHECK(model.W.data().raw_data() == memory);
  CHECK(model.W.dtype() == Dtype::float32);

  const auto wrong = [&](const Variables& xs) { return model(xs[0]) + apply<Double>({model.b}, 1.01); };
  const std::string error = error_of([&] { check_gradients(wrong, {x}, model.namedparams()); });
  CHECK_THAT(error, Catch::Contains(" of parameter 'b' at (1), by central differences, got "));
  CHECK(values(model.W.data()) == W);
  CHECK(model.W.dtype() == Dtype::float32);

  // The next update is the one that it would have been without the check.
  random::seed(1);
  Linear other(3, 2);
  Adam other_optimizer;
  other_optimizer.setup(other);
  sum(other(x.astype(Dtype::float32))).backward();
  other_optimizer.update();
  optimizer.update();
  CHECK(values(model.W.data()) == values(other.W.data()));
  CHECK(values(model.W.data()) != W);

  const Linear lazy(2);
  CHECK_THROWS_WITH(
      check_gradients([&](const Variables& xs) { return lazy(xs[0]); }, {x}, lazy.namedparams()),
      "check_gradients: the parameter 'W' is uninitialised: call the model once before");
}

TEST_CASE("check_gradients keeps the state of the random generator, also for random functions") {
  random::seed(7);
  random::default_generator().draw(12);
  check_gradients([](const Variables& xs) { return dropout(xs[0], 0.5); }, {uniform({20})});
  CHECK(random::default_generator().seed() == 7);
  CHECK(random::default_generator().position() == 3);
}
