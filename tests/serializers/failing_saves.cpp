// Saves while operator new fails, at every call, once or from then on: the old file must stay intact, and no
// other file may appear.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <new>
#include <string>

#include "tenbin/serializers/npz.h"
#include "tenbin/tests/scratch_directory.h"

namespace {

constexpr long never = std::numeric_limits<long>::max();
long calls_before_failure = never;
bool fails_from_then_on = false;

void* allocate(std::size_t bytes) {
  if (calls_before_failure != never && calls_before_failure-- <= 0) {
    if (!fails_from_then_on) calls_before_failure = never;
    throw std::bad_alloc();
  }
  if (void* block = std::malloc(bytes == 0 ? 1 : bytes)) return block;
  throw std::bad_alloc();
}

long writes_before_damage = never;

}  // namespace

// Replaces the function of the C library.
extern "C" ssize_t write(int descriptor, const void* from, std::size_t bytes) {
  std::string damaged(static_cast<const char*>(from), bytes);
  if (writes_before_damage != never && writes_before_damage-- == 0)
    damaged[bytes / 2] = static_cast<char>(damaged[bytes / 2] ^ 1);
  return ::syscall(SYS_write, descriptor, damaged.data(), bytes);
}

void* operator new(std::size_t bytes) { return allocate(bytes); }
void* operator new[](std::size_t bytes) { return allocate(bytes); }
void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t) noexcept { std::free(block); }

namespace {

using namespace tenbin;

const NamedArrays old_model = {{"old", Array{1.f, 2.f}}};
const NamedArrays model = {{"l1/a_rather_long_name_of_a_layer/W", Array::ones({1000, 3})}, {"t", Array{25}}};

class Saves {
 public:
  Saves() {
    save_npz(path_, old_model);
    old_bytes_ = testing::read_bytes(path_);
  }

  // The number of saves that ran out of memory.
  int without_memory(bool compression, bool from_then_on) {
    int failures = 0;
    for (bool failed = true; failed; failures += failed ? 1 : 0) {
      fails_from_then_on = from_then_on;
      calls_before_failure = failures;
      const bool saved = save(compression);
      failed = calls_before_failure == never || calls_before_failure < 0;
      calls_before_failure = never;
      check(saved);
    }
    return failures;
  }

  // The number of saves that detected a wrong content.
  int damaged(bool compression) {
    int noticed = 0;
    for (long writes = 0;; ++writes) {
      writes_before_damage = writes;
      const bool saved = save(compression);
      const bool complete = writes_before_damage >= 0;
      writes_before_damage = never;
      check(saved);
      if (complete) return noticed;
      noticed += saved ? 0 : 1;
    }
  }

  int wrong() const { return wrong_; }

 private:
  bool save(bool compression) {
    try {
      save_npz(path_, model, compression);
      return true;
    } catch (const std::bad_alloc&) {
    } catch (const Error&) {
    }
    return false;
  }

  void check(bool saved) {
    wrong_ += directory_.count() == 1 ? 0 : 1;
    if (!saved) {
      wrong_ += testing::read_bytes(path_) == old_bytes_ ? 0 : 1;
      return;
    }
    for (const auto& [key, array] : model)
      wrong_ += NpzReader(path_).read(key).to_string() == array.to_string() ? 0 : 1;
    save_npz(path_, old_model);
  }

  const testing::ScratchDirectory directory_;
  const std::string path_ = directory_ / "model.npz";
  std::string old_bytes_;
  int wrong_ = 0;
};

}  // namespace

int main() {
  Saves saves;
  int failures = 0, noticed = 0;
  for (const bool compression : {false, true}) {
    for (const bool from_then_on : {false, true}) failures += saves.without_memory(compression, from_then_on);
    noticed += saves.damaged(compression);
  }
  std::printf("%d saves without memory, %d damaged ones noticed, %d wrong\n", failures, noticed,
              saves.wrong());
  return failures > 100 && noticed >= 10 && saves.wrong() == 0 ? 0 : 1;
}
