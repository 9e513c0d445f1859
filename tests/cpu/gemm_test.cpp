// Matrix products against sums in double, and their bits at several numbers of threads.
#include "tenbin/cpu/gemm.h"

#include <cmath>
#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

struct Product {
  bool transpose_a;
  bool transpose_b;
  std::size_t m;
  std::size_t n;
  std::size_t k;
};

// The largest error relative to the rounding bound: k additions of products of that magnitude.
template <class T>
double error(const Product& p, T beta, const std::vector<T>& a, const std::vector<T>& b,
             const std::vector<T>& before, const std::vector<T>& after) {
  double worst = 0;
  for (std::size_t i = 0; i < p.m; ++i)
    for (std::size_t j = 0; j < p.n; ++j) {
      double sum = 0;
      double magnitude = 0;
      for (std::size_t l = 0; l < p.k; ++l) {
        const double x = static_cast<double>(p.transpose_a ? a[l * p.m + i] : a[i * p.k + l]) *
                         static_cast<double>(p.transpose_b ? b[j * p.k + l] : b[l * p.n + j]);
        sum += x;
        magnitude += std::abs(x);
      }
      if (beta != 0) {
        const double kept = static_cast<double>(beta) * static_cast<double>(before[i * p.n + j]);
        sum += kept;
        magnitude += std::abs(kept);
      }
      const double difference = std::abs(static_cast<double>(after[i * p.n + j]) - sum);
      const double allowed =
          static_cast<double>(std::numeric_limits<T>::epsilon()) * static_cast<double>(p.k + 2) * magnitude +
          std::numeric_limits<double>::min();
      worst = std::isnan(difference) ? INFINITY : std::max(worst, difference / allowed);
    }
  return worst;
}

template <class T>
std::vector<T> random_values(random::Generator& generator, std::size_t count) {
  return generator.uniform({count}, -1, 1, dtype_of<T>).template to_vector<T>();
}

template <class T>
void check_product(const Product& p, T beta) {
  CAPTURE(p.transpose_a, p.transpose_b, p.m, p.n, p.k, beta);
  random::Generator generator(p.m * 10007 + p.n * 101 + p.k);
  const auto a = random_values<T>(generator, p.m * p.k);
  const auto b = random_values<T>(generator, p.k * p.n);
  auto c = random_values<T>(generator, p.m * p.n);
  if (beta == 0) c.assign(c.size(), std::numeric_limits<T>::quiet_NaN());  // not read
  const auto before = c;
  cpu::gemm(p.transpose_a, p.transpose_b, p.m, p.n, p.k, a.data(), b.data(), beta, c.data());
  CHECK(error(p, beta, a, b, before, c) <= 1);
}

// op(A) op(B) as a new array.
Array product(const Array& a, const Array& b, bool transpose_a = false, bool transpose_b = false) {
  const std::size_t m = a.shape()[transpose_a ? 1 : 0];
  const std::size_t k = a.shape()[transpose_a ? 0 : 1];
  const std::size_t n = b.shape()[transpose_b ? 0 : 1];
  Array c = Array::empty({m, n}, a.dtype());
  cpu::gemm(transpose_a, transpose_b, m, n, k, a, b, 0, c);
  return c;
}

}  // namespace

TEMPLATE_TEST_CASE("gemm is the sum of products", "", float, double) {
  for (const bool transpose_a : {false, true})
    for (const bool transpose_b : {false, true})
      for (const std::size_t m : {1u, 3u, 17u, 64u})
        for (const std::size_t n : {1u, 2u, 31u, 65u})
          for (const std::size_t k : {0u, 1u, 5u, 33u})
            for (const int half_beta : {0, 1, 2})
              check_product<TestType>({transpose_a, transpose_b, m, n, k},
                                      static_cast<TestType>(0.5 * half_beta));
}

TEMPLATE_TEST_CASE("gemm is cut into blocks of rows", "", float, double) {
  for (const bool transpose_a : {false, true})
    for (const bool transpose_b : {false, true}) {
      check_product<TestType>({transpose_a, transpose_b, 257, 193, 311}, TestType{0});
      check_product<TestType>({transpose_a, transpose_b, 1001, 3, 2999}, TestType{1});
    }
}

TEST_CASE("gemm of empty matrices writes nothing") {
  float c[2] = {1, 2};
  cpu::gemm<float>(false, false, 0, 2, 3, nullptr, nullptr, 0, c);
  cpu::gemm<float>(false, false, 2, 0, 3, nullptr, nullptr, 0, c);
  CHECK(c[0] == 1);
  CHECK(c[1] == 2);
  cpu::gemm<float>(false, false, 1, 2, 0, nullptr, nullptr, 2, c);
  CHECK(c[0] == 2);
  CHECK(c[1] == 4);
  CHECK(product(Array::ones({0, 3}), Array::ones({3, 2})).shape() == Shape{0, 2});
  CHECK(product(Array::ones({2, 0}), Array::ones({0, 2})).to_vector<double>() == std::vector<double>(4, 0));
}

