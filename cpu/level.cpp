#include "tenbin/cpu/level.h"

#include <atomic>
#include <cstdlib>
#include <string_view>

#include "tenbin/core/error.h"

namespace tenbin::cpu {

namespace {

constexpr Level all_levels[] = {Level::v4, Level::v3, Level::v1};

#if defined(__x86_64__) && defined(__GNUC__)

// What the compiler is told in level.h.
bool has_level(Level level) {
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  return level == Level::v1 || (level == Level::v3 && v3) || (level == Level::v4 && v4);
}

#else

bool has_level(Level level) { return level == Level::v1; }

#endif

constexpr const char* name_of(Level level) {
  return level == Level::v4 ? "v4" : level == Level::v3 ? "v3" : "v1";
}

Level highest_level() {
  for (const Level level : all_levels)
    if (has_level(level)) return level;
  return Level::v1;
}

Level chosen_level() {
  const char* const wanted = std::getenv("TENBIN_CPU_LEVEL");
  if (wanted == nullptr) return highest_level();
  for (const Level level : all_levels) {
    if (std::string_view(wanted) != name_of(level)) continue;
    if (!has_level(level))
      throw Error("TENBIN_CPU_LEVEL is ", wanted, ", which this processor does not have: its level is ",
                  name_of(highest_level()));
    return level;
  }
  throw Error("TENBIN_CPU_LEVEL is \"", wanted, "\", expected v1, v3 or v4");
}

}  // namespace

Level level() {
  // Not a static local variable: a child of fork may wait forever for another thread's initialisation of it.
  static std::atomic<int> chosen{0};
  int value = chosen.load(std::memory_order_relaxed);
  if (value == 0) {
    value = static_cast<int>(chosen_level());
    chosen.store(value, std::memory_order_relaxed);
  }
  return static_cast<Level>(value);
}

}  // namespace tenbin::cpu
