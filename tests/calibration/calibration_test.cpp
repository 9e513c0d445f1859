#include "tenbin/calibration/calibration.h"

#include <algorithm>
#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/serializers/state.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

double sigmoid_of(double z) { return 1 / (1 + std::exp(-z)); }

Array logits(std::size_t count, std::size_t n_class) {
  return random::Generator(11).normal({count, n_class}, 0, 2, Dtype::float64);
}

// Labels of all classes, some of them at odds with the logits.
Array labels(std::size_t count, std::size_t n_class) {
  const std::vector<double> z = values(logits(count, n_class));
  std::vector<std::int64_t> t;
  for (std::size_t i = 0; i < count; ++i) {
    const auto* row = &z[i * n_class];
    const auto best = std::max_element(row, row + n_class) - row;
    t.push_back(i % 4 == 3 ? static_cast<std::int64_t>(i / 4 % n_class) : best);
  }
  return Array(t);
}

// (N, 2): row i is 0, z[i].
Array with_zero(const Array& z) {
  std::vector<double> both;
  for (const double each : values(z)) both.insert(both.end(), {0, each});
  return Array(both, {z.size(), 2});
}

std::vector<Calibration> fitted(std::size_t n_class) {
  const Array z = logits(60, n_class), t = labels(60, n_class);
  std::vector<Calibration> all{Calibration()};
  all.push_back(Calibration(TemperatureScaling()).fit(z, t));
  all.push_back(Calibration(PlattScaling()).fit(z, t));
  all.push_back(Calibration(IsotonicCalibration()).fit(z, t));
  return all;
}

Array ascending(std::size_t n_class) {
  std::vector<double> prior;
  for (std::size_t c = 0; c < n_class; ++c) prior.push_back(static_cast<double>(c + 1));
  return Array(prior);
}

NamedArrays with(NamedArrays state, const std::string& key, const Array& array) {
  for (auto& [name, value] : state)
    if (name == key) value = array;
  return state;
}

NamedArrays joined(NamedArrays a, const NamedArrays& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

TEST_CASE("Calibration is softmax by default, and sigmoid of one logit") {
  const Calibration softmax;
  CHECK(std::string(softmax.kind()) == "softmax");
  CHECK(softmax.n_class() == 0);
  const Array p = softmax(Array{{0.f, 1.f, -1.f}, {1000.f, 0.f, 0.f}});
  CHECK(p.dtype() == Dtype::float32);
  const double sum = 1 + std::exp(1.) + std::exp(-1.);
  check_close(values(p), {1 / sum, std::exp(1.) / sum, std::exp(-1.) / sum, 1, 0, 0}, 1e-7, 1e-7);
  for (const Array& z : {Array{-1., 0., 3.}, Array{{-1.}, {0.}, {3.}}}) {
    const Array two = softmax(z);
    CHECK(two.shape() == Shape{3, 2});
    check_close(values(two), {sigmoid_of(1), sigmoid_of(-1), .5, .5, sigmoid_of(-3), sigmoid_of(3)}, 1e-15,
                1e-14);
  }
  CHECK(softmax(Array::empty({0, 3}, Dtype::float32)).shape() == Shape{0, 3});
}

TEST_CASE("Calibration applies each method to the scores that it was fitted to") {
  const Array z = logits(60, 2), t = labels(60, 2);
  std::vector<double> margin;
  for (std::size_t i = 0; i < 60; ++i) margin.push_back(values(z)[2 * i + 1] - values(z)[2 * i]);
  const Array scores(margin);

  const Calibration temperature = TemperatureScaling().fit(z, t);
  CHECK(std::string(temperature.kind()) == "temperature");
  CHECK(values(temperature(z)) == values(TemperatureScaling().fit(z, t).transform(z)));
  CHECK(values(Calibration(TemperatureScaling()).fit(z, t)(z)) == values(temperature(z)));

  const Calibration platt = Calibration(PlattScaling()).fit(z, t);
  const PlattScaling direct = PlattScaling().fit(scores, t);
  CHECK(std::get<PlattScaling>(platt.method()).a() == direct.a());
  CHECK(std::get<PlattScaling>(platt.method()).b() == direct.b());
  const std::vector<double> p = values(platt(z)), expected = values(direct.transform(scores));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(p[2 * i + 1] == expected[i]);
    CHECK(p[2 * i] == 1 - expected[i]);
  }

  const Calibration isotonic = Calibration(IsotonicCalibration()).fit(z, t);
  const Array soft = Calibration()(z);
  CHECK(values(isotonic(z)) == values(IsotonicCalibration().fit(soft, t).transform(soft)));
  CHECK(std::get<IsotonicCalibration>(isotonic.method()).x_thresholds().back() <= 1);
}

