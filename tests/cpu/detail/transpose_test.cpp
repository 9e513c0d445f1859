// Rows to columns and back against their definition, for every number of rows and of classes, in registers of
// every size.
#include "tenbin/cpu/detail/transpose.h"

#include <numeric>
#include <vector>

#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

template <class T, std::size_t block_rows>
void check_all_shapes() {
  constexpr std::size_t rows = 32;
  for (std::size_t n_class = 1; n_class <= 70; ++n_class)
    for (std::size_t count = 1; count <= rows; ++count) {
      CAPTURE(n_class, count);
      std::vector<T> x(count * n_class);
      std::iota(x.begin(), x.end(), T{1});
      std::vector<T> columns(rows * n_class, T{-1}), expected(rows * n_class, T{0});
      for (std::size_t r = 0; r < count; ++r)
        for (std::size_t c = 0; c < n_class; ++c) expected[c * rows + r] = x[r * n_class + c];
      cpu::rows_to_columns<rows, block_rows>(x.data(), count, n_class, columns.data());
      REQUIRE(columns == expected);
      std::vector<T> again(x.size() + 1, T{-1});
      cpu::columns_to_rows<rows, block_rows>(columns.data(), count, n_class, again.data());
      REQUIRE(again.back() == -1);  // nothing beyond the rows
      again.pop_back();
      REQUIRE(again == x);
    }
}

}  // namespace

TEST_CASE("rows become columns and rows again") {
  check_all_shapes<float, 4>();
  check_all_shapes<float, 8>();
  check_all_shapes<float, 16>();
  check_all_shapes<double, cpu::floats_in_register>();
}
