#include "tenbin/calibration/platt_scaling.h"

#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// Labels of probability 1 / (1 + exp(a s + b)).
Array labels(const Array& scores, double a, double b, std::uint64_t seed) {
  const std::vector<double> s = values(scores);
  const std::vector<double> u = values(random::Generator(seed).uniform({s.size()}, 0, 1, Dtype::float64));
  std::vector<std::int64_t> t;
  for (std::size_t i = 0; i < s.size(); ++i) t.push_back(u[i] < 1 / (1 + std::exp(a * s[i] + b)) ? 1 : 0);
  return Array(t);
}

}  // namespace

TEST_CASE("PlattScaling recovers the sigmoid that made the labels") {
  const Array scores = random::Generator(1).normal({20000}, 1, 2, Dtype::float64);
  PlattScaling scaling;
  scaling.fit(scores, labels(scores, -1.5, 2, 2));
  CHECK(scaling.a() == Approx(-1.5).epsilon(0.05));
  CHECK(scaling.b() == Approx(2).epsilon(0.05));
  const double p = values(scaling.transform(Array{0.7}))[0];
  CHECK(p == Approx(1 / (1 + std::exp(scaling.a() * 0.7 + scaling.b()))).epsilon(1e-14));
}

TEST_CASE("PlattScaling does not depend on the offset and scale of the scores") {
  const Array scores = random::Generator(3).normal({400}, 0, 1, Dtype::float64);
  const Array t = labels(scores, -2, 1, 4);
  PlattScaling plain, moved;
  plain.fit(scores, t);
  const Array far = (Variable(scores) * 1e8 + 1e9).data();
  moved.fit(far, t);
  check_close(values(moved.transform(far)), values(plain.transform(scores)), 1e-8, 1e-6);
  PlattScaling mirrored;
  mirrored.fit((-Variable(scores)).data(), t);
  CHECK(mirrored.a() == Approx(-plain.a()).epsilon(1e-10));
  CHECK(mirrored.b() == Approx(plain.b()).epsilon(1e-10));
}

TEST_CASE("PlattScaling of separable scores stays finite, and reaches the smoothed targets") {
  PlattScaling scaling;
  const Array scores = {-1., -1., -1., 1., 1.};
  scaling.fit(scores, Array{0, 0, 0, 1, 1});
  // Two parameters fit two scores exactly: 1 / (3 + 2) and (2 + 1) / (2 + 2).
  check_close(values(scaling.transform(Array{-1., 1.})), {0.2, 0.75}, 1e-12, 0);
}

TEST_CASE("PlattScaling comes to the minimum whatever the weights add up to") {
  // Two free numbers fit two scores exactly: the mean target of either, beside which the smoothing vanishes.
  const Array scores = {0., 0., 1., 1.}, t = {0, 1, 0, 1};
  for (const double unit : {1e14, 1e100})
    for (double ratio = 2; ratio <= 40; ++ratio) {
      PlattScaling scaling;
      scaling.fit(scores, t, {.sample_weight = Array{ratio * unit, unit, unit, ratio * unit}});
      check_close(values(scaling.transform(Array{0., 1.})), {1 / (1 + ratio), ratio / (1 + ratio)}, 1e-12, 0);
    }
}

TEST_CASE("PlattScaling with all scores tied predicts the smoothed frequency") {
  PlattScaling scaling;
  scaling.fit(Array{7.f, 7.f, 7.f, 7.f}, Array{0, 1, 0, 0});
  CHECK(scaling.a() == 0);
  // The mean of the targets: (3 * 1 / 5 + 2 / 3) / 4.
  check_close(values(scaling.transform(Array{-100., 7.})), std::vector<double>(2, (0.6 + 2. / 3) / 4), 1e-12,
              0);
}

TEST_CASE("PlattScaling at the ends of double's range is finite") {
  const double most = std::numeric_limits<double>::max();
  PlattScaling scaling;
  scaling.fit(Array{-most, most, -most, most}, Array{0, 1, 0, 1});
  check_close(values(scaling.transform(Array{-most, 0., most})), {0.25, 0.5, 0.75}, 1e-9, 0);
  PlattScaling steep;
  steep.fit(Array{-1., 1.}, Array{0, 1});
  const std::vector<double> p = values(steep.transform(Array{-1e300, 1e300}));
  CHECK(p == std::vector<double>{0, 1});
}

TEST_CASE("PlattScaling: a weight is a repetition; two columns, float32") {
  PlattScaling weighted, repeated;
  weighted.fit(Array{1., 2., 3., 4., 9.}, Array{0, 1, 0, 1, 0}, {.sample_weight = Array{1., 2., 2., 1., 0.}});
  repeated.fit(Array{1., 2., 2., 3., 3., 4.}, Array{0, 1, 1, 0, 0, 1});
  check_close({weighted.a(), weighted.b()}, {repeated.a(), repeated.b()}, 1e-12, 1e-10);
  PlattScaling columns;
  const Array two = {{0.75f, 0.25f}, {0.5f, 0.5f}, {0.25f, 0.75f}};
  const Array p = columns.fit(two, Array{0, 1, 1}).transform(two);
  CHECK(p.shape() == Shape{3, 2});
  CHECK(p.dtype() == Dtype::float32);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(values(p)[2 * i] + values(p)[2 * i + 1] == Approx(1).epsilon(1e-6));
}