TEST_CASE("Calibration of one logit z is that of the logits 0 and z") {
  const Array z = logits(60, 1).reshape({60}), t = labels(60, 2);
  for (Calibration each :
       {Calibration(TemperatureScaling()), Calibration(PlattScaling()), Calibration(IsotonicCalibration())}) {
    CAPTURE(each.kind());
    Calibration two = each;
    each.fit(z, t);
    two.fit(with_zero(z), t);
    CHECK(values(each(z)) == values(two(with_zero(z))));
    CHECK(values(each(z.reshape({60, 1}))) == values(each(z)));
  }
}

TEST_CASE("Calibration of more classes is one-vs-rest of logits or of softmax") {
  const Array z = logits(60, 3), t = labels(60, 3);
  CHECK(values(Calibration(PlattScaling()).fit(z, t)(z)) == values(PlattScaling().fit(z, t).transform(z)));
  const Array soft = Calibration()(z);
  CHECK(values(Calibration(IsotonicCalibration()).fit(z, t)(z)) ==
        values(IsotonicCalibration().fit(soft, t).transform(soft)));
  for (const Calibration& each : fitted(3)) {
    const std::vector<double> p = values(each(z));
    for (std::size_t i = 0; i < p.size(); i += 3) CHECK(p[i] + p[i + 1] + p[i + 2] == Approx(1));
  }
}

TEST_CASE("Calibration::then corrects the class frequencies afterwards") {
  for (const std::size_t n_class : {2, 3})
    for (const Calibration& each : fitted(n_class)) {
      CAPTURE(n_class, each.kind());
      const Array z = logits(7, n_class), seen = Array::ones({n_class}, Dtype::float64);
      const Calibration corrected = each.then(PriorCorrection(seen, ascending(n_class)));
      CHECK(corrected.n_class() == n_class);
      CHECK(!each.prior());
      CHECK(values(corrected(z)) == values(correct_prior(each(z), seen, ascending(n_class))));
      CHECK_THROWS_WITH(corrected.then(PriorCorrection(seen, seen)),
                        "Calibration::then: there is a prior correction already");
    }
  CHECK_THROWS_WITH(fitted(3)[2].then(PriorCorrection(Array{1, 1}, Array{1, 2})),
                    "Calibration::then: expected a prior correction of 3 classes, got one of 2");
}

TEST_CASE("Calibration ignores rows and weighs them, whatever the method") {
  const Array z = logits(60, 2), t = labels(60, 2);
  std::vector<std::int64_t> some = t.to_vector<std::int64_t>();
  std::vector<double> weights(60, 1.);
  for (const std::size_t i : {0, 13, 59}) {
    some[i] = -1;
    weights[i] = 0;
  }
  for (const Calibration& method :
       {Calibration(TemperatureScaling()), Calibration(PlattScaling()), Calibration(IsotonicCalibration())}) {
    CAPTURE(method.kind());
    Calibration all = method, ignoring = method, weighted = method, named = method;
    all.fit(z, t);
    ignoring.fit(z, Array(some));
    weighted.fit(z, t, {.sample_weight = Array(weights)});
    CHECK(values(ignoring(z)) == values(weighted(z)));
    CHECK(values(ignoring(z)) != values(all(z)));
    std::vector<std::int64_t> nines = some;
    for (auto& each : nines) each = each == -1 ? 9 : each;
    named.fit(z, Array(nines), {.sample_weight = Array(weights), .ignore_label = 9});
    CHECK(values(named(z)) == values(ignoring(z)));
  }
}

TEST_CASE("Calibration names what does not fit") {
  CHECK_THROWS_WITH(Calibration(PlattScaling().fit(Array{1., 2.}, Array{0, 1})),
                    "Calibration: got a PlattScaling that is fitted already, perhaps to other scores: use "
                    "Calibration(PlattScaling()).fit(logits, t)");
  CHECK_THROWS_WITH(Calibration(IsotonicCalibration().fit(Array{1., 2.}, Array{0, 1})),
                    ContainsSubstring("use Calibration(IsotonicCalibration()).fit(logits, t)"));
  const Array z = {{1., 2.}, {2., 1.}}, t = {1, 0};
  CHECK_THROWS_WITH(
      Calibration().fit(z, t),
      "Calibration::fit: softmax has nothing to fit; make a Calibration of TemperatureScaling(), "
      "PlattScaling() or IsotonicCalibration()");
  Calibration platt = PlattScaling();
  CHECK_THROWS_WITH(platt(z), "PlattScaling: expected a call of fit first");
  CHECK_THROWS_WITH(platt.save_state(), "PlattScaling: expected a call of fit first");
  CHECK_THROWS_WITH(platt.fit(z, Array{-1, 1}), ContainsSubstring("labels -1 and 1"));
  CHECK_THROWS_WITH(platt.fit(z, Array{0, 2}), "Calibration::fit: t[1] = 2 is not a class in [0, 2)");
  CHECK_THROWS_WITH(platt.fit(z, Array{-1, -1}),
                    "Calibration::fit: expected a row that is not ignored, got t int32(2)");
  CHECK_THROWS_WITH(platt.fit(z, Array{0, 1, 1}), ContainsSubstring("Calibration::fit"));
  CHECK_THROWS_WITH(platt.fit(z, t, {.sample_weight = Array{1., 1., 1.}}),
                    ContainsSubstring("Calibration::fit"));
  CHECK_THROWS_WITH(
      platt.fit(Array{1, 2}, t),
      "Calibration::fit: logits must be float32 or float64 (N, K), or (N) or (N, 1) of two classes, "
      "got int32(2)");
  Calibration of_three =
      Calibration(TemperatureScaling()).then(PriorCorrection(Array{1, 1, 1}, Array{1, 2, 3}));
  CHECK_THROWS_WITH(of_three.fit(z, t),
                    "Calibration::fit: logits are of 2 classes, the prior correction of 3");
  CHECK_THROWS_WITH(of_three.save_state(), "TemperatureScaling: expected a call of fit first");
  for (const Calibration& each : fitted(3)) {
    CAPTURE(each.kind());
    CHECK_THROWS_WITH(each(Array{{1., 2., 3.}, {1., nan_value, 2.}}),
                      "Calibration: logits[1, 1] is nan, expected it finite");
    CHECK_THROWS_WITH(each(Array{{1., -infinity, 2.}}),
                      "Calibration: logits[0, 1] is -inf, expected it finite");
    if (each.n_class() == 3)
      CHECK_THROWS_WITH(each(Array{{1., 2.}}),
                        "Calibration: expected logits of 3 classes, got float64(1, 2)");
  }
}

