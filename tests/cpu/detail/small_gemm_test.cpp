// Small products against sums in double; what is written, and which products are small.
#include "tenbin/cpu/detail/small_gemm.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;
using cpu::Block;

namespace {

template <class T>
constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

// A product of random matrices whose rows are `gap` elements longer than the block.
template <class T>
struct Product {
  bool transpose_a, transpose_b;
  std::size_t m, n, k, gap;
  std::vector<T> a, b, c;

  Product(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, T beta,
          std::size_t gap = 0)
      : transpose_a(transpose_a), transpose_b(transpose_b), m(m), n(n), k(k), gap(gap) {
    random::Generator generator(m * 10007 + n * 101 + k);
    const auto values = [&](std::size_t rows, std::size_t columns) {
      return generator.uniform({rows * (columns + gap)}, -1, 1, dtype_of<T>).template to_vector<T>();
    };
    a = transpose_a ? values(k, m) : values(m, k);
    b = transpose_b ? values(n, k) : values(k, n);
    c = values(m, n);
    if (beta == 0) std::fill(c.begin(), c.end(), not_a_number<T>);  // must not be read
  }

  Block<T> block(T beta) {
    return {transpose_a,
            transpose_b,
            m,
            n,
            k,
            a.data(),
            (transpose_a ? m : k) + gap,
            b.data(),
            (transpose_b ? k : n) + gap,
            beta,
            c.data(),
            n + gap};
  }
  double term(std::size_t i, std::size_t j, std::size_t l) const {
    const T x = transpose_a ? a[l * (m + gap) + i] : a[i * (k + gap) + l];
    const T y = transpose_b ? b[j * (k + gap) + l] : b[l * (n + gap) + j];
    return static_cast<double>(x) * static_cast<double>(y);
  }
};

// Multiplies, and compares with sums in double to the rounding of a sum in parts of 256 terms.
// Returns false if the product is too large for the instruction set.
template <class T>
bool check(Product<T> p, T beta) {
  CAPTURE(p.transpose_a, p.transpose_b, p.m, p.n, p.k, p.gap, beta);
  const std::vector<T> before = p.c;
  if (!cpu::multiply_small(p.block(beta))) return false;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < p.m; ++i) {
    for (std::size_t j = 0; j < p.n; ++j) {
      const std::size_t at = i * (p.n + p.gap) + j;
      double sum = beta == 0 ? 0 : static_cast<double>(beta) * static_cast<double>(before[at]);
      double size = std::abs(sum);
      for (std::size_t l = 0; l < p.k; ++l) {
        sum += p.term(i, j, l);
        size += std::abs(p.term(i, j, l));
      }
      const auto epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
      const double allowed = epsilon * (8 + std::sqrt(static_cast<double>(p.k))) * size;
      if (!(std::abs(static_cast<double>(p.c[at]) - sum) <= allowed)) ++wrong;
    }
    for (std::size_t j = p.n; j < p.n + p.gap; ++j) {  // after the row
      const T now = p.c[i * (p.n + p.gap) + j], then = before[i * (p.n + p.gap) + j];
      if (now != then && !(std::isnan(now) && std::isnan(then))) ++wrong;
    }
  }
  CHECK(wrong == 0);
  return true;
}

}  // namespace

TEMPLATE_TEST_CASE("small_gemm of few columns", "", float, double) {
  for (const std::size_t n : {1u, 2u, 3u, 4u}) {
    std::size_t computed = 0;
    for (const std::size_t m : {1u, 2u, 7u, 8u, 21u})
      for (const std::size_t k : {8u, 9u, 15u, 16u, 255u, 256u, 257u, 264u, 1000u})
        for (const std::size_t gap : {0u, 3u})
          for (const int half_beta : {0, 1, 2}) {
            const auto beta = static_cast<TestType>(0.5 * half_beta);
            if (check(Product<TestType>(false, true, m, n, k, beta, gap), beta)) ++computed;
          }
    CHECK((computed == 270 || (n > 2 && computed == 0)));  // all or, without AVX in the library, none
  }
}

