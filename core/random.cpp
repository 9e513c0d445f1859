#include "tenbin/core/random.h"

#include <atomic>
#include <cmath>
#include <numeric>
#include <thread>

namespace tenbin::random {

namespace {

// The thread that initialises static objects, of this file or of one that is initialised earlier.
std::thread::id main_thread() {
  static const std::thread::id id = std::this_thread::get_id();
  return id;
}
[[maybe_unused]] const std::thread::id at_start = main_thread();

bool is_main_thread() { return std::this_thread::get_id() == main_thread(); }

constexpr std::uint64_t thread_stream = 0x7468726561647321;  // "threads!" in ASCII
std::atomic<std::uint64_t> main_seed{0};
std::atomic<std::uint64_t> thread_count{0};

Generator first_generator() {
  return is_main_thread() ? Generator() : substream(main_seed, thread_stream, thread_count++);
}

}  // namespace

Array Generator::uniform(const Shape& shape, double low, double high, Dtype dtype) {
  Array out = Array::empty(shape, dtype);
  visit_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    constexpr std::size_t words = sizeof(T) / 4;
    const Draw taken = draw(out.size() * words);
    T* values = out.data<T>();
    for (std::size_t i = 0; i < out.size(); ++i) {
      const double unit = words == 1 ? static_cast<double>(taken.uniform(i))
                                     : uniform53(taken.word(2 * i), taken.word(2 * i + 1));
      const T value = static_cast<T>(low + (high - low) * unit);
      // Rounding may give `high`, which is excluded.
      values[i] = value < static_cast<T>(high) || low == high ? value : static_cast<T>(low);
    }
  });
  return out;
}

Array Generator::normal(const Shape& shape, double mean, double deviation, Dtype dtype) {
  Array out = Array::empty(shape, dtype);
  // Two values from four words.
  const Draw taken = draw((out.size() + 1) / 2 * 4);
  visit_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    T* values = out.data<T>();
    for (std::size_t i = 0; i < out.size(); i += 2) {
      const auto words = philox(taken.seed, taken.first + i / 2);
      const double radius = std::sqrt(-2 * std::log1p(-uniform53(words[0], words[1])));
      const double angle = 2 * 3.14159265358979323846 * uniform53(words[2], words[3]);
      values[i] = static_cast<T>(mean + deviation * radius * std::cos(angle));
      if (i + 1 < out.size()) values[i + 1] = static_cast<T>(mean + deviation * radius * std::sin(angle));
    }
  });
  return out;
}

std::uint64_t Generator::next64() {
  const Draw taken = draw(2);
  return std::uint64_t{taken.word(0)} << 32 | taken.word(1);
}

std::uint64_t Generator::integer(std::uint64_t bound) {
  if (bound == 0) throw Error("random::Generator::integer: expected a bound above 0, got 0");
  const std::uint64_t biased = (0 - bound) % bound;  // 2^64 % bound: values below it are rejected
  std::uint64_t value = next64();
  while (value < biased) value = next64();
  return value % bound;
}

std::vector<std::size_t> Generator::permutation(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[integer(i)]);
  return order;
}

Generator& default_generator() {
  thread_local Generator generator = first_generator();
  return generator;
}

void seed(std::uint64_t value) {
  default_generator() = Generator(value);
  if (is_main_thread()) main_seed = value;
}

}  // namespace tenbin::random
