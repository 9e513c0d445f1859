// IsotonicCalibration and PlattScaling of more than two classes, and rows that are ignored.
#include <limits>

#include "tenbin/calibration/isotonic_calibration.h"
#include "tenbin/calibration/platt_scaling.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

const Array p = {{.7, .2, .1}, {.5, .3, .2}, {.4, .5, .1}, {.2, .6, .2}, {.1, .8, .1}, {.3, .3, .4},
                 {.2, .1, .7}, {.1, .3, .6}, {.6, .1, .3}, {.1, .1, .8}, {.3, .4, .3}, {.45, .35, .2}};
const Array t = {0, 1, 0, 1, 1, 2, 2, 1, 0, 2, 0, 0};
const Array w = {1., 2., 1., .5, 1., 1., 1., 3., 1., 1., 1., 2.};
const Array q = {{.55, .25, .2}, {.05, .15, .8}, {.25, .5, .25}, {1. / 3, 1. / 3, 1. / 3},
                 {.12, .3, .58}, {.1, .75, .15}, {.32, .02, .66}};

Array times_8(const Array& x) {
  std::vector<double> scaled = values(x);
  for (double& each : scaled) each *= 8;
  return Array(scaled, x.shape());
}

}  // namespace

// scikit-learn 1.9.1: _fit_calibrator(prefit, p, t, classes, "isotonic", sample_weight=w).predict_proba(q).
TEST_CASE("golden: IsotonicCalibration of three classes is scikit-learn's") {
  const IsotonicCalibration plain = IsotonicCalibration().fit(p, t);
  CHECK(plain.n_class() == 3);
  check_close(values(plain.transform(q)),
              {0.8333333333333333,
               0.16666666666666663,
               0.0,
               0.0,
               0.0,
               1.0,
               0.4285714285714286,
               0.5714285714285715,
               0.0,
               0.5263157894736842,
               0.31578947368421056,
               0.1578947368421052,
               0.0,
               0.4,
               0.6000000000000001,
               0.0,
               1.0,
               0.0,
               0.39999999999999997,
               0.0,
               0.6000000000000001},
              1e-14, 1e-13);
  const IsotonicCalibration weighted = IsotonicCalibration().fit(p, t, {.sample_weight = w});
  check_close(values(weighted.transform(q)),
              {0.761904761904762,
               0.23809523809523803,
               0.0,
               0.0,
               0.0,
               1.0,
               0.3333333333333333,
               0.6666666666666666,
               0.0,
               0.47761194029850756,
               0.4477611940298508,
               0.07462686567164176,
               0.0,
               0.6666666666666666,
               0.3333333333333333,
               0.0,
               1.0,
               0.0,
               0.4262295081967211,
               0.0,
               0.5737704918032788},
              1e-14, 1e-13);
}

// The same with "sigmoid" and decision_function 8 p; its search stops at 1e-5.
TEST_CASE("golden: PlattScaling of three classes is scikit-learn's") {
  const PlattScaling plain = PlattScaling().fit(times_8(p), t);
  CHECK(plain.lines().size() == 3);
  check_close(
      values(plain.transform(times_8(q))),
      {0.6685221463895262, 0.22014313393859242, 0.11133471967188138, 0.09628310257972339, 0.16613956031707067,
       0.7375773371032058, 0.30654157197751725, 0.5296110788673308,  0.1638473491551518,  0.4329495303966656,
       0.3363298769221749, 0.23072059268115946, 0.1576822618381112,  0.3072155805409497,  0.535102157620939,
       0.1343433860500839, 0.7659566791682476,  0.0996999347816685,  0.35624944731301195, 0.09363728296146474,
       0.5501132697255232},
      1e-5, 0);
  const PlattScaling weighted = PlattScaling().fit(times_8(p), t, {.sample_weight = w});
  check_close(values(weighted.transform(times_8(q.slice(0, 2)))),
              {0.6152779519187481, 0.3089606552242418, 0.07576139285701007, 0.09251513029343736,
               0.2820086119430779, 0.6254762577634847},
              1e-5, 0);
}

TEST_CASE("IsotonicCalibration of three classes fits each against the rest") {
  // Class c has a curve from 0 at 0.2 to 1 at 0.6.
  const Array corners = {{.6, .2, .2}, {.2, .6, .2}, {.2, .2, .6}};
  const IsotonicCalibration calibration = IsotonicCalibration().fit(corners, Array{0, 1, 2});
  REQUIRE(calibration.curves().size() == 3);
  for (const IsotonicCalibration::Curve& curve : calibration.curves()) {
    CHECK(curve.x == std::vector<double>{0.2, 0.6});
    CHECK(curve.y == std::vector<double>{0, 1});
  }
  // (0.3, 0.4, 0.3) becomes (0.25, 0.5, 0.25), and (0.7, 0.3, 0) becomes (1, 0.25, 0), divided by their sums.
  check_close(values(calibration.transform(Array{{.3, .4, .3}, {.7, .3, 0.}})), {.25, .5, .25, .8, .2, 0},
              1e-15, 1e-14);
  // Against swapped labels the curves are constant, 1/3: pooled.
  const IsotonicCalibration against = IsotonicCalibration().fit(corners, Array{1, 2, 0});
  check_close(values(against.transform(corners)), std::vector<double>(9, 1. / 3), 1e-15, 0);
  CHECK_THROWS_WITH(
      calibration.x_thresholds(),
      "IsotonicCalibration: x_thresholds and y_thresholds are those of two classes, got 3: see curves");
}

