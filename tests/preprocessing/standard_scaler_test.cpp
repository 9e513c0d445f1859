#include "tenbin/preprocessing/standard_scaler.h"

#include <cmath>
#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;

TEST_CASE("StandardScaler brings the training columns to mean 0 and deviation 1") {
  const Dtype dtype = GENERATE(Dtype::float32, Dtype::float64);
  const Array x = random::Generator(1).normal({2500, 3}, 5, 20, dtype);
  const StandardScaler scaler(x);
  const Array scaled = scaler.transform(x);
  REQUIRE(scaled.dtype() == dtype);
  const std::vector<double> before = x.to_vector<double>(), after = scaled.to_vector<double>();
  for (std::size_t c = 0; c < 3; ++c) {
    double mean = 0, squares = 0;
    for (std::size_t i = 0; i < 2500; ++i) mean += before[3 * i + c] / 2500;
    for (std::size_t i = 0; i < 2500; ++i) squares += std::pow(before[3 * i + c] - mean, 2) / 2500;
    CHECK(scaler.mean().data<double>()[c] == Approx(mean).epsilon(1e-12));
    CHECK(scaler.scale().data<double>()[c] == Approx(std::sqrt(squares)).epsilon(1e-12));
    for (std::size_t i = 0; i < 2500; ++i)
      REQUIRE(std::abs(after[3 * i + c] - (before[3 * i + c] - mean) / std::sqrt(squares)) <
              (dtype == Dtype::float32 ? 1e-6 : 1e-12));
  }
  const std::vector<double> back = scaler.inverse_transform(scaled).to_vector<double>();
  for (std::size_t i = 0; i < back.size(); ++i) REQUIRE(back[i] == Approx(before[i]).margin(1e-5));
}

TEST_CASE("StandardScaler does not depend on the test part") {
  const StandardScaler scaler(Array{{0., 10.}, {2., 30.}});
  CHECK(scaler.transform(Array{{4., 20.}}).to_vector<double>() == std::vector<double>{3, 0});
  CHECK(scaler.transform(Array::zeros({0, 2})).shape() == Shape{0, 2});
}

TEST_CASE("StandardScaler divides constant columns by 1") {
  // 0.1 summed a thousand times is not 100: the column is constant up to rounding.
  Array x = Array::full({1000, 3}, 0.1, Dtype::float64);
  for (std::size_t i = 0; i < 1000; ++i) x.data<double>()[3 * i + 1] = 1e15 + (i % 2 ? 1 : -1);
  for (std::size_t i = 0; i < 1000; ++i) x.data<double>()[3 * i + 2] = 1e-150 * static_cast<double>(i);
  const StandardScaler scaler(x);
  CHECK(scaler.scale().data<double>()[0] == 1);
  CHECK(std::abs(scaler.transform(x).data<double>()[0]) < 1e-14);
  CHECK(StandardScaler(Array{{7.f}}).transform(Array{{7.f}, {9.f}}).to_vector<float>() ==
        std::vector<float>{0, 2});
  // A small deviation is not a rounding error.
  CHECK(scaler.scale().data<double>()[2] == Approx(1e-150 * std::sqrt((1e6 - 1) / 12)));
}

TEST_CASE("StandardScaler sums in float64") {
  Array x = Array::empty({20000, 1});
  for (std::size_t i = 0; i < 20000; ++i) x.data<float>()[i] = 1e6f + (i % 2 ? 0.5f : -0.5f);
  const StandardScaler scaler(x);
  CHECK(scaler.mean().data<double>()[0] == 1e6);
  CHECK(scaler.scale().data<double>()[0] == 0.5);
  CHECK(scaler.transform(x).data<float>()[0] == -1);
}

TEST_CASE("StandardScaler leaves missing values out and missing") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Array x{{1., nan}, {nan, 4.}, {3., 8.}};
  const StandardScaler scaler(x);
  CHECK(scaler.mean().to_vector<double>() == std::vector<double>{2, 6});
  CHECK(scaler.scale().to_vector<double>() == std::vector<double>{1, 2});
  const std::vector<double> scaled = scaler.transform(x).to_vector<double>();
  CHECK((scaled[0] == -1 && std::isnan(scaled[1]) && std::isnan(scaled[2]) && scaled[3] == -1 &&
         scaled[5] == 1));
}

