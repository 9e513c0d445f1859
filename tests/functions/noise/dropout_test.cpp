#include "tenbin/functions/noise/dropout.h"

#include <limits>

#include "tenbin/core/config.h"
#include "tenbin/cuda/captured_step.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// The documented mask, one element at a time.
std::vector<double> expected_dropout(const Array& x, double ratio, std::uint64_t seed) {
  const random::Draw draw{seed, 0};
  auto y = values(x);
  for (std::size_t i = 0; i < y.size(); ++i)
    y[i] = draw.word(i) / 4294967296.0 < ratio ? 0 : y[i] / (1 - ratio);
  return y;
}

}  // namespace

TEST_CASE("dropout", "[gpu]") {
  for (const double ratio : {0.0, 0.25, 0.5, 0.9}) {
    CAPTURE(ratio);
    check_function({
        .inputs = {uniform({9, 15})},  // 135 elements: words are drawn 64 at a time, in blocks of four
        .forward =
            [=](const Variables& xs) {
              random::seed(3);
              return dropout(xs[0], ratio);
            },
        .expected = [=](const Arrays& xs) { return expected_dropout(xs[0], ratio, 3); },
    });
  }
}

TEST_CASE("dropout draws the same mask on every device, for any size, bit by bit", "[gpu]") {
  for (const std::size_t size : {0u, 1u, 3u, 255u, 257u, 100003u}) {
    CAPTURE(size);
    const Array x = uniform({size}, 0.5, 2);  // no element is 0 by itself
    random::seed(11);
    const auto y = values(dropout(x, 0.4).data());
    const std::uint64_t position = random::default_generator().position();
    const random::Draw draw{11, 0};
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < size; ++i) wrong += (y[i] == 0) != (draw.word(i) < 0.4 * 0x1p32);
    CHECK(wrong == 0);
    on_every_device([&](Device device) {
      random::seed(11);
      Variable input(x.to(device));
      Variable output = dropout(input, 0.4);
      CHECK(values(output.data()) == y);
      CHECK(random::default_generator().position() == position);
      output.set_grad(x.to(device));
      output.backward();
      CHECK(values(input.grad()) == y);
    });
  }
}

TEST_CASE("dropout drops the given ratio, and keeps the expectation") {
  random::seed(0);
  const std::size_t n = 100000;
  for (const double ratio : {0.1, 0.5, 0.8}) {
    CAPTURE(ratio);
    double dropped = 0;
    double sum = 0;
    for (const double v : values(dropout(Array::ones({n}), ratio).data())) {
      dropped += v == 0 ? 1 : 0;
      sum += v;
    }
    const double deviation = std::sqrt(ratio * (1 - ratio) / n);
    CHECK(std::abs(dropped / n - ratio) < 4 * deviation);
    CHECK(std::abs(sum / n - 1) < 4 * deviation / (1 - ratio));
  }
}

TEST_CASE("dropout passes the gradient at the elements that it kept", "[gpu]") {
  on_every_device([](Device device) {
    random::seed(5);
    Variable x(Array::ones({1000}, Dtype::float32, device));
    Variable y = dropout(x, 0.3);
    dropout(x, 0.3);  // advances the generator: backward must not draw from it
    y.set_grad(x.data());
    y.backward();
    CHECK(values(x.grad()) == values(y.data()));
  });
}

TEST_CASE("dropout repeats itself from the same seed only") {
  const Array x = Array::ones({64});
  const auto draw = [&](std::uint64_t seed) {
    random::seed(seed);
    return values(dropout(x).data());
  };
  CHECK(draw(1) == draw(1));
  CHECK(draw(1) != draw(2));
  random::seed(1);
  CHECK(values(dropout(x).data()) != values(dropout(x).data()));
}

TEST_CASE("dropout in a captured step draws the masks that it would have drawn uncaptured", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;  // no capture on the CPU
    const Array x = Array::ones({301}, Dtype::float32, device);
    const auto masks = [&](std::size_t warmup) {
      random::seed(9);
      CapturedStep step(
          [](const Array& in) {
            Variable v(in);
            Variable y = dropout(v, 0.5);
            y.set_grad(in);
            y.backward();
            return y + 2 * Variable(v.grad());
          },
          {.warmup = warmup});
      std::vector<std::vector<double>> all;
      for (int i = 0; i < 6; ++i) all.push_back(values(step(x)));
      CHECK(step.is_captured() == (warmup < 6));
      return all;
    };
    const auto captured = masks(1);
    CHECK(captured == masks(100));
    for (std::size_t i = 1; i < captured.size(); ++i) CHECK(captured[i] != captured[i - 1]);
    for (const double v : captured.back())
      CHECK((v == 0 || v == 6));  // forward and backward drop the same
                                  // elements
  });
}

TEST_CASE("dropout draws the same number of words for every dtype and ratio", "[gpu]") {
  on_every_device([](Device device) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
      for (const double ratio : {0.0, 0.5}) {
        random::seed(1);
        dropout(Array::zeros({3, 3}, dtype, device), ratio);
        CHECK(random::default_generator().position() == 3);
      }
    }
  });
}

TEST_CASE("dropout under TestMode is its input, and draws nothing", "[gpu]") {
  on_every_device([](Device device) {
    const TestMode testing;
    random::seed(1);
    const Variable x(Array{1.f, 2.f}.to(device));
    const Variable y = dropout(x);
    CHECK(y.data().raw_data() == x.data().raw_data());
    CHECK(y.creator() == nullptr);
    CHECK(random::default_generator().position() == 0);
  });
}

TEST_CASE("dropout with ratio 0 changes no bit", "[gpu]") {
  on_every_device([](Device device) {
    const std::vector<double> x = {-0.0, 1e-310, std::numeric_limits<double>::infinity(), 0.1};
    CHECK(values(dropout(Array(x).to(device), 0).data()) == x);
  });
}

TEST_CASE("dropout selects: dropped values have no effect, also NaN", "[gpu]") {
  on_every_device([](Device device) {
    random::seed(0);
    Variable x(Array::full({100}, std::numeric_limits<double>::quiet_NaN(), Dtype::float32, device));
    std::size_t zeros = 0;
    for (const double v : values(dropout(x, 0.5).data())) zeros += v == 0 ? 1 : 0;
    CHECK(zeros > 20);
  });
}

TEST_CASE("dropout refuses integers and ratios below 0 or from 1 on, and then draws nothing") {
  random::seed(0);
  const Array x{1.f};
  CHECK_THROWS_WITH(dropout(x, 1), "dropout: ratio must be in [0, 1), got 1");
  CHECK_THROWS_WITH(dropout(x, -0.1), "dropout: ratio must be in [0, 1), got -0.1");
  CHECK_THROWS_WITH(dropout(x, std::nan("")), "dropout: ratio must be in [0, 1), got nan");
  CHECK_THROWS_WITH(dropout(Array{1, 2}), "dropout: x must be float32 or float64, got int32(2)");
  const TestMode testing;
  CHECK_THROWS_WITH(dropout(x, 1), "dropout: ratio must be in [0, 1), got 1");
  CHECK(random::default_generator().position() == 0);
}
