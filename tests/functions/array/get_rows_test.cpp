#include "tenbin/functions/array/get_rows.h"

#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("get_rows, with indices of two axes, some negative, some repeated", "[gpu]") {
  check_function({
      .inputs = {uniform({4, 3}), Array({{0, -1}, {2, 2}, {-4, 3}}, Dtype::int64)},
      .forward = [](const Variables& xs) { return get_rows(xs[0], xs[1]); },
      .expected =
          [](const Arrays& xs) {
            const auto x = values(xs[0]);
            std::vector<double> y;
            for (const std::size_t row : {0u, 3u, 2u, 2u, 0u, 3u})
              for (std::size_t k = 0; k < 3; ++k) y.push_back(x[row * 3 + k]);
            return y;
          },
      .skip_empty_batch = true,  // a table without rows has none to select
  });
}

TEST_CASE("get_rows of a vector, of deeper arrays and of integers", "[gpu]") {
  check_function({
      .inputs = {uniform({5})},
      .forward =
          [](const Variables& xs) {
            return get_rows(xs[0], Array{4, 1}.to(xs[0].device()));
          },
      .expected =
          [](const Arrays& xs) {
            return std::vector<double>{values(xs[0])[4], values(xs[0])[1]};
          },
      .skip_empty_batch = true,
  });
  on_every_device([](Device device) {
    const Array blocks = Array{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}.to(device);
    const Variable block = get_rows(blocks, Array::scalar(1, Dtype::int32, device));
    CHECK(block.shape() == Shape{2, 2});
    CHECK(values(block.data()) == std::vector<double>{5, 6, 7, 8});
    const Array picked = Array{2, 0}.to(device);
    for (const Dtype dtype : {Dtype::uint8, Dtype::int32, Dtype::int64, Dtype::float32, Dtype::float64}) {
      const Array labels = Array({7, 8, 9}, dtype).to(device);
      CHECK(values(get_rows(labels, picked).data()) == std::vector<double>{9, 7});
    }
  });
}

TEST_CASE("get_rows leaves the gradient of rows that were not picked at zero and adds up the others",
          "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{{1.f, 2.f}, {3.f, 4.f}, {5.f, 6.f}}.to(device));
    Variable y = get_rows(x, Array{2, 0, -1}.to(device));
    y.set_grad(Array{{1.f, 2.f}, {10.f, 20.f}, {100.f, 200.f}}.to(device));
    y.backward();
    CHECK(values(x.grad()) == std::vector<double>{10, 20, 0, 0, 101, 202});
  });
}

TEST_CASE("get_rows of no rows", "[gpu]") {
  on_every_device([](Device device) {
    const auto zeros = [=](const Shape& shape, Dtype dtype) { return Array::zeros(shape, dtype, device); };
    Variable x(Array::ones({3, 2}, Dtype::float32, device));
    const Array none = zeros({0}, Dtype::int32);
    Variable y = get_rows(x, none);
    CHECK(y.shape() == Shape{0, 2});
    y.set_grad(zeros({0, 2}, Dtype::float32));
    y.backward();
    CHECK(values(x.grad()) == std::vector<double>(6, 0));
    CHECK(get_rows(zeros({0, 2}, Dtype::float32), none).shape() == Shape{0, 2});

    Variable narrow(zeros({2, 0}, Dtype::float32));
    Variable z = get_rows(narrow, Array{1, 1, 1}.to(device));
    CHECK(z.shape() == Shape{3, 0});
    z.set_grad(zeros({3, 0}, Dtype::float32));
    z.backward();
    CHECK(narrow.grad().shape() == Shape{2, 0});
  });
}