TEST_CASE("PlattScaling: errors, which leave what was fitted") {
  PlattScaling scaling;
  CHECK_THROWS_WITH(scaling.a(), "PlattScaling: expected a call of fit first");
  CHECK_THROWS_WITH(scaling.transform(Array{1.}), "PlattScaling: expected a call of fit first");
  scaling.fit(Array{1., 2.}, Array{0, 1});
  const double a = scaling.a();
  CHECK_THROWS_WITH(scaling.fit(Array{1., 2.}, Array{0, 0}),
                    "PlattScaling::fit: expected samples of both classes, got 2 of class 0 and 0 of class 1");
  CHECK_THROWS_WITH(scaling.fit(Array::zeros({0}), Array::zeros({0}, Dtype::int32)),
                    "PlattScaling::fit: expected samples of both classes, got 0 of class 0 and 0 of class 1");
  CHECK_THROWS_WITH(scaling.fit(Array{1., 2.}, Array{0, 0}, {.pos_label = 0}),
                    "PlattScaling::fit: expected samples of both classes, got 0 of class 1 and 2 of class 0");
  CHECK_THROWS_WITH(scaling.fit(Array{1., 2.}, Array{1, 1}, {.pos_label = 1}),
                    "PlattScaling::fit: expected samples of both classes, got 0 of class 0 and 2 of class 1");
  CHECK(scaling.a() == a);
}

TEST_CASE("PlattScaling of a positive class of any label") {
  const Array scores = {1., 2., 3., 4., 5.};
  PlattScaling plain;
  plain.fit(scores, Array{0, 1, 0, 1, 1});
  for (const auto& [t, pos_label] : {std::pair(Array{1, 0, 1, 0, 0}, 0), std::pair(Array{-1, 1, -1, 1, 1}, 1),
                                     std::pair(Array{7, 3, 7, 3, 3}, 3)}) {
    PlattScaling scaling;
    scaling.fit(scores, t, {.pos_label = pos_label});
    CHECK(scaling.a() == plain.a());
    CHECK(scaling.b() == plain.b());
  }
  CHECK_THROWS_WITH(PlattScaling().fit(scores, Array{-1, 1, -1, 1, 1}),
                    "PlattScaling::fit: t has the labels -1 and 1: pass pos_label = 1, or map -1 to 0");
  // Of the two columns that of the positive class is read, and becomes its probability.
  const Array two = {{0.75, 0.25}, {0.5, 0.5}, {0.25, 0.75}, {0.5, 0.5}};
  const Array t = {0, 0, 1, 1};
  const std::vector<double> of_0 = values(PlattScaling().fit(two, t, {.pos_label = 0}).transform(two));
  const std::vector<double> of_1 = values(PlattScaling().fit(two, t).transform(two));
  check_close(of_0, of_1, 1e-12, 0);
  const Array column = {{1.}, {2.}, {3.}, {4.}, {5.}};
  CHECK(plain.transform(column).shape() == Shape{5, 1});
  CHECK(values(plain.transform(column)) == values(plain.transform(scores)));
  CHECK_THROWS_WITH(PlattScaling().fit(Array{1., 2.}, Array{1, 2}),
                    "PlattScaling::fit: t[1] = 2 is not a class in [0, 2)");
}

namespace {

// The larger derivative of the cross entropy against Platt's targets, by the slope and the offset, for one
// unit of weight and scores in [-1, 1]: 0 at the minimum.
double slope_at_end(const Array& scores, const Array& t, const Array& weight) {
  const std::vector<double> x = values(scores), label = values(t), w = values(weight);
  const std::vector<double> p =
      values(PlattScaling().fit(scores, t, {.sample_weight = weight}).transform(scores));
  double count[2] = {};
  for (std::size_t i = 0; i < x.size(); ++i) count[label[i] == 1 ? 1 : 0] += w[i];
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  double by_a = 0, by_b = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double target = label[i] == 1 ? (count[1] + 1) / (count[1] + 2) : 1 / (count[0] + 2);
    by_b += w[i] * (target - p[i]);
    by_a += w[i] * (target - p[i]) * (2 * x[i] - *low - *high) / std::max(*high - *low, 1e-300);
  }
  return std::max(std::abs(by_a), std::abs(by_b)) / (count[0] + count[1]);
}

}  // namespace

TEST_CASE("PlattScaling comes to the minimum whatever the ratios of the weights") {
  CHECK(slope_at_end(Array{1., 1., 3., 2.}, Array{0, 1, 0, 1},
                     Array{1., 58.151296642372614, 23.789464819619894, 6754.7108786429608}) < 1e-9);
  random::Generator generator(3);
  for (const double most : {2., 6., 9.}) {  // ratios up to 10^most
    for (int fit = 0; fit < 2000; ++fit) {
      const std::size_t size = 2 + static_cast<std::size_t>(fit) % 12;
      const std::vector<double> draws = values(generator.uniform({2, size}, 0, 1, Dtype::float64));
      std::vector<double> scores(size), weight(size);
      std::vector<int> t(size);
      for (std::size_t i = 0; i < size; ++i) {
        scores[i] = std::floor(4 * draws[i]);
        weight[i] = std::pow(10, most * draws[size + i]);
        t[i] = i < 2 ? static_cast<int>(i) : static_cast<int>(i * static_cast<std::size_t>(fit) / 12 % 2);
      }
      CAPTURE(most, fit);
      CHECK(slope_at_end(Array(scores), Array(t), Array(weight)) < 1e-8);
    }
  }
}
