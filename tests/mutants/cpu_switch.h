// Inserted by run_cpu.py before every source of its copy: bugs that are switched on by their number.
//
// TENBIN_MUTANT is the number of the active bug. With -1 none is active, and the file named by
// TENBIN_MUTANT_REACHED records, one byte each, which bugs the program reaches; child processes write to it
// too.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <type_traits>

namespace tenbin_mutants {

inline constexpr int most = 1 << 16;
enum Reached : unsigned char { never = 0, here = 1, no_bug = 2 };

inline unsigned char* open_notes() {
  const char* const path = std::getenv("TENBIN_MUTANT_REACHED");
  if (path == nullptr) return nullptr;
  const int file = ::open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ::ftruncate(file, most) != 0) std::abort();
  void* const notes = ::mmap(nullptr, most, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (notes == MAP_FAILED) std::abort();
  return static_cast<unsigned char*>(notes);
}

inline int chosen() {
  const char* const number = std::getenv("TENBIN_MUTANT");
  return number == nullptr ? 0 : std::atoi(number);
}

inline unsigned char* const notes = open_notes();
inline const int active = chosen();

inline bool note(int number, Reached reached) {
  if (notes != nullptr) notes[number] = reached;
  return false;
}

constexpr bool is(int number) {
  if (__builtin_is_constant_evaluated()) return false;
  return active == number || (active < 0 && note(number, here));
}

// The argument a, or with the bug its neighbour b. Arguments of different types cannot be swapped.
template <class A, class B>
constexpr A&& pick(int number, A&& a, B&& b) {
  using Value = std::remove_reference_t<A>;
  if constexpr (std::is_same_v<std::decay_t<A>, std::decay_t<B>> && !std::is_array_v<Value>) {
    if (is(number)) return static_cast<A&&>(const_cast<Value&>(b));
  } else if (!__builtin_is_constant_evaluated() && active < 0) {
    note(number, no_bug);
  }
  return static_cast<A&&>(a);
}

}  // namespace tenbin_mutants

#define TENBIN_MUTANT_IS(number) ::tenbin_mutants::is(number)
#define TENBIN_MUTANT_PICK(number, a, b) ::tenbin_mutants::pick(number, a, b)