TEST_CASE("IsotonicCalibration of a row whose curves are all 0 is uniform") {
  const Array scores = {{.55f, .45f, 0.f}, {0.f, .55f, .45f}, {.45f, 0.f, .55f}};
  const IsotonicCalibration calibration = IsotonicCalibration().fit(scores, Array{0, 1, 2});
  CHECK(calibration.curves()[1].y == std::vector<double>{0, 0, 1});
  const Array out = calibration.transform(Array{{1.f / 3, 1.f / 3, 1.f / 3}, {.5f, .5f, 0.f}});
  CHECK(out.dtype() == Dtype::float32);
  check_close(values(out), {1. / 3, 1. / 3, 1. / 3, .5, .5, 0}, 1e-7, 0);
}

TEST_CASE("Rows of more than two classes that are ignored do not count") {
  const Array more_p = {{.9, .1, 0.}, {.7, .2, .1}, {.1, .8, .1}, {.2, .2, .6}, {.3, .4, .3}};
  const Array kept = more_p.slice(1, 5);
  const IsotonicCalibration expected = IsotonicCalibration().fit(kept, Array{0, 1, 2, 1});
  const IsotonicCalibration by_default = IsotonicCalibration().fit(more_p, Array{-1, 0, 1, 2, 1});
  const IsotonicCalibration by_option =
      IsotonicCalibration().fit(more_p, Array{9, 0, 1, 2, 1}, {.ignore_label = 9});
  const IsotonicCalibration by_weight =
      IsotonicCalibration().fit(more_p, Array{2, 0, 1, 2, 1}, {.sample_weight = Array{0., 1., 1., 1., 1.}});
  for (const auto* each : {&by_default, &by_option, &by_weight})
    CHECK(values(each->transform(more_p)) == values(expected.transform(more_p)));
}

TEST_CASE("Rows of two classes are ignored if the label is given") {
  const Array scores = {9., 1., 2., 3.}, kept = {1., 2., 3.};
  const PlattScaling expected = PlattScaling().fit(kept, Array{0, 1, 1});
  const PlattScaling ignoring = PlattScaling().fit(scores, Array{-1, 0, 1, 1}, {.ignore_label = -1});
  CHECK(ignoring.a() == expected.a());
  CHECK(ignoring.b() == expected.b());
  const PlattScaling with_pos =
      PlattScaling().fit(scores, Array{5, 0, 1, 1}, {.pos_label = 1, .ignore_label = 5});
  CHECK(with_pos.a() == expected.a());
  // Without it, -1 stays an error.
  CHECK_THROWS_WITH(PlattScaling().fit(scores, Array{-1, 0, 1, 1}),
                    "PlattScaling::fit: t[0] = -1 is not a class in [0, 2)");
  CHECK_THROWS_WITH(PlattScaling().fit(scores, Array{-1, 0, 1, 1}, {.pos_label = 1, .ignore_label = 1}),
                    "PlattScaling::fit: pos_label and ignore_label are both 1");
}

TEST_CASE("Calibration of more than two classes names what does not fit") {
  const Array ok = {{.7, .2, .1}, {.1, .8, .1}, {.2, .2, .6}};
  IsotonicCalibration isotonic;
  CHECK_THROWS_WITH(isotonic.fit(ok, Array{0, 1, 1}),
                    "IsotonicCalibration::fit: expected samples of all 3 classes, got none of class 2");
  CHECK_THROWS_WITH(isotonic.fit(ok, Array{0, 1, 3}),
                    "IsotonicCalibration::fit: t[2] = 3 is not a class in [0, 3)");
  CHECK_THROWS_WITH(isotonic.fit(ok, Array{0, 1}), ContainsSubstring("differ in length"));
  CHECK_THROWS_WITH(
      isotonic.fit(ok, Array{0, 1, 2}, {.pos_label = 1}),
      "IsotonicCalibration::fit: pos_label is for two classes, got pos_label = 1 and float64(3, 3)");
  CHECK_THROWS_WITH(
      isotonic.fit(Array{{1., 2., 3.}, {.1, .8, .1}, {.2, .2, .6}}, Array{0, 1, 2}),
      "IsotonicCalibration::fit: row 0 of probabilities must be >= 0 and sum to 1, its sum is 6");
  CHECK_THROWS_WITH(
      PlattScaling().fit(Array{{1., 2., 3.}, {1., nan_value, 2.}, {0., 0., 1.}}, Array{0, 1, 2}),
      "PlattScaling::fit: scores[1, 1] = nan is not finite");
  CHECK(!isotonic.is_fitted());
  isotonic.fit(ok, Array{0, 1, 2});
  CHECK_THROWS_WITH(isotonic.transform(Array{{.5, .5}}),
                    "IsotonicCalibration::transform: expected scores (N, 3) of the 3 classes as fitted, got "
                    "float64(1, 2)");
  CHECK(isotonic.transform(Array::empty({0, 3}, Dtype::float64)).shape() == Shape{0, 3});
  PlattScaling platt;
  platt.fit(ok, Array{0, 1, 2});
  CHECK_THROWS_WITH(platt.a(), "PlattScaling: a and b are those of two classes, got 3: see lines");
}
