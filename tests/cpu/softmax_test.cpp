// The ways to compute a softmax against plain sums in long double, and their independence of where a chunk
// begins.
#include "tenbin/cpu/softmax.h"

#include <cmath>
#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;
using cpu::SoftmaxChunk;

namespace {

template <class T>
struct Results {
  std::vector<T> softmax, log_softmax, gradient, max, log_sum;
};

template <class T>
Results<T> compute(const Lines& lines, const std::vector<T>& x, bool keep = true) {
  Results<T> results;
  results.softmax.assign(x.size(), T{-1});
  results.log_softmax.assign(x.size(), T{1});
  results.gradient.assign(x.size(), T{-1});
  for (std::size_t first = 0; first < lines.count(); first += SoftmaxChunk<T>::size) {
    SoftmaxChunk<T> chunk(lines, first);
    for (std::size_t i = 0; i < chunk.count(); ++i) {
      chunk.factor[i] = static_cast<T>(first + i + 1);
      chunk.label[i] = static_cast<typename SoftmaxChunk<T>::Label>((first + i) % lines.length);
    }
    chunk.label_gradient(x.data(), results.gradient.data());
    chunk.log_softmax(x.data(), results.log_softmax.data());
    if (keep) {
      chunk.softmax(x.data(), results.softmax.data());
    } else {
      chunk.log_sums(x.data());
    }
    for (std::size_t i = 0; i < chunk.count(); ++i) {
      results.max.push_back(chunk[i].max);
      results.log_sum.push_back(chunk[i].log_sum);
    }
  }
  return results;
}

}  // namespace

TEMPLATE_TEST_CASE("softmax chunks equal plain sums in long double", "", float, double) {
  using T = TestType;
  for (const std::size_t n_class : {1u, 2u, 3u, 4u, 5u, 10u, 33u, 63u, 64u, 65u, 71u, 100u, 257u, 2500u})
    for (const Lines lines : {Lines{1, n_class, 1}, Lines{31, n_class, 1}, Lines{32, n_class, 1},
                              Lines{300, n_class, 1}, Lines{2, n_class, 40}, Lines{3, n_class, 7}}) {
      if (lines.count() * n_class > 100000) continue;
      CAPTURE(lines.outer, lines.length, lines.inner);
      random::Generator generator(n_class);
      const auto x = generator.normal({lines.count() * n_class}, 0, 3, dtype_of<T>).template to_vector<T>();
      const Results<T> results = compute(lines, x);
      const double tolerance = 8 * static_cast<double>(std::numeric_limits<T>::epsilon());
      double worst = 0;
      for (std::size_t line = 0; line < lines.count(); ++line) {
        const auto at = [&](std::size_t c) { return lines.start(line) + c * lines.inner; };
        long double max = -INFINITY, sum = 0;  // more precise than the tested types
        for (std::size_t c = 0; c < n_class; ++c) max = std::max(max, static_cast<long double>(x[at(c)]));
        for (std::size_t c = 0; c < n_class; ++c) sum += std::exp(static_cast<long double>(x[at(c)]) - max);
        REQUIRE(static_cast<long double>(results.max[line]) == max);
        const auto miss = [](T got, long double exact) {
          return static_cast<double>(std::abs(static_cast<long double>(got) - exact));
        };
        worst = std::max(worst, miss(results.log_sum[line], std::log(sum)));
        for (std::size_t c = 0; c < n_class; ++c) {
          const long double p = std::exp(static_cast<long double>(x[at(c)]) - max) / sum;
          const long double factor = static_cast<long double>(line + 1);
          const long double gradient = factor * (p - (line % n_class == c ? 1 : 0));
          const long double log_p = static_cast<long double>(x[at(c)]) - max - std::log(sum);
          worst = std::max(worst, miss(results.softmax[at(c)], p));
          worst = std::max(worst, miss(results.log_softmax[at(c)], log_p) / static_cast<double>(1 - log_p));
          worst = std::max(worst, miss(results.gradient[at(c)], gradient) / static_cast<double>(factor));
        }
      }
      CHECK(worst < tolerance);
    }
}

