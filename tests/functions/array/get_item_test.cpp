#include "tenbin/functions/array/get_item.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// The entries of start:stop:step by Python's definition, one at a time.
std::vector<std::size_t> entries(std::int64_t length, std::optional<std::int64_t> start,
                                 std::optional<std::int64_t> stop, std::int64_t step) {
  const auto from_end = [=](std::int64_t i) { return i < 0 ? i + length : i; };
  std::int64_t first = start ? from_end(*start) : step > 0 ? 0 : length - 1;
  std::int64_t last = stop ? from_end(*stop) : step > 0 ? length : -1;
  if (first < 0) first = step > 0 ? 0 : -1;
  if (first >= length) first = step > 0 ? length : length - 1;
  if (last < 0) last = step > 0 ? 0 : -1;
  std::vector<std::size_t> all;
  for (std::int64_t i = first; (step > 0 ? i < last : i > last) && i >= 0 && i < length; i += step)
    all.push_back(static_cast<std::size_t>(i));
  return all;
}

}  // namespace

TEST_CASE("slices have the entries that they have in Python") {
  using Bound = std::optional<std::int64_t>;
  const Bound bounds[] = {std::nullopt, -9, -5, -4, -1, 0, 1, 3, 4, 5, 9};
  for (const std::int64_t length : {0, 1, 4, 5})
    for (const Bound& start : bounds)
      for (const Bound& stop : bounds)
        for (const std::int64_t step : {-7, -2, -1, 1, 2, 3, 7}) {
          const Slice::Entries found = Slice(start, stop, step).of(static_cast<std::size_t>(length));
          const auto expected = entries(length, start, stop, step);
          CAPTURE(length, start.value_or(99), stop.value_or(99), step);
          REQUIRE(found.count == expected.size());
          for (std::size_t i = 0; i < found.count; ++i)
            REQUIRE(found.first + i * static_cast<std::size_t>(found.step) == expected[i]);
        }
  constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
  constexpr auto highest = std::numeric_limits<std::int64_t>::max();
  CHECK(Slice(lowest, highest, highest).of(5).count == 1);
  CHECK(Slice(highest, lowest, lowest).of(5).first == 4);
  CHECK_THROWS_WITH(Slice(0, 2, 0).of(2), "get_item: the step of a slice must not be 0");
}

TEST_CASE("get_item picks entries and slices", "[gpu]") {
  const Array x = Array::arange(60).reshape({3, 5, 4});
  const auto at = [](std::size_t i, std::size_t j, std::size_t k) {
    return static_cast<double>(20 * i + 4 * j + k);
  };
  on_every_device([&](Device device) {
    const Array on = x.to(device);
    const Variable a = get_item(on, {Slice(1, 3), Slice::all(), 2});
    REQUIRE(a.shape() == Shape{2, 5});
    CHECK(values(a.data()) == std::vector<double>{at(1, 0, 2), at(1, 1, 2), at(1, 2, 2), at(1, 3, 2),
                                                  at(1, 4, 2), at(2, 0, 2), at(2, 1, 2), at(2, 2, 2),
                                                  at(2, 3, 2), at(2, 4, 2)});
    const Variable b = get_item(on, {-1, Slice(3, std::nullopt, -2), Slice(std::nullopt, 2)});
    REQUIRE(b.shape() == Shape{2, 2});
    CHECK(values(b.data()) == std::vector<double>{at(2, 3, 0), at(2, 3, 1), at(2, 1, 0), at(2, 1, 1)});
    const Variable c = get_item(on, {ellipsis, newaxis, Slice(std::nullopt, std::nullopt, -3)});
    REQUIRE(c.shape() == Shape{3, 5, 1, 2});
    CHECK(c.data().at(1, 2, 0, 0) == at(1, 2, 3));
    CHECK(c.data().at(1, 2, 0, 1) == at(1, 2, 0));
    CHECK(get_item(on, {1, 2, 3}).data().item() == at(1, 2, 3));
    CHECK(get_item(on, {1, 2, 3}).shape() == Shape{});
    CHECK(get_item(on, {0, ellipsis, 1}).shape() == Shape{5});
    CHECK(get_item(on, {Slice(2, 2)}).shape() == Shape{0, 5, 4});
    CHECK(get_item(on, {ellipsis, Slice(3, 1)}).shape() == Shape{3, 5, 0});
    CHECK(get_item(on, {}).shape() == Shape{3, 5, 4});
  });
}

TEST_CASE("get_item passes the gradient to the entries that it picked", "[gpu]") {
  check_function({
      .inputs = {uniform({4, 5, 3})},
      .forward =
          [](const Variables& xs) {
            return get_item(xs[0], {Slice(std::nullopt, std::nullopt, -2), Slice(1, 4), -1});
          },
  });
  check_function({
      .inputs = {uniform({7, 3})},
      .forward =
          [](const Variables& xs) {
            return get_item(xs[0], {Slice(1, -1), newaxis});
          },
  });
  on_every_device([](Device device) {
    Variable x(Array::zeros({2, 3}, Dtype::float32, device));
    Variable y = get_item(x, {1, Slice(std::nullopt, std::nullopt, 2)});
    y.set_grad(Array{5.f, 6.f}.to(device));
    y.backward();
    CHECK(values(x.grad()) == std::vector<double>{0, 0, 0, 5, 0, 6});
    Variable nothing = get_item(x, {Slice(1, 1)});
    x.cleargrad();
    nothing.set_grad(nothing.data());
    nothing.backward();
    CHECK(values(x.grad()) == std::vector<double>(6, 0));
  });
}

TEST_CASE("get_item does not copy adjacent elements") {
  const Array x = Array::zeros({4, 5});
  CHECK(get_item(x, {Slice(1, 3)}).data().shares_memory_with(x));
  CHECK(get_item(x, {2}).data().shares_memory_with(x));
  CHECK(get_item(x, {2, Slice(1, 4)}).data().shares_memory_with(x));
  CHECK_FALSE(get_item(x, {Slice(1, 3), Slice(1, 4)}).data().shares_memory_with(x));
}

TEST_CASE("get_item refuses what is out of range") {
  const Array x = Array::zeros({2, 3});
  CHECK_THROWS_WITH(get_item(x, {0, 3}), "get_item: index 3 is out of range for axis 1 of float32(2, 3)");
  CHECK_THROWS_WITH(get_item(x, {-3}), "get_item: index -3 is out of range for axis 0 of float32(2, 3)");
  CHECK_THROWS_WITH(get_item(x, {0, 1, 2}), "get_item: 3 indices given for float32(2, 3)");
  CHECK_THROWS_WITH(get_item(x, {ellipsis, 0, ellipsis}),
                    "get_item: more than one ellipsis for float32(2, 3)");
  CHECK_THROWS_WITH(get_item(x, {Slice(0, 1, 0)}), "get_item: the step of a slice must not be 0");
}
