#include "tenbin/cpu/gather.h"

#include <vector>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("gather_rows picks rows of any dtype") {
  const Array x = {{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}};
  for (const Dtype index : {Dtype::int32, Dtype::int64}) {
    const Array y = cpu::gather_rows(x.astype(Dtype::uint8), Array({2, 0, -1, -3}, index));
    CHECK(y.dtype() == Dtype::uint8);
    CHECK(y.shape() == Shape{4, 2});
    CHECK(values(y) == std::vector<double>{5, 6, 1, 2, 5, 6, 1, 2});
  }
  CHECK(cpu::gather_rows(x, Array({{0, 1}, {2, 2}}, Dtype::int64)).shape() == Shape{2, 2, 2});
  CHECK(cpu::gather_rows(x, Array::empty({0}, Dtype::int64)).shape() == Shape{0, 2});
  CHECK(values(cpu::gather_rows(Array({7, 8}), Array({1}, Dtype::int32))) == std::vector<double>{8});
}

TEST_CASE("gather_rows takes indices at a pointer") {
  const std::size_t indices[] = {2, 0, 2};
  const Array y = cpu::gather_rows(Array{{1.f, 2.f}, {3.f, 4.f}, {5.f, 6.f}}, indices, 3);
  CHECK(y.dtype() == Dtype::float32);
  CHECK(y.shape() == Shape{3, 2});
  CHECK(values(y) == std::vector<double>{5, 6, 1, 2, 5, 6});
  CHECK(cpu::gather_rows(y, indices, 0).shape() == Shape{0, 2});
  CHECK(cpu::gather_rows(Array::empty({3, 0}), indices, 3).shape() == Shape{3, 0});
}

TEST_CASE("add_rows adds up rows by index, in float64") {
  const Array gy = {{1.f, 2.f}, {3.f, 4.f}, {5.f, 6.f}};
  const Array gx = cpu::add_rows(gy, Array({1, -1, 1}, Dtype::int32), {3, 2});
  CHECK(values(gx) == std::vector<double>{0, 0, 6, 8, 3, 4});

  const Array summands = {{0x1p24f}, {1.f}, {1.f}};  // in float32 the ones would be lost
  CHECK(values(cpu::add_rows(summands, Array({0, 0, 0}, Dtype::int64), {1, 1})) ==
        std::vector<double>{0x1p24 + 2});
}

TEST_CASE("join writes arrays along an axis, and read_slice reads them") {
  const Array a = Array({1, 2, 3, 4}).reshape({2, 1, 2});
  const Array b = Array({5, 6, 7, 8, 9, 10, 11, 12}).reshape({2, 2, 2});
  const Array nothing = Array::empty({2, 0, 2}, Dtype::int32);
  Array y = Array::zeros({2, 3, 2}, Dtype::int32);
  const Lines lines = lines_along(y.shape(), 1);
  cpu::join({a, nothing, b}, lines, y);
  CHECK(values(y) == std::vector<double>{1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12});
  Array slice = Array::zeros_like(b);
  cpu::read_slice(y, lines, 1, slice);
  CHECK(values(slice) == values(b));
  slice = Array::zeros_like(a);
  cpu::read_slice(y, lines, 0, slice);
  CHECK(values(slice) == values(a));

  Array empty = Array::empty({0, 3}, Dtype::int32);
  cpu::join({Array::empty({0, 1}, Dtype::int32), Array::empty({0, 2}, Dtype::int32)},
            lines_along(empty.shape(), 1), empty);
  slice = nothing;
  cpu::read_slice(y, lines, 3, slice);
}

TEST_CASE("read_view reads an array by lengths and strides") {
  const Array x = Array::arange(24).reshape({2, 3, 4});
  const Array y = cpu::read_view(x, {0, {4, 2, 3}, {1, 12, 4}});
  CHECK(y.shape() == Shape{4, 2, 3});
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 2; ++j)
      for (std::size_t k = 0; k < 3; ++k) CHECK(y.at(i, j, k) == x.at(j, k, i));
  CHECK(cpu::read_view(Array::empty({0, 3}), {0, {3, 0}, {1, 3}}).shape() == Shape{3, 0});
  CHECK(values(cpu::read_view(x, {23, {2, 2}, {-12, -3}})) == std::vector<double>{23, 20, 11, 8});
  CHECK(values(cpu::read_view(x, {5, {2}, {0}})) == std::vector<double>{5, 5});
  CHECK(values(cpu::read_view(x, {7, {}, {}})) == std::vector<double>{7});
}

TEST_CASE("write_view writes the elements of a view, and no others") {
  Array y = Array::zeros({3, 4});
  cpu::write_view(Array{{1.f, 2.f}, {3.f, 4.f}}, {11, {2, 2}, {-8, -2}}, y);
  CHECK(values(y) == std::vector<double>{0, 4, 0, 3, 0, 0, 0, 0, 0, 2, 0, 1});
  cpu::write_view(Array::scalar(9), {4, {}, {}}, y);
  CHECK(y.at(1, 0) == 9);
  cpu::write_view(Array::empty({0, 2}), {0, {0, 2}, {8, 2}}, y);
}

TEST_CASE("rows outside of an array are 0, and no sum has them") {
  const Array x = {{1.f, 2.f}, {3.f, 4.f}};
  const Array indices({1, 2, -3, -1}, Dtype::int64);
  CHECK(values(cpu::gather_rows(x, indices)) == std::vector<double>{3, 4, 0, 0, 0, 0, 3, 4});
  const Array gy = {{1.f}, {2.f}, {4.f}, {8.f}};
  CHECK(values(cpu::add_rows(gy, indices, {2, 1})) == std::vector<double>{0, 9});
}
