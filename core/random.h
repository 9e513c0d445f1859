// Counter-based random numbers (Philox): the same for a seed on every device.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin::random {

/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): maps (key, counter)
/// to four random words. Any element of a stream is computed without the others. constexpr, so that kernels
/// can call it.
constexpr std::array<std::uint32_t, 4> philox(std::uint64_t key, std::uint64_t counter,
                                              std::uint64_t stream = 0) {
  std::array<std::uint32_t, 4> x = {
      static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32),
      static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)};
  auto k0 = static_cast<std::uint32_t>(key);
  auto k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * x[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * x[2];
    x = {static_cast<std::uint32_t>(p1 >> 32) ^ x[1] ^ k0, static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ x[3] ^ k1, static_cast<std::uint32_t>(p0)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return x;
}

/// Uniform in [0, 1) from two words: 53 bits, exact in double.
constexpr double uniform53(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

/// Words of a stream that can be read repeatedly: word i is word i % 4 of `philox(seed, first + i / 4)`.
struct Draw {
  std::uint64_t seed = 0;
  std::uint64_t first = 0;

  constexpr std::uint32_t word(std::uint64_t i) const { return philox(seed, first + i / 4)[i % 4]; }
  /// Uniform in [0, 1): 24 bits, exact in float.
  constexpr float uniform(std::uint64_t i) const { return static_cast<float>(word(i) >> 8) * 0x1p-24f; }
};

/// A seed and a position in its stream. Copying one copies the position. One thread at a time uses it.
///
/// The position is the number of blocks of four words that have been taken. A generator that is made with the
/// seed and the position of another one goes on with the same numbers:
///
///     random::Generator rng(42);
///     Array x = rng.normal({100, 30});
///     random::Generator same(rng.seed(), rng.position());
class Generator {
 public:
  explicit Generator(std::uint64_t seed = 0, std::uint64_t position = 0) : seed_(seed), position_(position) {}

  std::uint64_t seed() const { return seed_; }
  std::uint64_t position() const { return position_; }

  /// Takes the next `count` words of the stream.
  Draw draw(std::size_t count) {
    const Draw taken{seed_, position_};
    position_ += (count + 3) / 4;
    return taken;
  }

  /// Uniform in [low, high): 24 random bits for float32, 53 for float64.
  Array uniform(const Shape& shape, double low = 0, double high = 1, Dtype dtype = Dtype::float32);
  /// Gaussian, by Box and Muller's transform.
  Array normal(const Shape& shape, double mean = 0, double deviation = 1, Dtype dtype = Dtype::float32);
  /// Uniform in [0, bound), without bias. Errors: a bound of zero.
  std::uint64_t integer(std::uint64_t bound);
  /// 0, ..., count - 1 in random order (Fisher and Yates).
  std::vector<std::size_t> permutation(std::size_t count);

 private:
  std::uint64_t next64();

  std::uint64_t seed_;
  std::uint64_t position_;
};

/// A different generator for every (seed, stream, i). `stream` identifies the use, so that two uses of one
/// seed draw different numbers.
inline Generator substream(std::uint64_t seed, std::uint64_t stream, std::uint64_t i = 0) {
  const auto words = philox(seed, i, stream);
  return Generator(std::uint64_t{words[0]} << 32 | words[1]);
}

/// The calling thread's generator: initialisers and dropout draw from it.
///
/// The main thread's generator starts from seed 0. Every other thread that draws before calling `seed` gets
/// its own stream, derived from the main thread's last seed and the number of threads that drew before it. So
/// threads draw different numbers, but which ones depends on their order. To get the same numbers in every
/// run, a thread calls `seed` first.
Generator& default_generator();

/// Gives the calling thread's generator the position that it had, when the scope ends.
class [[nodiscard]] KeepDefaultGenerator {
 public:
  [[nodiscard]] KeepDefaultGenerator() : kept_(default_generator()) {}
  ~KeepDefaultGenerator() { restore(); }
  KeepDefaultGenerator(const KeepDefaultGenerator&) = delete;
  KeepDefaultGenerator& operator=(const KeepDefaultGenerator&) = delete;

  /// The same before the end of the scope.
  void restore() const { default_generator() = kept_; }

 private:
  Generator kept_;
};

/// Restarts the calling thread's generator.
///
///     std::thread worker([i] { random::seed(i); ... });
void seed(std::uint64_t value);

}  // namespace tenbin::random