TEMPLATE_TEST_CASE("the bits of a product do not depend on the number of threads", "[threads]", float,
                   double) {
  const std::size_t before = num_threads();
  random::Generator generator(1);
  struct Shapes {
    bool transpose_a;
    std::size_t m, n, k;
  };
  for (const auto& [transpose_a, m, n, k] :
       {Shapes{false, 601, 257, 301}, {true, 301, 257, 601}, {false, 601, 1001, 301}, {true, 64, 30, 5000}}) {
    const Array a = generator.uniform(transpose_a ? Shape{k, m} : Shape{m, k}, -1, 1, dtype_of<TestType>);
    const Array b = generator.uniform({k, n}, -1, 1, dtype_of<TestType>);
    set_num_threads(1);
    const auto expected = product(a, b, transpose_a).template to_vector<TestType>();
    for (const std::size_t threads : {2u, 4u, 7u}) {
      CAPTURE(threads, transpose_a, m, n, k);
      set_num_threads(threads);
      CHECK((product(a, b, transpose_a).template to_vector<TestType>() == expected));
    }
  }
  set_num_threads(before);
}

TEMPLATE_TEST_CASE("products cut into blocks of columns", "", float, double) {
  for (const bool transpose_a : {false, true})
    for (const bool transpose_b : {false, true})
      for (const int half_beta : {0, 1, 2})
        check_product<TestType>({transpose_a, transpose_b, 65, 601, 257},
                                static_cast<TestType>(0.5 * half_beta));
}

TEMPLATE_TEST_CASE("products of a small C, whose sums are cut", "", float, double) {
  for (const bool transpose_a : {false, true})
    for (const bool transpose_b : {false, true})
      for (const int half_beta : {0, 1, 2})
        for (const std::size_t k : {3500u, 12001u})
          check_product<TestType>({transpose_a, transpose_b, 33, 64, k},
                                  static_cast<TestType>(0.5 * half_beta));
  check_product<TestType>({true, false, 2, 127, 50001}, TestType{0});
}

TEST_CASE("gemm of arrays") {
  const Array a = {{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}};
  const Array b = {{1.0, 0.0, -1.0}, {2.0, 1.0, 0.0}};
  const Array c = product(a, b, false, true);
  CHECK(c.shape() == Shape{2, 2});
  CHECK(c.to_vector<double>() == std::vector<double>{-2, 4, -2, 13});
  CHECK(product(a, b, true, false).to_vector<double>() ==
        std::vector<double>{9, 4, -1, 12, 5, -2, 15, 6, -3});
}

TEMPLATE_TEST_CASE("a bias is added once to each row, however the product is cut", "", float, double) {
  struct Shapes {
    std::size_t m, n, k;
  };
  // Not cut, cut into rows, into columns, into parts of sums; without rows, without terms.
  for (const auto& [m, n, k] :
       {Shapes{3, 5, 7}, {5, 2, 9}, {601, 257, 301}, {65, 601, 257}, {33, 64, 5000}, {0, 3, 4}, {3, 4, 0}}) {
    CAPTURE(m, n, k);
    random::Generator generator(7);
    const Array a = generator.uniform({m, k}, -1, 1, dtype_of<TestType>);
    const Array b = generator.uniform({n, k}, -1, 1, dtype_of<TestType>);
    const Array bias = generator.uniform({n}, -1, 1, dtype_of<TestType>);
    auto expected = product(a, b, false, true).template to_vector<TestType>();
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += bias.template data<TestType>()[i % n];
    Array c = Array::full({m, n}, NAN, dtype_of<TestType>);
    cpu::gemm_with_bias(false, true, m, n, k, a, b, bias, c);
    const auto y = c.template to_vector<TestType>();
    for (std::size_t i = 0; i < expected.size(); ++i)
      REQUIRE(std::abs(y[i] - expected[i]) <= 100 * std::numeric_limits<TestType>::epsilon());
  }
}

TEMPLATE_TEST_CASE("gemm of arrays multiplies a batch of matrices", "", float, double) {
  const Array a = Array({{{1.0, 2.0}, {3.0, 4.0}}, {{0.0, 1.0}, {-1.0, 2.0}}}, dtype_of<TestType>);
  const Array b = Array({{{1.0}, {-1.0}}, {{2.0}, {3.0}}}, dtype_of<TestType>);
  Array c = Array::full({2, 2, 1}, 10, dtype_of<TestType>);
  cpu::gemm(false, false, 2, 1, 2, a, b, 0.5, c, 2);
  CHECK(c.to_vector<double>() == std::vector<double>{4, 4, 8, 9});
  cpu::gemm(true, false, 2, 1, 2, a, b, 0, c);  // the first matrix only
  CHECK(c.to_vector<double>() == std::vector<double>{-2, -2, 8, 9});
}
