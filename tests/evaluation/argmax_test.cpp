#include "tenbin/evaluation/argmax.h"

#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {
constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float NaN = std::numeric_limits<float>::quiet_NaN();
using Classes = std::vector<std::int64_t>;
}  // namespace

TEST_CASE("argmax takes the first of the largest", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array{{1.f, 3.f, 2.f}, {5.f, 5.f, 5.f}, {-2.f, -1.f, -1.f}, {-0.f, 0.f, -0.f}}.to(device);
    const Array classes = argmax(x);
    CHECK(classes.dtype() == Dtype::int64);
    CHECK(classes.device() == device);
    CHECK(classes.to_vector<std::int64_t>() == Classes{1, 0, 1, 0});
    CHECK(argmax(Array{{7.0}}.to(device)).to_vector<std::int64_t>() == Classes{0});
  });
}

TEST_CASE("argmax of infinities, and NaN as in NumPy", "[gpu]") {
  const Array x = {{-inf, -inf, -inf}, {0.f, inf, inf}, {inf, NaN, 0.f}, {NaN, inf, NaN}, {0.f, NaN, NaN}};
  on_every_device([&](Device device) {
    CHECK(argmax(x.to(device)).to_vector<std::int64_t>() == Classes{0, 1, 1, 0, 1});
  });
}

TEST_CASE("argmax reduces axis 1 of more than two", "[gpu]") {
  // (1, 2, 3): the classes lie three elements apart.
  const Array x = {{{1.0, 5.0, 2.0}, {4.0, 3.0, 2.0}}};
  const Array two = {{{1.0, 5.0}, {4.0, 3.0}}, {{0.0, 1.0}, {0.0, 2.0}}};
  on_every_device([&](Device device) {
    CHECK(argmax(x.to(device)).shape() == Shape{1, 3});
    CHECK(argmax(x.to(device)).to_vector<std::int64_t>() == Classes{1, 0, 0});
    CHECK(argmax(two.to(device)).to_vector<std::int64_t>() == Classes{1, 0, 0, 1});
  });
}

TEST_CASE("argmax of lines of any length, with ties and NaN here and there", "[gpu]") {
  for (const std::size_t n_class : {2u, 5u, 17u, 33u, 65u, 1025u, 3000u}) {
    CAPTURE(n_class);
    Array x = random::Generator(n_class).uniform({40, n_class});
    float* values = x.data<float>();
    Classes expected;
    for (std::size_t row = 0; row < 40; ++row) {
      float* line = values + row * n_class;
      for (std::size_t c = 0; c < n_class; ++c) line[c] = std::floor(4 * line[c]);  // many ties
      if (row % 4 == 0) line[row % n_class] = NaN;
      std::size_t best = 0;
      for (std::size_t c = 1; c < n_class; ++c)
        if (!std::isnan(line[best]) && (std::isnan(line[c]) || line[c] > line[best])) best = c;
      expected.push_back(static_cast<std::int64_t>(best));
    }
    on_every_device(
        [&](Device device) { CHECK(argmax(x.to(device)).to_vector<std::int64_t>() == expected); });
  }
}

TEST_CASE("argmax of no rows, and what it refuses", "[gpu]") {
  on_every_device([](Device device) {
    CHECK(argmax(Array::zeros({0, 3}, Dtype::float32, device)).shape() == Shape{0});
    CHECK(argmax(Array::zeros({2, 3, 0}, Dtype::float32, device)).shape() == Shape{2, 0});
  });
  const std::string expected = "argmax: x must be float32 or float64 of shape (N, C, ...) with C > 0, got ";
  CHECK_THROWS_WITH(argmax(Array::zeros({2, 0})), expected + "float32(2, 0)");
  CHECK_THROWS_WITH(argmax(Array{1.f, 2.f}), expected + "float32(2)");
  CHECK_THROWS_WITH(argmax(Array{{1, 2}}), expected + "int32(1, 2)");
  CHECK_THROWS_WITH(argmax(Array()), expected + "none");
}
