// Arrays: construction, views, conversions, printing, and the texts of errors.
#include "tenbin/core/array.h"

#include <limits>

#if __has_include(<span>)
#include <span>
#endif

#include "tenbin/cuda/runtime.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

template <class T>
std::string printed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

}  // namespace

TEST_CASE("an Array takes shape and dtype from nested lists") {
  const Array x = {{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}};
  CHECK(x.dtype() == Dtype::float32);
  CHECK(x.shape() == Shape{2, 3});
  CHECK(x.to_vector<float>() == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(Array{1, 2}.dtype() == Dtype::int32);
  CHECK(Array({1, 2}, Dtype::float64).dtype() == Dtype::float64);
  CHECK(Array{{{1.0}, {2.0}}}.shape() == Shape{1, 2, 1});
  CHECK(Array({1}).shape() == Shape{1});
  const Array blocks = {{{1, 2}, {3, 4}, {5, 6}}, {{7, 8}, {9, 10}, {11, 12}}};
  CHECK(blocks.shape() == Shape{2, 3, 2});
  CHECK(blocks.to_vector<int>() == std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
}

TEST_CASE("nested lists must be regular") {
  CHECK_THROWS_WITH((Array{{1, 2}, {3}}), "Array: rows of 2 and 1 values");
  CHECK_THROWS_WITH((Array{{1}, {2, 3}}), "Array: rows of 1 and 2 values");
  CHECK_THROWS_WITH((Array{{{1, 2}, {3, 4}}, {{5, 6}}}), "Array: blocks of shape (2, 2) and (1, 2)");
  CHECK_THROWS_WITH((Array{{{1, 2}, {3}}}), "Array: rows of 2 and 1 values");
  const std::initializer_list<std::initializer_list<int>> empty_block = {};
  const std::initializer_list<std::initializer_list<int>> full_block = {{1}};
  CHECK_THROWS_WITH((Array{empty_block, full_block}), "Array: blocks of shape (0, 0) and (1, 1)");
}

TEST_CASE("an Array takes the values of a vector") {
  const std::vector<std::int64_t> values = {1, 2, 3, 4, 5, 6};
  CHECK(Array(values).shape() == Shape{6});
  CHECK(Array(values, {2, 3}).shape() == Shape{2, 3});
  CHECK(Array(values, {2, 3}).dtype() == Dtype::int64);
  CHECK_THROWS_WITH(Array(values, {4}), "Array: 6 values do not fill the shape (4)");
  CHECK(Array(std::vector<double>{}).shape() == Shape{0});
}

TEST_CASE("a default-constructed Array") {
  const Array none;
  CHECK_FALSE(none);
  CHECK(printed(none) == "none");
  CHECK(none.to_string() == "none");
  CHECK_FALSE(none.copy());
  CHECK_FALSE(none.astype(Dtype::int32));
  CHECK_FALSE(none.to(Device::cpu()));
  CHECK(none.shape() == Shape{});
  CHECK(none.ndim() == 0);
  CHECK(none.size() == 0);
  CHECK(none.nbytes() == 0);
  CHECK(none.dtype() == Dtype::float32);
  CHECK(none.device() == Device::cpu());
  CHECK_FALSE(none.owns_buffer());
  CHECK_FALSE(none.shares_memory_with(Array()));
  CHECK_THROWS_WITH((Array{1.f}).assign(none), "Array::assign: expected float32(1), got none");
  CHECK_THROWS_WITH((Array{1.f}).add(none), "Array::add: expected float32(1), got none");
}

TEST_CASE("every use of an empty Array names the call") {
  Array moved_from = {1.f, 2.f};
  const Array there = std::move(moved_from);
  for (const Array& none : {Array(), moved_from}) {  // NOLINT(bugprone-use-after-move)
    Array a = none;
    const auto message = [](const std::string& call) {
      return "Array::" + call +
             ": the array is empty (default-constructed, an uninitialised parameter, or a gradient before "
             "backward)";
    };
    CHECK_THROWS_WITH(a.data<float>(), message("data"));
    CHECK_THROWS_WITH(none.data<double>(), message("data"));
    CHECK_THROWS_WITH(a.raw_data(), message("raw_data"));
    CHECK_THROWS_WITH(none.raw_data(), message("raw_data"));
    CHECK_THROWS_WITH(none.item(), message("item"));
    CHECK_THROWS_WITH(none.at(), message("at"));
    CHECK_THROWS_WITH(none.at(0, 1), message("at"));
    CHECK_THROWS_WITH(none.to_vector<int>(), message("to_vector"));
    CHECK_THROWS_WITH(none.reshape({0}), message("reshape"));
    CHECK_THROWS_WITH(none.slice(0, 0), message("slice"));
    CHECK_THROWS_WITH(a.fill(1), message("fill"));
    CHECK_THROWS_WITH(a.add(Array::scalar(1)), message("add"));
    CHECK_THROWS_WITH(a.add(none), message("add"));
    CHECK_THROWS_WITH(a.assign(Array::scalar(1)), message("assign"));
    CHECK_THROWS_WITH(a.mark_changed(), message("mark_changed"));
    CHECK_THROWS_WITH(Array::empty_like(none), message("empty_like"));
    CHECK_THROWS_WITH(Array::zeros_like(none), message("zeros_like"));
    CHECK(none.to_string() == "none");
    CHECK(printed(none) == "none");
  }
  CHECK(there.to_vector<float>() == std::vector<float>{1, 2});
}

namespace {

template <class T>
void check_stored(Dtype dtype, const std::vector<T>& values, const std::vector<std::int64_t>& expected) {
  CAPTURE(dtype, sizeof(T));
  CHECK(Array(values).dtype() == dtype);
  CHECK(Array(values).shape() == Shape{values.size()});
  CHECK(Array(values).template to_vector<std::int64_t>() == expected);
  CHECK(Array(values, Shape{1, values.size()}).template to_vector<std::int64_t>() == expected);
}

template <class T>
void check_integers(Dtype dtype) {
  using Limits = std::numeric_limits<T>;
  const auto as_int64 = [](T value) { return static_cast<std::int64_t>(value); };
  const T highest = sizeof(T) == 8 ? static_cast<T>(std::numeric_limits<std::int64_t>::max()) : Limits::max();
  check_stored<T>(dtype, {Limits::min(), T{0}, T{1}, highest},
                  {as_int64(Limits::min()), 0, 1, as_int64(highest)});
  CHECK(Array{T{1}, T{0}}.dtype() == dtype);
  CHECK((Array{{T{1}}, {T{0}}}).dtype() == dtype);
}

}  // namespace

TEST_CASE("an Array stores the integer types of C++ without loss") {
  check_stored<bool>(Dtype::uint8, {true, false, true}, {1, 0, 1});
  CHECK(Array{true, false}.dtype() == Dtype::uint8);
  CHECK((Array{{true}, {false}}).to_vector<int>() == std::vector<int>{1, 0});
  check_integers<unsigned char>(Dtype::uint8);
  check_integers<char>(Dtype::int32);
  check_integers<signed char>(Dtype::int32);
  check_integers<short>(Dtype::int32);
  check_integers<unsigned short>(Dtype::int32);
  check_integers<int>(Dtype::int32);
  check_integers<unsigned>(Dtype::int64);
  check_integers<long>(Dtype::int64);
  check_integers<unsigned long>(Dtype::int64);
  check_integers<long long>(Dtype::int64);
  check_integers<unsigned long long>(Dtype::int64);
  CHECK(Array({std::size_t{3}}, Dtype::float32).item() == 3);
}

TEST_CASE("unsigned values that no dtype holds are an error") {
  const std::size_t too_large = std::size_t{1} << 63;
  CHECK_THROWS_WITH(Array(std::vector<std::size_t>{1, too_large}),
                    "Array: value 1 is 9223372036854775808, which int64 does not hold");
  CHECK_THROWS_WITH((Array{~0ull}), "Array: value 0 is 18446744073709551615, which int64 does not hold");
  CHECK(Array{too_large - 1}.item<std::int64_t>() == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("an Array copies what a pointer points to") {
  std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const Array x(values.data(), Shape{2, 3});
  values[0] = 9;
  CHECK(x.dtype() == Dtype::float32);
  CHECK(x.shape() == Shape{2, 3});
  CHECK(x.to_vector<float>() == std::vector<float>{1, 2, 3, 4, 5, 6});
  const std::uint16_t labels[] = {7, 65535};
  CHECK(Array(labels, Shape{2}).to_vector<int>() == std::vector<int>{7, 65535});
  const double* const null = nullptr;
  CHECK(Array(null, Shape{0, 3}).shape() == Shape{0, 3});
  CHECK_THROWS_WITH(Array(null, Shape{2}), "Array: got a null pointer for the shape (2)");
}

#ifdef __cpp_lib_span
TEST_CASE("an Array copies a span") {
  std::vector<double> values = {1, 2, 3, 4};
  CHECK(Array(std::span(values)).shape() == Shape{4});
  CHECK(Array(std::span<const double>(values), {2, 2}).to_vector<double>() == values);
  CHECK(Array(std::span(values).first<2>()).to_vector<double>() == std::vector<double>{1, 2});
  const bool flags[] = {true, false};
  CHECK(Array(std::span(flags)).dtype() == Dtype::uint8);
  CHECK_THROWS_WITH(Array(std::span(values), Shape{3}), "Array: 4 values do not fill the shape (3)");
}
#endif

TEST_CASE("at reads one element, on every device", "[gpu]") {
  on_every_device([](Device device) {
    const std::string place = device.is_cpu() ? "" : "@cuda:0";
    const Array x = Array::arange(24, Dtype::float32).reshape({2, 3, 4}).to(device);
    CHECK(x.at(0, 0, 0) == 0);
    CHECK(x.at(0, 0, 3) == 3);
    CHECK(x.at(0, 2, 1) == 9);
    CHECK(x.at<float>(std::size_t{1}, 2u, 3) == 23.f);
    CHECK(x.slice(1, 2).at(0, 1, 0) == 16);
    CHECK(Array::scalar(2.5).to(device).at() == 2.5);
    const std::int64_t large = (std::int64_t{1} << 53) + 1;
    CHECK(Array{large}.to(device).at<std::int64_t>(0) == large);
    CHECK_THROWS_WITH(x.at(1, 2), "Array::at: expected 3 indices for float32(2, 3, 4)" + place + ", got 2");
    CHECK_THROWS_WITH(x.at(), "Array::at: expected 3 indices for float32(2, 3, 4)" + place + ", got 0");
    CHECK_THROWS_WITH(x.at(0, 3, 0),
                      "Array::at: index 3 is out of range for axis 1 of float32(2, 3, 4)" + place);
    CHECK_THROWS_WITH(x.at(-1, 0, 0),
                      "Array::at: index -1 is out of range for axis 0 of float32(2, 3, 4)" + place);
    CHECK_THROWS_WITH(Array::zeros({0, 2}).at(0, 0),
                      "Array::at: index 0 is out of range for axis 0 of float32(0, 2)");
  });
}

TEST_CASE("a copy of an Array shares, copy() does not") {
  Array x = {1.f, 2.f};
  Array shared = x;
  const Array separate = x.copy();
  shared.data<float>()[0] = 7;
  CHECK(x.to_vector<float>() == std::vector<float>{7, 2});
  CHECK(separate.to_vector<float>() == std::vector<float>{1, 2});
  CHECK(x.shares_memory_with(shared));
  CHECK_FALSE(x.shares_memory_with(separate));
  CHECK_FALSE(x.owns_buffer());
  CHECK(separate.owns_buffer());
}

TEST_CASE("reshape and slice are views") {
  Array x = Array::arange(12, Dtype::float64).reshape({4, 3});
  Array rows = x.slice(1, 3);
  CHECK(rows.shape() == Shape{2, 3});
  CHECK(rows.to_vector<double>() == std::vector<double>{3, 4, 5, 6, 7, 8});
  Array column = rows.reshape({6, 1}).slice(4, 5);
  CHECK(column.item() == 7);
  column.data<double>()[0] = -1;
  CHECK(x.data<double>()[7] == -1);
  CHECK(column.shares_memory_with(x));
  CHECK_FALSE(column.owns_buffer());

  SECTION("a view outlives the array that it was taken from") {
    x = Array();
    rows = Array();
    CHECK(column.item() == -1);
    CHECK_FALSE(column.owns_buffer());  // it is only a part of its buffer
  }
  SECTION("a copy of a view holds the view's elements") {
    CHECK(x.slice(3, 4).copy().to_vector<double>() == std::vector<double>{9, 10, 11});
    CHECK(x.slice(3, 4).astype(Dtype::int32).to_vector<int>() == std::vector<int>{9, 10, 11});
  }
  SECTION("in-place operations stay inside a view") {
    x.slice(0, 1).fill(5);
    x.slice(3, 4).add(Array({1, 1, 1}, Dtype::float64).reshape({1, 3}));
    CHECK(x.to_vector<double>() == std::vector<double>{5, 5, 5, 3, 4, 5, 6, -1, 8, 10, 11, 12});
  }
  SECTION("no rows") {
    CHECK(x.slice(4, 4).shape() == Shape{0, 3});
    CHECK(x.slice(0, 0).size() == 0);
    CHECK(Array::zeros({5, 0}).slice(2, 4).shape() == Shape{2, 0});
  }
  SECTION("errors") {
    CHECK_THROWS_WITH(x.reshape({5}),
                      "Array::reshape: the size of float64(4, 3) does not match the shape (5)");
    CHECK_THROWS_WITH(x.slice(2, 5), "Array::slice: no rows [2, 5) in float64(4, 3)");
    CHECK_THROWS_WITH(x.slice(3, 2), "Array::slice: no rows [3, 2) in float64(4, 3)");
    CHECK_THROWS_WITH(Array::scalar(1).slice(0, 0), "Array::slice: no rows [0, 0) in float32()");
  }
}

TEST_CASE("data, item and astype check the dtype") {
  const Array x = {1.75, -2.0};
  CHECK_THROWS_WITH(x.data<float>(), "Array::data: asked for float32, the array is float64(2)");
  CHECK_THROWS_WITH(x.item(), "Array::item: expected one element, got float64(2)");
  CHECK(x.astype(Dtype::float64).shares_memory_with(x));
  CHECK(x.astype(Dtype::int32).to_vector<int>() == std::vector<int>{1, -2});  // towards zero, as NumPy
  CHECK(x.astype(Dtype::float32).dtype() == Dtype::float32);
  CHECK(Array({255, 0}, Dtype::uint8).astype(Dtype::float32).to_vector<float>() ==
        std::vector<float>{255, 0});
  CHECK(Array::scalar(2.5).item() == 2.5);
  CHECK(Array({{{7}}}).item<int>() == 7);
  const std::int64_t large = (std::int64_t{1} << 53) + 1;  // not representable in double
  CHECK(Array{large}.item<std::int64_t>() == large);
  CHECK(Array{large}.to_vector<std::int64_t>()[0] == large);
}

TEST_CASE("full, zeros, ones, arange, scalar and their variants") {
  for (const Dtype dtype : {Dtype::float32, Dtype::float64, Dtype::int32, Dtype::int64, Dtype::uint8}) {
    CAPTURE(dtype);
    CHECK(Array::full({2, 2}, 3, dtype).to_vector<double>() == std::vector<double>(4, 3));
    CHECK(Array::zeros({3}, dtype).to_vector<double>() == std::vector<double>(3, 0));
    CHECK(Array::ones({3}, dtype).nbytes() == 3 * item_size(dtype));
    CHECK(Array::arange(3, dtype).to_vector<double>() == std::vector<double>{0, 1, 2});
    CHECK(Array::zeros_like(Array::ones({2, 1}, dtype)).dtype() == dtype);
    CHECK(Array::empty_like(Array::ones({2, 1}, dtype)).shape() == Shape{2, 1});
    CHECK(Array::scalar(1, dtype).ndim() == 0);
    CHECK(Array::scalar(1, dtype).size() == 1);
  }
}

TEST_CASE("add and assign demand the same shape and dtype") {
  Array x = {1.f, 2.f};
  x.add(x);
  CHECK(x.to_vector<float>() == std::vector<float>{2, 4});
  x.assign(Array{5.f, 6.f});
  CHECK(x.to_vector<float>() == std::vector<float>{5, 6});
  CHECK_THROWS_WITH(x.add(Array{1.0, 2.0}), "Array::add: expected float32(2), got float64(2)");
  CHECK_THROWS_WITH(x.assign(Array{{1.f, 2.f}}), "Array::assign: expected float32(2), got float32(1, 2)");
  CHECK(x.to_vector<float>() == std::vector<float>{5, 6});
  Array empty = Array::zeros({0, 3});
  empty.add(empty);
  CHECK(empty.size() == 0);
}

TEST_CASE("full, zeros, ones and scalar on every device", "[gpu]") {
  on_every_device([](Device device) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64, Dtype::int32, Dtype::int64, Dtype::uint8}) {
      CAPTURE(dtype);
      const Array full = Array::full({2, 150}, 3, dtype, device);
      CHECK(full.device() == device);
      CHECK(full.dtype() == dtype);
      CHECK(values(full) == std::vector<double>(300, 3));
      CHECK(values(Array::ones({3}, dtype, device)) == std::vector<double>(3, 1));
      CHECK(values(Array::zeros_like(full)) == std::vector<double>(300, 0));
      CHECK(Array::zeros_like(full).device() == device);
      CHECK(Array::empty_like(full).device() == device);
      CHECK(Array::scalar(7, dtype, device).item() == 7);
    }
    CHECK(Array::full({1}, -2.9, Dtype::int32, device).item<int>() == -2);
  });
}

TEST_CASE("astype converts from every dtype to every other on every device", "[gpu]") {
  on_every_device([](Device device) {
    const std::vector<Dtype> dtypes = {Dtype::float32, Dtype::float64, Dtype::int32, Dtype::int64,
                                       Dtype::uint8};
    for (const Dtype from : dtypes)
      for (const Dtype to : dtypes) {
        CAPTURE(from, to);
        const Array x = Array({0, 1, 127, 255}, from).to(device);
        const Array y = x.astype(to);
        CHECK(y.device() == device);
        CHECK(y.dtype() == to);
        CHECK(y.shares_memory_with(x) == (from == to));
        CHECK(values(y) == std::vector<double>{0, 1, 127, 255});
      }
    const Array x = Array{1.75, -2.5, 1e9}.to(device);
    CHECK(x.astype(Dtype::int64).to_vector<std::int64_t>() == std::vector<std::int64_t>{1, -2, 1000000000});
    CHECK(Array({-1, 3}).to(device).astype(Dtype::float32).to_vector<float>() == std::vector<float>{-1, 3});
  });
}

TEST_CASE("views, copies and in-place operations on every device", "[gpu]") {
  on_every_device([](Device device) {
    Array x = Array::arange(12, Dtype::float64).reshape({4, 3}).to(device);
    const Array rows = x.slice(1, 3);
    CHECK(rows.shares_memory_with(x));
    CHECK(values(rows) == std::vector<double>{3, 4, 5, 6, 7, 8});
    CHECK(rows.reshape({6, 1}).slice(4, 5).item() == 7);

    const Array separate = rows.copy();
    CHECK(separate.device() == device);
    CHECK_FALSE(separate.shares_memory_with(x));
    x.slice(1, 2).fill(-1);
    x.slice(3, 4).add(Array({{1, 1, 1}}, Dtype::float64).to(device));
    x.slice(0, 1).assign(Array({{5, 6, 7}}, Dtype::float64).to(device));
    CHECK(values(x) == std::vector<double>{5, 6, 7, -1, -1, -1, 6, 7, 8, 10, 11, 12});
    CHECK(values(separate) == std::vector<double>{3, 4, 5, 6, 7, 8});

    // To and from the CPU.
    x.slice(2, 3).assign(Array({{0, 0, 1}}, Dtype::float64));
    Array host = Array::zeros({1, 3}, Dtype::float64);
    host.assign(x.slice(2, 3));
    CHECK(values(host) == std::vector<double>{0, 0, 1});
    CHECK(values(x.slice(2, 4).to(Device::cpu())) == std::vector<double>{0, 0, 1, 10, 11, 12});
    CHECK(x.to(device).shares_memory_with(x));

    x.add(x);
    CHECK(values(x.slice(0, 1)) == std::vector<double>{10, 12, 14});
    Array none = Array::zeros({0, 3}, Dtype::float32, device);
    none.add(none);
    none.fill(1);
    CHECK(none.copy().shape() == Shape{0, 3});
    CHECK(none.to(Device::cpu()).shape() == Shape{0, 3});
    CHECK(none.astype(Dtype::int64).shape() == Shape{0, 3});
  });
}

TEST_CASE("integers are added on every device", "[gpu]") {
  on_every_device([](Device device) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64, Dtype::int32, Dtype::int64, Dtype::uint8}) {
      Array x = Array({1, 2, 3}, dtype).to(device);
      x.add(Array({10, 20, 30}, dtype).to(device));
      CHECK(values(x) == std::vector<double>{11, 22, 33});
    }
  });
}

