// Replaces operator new by one that counts. Memory comes from malloc, so that sanitizers still work.
#include "tenbin/tests/memory_use.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <new>

namespace {

std::atomic<std::size_t> count{0};
thread_local std::size_t successes_left = 0;
thread_local std::size_t failures_left = 0;

// Counts a call; returns false if the call must fail.
bool may_allocate() {
  ++count;
  if (failures_left == 0) return true;
  if (successes_left > 0) {
    --successes_left;
    return true;
  }
  if (failures_left != tenbin::testing::FailingMemory::always) --failures_left;
  return false;
}

void* allocate(std::size_t bytes) {
  if (!may_allocate()) return nullptr;
  return std::malloc(bytes == 0 ? 1 : bytes);
}

void* allocate(std::size_t bytes, std::align_val_t alignment) {
  if (!may_allocate()) return nullptr;
  const auto unit = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
}

void* required(void* block) {
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace

std::size_t tenbin::testing::allocation_count() { return count; }

tenbin::testing::FailingMemory::FailingMemory(std::size_t successes, std::size_t failures) {
  successes_left = successes;
  failures_left = failures;
}

tenbin::testing::FailingMemory::~FailingMemory() { failures_left = 0; }

std::size_t tenbin::testing::resident_bytes() {
#if defined(__SANITIZE_ADDRESS__)
  return 0;
#else
  std::ifstream statm("/proc/self/statm");
  std::size_t total_pages = 0, resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return resident_pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
#endif
}

void* operator new(std::size_t bytes) { return required(allocate(bytes)); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return required(allocate(bytes, alignment));
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(bytes, alignment);
}
// The array forms, which call those above by default; a sanitizer's do not.
void* operator new[](std::size_t bytes) { return required(allocate(bytes)); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }

void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t) noexcept { std::free(block); }
