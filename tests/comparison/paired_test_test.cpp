#include "tenbin/comparison/paired_test.h"

#include "tenbin/tests/catch.h"

using namespace tenbin;

TEST_CASE("student_t_p_value equals SciPy's 2 t.sf(|t|)") {
  struct {
    double t, degrees_of_freedom, p;
  } const cases[] = {
      {0, 1, 1},
      {1, 1, 0.5},
      {2.5, 9, 0.033861827682985735},
      {-2.5, 9, 0.033861827682985735},
      {0.1, 24, 0.9211749779491597},
      {12, 24, 1.2498691550338158e-11},
      {40, 4, 2.3340163226012678e-06},
      {3, 1000, 0.0027667090442381925},
      {1e-8, 3, 0.999999992648948},
      {1e6, 2, 9.999999999985001e-13},
  };
  for (const auto& [t, degrees_of_freedom, p] : cases) {
    CAPTURE(t, degrees_of_freedom);
    CHECK(student_t_p_value(t, degrees_of_freedom) == Approx(p).epsilon(1e-10));
  }
}

TEST_CASE("corrected_resampled_t_test is more careful than the ordinary t-test") {
  const std::vector<double> differences = {.012, .02, -.005, .03, .011, .018, .002, .025, .009, .014};
  // SciPy's t.sf with the variance of Nadeau and Bengio, and with 1/J alone.
  CHECK(corrected_resampled_t_test(differences, 0.25) == Approx(0.05410316878843376));
  CHECK(corrected_resampled_t_test(differences, 0) == Approx(0.0025150441517982802));
  CHECK(corrected_resampled_t_test({0, 0, 0}, 0.25) == 1);
  CHECK(corrected_resampled_t_test({0.5, 0.5, 0.5}, 0.25) == 0);
  CHECK(corrected_resampled_t_test({0.5}, 0.25) == 1);
}

TEST_CASE("holm") {
  // Sorted 0.005 0.01 0.03 0.04: times 4, 3, 2, 1, and never below the previous one.
  CHECK(holm({0.01, 0.04, 0.03, 0.005}) == std::vector<double>{0.03, 0.06, 0.06, 0.02});
  CHECK(holm({0.5, 0.9}) == std::vector<double>{1, 1});
  CHECK(holm({}).empty());
}
