// at_level: loops compiled for each level, and how the level is chosen. Tests are not compiled for the
// machine's processor, so that they have all copies of their loops.
#include "tenbin/cpu/level.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tenbin/cpu/vector_math.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

TEST_CASE("a loop runs once, with its arguments") {
  int calls = 0;
  const auto loop = [&calls](int a, const int* b) { calls += a + *b; };
  const int two = 2;
  cpu::at_level(loop, 1, &two);
  CHECK(calls == 3);
}

TEST_CASE("the level does not change") { CHECK(cpu::level() == cpu::level()); }

TEST_CASE("an exception leaves a loop") {
  const auto loop = [](int value) { throw value; };
  CHECK_THROWS_AS(cpu::at_level(loop, 1), int);
}

#ifdef TENBIN_LEVELS

namespace {

std::vector<float> inputs() {
  std::vector<float> x;
  for (int i = -8800; i <= 8800; ++i) x.push_back(static_cast<float>(i) / 100);
  return x;
}

// The largest error of `y`, in units in the last place of exp(x).
double worst_error_of_exp(const std::vector<float>& x, const std::vector<float>& y) {
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double exact = std::exp(static_cast<double>(x[i]));
    const double unit = std::ldexp(1., std::max(std::ilogb(exact), -126) - 23);
    worst = std::max(worst, std::abs(y[i] - exact) / unit);
  }
  return worst;
}

}  // namespace

// What rounding removes from x * x is found only by an instruction that multiplies and adds in one step.
TEST_CASE("a loop has the instructions of its level") {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return;
  const volatile float unknown_to_the_compiler = 1 + 0x1p-23f;
  const float x = unknown_to_the_compiler, product = x * x;
  float rest = -1;
  const auto loop = [](float a, float minus_product, float* y) { *y = a * a + minus_product; };
  loop(x, -product, &rest);
  CHECK(rest == 0);
  detail::run_v3(loop, x, -product, &rest);
  CHECK(rest == 0x1p-46f);
}

TEST_CASE("exp is right at every level that the processor has") {
  const std::vector<float> x = inputs();
  const auto loop = [](std::size_t n, const float* from, float* to) {
    for (std::size_t i = 0; i < n; ++i) to[i] = vector_math::exp(from[i]);
  };
  std::vector<float> y(x.size());
  loop(x.size(), x.data(), y.data());
  CHECK(worst_error_of_exp(x, y) < 1.1);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    std::fill(y.begin(), y.end(), 0.f);
    detail::run_v3(loop, x.size(), x.data(), y.data());
    CHECK(worst_error_of_exp(x, y) < 1.1);
  }
  if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
    std::fill(y.begin(), y.end(), 0.f);
    detail::run_v4(loop, x.size(), x.data(), y.data());
    CHECK(worst_error_of_exp(x, y) < 1.1);
  }
}

#endif
