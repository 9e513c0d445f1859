// Random numbers: Philox against published vectors, moments of the distributions, reproducibility.
#include "tenbin/core/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <thread>

#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

using Words = std::array<std::uint32_t, 4>;

// Mean, variance, and the fourth moment over the squared variance.
struct Moments {
  explicit Moments(const std::vector<double>& values) {
    const auto n = static_cast<double>(values.size());
    for (const double v : values) mean += v / n;
    double fourth = 0;
    for (const double v : values) {
      variance += std::pow(v - mean, 2) / n;
      fourth += std::pow(v - mean, 4) / n;
    }
    kurtosis = fourth / (variance * variance);
  }
  double mean = 0;
  double variance = 0;
  double kurtosis = 0;
};

double correlation(const std::vector<double>& values, std::size_t lag) {
  const Moments moments(values);
  double sum = 0;
  for (std::size_t i = 0; i + lag < values.size(); ++i)
    sum += (values[i] - moments.mean) * (values[i + lag] - moments.mean);
  return sum / moments.variance / static_cast<double>(values.size() - lag);
}

}  // namespace

// kat_vectors of Random123, the generator's reference implementation: philox4x32-10.
TEST_CASE("philox gives the published words") {
  const std::uint64_t ones = ~std::uint64_t{0};
  CHECK(random::philox(0, 0, 0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(random::philox(ones, ones, ones) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(random::philox(0x299f31d0a4093822, 0x85a308d3243f6a88, 0x0370734413198a2e) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a generator can be made at a position") {
  random::Generator generator(std::uint64_t{1} << 63 | 7);
  generator.uniform({5});
  random::Generator same(generator.seed(), generator.position());
  CHECK(same.position() == 2);
  const random::Draw draw = same.draw(1);
  CHECK(draw.seed == generator.seed());
  CHECK(draw.first == 2);
  same = random::Generator(generator.seed(), generator.position());
  CHECK(same.normal({6}).to_vector<float>() == generator.normal({6}).to_vector<float>());
  CHECK(same.integer(1000) == generator.integer(1000));
  CHECK(same.position() == generator.position());
}

TEST_CASE("a draw is words of philox, and the generator moves past it") {
  random::Generator generator(7);
  CHECK(generator.seed() == 7);
  const random::Draw first = generator.draw(5);  // five words: two blocks
  CHECK(generator.position() == 2);
  const random::Draw second = generator.draw(1);
  CHECK(second.first == 2);
  CHECK(first.word(0) == random::philox(7, 0)[0]);
  CHECK(first.word(6) == random::philox(7, 1)[2]);
  CHECK(second.word(3) == random::philox(7, 2)[3]);
  CHECK(generator.draw(0).first == 3);
  CHECK(generator.position() == 3);
}

TEST_CASE("uniform numbers") {
  for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
    CAPTURE(dtype);
    random::Generator generator(1);
    const std::size_t n = 200000;
    const auto values = generator.uniform({n}, -3, 5, dtype).to_vector<double>();
    CHECK(*std::min_element(values.begin(), values.end()) >= -3);
    CHECK(*std::max_element(values.begin(), values.end()) < 5);
    const Moments moments(values);  // five standard errors each
    CHECK(std::abs(moments.mean - 1) < 5 * 8 / std::sqrt(12. * n));
    CHECK(std::abs(moments.variance - 64. / 12) < 0.06);
    CHECK(std::abs(moments.kurtosis - 1.8) < 0.02);
    for (const std::size_t lag : {1u, 2u, 3u, 4u, 5u})
      CHECK(std::abs(correlation(values, lag)) < 5 / std::sqrt(n));
  }
}

// One word of Philox for a float32, its upper 24 bits; two for a float64, 53 bits. Computed in Python.
TEST_CASE("the bits of uniform numbers") {
  const std::vector<float> units = {10283760, 7861577, 1228624, 5718707, 16571169, 5487212, 8621914, 7622150};
  std::vector<float> expected;
  for (const float unit : units) expected.push_back(unit * 0x1p-24f);
  CHECK(random::Generator(42).uniform({8}).to_vector<float>() == expected);
  CHECK(random::Generator(42).uniform({8}, -3, 5).to_vector<float>() ==
        std::vector<float>{0x1.e7578p+0f, 0x1.7f549p-1f, -0x1.3502cp+1f, -0x1.17a9ap-2f, 0x1.39b642p+2f,
                           -0x1.88b28p-2f, 0x1.1c7adp+0f, 0x1.44e06p-1f});
  CHECK(random::Generator(42).uniform({4}, 0, 1, Dtype::float64).to_vector<double>() ==
        std::vector<double>{5521051785035433 * 0x1p-53, 659612850907222 * 0x1p-53, 8896578696410957 * 0x1p-53,
                            4628855064005056 * 0x1p-53});
  random::Generator generator(42);
  CHECK(generator.uniform({5}).at(4) == expected[4]);
  CHECK(generator.position() == 2);
}

TEST_CASE("uniform numbers never reach the upper end") {
  random::Generator generator(1);
  // There is no float between 1 and the next float: rounding would return the upper end for half of the
  // draws.
  const auto values =
      generator.uniform({1000}, 1, static_cast<double>(std::nextafter(1.f, 2.f))).to_vector<float>();
  CHECK(std::all_of(values.begin(), values.end(), [](float v) { return v == 1; }));
  CHECK(generator.uniform({3}, 2, 2).to_vector<double>() == std::vector<double>{2, 2, 2});
}

TEST_CASE("normal numbers") {
  for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
    CAPTURE(dtype);
    random::Generator generator(2);
    const std::size_t n = 200001;  // odd: the last pair is cut
    const auto values = generator.normal({n}, 2, 3, dtype).to_vector<double>();
    const Moments moments(values);
    CHECK(std::abs(moments.mean - 2) < 5 * 3 / std::sqrt(n));
    CHECK(std::abs(moments.variance - 9) < 5 * 9 * std::sqrt(2. / n));
    CHECK(std::abs(moments.kurtosis - 3) < 5 * std::sqrt(24. / n));
    const auto beyond =
        std::count_if(values.begin(), values.end(), [](double v) { return std::abs(v - 2) > 6; });
    CHECK(std::abs(static_cast<double>(beyond) / n - 0.0455) < 0.0025);
    for (const std::size_t lag : {1u, 2u, 3u, 4u})
      CHECK(std::abs(correlation(values, lag)) < 5 / std::sqrt(n));
  }
}

TEST_CASE("the same seed gives the same numbers, the next call others") {
  random::Generator a(9);
  random::Generator b(9);
  CHECK(a.normal({5}).to_vector<float>() == b.normal({5}).to_vector<float>());
  CHECK(a.uniform({5}).to_vector<float>() == b.uniform({5}).to_vector<float>());
  CHECK(a.permutation(20) == b.permutation(20));
  random::Generator copied = a;
  const auto next = a.uniform({5}).to_vector<float>();
  CHECK(copied.uniform({5}).to_vector<float>() == next);
  CHECK(a.uniform({5}).to_vector<float>() != next);
  CHECK(random::Generator(10).uniform({5}).to_vector<float>() !=
        random::Generator(9).uniform({5}).to_vector<float>());

  random::seed(3);
  const auto from_default = random::default_generator().uniform({4}).to_vector<float>();
  random::seed(3);
  CHECK(random::default_generator().uniform({4}).to_vector<float>() == from_default);
  CHECK(random::Generator(3).uniform({4}).to_vector<float>() == from_default);
}

TEST_CASE("threads draw different numbers unless they are seeded", "[threads]") {
  using Values = std::vector<float>;
  const auto draw = [] { return random::default_generator().uniform({4}).to_vector<float>(); };
  const auto in_a_thread = [](const auto& f) {
    Values values;
    std::thread([&] { values = f(); }).join();
    return values;
  };
  random::seed(3);
  const Values here = draw();
  random::seed(3);

  std::set<Values> all = {here, random::Generator(0).uniform({4}).to_vector<float>()};
  for (int i = 0; i < 4; ++i) all.insert(in_a_thread(draw));
  random::seed(4);  // another seed in the main thread gives other streams in threads that start afterwards
  all.insert(draw());
  for (int i = 0; i < 4; ++i) all.insert(in_a_thread(draw));
  CHECK(all.size() == 2 + 4 + 1 + 4);

  // A seeded thread draws the numbers of that seed, and does not change other threads' generators.
  random::seed(3);
  const auto seeded = [&] {
    random::seed(3);
    return draw();
  };
  CHECK(in_a_thread(seeded) == here);
  CHECK(in_a_thread(seeded) == here);
  CHECK(draw() == here);
  // Seeding another thread does not change the main thread's seed, from which unseeded threads derive theirs.
  const std::uint64_t unseeded = [] {
    std::uint64_t seed = 0;
    std::thread([&] { seed = random::default_generator().seed(); }).join();
    return seed;
  }();
  bool derived_from_3 = false;
  for (std::uint64_t i = 0; i < 100000 && !derived_from_3; ++i)
    derived_from_3 = random::substream(3, 0x7468726561647321, i).seed() == unseeded;
  CHECK(derived_from_3);
}

TEST_CASE("draws of no elements, and of other dtypes") {
  random::Generator generator(1);
  CHECK(generator.uniform({0, 3}).size() == 0);
  CHECK(generator.normal({0}).size() == 0);
  CHECK(generator.position() == 0);
  CHECK_THROWS_WITH(generator.uniform({2}, 0, 1, Dtype::int32), "expected float32 or float64, got int32");
}

TEST_CASE("integers have no bias") {
  random::Generator generator(4);
  const std::size_t draws = 70000;
  std::vector<double> counts(7);
  for (std::size_t i = 0; i < draws; ++i) ++counts.at(generator.integer(7));
  double chi_squared = 0;
  for (const double count : counts) chi_squared += std::pow(count - draws / 7., 2) / (draws / 7.);
  CHECK(chi_squared < 22.5);  // 6 degrees of freedom: exceeded with probability 0.001
  CHECK(generator.integer(1) == 0);

  // With 2^64 values, the remainder by 3/4 2^64 would make the lowest third twice as likely.
  const std::uint64_t bound = std::uint64_t{3} << 62;
  int low = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::uint64_t value = generator.integer(bound);
    REQUIRE(value < bound);
    low += value < bound / 3;
  }
  CHECK(std::abs(low - 1000) < 130);
  CHECK_THROWS_WITH(generator.integer(0), "random::Generator::integer: expected a bound above 0, got 0");
}

TEST_CASE("a permutation has every index once, and every order is equally likely") {
  random::Generator generator(5);
  CHECK(generator.permutation(0).empty());
  CHECK(generator.permutation(1) == std::vector<std::size_t>{0});
  auto order = generator.permutation(1000);
  std::vector<std::size_t> sorted(1000);
  std::iota(sorted.begin(), sorted.end(), std::size_t{0});
  CHECK(order != sorted);
  std::sort(order.begin(), order.end());
  CHECK(order == sorted);

  std::vector<double> counts(6);
  const double draws = 12000;
  for (int i = 0; i < draws; ++i) {
    const auto p = generator.permutation(3);
    ++counts[p[0] * 2 + (p[1] > p[2])];
  }
  double chi_squared = 0;
  for (const double count : counts) chi_squared += std::pow(count - draws / 6, 2) / (draws / 6);
  CHECK(chi_squared < 20.5);  // 5 degrees of freedom
}

TEST_CASE("KeepDefaultGenerator restores the generator of the thread") {
  random::seed(7);
  random::default_generator().draw(10);
  const std::uint64_t position = random::default_generator().position();
  {
    const random::KeepDefaultGenerator keep;
    random::default_generator().draw(10);
    keep.restore();
    CHECK(random::default_generator().position() == position);
    random::seed(8);
  }
  CHECK(random::default_generator().seed() == 7);
  CHECK(random::default_generator().position() == position);
}
