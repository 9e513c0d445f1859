// Replaces operator new by one that counts. Memory comes from malloc, so that sanitizers see what they always
// see.
#include "tenbin/tests/memory_use.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <new>

namespace {

std::atomic<std::size_t> count{0};
std::atomic<std::size_t> refusals{0};

bool refused() {
  std::size_t left = refusals;
  while (left > 0 && !refusals.compare_exchange_weak(left, left - 1)) {
  }
  return left > 0;
}

void* allocate(std::size_t bytes) {
  ++count;
  if (refused()) return nullptr;
  return std::malloc(bytes == 0 ? 1 : bytes);
}

void* allocate(std::size_t bytes, std::align_val_t alignment) {
  ++count;
  if (refused()) return nullptr;
  const auto unit = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
}

void* required(void* block) {
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace

std::size_t tenbin::testing::allocation_count() { return count; }

void tenbin::testing::refuse_allocations(std::size_t calls) { refusals = calls; }

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
// The array forms, which by default call those above; a sanitizer's do not.
void* operator new[](std::size_t bytes) { return required(allocate(bytes)); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }

void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t) noexcept { std::free(block); }
