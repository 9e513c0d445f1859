#include "tenbin/functions/connection/embed_id.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("embed_id looks up rows", "[gpu]") {
  for (const Dtype dtype : {Dtype::int32, Dtype::int64}) {
    for (const auto ignored : {std::optional<std::int64_t>(), std::optional<std::int64_t>(2)}) {
      check_function({
          .inputs = {Array({{3, 0, 2}, {3, 3, 1}}, dtype), uniform({4, 5})},
          .forward = [=](const Variables& xs) { return embed_id(xs[0], xs[1], ignored); },
          .expected =
              [=](const Arrays& xs) {
                std::vector<double> y;
                for (const double id : values(xs[0]))
                  for (std::size_t k = 0; k < 5; ++k)
                    y.push_back(ignored && id == 2 ? 0 : xs[1].at(static_cast<std::size_t>(id), k));
                return y;
              },
      });
    }
  }
}

TEST_CASE("embed_id adds up the gradients of an id, and ignores one outside of the table", "[gpu]") {
  on_every_device([](Device device) {
    for (const std::int64_t ignored : {-1, 7}) {
      CAPTURE(ignored);
      Variable W(Array{{1.f, 2.f}, {3.f, 4.f}}.to(device));
      Variable y = embed_id(Array({1ll, static_cast<long long>(ignored), 1ll}).to(device), W, ignored);
      CHECK(values(y.data()) == std::vector<double>{3, 4, 0, 0, 3, 4});
      y.set_grad(Array{{1.f, 2.f}, {10.f, 20.f}, {100.f, 200.f}}.to(device));
      y.backward();
      CHECK(values(W.grad()) == std::vector<double>{0, 0, 101, 202});
    }
    const Array W = Array::zeros({2, 3}, Dtype::float32, device);
    CHECK(embed_id(Array::empty({0, 4}, Dtype::int32, device), W).shape() == Shape{0, 4, 3});
    CHECK(embed_id(Array::zeros({}, Dtype::int32, device), W).shape() == Shape{3});
  });
}

TEST_CASE("embed_id refuses ids outside of the table, at the latest when the result is read", "[gpu]") {
  on_every_device([](Device device) {
    const Array W = Array::zeros({4, 2}, Dtype::float32, device);
    const auto look_up = [&](const Array& ids, std::optional<std::int64_t> ignored = std::nullopt) {
      values(embed_id(ids.to(device), W, ignored).data());
    };
    CHECK_THROWS_WITH(look_up(Array({1, 4})), "embed_id: id 4 at position 1 is out of range for 4 rows");
    CHECK_THROWS_WITH(look_up(Array({-1, 0})), "embed_id: id -1 at position 0 is out of range for 4 rows");
    CHECK_THROWS_WITH(look_up(Array({-1, -2}), -1),
                      "embed_id: id -2 at position 1 is out of range for 4 rows");
  });
  const Array W = Array::zeros({4, 2});
  CHECK_THROWS_WITH(embed_id(Array{1.f}, W), "embed_id: x must be int32 or int64, got float32(1)");
  CHECK_THROWS_WITH(embed_id(Array{1}, Array{1.f}), "embed_id: W must have two axes, got float32(1)");
  CHECK_THROWS_WITH(embed_id(Array{1}, Array({{1}})),
                    "embed_id: W must be float32 or float64, got int32(1, 1)");
}