TEST_CASE("StandardScaler takes images and whole numbers") {
  const Array images = Array::arange(24, Dtype::uint8).reshape({2, 3, 4});
  const Array scaled = StandardScaler(images).transform(images);
  CHECK(scaled.dtype() == Dtype::float32);
  CHECK(scaled.shape() == Shape{2, 3, 4});
  CHECK(scaled.data<float>()[0] == -1);
  CHECK(scaled.data<float>()[23] == 1);
  CHECK(StandardScaler(Array{1.f, 3.f}).transform(Array{2.f}).to_vector<float>() == std::vector<float>{0});
}

TEST_CASE("StandardScaler is the same after saving and loading") {
  const testing::ScratchDirectory scratch;
  const std::string path = scratch / "scaler.npz";
  const Array x = random::Generator(1).normal({50, 4}, 1, 3);
  const StandardScaler scaler(x);
  save_npz(path, scaler);
  CHECK(StandardScaler::load(path).transform(x).to_vector<float>() == scaler.transform(x).to_vector<float>());
  save_npz(path, {{"mean", Array{1., 2.}}, {"scale", Array{1.}}});
  CHECK_THROWS_WITH(StandardScaler::load(path), path + ": scale: expected 2 values as in mean, got 1");
  save_npz(path, {{"mean", Array{1.f}}, {"scale", Array{1.}}});
  CHECK_THROWS_WITH(StandardScaler::load(path),
                    path + ": mean: expected float64 of one axis, got float32(1)");
  save_npz(path, {{"mean", Array{1.}}, {"scale", Array{0.}}});
  CHECK_THROWS_WITH(StandardScaler::load(path), path + ": scale: expected values > 0, got 0");
  save_npz(path, {{"mean", Array{std::numeric_limits<double>::infinity()}}, {"scale", Array{1.}}});
  CHECK_THROWS_WITH(StandardScaler::load(path), path + ": mean: expected finite values, got inf");
  StandardScaler other(Array{{7.}});
  CHECK_THROWS_AS(load_npz(path, other), Error);
  CHECK(other.mean().item() == 7);
  save_npz(path, scaler);
  load_npz(path, other);
  CHECK(other.transform(x).to_vector<float>() == scaler.transform(x).to_vector<float>());
}

TEST_CASE("StandardScaler subtracts and divides as its options say") {
  const Array x{{1., 10.}, {3., 30.}};
  const StandardScaler divides(x, {.with_mean = false});
  CHECK(divides.transform(x).to_vector<double>() == std::vector<double>{1, 1, 3, 3});
  CHECK(divides.inverse_transform(divides.transform(x)).to_vector<double>() == x.to_vector<double>());
  CHECK(StandardScaler(x, {.with_std = false}).transform(x).to_vector<double>() ==
        std::vector<double>{-1, -10, 1, 10});
}

TEST_CASE("StandardScaler refuses odd arguments") {
  CHECK_THROWS_WITH(StandardScaler(Array::zeros({0, 2})), "StandardScaler: expected rows, got float32(0, 2)");
  CHECK_THROWS_WITH(StandardScaler(Array::scalar(1)), "StandardScaler: expected rows, got float32()");
  CHECK_THROWS_WITH(StandardScaler(Array{{1., 2.}, {3., std::numeric_limits<double>::infinity()}}),
                    "StandardScaler: expected finite values or NaN, got x[1, 1] = inf");
  CHECK_THROWS_WITH(StandardScaler(Array{{std::numeric_limits<float>::quiet_NaN()}}),
                    "StandardScaler: column 0 has no values but NaN");
  const StandardScaler scaler(Array{{1.f, 2.f}});
  CHECK_THROWS_WITH(scaler.transform(Array{{1.f}}),
                    "StandardScaler::transform: expected 2 columns as fitted, got float32(1, 1)");
  CHECK_THROWS_WITH(scaler.inverse_transform(Array{{1, 2}}),
                    "StandardScaler::inverse_transform: x must be float32 or float64, got int32(1, 2)");
}

