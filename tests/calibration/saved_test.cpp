// What is fitted is saved and loaded with the same bits; damaged files are errors.
#include <limits>

#include "tenbin/calibration/isotonic_calibration.h"
#include "tenbin/calibration/platt_scaling.h"
#include "tenbin/calibration/prior_correction.h"
#include "tenbin/calibration/temperature_scaling.h"
#include "tenbin/core/random.h"
#include "tenbin/serializers/state.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

// The state with one array replaced.
NamedArrays with(NamedArrays state, const std::string& key, const Array& array) {
  for (auto& [name, value] : state)
    if (name == key) value = array;
  return state;
}

NamedArrays without(const NamedArrays& state, const std::string& key) {
  NamedArrays rest;
  for (const auto& each : state)
    if (each.first != key) rest.push_back(each);
  return rest;
}

// A file that an object refuses, and is unchanged afterwards.
template <class Object>
void check_refused(Object& object, const NamedArrays& damaged, const std::string& what) {
  const ScratchDirectory directory;
  const std::string path = directory / "damaged.npz";
  save_npz(path, damaged);
  const NamedArrays before = object.save_state();
  CHECK_THROWS_WITH(load_npz(path, object), path + ": " + what);
  CHECK_THROWS_WITH(Object::load(path), path + ": " + what);
  const NamedArrays after = object.save_state();
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < after.size(); ++i) CHECK(values(after[i].second) == values(before[i].second));
}

template <class Object>
Object reloaded(const Object& object) {
  const ScratchDirectory directory;
  save_npz(directory / "saved.npz", object);
  return Object::load(directory / "saved.npz");
}

template <class Object>
void check_same_bits(const Object& object, const Array& scores) {
  CHECK(values(reloaded(object).transform(scores)) == values(object.transform(scores)));
}

struct Sample {
  Array scores, t;
};

// Probabilities of n_class classes, and labels that follow them.
Sample sample(std::size_t count, std::size_t n_class) {
  random::Generator rng(5);
  std::vector<double> p = values(rng.uniform({count, n_class}, 0.01, 1, Dtype::float64));
  const std::vector<double> u = values(rng.uniform({count}, 0, 1, Dtype::float64));
  std::vector<std::int64_t> t;
  for (std::size_t i = 0; i < count; ++i) {
    double sum = 0, below = 0;
    for (std::size_t c = 0; c < n_class; ++c) sum += p[i * n_class + c];
    std::int64_t label = 0;
    for (std::size_t c = 0; c < n_class; ++c) {
      p[i * n_class + c] /= sum;
      if (c + 1 < n_class && u[i] > (below += p[i * n_class + c])) label = static_cast<std::int64_t>(c + 1);
    }
    t.push_back(label);
  }
  return {Array(p, {count, n_class}), Array(t)};
}

}  // namespace

TEST_CASE("What is fitted is loaded with the same bits") {
  const Sample two = sample(60, 2), four = sample(80, 4);
  check_same_bits(TemperatureScaling().fit(two.scores, two.t), two.scores);
  for (const std::int64_t pos_label : {0, 1}) {
    CAPTURE(pos_label);
    const PlattScaling platt = PlattScaling().fit(two.scores, two.t, {.pos_label = pos_label});
    check_same_bits(platt, two.scores);
    CHECK(reloaded(platt).pos_class() == pos_label);
    check_same_bits(IsotonicCalibration().fit(two.scores, two.t, {.pos_label = pos_label}), two.scores);
  }
  check_same_bits(PlattScaling().fit(four.scores, four.t), four.scores);
  const IsotonicCalibration isotonic = IsotonicCalibration().fit(four.scores, four.t);
  check_same_bits(isotonic, four.scores);
  CHECK(reloaded(isotonic).n_class() == 4);
  check_same_bits(PriorCorrection({0.5, 0.5}, Array{990, 10}), two.scores);
}

TEST_CASE("What is not fitted is not saved") {
  CHECK_THROWS_WITH(TemperatureScaling().save_state(), "TemperatureScaling: expected a call of fit first");
  CHECK_THROWS_WITH(PlattScaling().save_state(), "PlattScaling: expected a call of fit first");
  CHECK_THROWS_WITH(IsotonicCalibration().save_state(), "IsotonicCalibration: expected a call of fit first");
}

TEST_CASE("TemperatureScaling refuses damaged files") {
  TemperatureScaling scaling;
  scaling.fit(Array{{2., 1.}, {1., 2.}, {1., 3.}}, Array{0, 1, 0});
  const NamedArrays good = scaling.save_state();
  const std::string expected = "temperature: expected a finite number above 0, got ";
  check_refused(scaling, with(good, "temperature", number_state(0)), expected + "0");
  check_refused(scaling, with(good, "temperature", number_state(-1)), expected + "-1");
  check_refused(scaling, with(good, "temperature", number_state(nan_value)), expected + "nan");
  check_refused(scaling, with(good, "temperature", number_state(infinity)), expected + "inf");
  check_refused(scaling, with(good, "temperature", Array{1., 2.}),
                "temperature: expected float64(), got float64(2)");
}