TEST_CASE("get_rows of rows of every length, and their gradients in the CPU's order", "[gpu]") {
  // From one thread per row to rows with more elements than a block has threads; a hundred indices into
  // twelve rows.
  for (const std::size_t length : {1u, 3u, 16u, 33u, 257u, 1500u}) {
    CAPTURE(length);
    const Array x = uniform({13, length}).astype(Dtype::float32);
    const Array gy = uniform({100, length}).astype(Dtype::float32);
    std::vector<std::int32_t> indices(100);
    for (std::size_t i = 0; i < indices.size(); ++i)
      indices[i] = static_cast<std::int32_t>(i * i * 7 % 24) - 12;

    std::vector<double> rows;
    std::vector<double> sums(13 * length);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const auto row = static_cast<std::size_t>(indices[i] < 0 ? indices[i] + 13 : indices[i]);
      for (std::size_t k = 0; k < length; ++k) {
        rows.push_back(x.data<float>()[row * length + k]);
        sums[row * length + k] += static_cast<double>(gy.data<float>()[i * length + k]);
      }
    }
    std::vector<float> gradient;  // summed in float64, rounded once
    for (const double sum : sums) gradient.push_back(static_cast<float>(sum));
    on_every_device([&](Device device) {
      for (const Dtype dtype : {Dtype::int32, Dtype::int64}) {
        Variable table(x.to(device));
        Variable y = get_rows(table, Array(indices).astype(dtype).to(device));
        CHECK(values(y.data()) == rows);
        y.set_grad(gy.to(device));
        y.backward();
        CHECK(table.grad().to_vector<float>() == gradient);
      }
    });
  }
}

TEST_CASE("the gradient of a row that is picked very often is right to one rounding", "[gpu]") {
  on_every_device([](Device device) {
    const std::size_t n = 100'003;
    Variable x(Array::zeros({3, 2}).to(device));
    Variable y = get_rows(x, Array::full({n}, 1, Dtype::int32).to(device));
    y.set_grad(Array::full({n, 2}, 0.1).to(device));
    y.backward();
    const double sum = static_cast<float>(static_cast<double>(n) * static_cast<double>(0.1f));
    CHECK(values(x.grad()) == std::vector<double>{0, 0, sum, sum, 0, 0});
  });
}

TEST_CASE("get_rows names the index that is out of range; on a GPU, the next read does", "[gpu]") {
  const auto read = [](const Array& x, const Array& indices) { return values(get_rows(x, indices).data()); };
  on_every_device([&](Device device) {
    const Array x = Array::ones({3, 2}, Dtype::float32, device);
    const auto refuses = [&](const Array& table, const Array& indices, const char* text) {
      CHECK_THROWS_WITH(read(table, indices.to(device)), text);
    };
    refuses(x, Array{0, 1, 3}, "get_rows: index 3 at position 2 is out of range for 3 rows");
    refuses(x, Array({{0, -4}}, Dtype::int64), "get_rows: index -4 at position 1 is out of range for 3 rows");
    refuses(Array::zeros({0, 2}, Dtype::float32, device), Array{0},
            "get_rows: index 0 at position 0 is out of range for 0 rows");
    // The first of several errors, whichever threads find them.
    std::vector<std::int64_t> many(1000);
    many[700] = 7;
    many[301] = std::numeric_limits<std::int64_t>::min();
    many[999] = 3;
    refuses(x, Array(many),
            "get_rows: index -9223372036854775808 at position 301 is out of range for 3 rows");
    CHECK(read(x, Array{0, 2}.to(device)) == std::vector<double>(4, 1));  // reported only once
  });
}

TEST_CASE("get_rows on a GPU neither reads nor adds for an index out of range", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    Variable x(Array{{1.f, 2.f}, {3.f, 4.f}}.to(device));
    Variable y = get_rows(x, Array{1, 2, -3, 1}.to(device));
    y.set_grad(Array::ones({4, 2}, Dtype::float32, device));
    y.backward();
    CHECK_THROWS_WITH(values(y.data()), "get_rows: index 2 at position 1 is out of range for 2 rows");
    CHECK(values(y.data()) == std::vector<double>{3, 4, 0, 0, 0, 0, 3, 4});
    CHECK(values(x.grad()) == std::vector<double>{0, 0, 2, 2});
  });
}

TEST_CASE("get_rows refuses indices that are not integers, and a table without rows") {
  const Array x = Array::zeros({3, 2});
  CHECK_THROWS_WITH(get_rows(x, Array{1.f}), "get_rows: indices must be int32 or int64, got float32(1)");
  CHECK_THROWS_WITH(get_rows(Array::scalar(1), Array{0}),
                    "get_rows: x must have at least one axis, got float32()");
}