TEMPLATE_TEST_CASE("small_gemm in tiles", "", float, double) {
  for (const bool transpose_a : {false, true})
    for (const std::size_t n : {16u, 17u, 31u, 33u, 48u, 63u, 64u, 65u, 100u, 129u})
      for (const std::size_t m : {1u, 2u, 3u, 7u, 8u, 13u})
        for (const std::size_t k : {1u, 2u, 20u, 63u, 64u, 257u, 520u})
          for (const std::size_t gap : {0u, 5u}) {
            const bool computed = check(Product<TestType>(transpose_a, false, m, n, k, 0, gap), TestType{0});
            CAPTURE(transpose_a, m, n, k);
            if (m * n * k <= 1u << 12 && (!transpose_a || k <= 64)) CHECK(computed);
          }
}

TEST_CASE("small_gemm leaves other products to a library, untouched") {
  for (const auto& [transpose_a, transpose_b, m, n, k, beta] :
       {std::tuple(true, true, 4u, 4u, 16u, 0.f), std::tuple(false, true, 4u, 5u, 16u, 0.f),
        std::tuple(false, true, 4u, 4u, 7u, 0.f), std::tuple(false, false, 4u, 64u, 8u, 1.f),
        std::tuple(false, false, 32u, 33u, 32u, 0.f), std::tuple(true, false, 4u, 64u, 65u, 0.f),
        std::tuple(false, false, 4u, 3u, 8u, 0.f)}) {
    CAPTURE(transpose_a, transpose_b, m, n, k, beta);
    Product<float> p(transpose_a, transpose_b, m, n, k, 1);
    const std::vector<float> before = p.c;
    CHECK_FALSE(cpu::multiply_small(p.block(beta)));
    CHECK(p.c == before);
  }
}

// A vector that covers the end of a row also covers elements before it, which must not count twice: an
// infinity there would become NaN.
TEMPLATE_TEST_CASE("small_gemm of few columns keeps infinities and NaN in their elements", "", float,
                   double) {
  constexpr auto infinity = std::numeric_limits<TestType>::infinity();
  for (const std::size_t k : {8u, 9u, 13u, 300u})
    for (std::size_t at = 0; at < k; ++at) {
      CAPTURE(k, at);
      const auto sum = static_cast<TestType>(k);
      Product<TestType> p(false, true, 3, 2, k, 0);
      std::fill(p.a.begin(), p.a.end(), TestType{1});
      std::fill(p.b.begin(), p.b.end(), TestType{1});
      p.a[k + at] = infinity;
      p.a[2 * k + at] = not_a_number<TestType>;
      REQUIRE(cpu::multiply_small(p.block(0)));
      CHECK((p.c[0] == sum && p.c[1] == sum && p.c[2] == infinity && p.c[3] == infinity));
      CHECK((std::isnan(p.c[4]) && std::isnan(p.c[5])));
      std::fill(p.a.begin(), p.a.end(), TestType{1});
      p.b[at] = infinity;
      REQUIRE(cpu::multiply_small(p.block(0)));
      CHECK((p.c[0] == infinity && p.c[1] == sum && p.c[4] == infinity && p.c[5] == sum));
    }
}

TEST_CASE("a small_gemm of a million terms keeps its digits") {
  Product<float> p(false, true, 2, 2, 1u << 20, 0);
  std::fill(p.a.begin(), p.a.end(), 0.1f);
  std::fill(p.b.begin(), p.b.end(), 0.3f);
  REQUIRE(cpu::multiply_small(p.block(0)));
  const double exact = static_cast<double>(p.k) * static_cast<double>(0.1f) * static_cast<double>(0.3f);
  for (const float value : p.c) CHECK(std::abs(static_cast<double>(value) / exact - 1) < 2e-6);
}

// Rows are multiplied several at a time, the last ones fewer at a time.
TEMPLATE_TEST_CASE("the bits of a row of a small_gemm do not depend on the rows beside it", "", float,
                   double) {
  for (const auto& [transpose_b, n] : {std::pair(true, 1u), std::pair(true, 2u), std::pair(false, 40u)}) {
    CAPTURE(transpose_b, n);
    Product<TestType> p(false, transpose_b, 10, n, 10, 0);
    REQUIRE(cpu::multiply_small(p.block(0)));
    for (std::size_t i = 0; i < p.m; ++i) {
      std::vector<TestType> row(n);
      Block<TestType> one = p.block(0);
      one.m = 1;
      one.a += i * p.k;
      one.c = row.data();
      REQUIRE(cpu::multiply_small(one));
      CHECK(std::equal(row.begin(), row.end(), p.c.begin() + static_cast<std::ptrdiff_t>(i * n)));
    }
  }
}