TEMPLATE_TEST_CASE("the logarithm of a sum keeps its digits beside an almost certain class", "", float,
                   double) {
  using T = TestType;
  for (const std::size_t n_class : {2u, 3u, 5u, 10u, 33u, 63u, 64u, 71u, 100u, 2500u})
    for (const Lines lines : {Lines{40, n_class, 1}, Lines{2, n_class, 40}, Lines{3, n_class, 7}}) {
      if (lines.count() * n_class > 110000) continue;
      CAPTURE(lines.outer, lines.length, lines.inner);
      std::vector<T> x(lines.count() * n_class);
      std::vector<long double> expected;
      for (std::size_t line = 0; line < lines.count(); ++line) {
        // Multiples of 1/8, whose differences are exact: a maximum, and all others smaller by `gap` or more.
        const long double max = line % 2 == 0 ? 0 : 32, gap = static_cast<long double>(line % 40 * 2) + 0.5L;
        long double rest = 0;
        for (std::size_t c = 0; c < n_class; ++c) {
          const bool is_max = c == (line * 7) % n_class;
          const long double value = is_max ? max : max - gap - static_cast<long double>(c % 8) / 8;
          if (!is_max) rest += std::exp(value - max);
          x[lines.start(line) + c * lines.inner] = static_cast<T>(value);
        }
        expected.push_back(std::log1p(rest));
      }
      const Results<T> results = compute(lines, x);
      double worst = 0;
      for (std::size_t line = 0; line < lines.count(); ++line)
        worst = std::max(worst, static_cast<double>(std::abs(
                                    static_cast<long double>(results.log_sum[line]) / expected[line] - 1)));
      CHECK(worst <
            64 * static_cast<double>(std::numeric_limits<T>::epsilon()));  // the error of 64 additions
    }
}

TEST_CASE("the result of softmax does not depend on whether the exponentials are kept") {
  for (const std::size_t n_class : {2u, 3u, 100u}) {
    const Lines lines{70, n_class, 1};
    const auto x = random::Generator(1).normal({lines.count() * n_class}).to_vector<float>();
    const Results<float> kept = compute(lines, x), found = compute(lines, x, false);
    CHECK(kept.max == found.max);
    CHECK(kept.log_sum == found.log_sum);
  }
}

TEMPLATE_TEST_CASE("NaN and infinities stay in their line", "", float, double) {
  using T = TestType;
  const T nan = std::numeric_limits<T>::quiet_NaN(), infinity = std::numeric_limits<T>::infinity();
  for (const std::size_t n_class : {2u, 5u, 100u}) {
    const Lines lines{4, n_class, 1};
    std::vector<T> x(lines.count() * n_class, T{1});
    const std::size_t last = n_class - 1;
    x[n_class + last] = nan;
    x[2 * n_class + last] = infinity;
    x[3 * n_class + 1] = -infinity;
    const Results<T> results = compute(lines, x);
    CHECK(results.softmax[0] == Approx(1. / static_cast<double>(n_class)));
    CHECK(std::isnan(results.softmax[n_class]));
    CHECK(std::isnan(results.softmax[2 * n_class + last]));
    CHECK(std::isnan(results.log_sum[2]));
    CHECK(results.softmax[3 * n_class] == Approx(1. / static_cast<double>(n_class - 1)));
    CHECK(results.softmax[3 * n_class + 1] == 0);
    CHECK(results.log_softmax[0] == Approx(-std::log(static_cast<double>(n_class))));
    CHECK(std::isnan(results.log_softmax[n_class]));
    CHECK(std::isnan(results.log_softmax[2 * n_class + last]));
    CHECK(results.log_softmax[3 * n_class] == Approx(-std::log(static_cast<double>(n_class - 1))));
    CHECK(results.log_softmax[3 * n_class + 1] == -infinity);
  }
}

TEMPLATE_TEST_CASE("for_each_softmax_chunk has every line once, with the bits of any division", "", float,
                   double) {
  using T = TestType;
  for (const Lines lines : {Lines{1000, 2, 1}, Lines{777, 5, 1}, Lines{301, 100, 1}, Lines{37, 1000, 1},
                            Lines{2, 100, 333}, Lines{0, 3, 1}}) {
    CAPTURE(lines.outer, lines.length, lines.inner);
    const auto x = random::Generator(1)
                       .normal({lines.count() * lines.length}, 0, 3, dtype_of<T>)
                       .template to_vector<T>();
    const Results<T> expected = compute(lines, x);
    std::vector<T> softmax(x.size()), log_softmax(x.size());
    std::vector<int> times(lines.count());
    cpu::for_each_softmax_chunk<T>(lines, [&](SoftmaxChunk<T>& chunk, std::size_t) {
      chunk.softmax(x.data(), softmax.data());
      chunk.log_softmax(x.data(), log_softmax.data());
      for (std::size_t i = 0; i < chunk.count(); ++i) ++times[chunk.first() + i];
    });
    CHECK(softmax == expected.softmax);
    CHECK(log_softmax == expected.log_softmax);
    CHECK(times == std::vector<int>(lines.count(), 1));
  }
}