TEST_CASE("an Array prints its values from any device, and says in errors where it is", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array({{1, 2}, {3, 4}}).to(device);
    const std::string place = device.is_cpu() ? "" : "@cuda:0";
    CHECK(x.to_string() == "[[1, 2],\n [3, 4]]");
    CHECK(printed(x) == "int32(2, 2)" + place);
    CHECK(Array::arange(1001).to(device).to_string() == "[0, 1, 2, ..., 998, 999, 1000]");
    CHECK_THROWS_WITH(x.item(), "Array::item: expected one element, got int32(2, 2)" + place);
    CHECK_THROWS_WITH(x.slice(1, 3), "Array::slice: no rows [1, 3) in int32(2, 2)" + place);
    CHECK_THROWS_WITH(x.copy().add(Array({1, 2}).to(device)),
                      "Array::add: expected int32(2, 2)" + place + ", got int32(2)" + place);
  });
}

TEST_CASE("arrays of no elements") {
  const Array x = Array::zeros({0, 3}, Dtype::int64);
  CHECK(x);
  CHECK(x.to_vector<double>().empty());
  CHECK(x.copy().shape() == Shape{0, 3});
  CHECK(x.astype(Dtype::float32).shape() == Shape{0, 3});
  CHECK(x.reshape({3, 0, 7}).shape() == Shape{3, 0, 7});
  CHECK_THROWS_WITH(x.item(), "Array::item: expected one element, got int64(0, 3)");
  CHECK(printed(x) == "int64(0, 3)");
  CHECK(x.to_string() == "[]");
  CHECK(Array::zeros({std::size_t{1} << 40, 0}).to_string() == "[]");  // without a loop over the rows
}