TEST_CASE("Calibration is loaded with its kind and the same bits") {
  const ScratchDirectory directory;
  const std::string path = directory / "calibration.npz";
  for (const std::size_t n_class : {2, 3})
    for (const Calibration& each : fitted(n_class))
      for (const bool corrected : {false, true}) {
        CAPTURE(n_class, each.kind(), corrected);
        const PriorCorrection prior(Array::ones({n_class}, Dtype::float64), ascending(n_class));
        const Calibration saved = corrected ? each.then(prior) : each;
        save_npz(path, saved, false);
        const Calibration loaded = Calibration::load(path);
        CHECK(std::string(loaded.kind()) == saved.kind());
        CHECK(loaded.n_class() == saved.n_class());
        CHECK(loaded.prior().has_value() == corrected);
        const Array z = logits(9, n_class).astype(Dtype::float32);
        CHECK(values(loaded(z)) == values(saved(z)));
        Calibration other = Calibration(TemperatureScaling()).fit(logits(60, 2), labels(60, 2));
        load_npz(path, other);
        CHECK(values(other(z)) == values(saved(z)));
      }
}

TEST_CASE("Calibration refuses damaged files and stays as it was") {
  const ScratchDirectory directory;
  const std::string path = directory / "x.npz";
  Calibration calibration = fitted(3)[2];
  const Array z = logits(5, 3);
  const std::vector<double> before = values(calibration(z));
  const NamedArrays good =
      calibration.then(PriorCorrection(Array{1., 1., 1.}, Array{1., 2., 3.})).save_state();
  const auto refuse = [&](const NamedArrays& damaged, const std::string& what) {
    save_npz(path, damaged, false);
    CHECK_THROWS_WITH(load_npz(path, calibration), ContainsSubstring(path + ": " + what));
    CHECK_THROWS_WITH(Calibration::load(path), ContainsSubstring(path + ": " + what));
    CHECK(values(calibration(z)) == before);
  };
  refuse(with(good, "kind", text_state("plat")),
         "kind: expected softmax, temperature, platt or isotonic, got plat");
  refuse(with(good, "kind", integer_state(2)), "kind: expected text in uint8");
  refuse(with(good, "kind", text_state("softmax")), "kind: is softmax, but there is method/a");
  refuse(with(good, "kind", text_state("isotonic")), "");
  refuse(with(good, "kind", text_state("temperature")), "");
  refuse(joined(good, {{"method/temperature", number_state(2)}}),
         "kind: is platt, but there is method/temperature");
  refuse(with(good, "has_prior", integer_state(2)), "has_prior: expected 0 or 1, got 2");
  refuse(with(good, "has_prior", integer_state(0)), "has_prior: is 0, but there is a prior");
  refuse(with(with(good, "prior/seen", Array{1., 1.}), "prior/actual", Array{1., 1.}),
         "prior: expected 3 classes, got 2");
  refuse(with(good, "prior/seen", Array{1., 0., 1.}), "PriorCorrection: seen[1] = 0");
  refuse(with(good, "method/b", Array{1.}), "method/b: expected as many numbers as a, 3, got 1");
  for (const auto& [key, array] : good) {
    NamedArrays rest;
    for (const auto& each : good)
      if (each.first != key) rest.push_back(each);
    CAPTURE(key);
    save_npz(path, rest, false);
    CHECK_THROWS_WITH(Calibration::load(path), ContainsSubstring(key));
  }
}