TEST_CASE("StandardScaler of sparse rows is that of the dense ones, without a mean") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
    // Some zeros, missing values, no value at all, a constant, a constant with a zero among its values.
    const Array dense = Array{
        {1., 0., 0., 7., 2., 0.},
        {0., nan, 0., 7., 2., 1e-3},
        {-3., 5., 0., 7., 0., 0.},
        {0.5, 0., 0., 7., 2.,
         0.}}.astype(dtype);
    const CsrMatrix x = CsrMatrix::from_dense(dense);
    const StandardScaler sparse(x, {.with_mean = false}), expected(dense, {.with_mean = false});
    for (std::size_t c = 0; c < 6; ++c)
      CHECK(sparse.scale().data<double>()[c] == Approx(expected.scale().data<double>()[c]).epsilon(1e-14));
    CHECK(sparse.scale().data<double>()[1] == Approx(std::sqrt(50. / 9)).epsilon(1e-14));
    CHECK(sparse.scale().data<double>()[2] == 1);
    CHECK(sparse.mean().to_vector<double>() == std::vector<double>(6, 0.));
    const CsrMatrix scaled = expected.transform(x);  // the bits are those of the dense rows
    CHECK(scaled.dtype() == dtype);
    CHECK(scaled.indices().to_vector<int>() == x.indices().to_vector<int>());
    const auto same = [](const Array& a, const Array& b) {
      const auto u = a.to_vector<double>(), v = b.to_vector<double>();
      REQUIRE(u.size() == v.size());
      for (std::size_t i = 0; i < u.size(); ++i)
        CHECK((u[i] == v[i] || (std::isnan(u[i]) && std::isnan(v[i]))));
    };
    same(scaled.to_dense(), expected.transform(dense));
    same(expected.inverse_transform(scaled).to_dense(),
         expected.inverse_transform(expected.transform(dense)));
    CHECK(StandardScaler(x, {.with_mean = false, .with_std = false}).scale().to_vector<double>() ==
          std::vector<double>(6, 1.));
    CHECK(sparse.transform(x.slice(0, 0)).shape() == Shape{0, 6});
  }
}

TEST_CASE("StandardScaler refuses to centre sparse rows") {
  const CsrMatrix x = CsrMatrix::from_dense(Array{{1.f, 0.f}, {0.f, 2.f}});
  CHECK_THROWS_WITH(
      StandardScaler(x, {}),
      "StandardScaler: sparse rows cannot be centred and stay sparse; pass {.with_mean = false}, or "
      "dense rows: x.to_dense(); got float32(2, 2), 2 stored");
  CHECK_THROWS_WITH(StandardScaler(Array{{0.f, 1.f}, {0.f, 2.f}}).transform(x),
                    "StandardScaler::transform: the scaler centres column 1 by 1.5, and centred rows are not "
                    "sparse; fit it with {.with_mean = false}; got float32(2, 2), 2 stored");
  const StandardScaler scaler(x, {.with_mean = false});
  CHECK_THROWS_WITH(scaler.transform(CsrMatrix::from_dense(Array{{1.f}})),
                    "StandardScaler::transform: expected 2 columns as fitted, got float32(1, 1), 1 stored");
  CHECK_THROWS_WITH(scaler.inverse_transform(CsrMatrix()),
                    "StandardScaler::inverse_transform: expected 2 columns as fitted, got none");
  CHECK_THROWS_WITH(StandardScaler(x.slice(0, 0), {.with_mean = false}),
                    "StandardScaler: expected rows, got float32(0, 2), 0 stored");
  const float inf = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH(
      StandardScaler(CsrMatrix::from_dense(Array{{0.f, 1.f}, {0.f, inf}}), {.with_mean = false}),
      "StandardScaler: expected finite values or NaN, got x[1, 1] = inf");
}