TEST_CASE("an Array prints as NumPy prints it") {
  CHECK(printed(Array{{1.f, 2.f}}) == "float32(1, 2)");
  CHECK(printed(Array::scalar(1)) == "float32()");
  CHECK(Array::scalar(1.5).to_string() == "1.5");
  CHECK(Array({1, -2, 3}).to_string() == "[1, -2, 3]");
  CHECK(Array({{1, 2}, {3, 4}}).to_string() == "[[1, 2],\n [3, 4]]");
  CHECK(Array({{{1}, {2}}, {{3}, {4}}}).to_string() == "[[[1],\n  [2]],\n [[3],\n  [4]]]");
  CHECK(Array({65, 7}, Dtype::uint8).to_string() == "[65, 7]");  // numbers, not characters
  const float inf = std::numeric_limits<float>::infinity();
  CHECK(Array({inf, -inf, -0.f}).to_string() == "[inf, -inf, -0]");
  CHECK(Array::arange(1000).to_string().find("...") == std::string::npos);
  CHECK(Array::arange(1001).to_string() == "[0, 1, 2, ..., 998, 999, 1000]");
}

TEST_CASE("without a GPU, using one is an error that says so") {
  if (gpu::is_available()) return;
  CHECK_THROWS_WITH(Array{1.f}.to(Device::cuda(0)), ContainsSubstring("cuda:0 is not available"));
  CHECK_THROWS_WITH(Array::zeros({2}, Dtype::float32, Device::cuda(3)),
                    ContainsSubstring("cuda:3 is not available"));
  const Array x = {1.f};
  CHECK(x.to(Device::cpu()).shares_memory_with(x));
  CHECK(printed(Device::cpu()) == "cpu");
  CHECK(printed(Device::cuda(1)) == "cuda:1");
}

TEST_CASE("add refuses an array of another device", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    Array here({1.f, 2.f});
    Array there = here.to(device);
    CHECK_THROWS_WITH(here.add(there), "Array::add: expected float32(2), got float32(2)@cuda:0");
    CHECK_THROWS_WITH(there.add(here), "Array::add: expected float32(2)@cuda:0, got float32(2)");
    CHECK(there.to_vector<float>() == std::vector<float>{1, 2});
  });
}
