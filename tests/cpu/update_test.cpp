// The loop of the update rules on the CPU.
#include "tenbin/cpu/update.h"

#include <limits>
#include <vector>

#include "tenbin/tests/catch.h"

using namespace tenbin;

TEMPLATE_TEST_CASE("update_each visits every element of every array once", "", float, double) {
  using T = TestType;
  for (const std::size_t size : {0u, 1u, 7u, 65535u, 65536u, 65537u, 200003u}) {
    CAPTURE(size);
    Array w = Array::arange(size, dtype_of<T>);
    Array g = Array::full({size}, 3, dtype_of<T>);
    const auto step = [](T& a, const T& b) { a += b; };
    cpu::update_each<T>(step, w, g);
    std::vector<T> expected(size);
    for (std::size_t i = 0; i < size; ++i) expected[i] = static_cast<T>(i) + 3;
    CHECK(w.template to_vector<T>() == expected);
    CHECK(g.template to_vector<T>() == std::vector<T>(size, T{3}));
  }
}

TEST_CASE("while an update runs, denormal numbers are 0; after it they are not") {
#if defined(__SSE2__)
  const volatile double tiny = std::numeric_limits<double>::denorm_min() * 4;
  {
    const cpu::FlushDenormals flush;
    CHECK(tiny + tiny == 0);
    { const cpu::FlushDenormals again; }
    CHECK(tiny + tiny == 0);
  }
  CHECK(tiny + tiny != 0);
#endif
}
