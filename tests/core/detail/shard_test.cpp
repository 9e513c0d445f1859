#include "tenbin/core/detail/shard.h"

#include <limits>

#include "tenbin/tests/catch.h"

using namespace tenbin;
using detail::Shard;

namespace {

// One of two shards, of which the other has `others` values.
class OneOfTwo : public Shard {
 public:
  explicit OneOfTwo(std::vector<double> others) : others_(std::move(others)) {}
  void sum(const char*, double* values, std::size_t count) override {
    REQUIRE(count == others_.size());
    for (std::size_t i = 0; i < count; ++i) values[i] += others_[i];
  }
  bool keeps_statistics() const override { return true; }

 private:
  std::vector<double> others_;
};

}  // namespace

TEST_CASE("a thread has a shard while its scope exists") {
  CHECK(Shard::current() == nullptr);
  OneOfTwo outer({}), inner({});
  {
    const Shard::Scope scope(outer);
    CHECK(Shard::current() == &outer);
    {
      const Shard::Scope nested(inner);
      CHECK(Shard::current() == &inner);
    }
    CHECK(Shard::current() == &outer);
  }
  CHECK(Shard::current() == nullptr);
}

TEST_CASE("a mean of shards is weighted by their rows") {
  double count = 3;
  const Array mean = Array({2.0, 5.0}, Dtype::float64).reshape({1, 2});
  CHECK(detail::mean_of_shards("mean", mean, count).to_string() == mean.to_string());
  CHECK(count == 3);

  OneOfTwo shard({10, 1, 1});  // a row of (10, 1)
  const Shard::Scope scope(shard);
  const Array of_all = detail::mean_of_shards("mean", mean, count);
  CHECK(of_all.shape() == Shape{1, 2});
  CHECK(of_all.to_vector<double>() == std::vector<double>{4, 4});
  CHECK(count == 4);
}

TEST_CASE("the mean of a shard without rows does not count") {
  OneOfTwo shard({8, 2});
  const Shard::Scope scope(shard);
  double count = 0;
  const Array nan = Array::full({1}, std::numeric_limits<double>::quiet_NaN(), Dtype::float64);
  CHECK(detail::mean_of_shards("mean", nan, count).item() == 4);
  CHECK(count == 2);

  OneOfTwo empty({0, 0});
  const Shard::Scope nested(empty);
  count = 0;
  CHECK(detail::mean_of_shards("mean", nan, count).item() == 0);
}
