// Each allocation is a separate block, filled with NaN: AddressSanitizer, or else guard bytes, detect
// accesses out of bounds, and wrong results show reads before writes.
#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <string>

#include "emulator.h"
#include "errors.h"
#include "streams.h"

namespace cuda_emulator {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t guard_bytes = 0;
#else
constexpr std::size_t guard_bytes = 1024;
#endif
constexpr unsigned char guard = 0xa5;
constexpr int host = -1;

struct Block {
  std::size_t bytes;
  int device;
};

struct Memory {
  std::map<const char*, Block> blocks;  // by their first byte
  std::size_t device_bytes = std::size_t{16} << 30;
};

Memory& memory() {
  static auto& memory = *new Memory;
  return memory;
}

using BlockIterator = std::map<const char*, Block>::iterator;

/// The block that contains the address, or end().
BlockIterator find_block(const void* address) {
  auto& blocks = memory().blocks;
  const BlockIterator after = blocks.upper_bound(static_cast<const char*>(address));
  if (after == blocks.begin()) return blocks.end();
  const BlockIterator block = std::prev(after);
  return static_cast<const char*>(address) < block->first + block->second.bytes ? block : blocks.end();
}

std::string describe(const Block& block) {
  return (block.device == host ? "a pinned block of " : "a device block of ") + std::to_string(block.bytes) +
         " bytes";
}

std::size_t used_bytes(int device) {
  std::size_t bytes = 0;
  for (const auto& [address, block] : memory().blocks)
    if (block.device == device) bytes += block.bytes;
  return bytes;
}

void* allocate(std::size_t bytes, int device) {
  void* address = nullptr;
  if (posix_memalign(&address, 256, bytes + guard_bytes) != 0) throw std::bad_alloc();
  std::memset(address, 0xff, bytes);
  std::memset(static_cast<char*>(address) + bytes, guard, guard_bytes);
  memory().blocks[static_cast<const char*>(address)] = {bytes, device};
  ++counters().allocations;
  return address;
}

void check_guard(const char* address, const Block& block) {
  const auto* begin = reinterpret_cast<const unsigned char*>(address) + block.bytes;
  const auto* end = begin + guard_bytes;
  const auto* bad = std::find_if(begin, end, [](unsigned char byte) { return byte != guard; });
  if (bad == end) return;
  const std::string text = describe(block) + " was written past its end, at byte " +
                           std::to_string(block.bytes + std::size_t(bad - begin));
  std::memset(const_cast<unsigned char*>(begin), guard, guard_bytes);
  throw Failure(cudaErrorIllegalAddress, text);
}

void release(void* address, bool pinned) {
  const BlockIterator block = memory().blocks.find(static_cast<const char*>(address));
  if (block == memory().blocks.end() || (block->second.device == host) != pinned)
    throw Failure(cudaErrorInvalidValue, pinned ? "not a block of pinned memory, or freed before"
                                                : "not a block of device memory, or freed before");
  const auto [begin, freed] = *block;
  memory().blocks.erase(block);
  try {
    check_guard(begin, freed);
  } catch (const Failure& failure) {
    fail_later(failure);
  }
  std::free(address);
}

}  // namespace

Place place_of(const void* address, std::size_t bytes) {
  const BlockIterator block = find_block(address);
  if (block == memory().blocks.end()) return Place::pageable;
  const std::size_t offset = std::size_t(static_cast<const char*>(address) - block->first);
  if (bytes > block->second.bytes - offset)
    throw Failure(cudaErrorInvalidValue, std::to_string(bytes) + " bytes at offset " +
                                             std::to_string(offset) + " of " + describe(block->second));
  return block->second.device == host ? Place::pinned : Place::device;
}

int device_of(const void* address) {
  const BlockIterator block = find_block(address);
  return block == memory().blocks.end() ? host : block->second.device;
}

void require_device(const void* address, std::size_t bytes, const char* what, cudaError_t code) {
  if (bytes == 0) return;
  std::string text = "not in device memory";
  try {
    if (place_of(address, bytes) == Place::device) return;
  } catch (const Failure& failure) {
    text = failure.what();
  }
  throw Failure(code, std::string(what) + ": " + text);
}

void check_overruns() {
  for (const auto& [address, block] : memory().blocks) check_guard(address, block);
}

void set_device_memory(std::size_t bytes) {
  const std::lock_guard<std::recursive_mutex> lock(mutex());
  memory().device_bytes = bytes;
}

}  // namespace cuda_emulator

using namespace cuda_emulator;

cudaError_t cudaMalloc(void** block, std::size_t bytes) {
  return call([&] {
    require(block != nullptr, cudaErrorInvalidValue, "cudaMalloc: nowhere to put the address");
    forbid_while_capturing("cudaMalloc");
    *block = nullptr;
    if (bytes == 0) return;
    const int device = current_device();
    const std::size_t used = used_bytes(device), all = memory().device_bytes;
    if (used > all || bytes > all - used)
      throw Failure(cudaErrorMemoryAllocation, std::to_string(bytes) + " bytes asked for, " +
                                                   std::to_string(used) + " of " + std::to_string(all) +
                                                   " used");
    *block = allocate(bytes, device);
  });
}

cudaError_t cudaFree(void* block) {
  return call([&] {
    if (block == nullptr) return;
    forbid_while_capturing("cudaFree");
    if (device_of(block) >= 0) run_device(device_of(block));
    release(block, false);
    ++counters().synchronizations;
  });
}

cudaError_t cudaHostAlloc(void** block, std::size_t bytes, unsigned) {
  return call([&] {
    require(block != nullptr, cudaErrorInvalidValue, "cudaHostAlloc: nowhere to put the address");
    forbid_while_capturing("cudaHostAlloc");
    *block = bytes == 0 ? nullptr : allocate(bytes, host);
  });
}

cudaError_t cudaFreeHost(void* block) {
  return call([&] {
    if (block == nullptr) return;
    forbid_while_capturing("cudaFreeHost");
    run_all_devices();
    release(block, true);
    ++counters().synchronizations;
  });
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  return call([&] {
    const std::size_t used = used_bytes(current_device());
    *total = memory().device_bytes;
    *free = used < *total ? *total - used : 0;
  });
}