TEST_CASE("PlattScaling refuses damaged files") {
  const Sample three = sample(50, 3);
  PlattScaling scaling;
  scaling.fit(three.scores, three.t);
  const NamedArrays good = scaling.save_state();
  check_refused(scaling, with(good, "a", Array{1., 2.}),
                "a: expected 1 number, or one for each of 3 or more classes, got 2");
  check_refused(scaling, with(good, "b", Array{1.}), "b: expected as many numbers as a, 3, got 1");
  check_refused(scaling, with(good, "b", Array{1., nan_value, 2.}), "b: number 1 is nan, expected it finite");
  check_refused(scaling, with(good, "a", Array{1., 2., -infinity}),
                "a: number 2 is -inf, expected it finite");
  check_refused(scaling, with(good, "a", Array{1.f, 2.f, 3.f}),
                "a: expected float64 of one axis, got float32(3)");
  check_refused(scaling, with(good, "pos_class", integer_state(2)), "pos_class: expected 0 or 1, got 2");
  const ScratchDirectory directory;
  save_npz(directory / "x.npz", without(good, "pos_class"));
  CHECK_THROWS_WITH(PlattScaling::load(directory / "x.npz"), ContainsSubstring("pos_class"));
  save_npz(directory / "y.npz", PriorCorrection(Array{1, 1}, Array{1, 2}));
  CHECK_THROWS_WITH(PlattScaling::load(directory / "y.npz"), ContainsSubstring("a"));
}

TEST_CASE("IsotonicCalibration refuses damaged files") {
  const Sample three = sample(50, 3);
  IsotonicCalibration calibration;
  calibration.fit(three.scores, three.t);
  const NamedArrays good = calibration.save_state();
  const Array x = {0.1, 0.2, 0.3}, y = {0., 0.5, 1.};
  const NamedArrays small = with(with(good, "curve/1/x", x), "curve/1/y", y);
  const auto refuse = [&](const std::string& key, const Array& array, const std::string& what) {
    check_refused(calibration, with(small, key, array), what);
  };
  const std::string ascending = "curve/1/x: expected finite numbers that ascend, got ";
  refuse("curve/1/x", Array{0.1, 0.1, 0.3}, ascending + "0.1 at 1");
  refuse("curve/1/x", Array{nan_value, 0.2, 0.3}, ascending + "nan at 0");
  refuse("curve/1/x", Array{0.1, 0.2, infinity}, ascending + "inf at 2");
  refuse("curve/1/x", Array{0.1, 0.2}, "curve/1/y: expected as many numbers as x, 2, got 3");
  refuse("curve/1/x", Array::empty({0}, Dtype::float64), "curve/1/x: expected at least one number, got none");
  const std::string probabilities = "curve/1/y: expected numbers in [0, 1] that do not descend, got ";
  refuse("curve/1/y", Array{0., 0.5, 1.5}, probabilities + "1.5 at 2");
  refuse("curve/1/y", Array{0.5, 0.25, 1.}, probabilities + "0.25 at 1");
  refuse("curve/1/y", Array{-0.5, 0.25, 1.}, probabilities + "-0.5 at 0");
  refuse("curve/1/y", Array{0., nan_value, 1.}, probabilities + "nan at 1");
  const std::string count = "n_curve: expected 1, or one for each of 3 or more classes, got ";
  for (const std::int64_t n : {-1, 0, 2}) refuse("n_curve", integer_state(n), count + std::to_string(n));
  refuse("n_curve", integer_state(1), "n_curve: got 1, but there are more curves");
  refuse("pos_class", integer_state(-1), "pos_class: expected 0 or 1, got -1");
  const ScratchDirectory directory;
  save_npz(directory / "x.npz", with(small, "n_curve", integer_state(std::int64_t{1} << 62)));
  CHECK_THROWS_WITH(IsotonicCalibration::load(directory / "x.npz"), ContainsSubstring("curve/3/x"));
}

TEST_CASE("PriorCorrection is correct_prior with both priors kept, and refuses others") {
  const Array seen = {0.5, 0.5}, actual = {990, 10}, p = {{0.3f, 0.7f}, {1.f, 0.f}};
  PriorCorrection correction(seen, actual);
  CHECK(values(correction.transform(p)) == values(correct_prior(p, seen, actual)));
  // 0.7 * 0.01 / (0.7 * 0.01 + 0.3 * 0.99)
  CHECK(values(correction.transform(Array{0.7}))[0] == Approx(0.007 / 0.304));
  CHECK(correction.n_class() == 2);
  CHECK_THROWS_WITH(PriorCorrection(Array{0.5, 0.5}, Array{1., 2., 3.}),
                    ContainsSubstring("PriorCorrection: actual"));
  CHECK_THROWS_WITH(PriorCorrection(Array{0., 1.}, Array{1., 2.}),
                    ContainsSubstring("PriorCorrection: seen[0] = 0"));
  CHECK_THROWS_WITH(
      PriorCorrection(Array{1.}, Array{1.}),
      "PriorCorrection: seen must have one axis and a number for each of 2 or more classes, got "
      "float64(1)");
  const NamedArrays good = correction.save_state();
  check_refused(
      correction, with(good, "seen", Array{0., 1.}),
      "PriorCorrection: seen[0] = 0: the probability of a class that training has not seen cannot be "
      "corrected");
  const ScratchDirectory directory;
  for (const Array& bad : {Array{1.}, Array{1., nan_value}, Array{1., -1.}, Array{0., 0.}}) {
    save_npz(directory / "x.npz", with(good, "actual", bad));
    CHECK_THROWS_WITH(PriorCorrection::load(directory / "x.npz"),
                      ContainsSubstring("x.npz: PriorCorrection: "));
  }
}
