// The caching allocator: alignment, reuse, sizes at the borders of classes, threads.
#include "tenbin/core/memory.h"

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

std::vector<std::size_t> border_sizes() {
  std::vector<std::size_t> sizes = {0, 1};
  for (std::size_t power = 6; power <= 20; ++power)
    for (std::size_t eighth = 8; eighth < 16; ++eighth) {
      const std::size_t border = (std::size_t{1} << power) / 8 * eighth;
      sizes.insert(sizes.end(), {border - 1, border, border + 1});
    }
  return sizes;
}

}  // namespace

TEST_CASE("blocks are aligned, large enough, and do not overlap") {
  struct Block {
    unsigned char* memory;
    std::size_t bytes;
  };
  std::vector<Block> blocks;
  for (int round = 0; round < 2; ++round) {  // the second round is served from the cache
    blocks.clear();
    for (const std::size_t bytes : border_sizes()) {
      auto* const block = static_cast<unsigned char*>(memory::allocate(bytes));
      REQUIRE(reinterpret_cast<std::uintptr_t>(block) % memory::alignment == 0);
      std::memset(block, static_cast<int>(blocks.size() % 251), bytes);
      blocks.push_back({block, bytes});
    }
    bool intact = true;
    for (std::size_t i = 0; i < blocks.size(); ++i)
      for (std::size_t byte = 0; byte < blocks[i].bytes; ++byte)
        intact = intact && blocks[i].memory[byte] == i % 251;
    CHECK(intact);
    for (const Block& block : blocks) memory::release(block.memory, block.bytes);
  }
  memory::release_cached();
}

TEST_CASE("a released block is used again, by sizes of its class") {
  memory::release_cached();
  CHECK(memory::stats().cached_bytes == 0);
  for (const std::size_t bytes : border_sizes()) {
    CAPTURE(bytes);
    void* const block = memory::allocate(bytes);
    memory::release(block, bytes);
    const memory::Stats before = memory::stats();
    CHECK(before.cached_bytes >= bytes);
    CHECK(before.cached_bytes <= bytes + bytes / 8 + memory::alignment);  // an eighth is lost at most
    void* const again = memory::allocate(bytes);
    CHECK(again == block);
    CHECK(memory::stats().system_allocations == before.system_allocations);
    CHECK(memory::stats().cached_bytes == 0);
    memory::release(again, bytes);
    memory::release_cached();
    CHECK(memory::stats().cached_bytes == 0);
  }
  memory::release(nullptr, 10);
  CHECK(memory::stats().cached_bytes == 0);
}

TEST_CASE("a size that no machine has is std::bad_alloc") {
  CHECK_THROWS_AS(memory::allocate(SIZE_MAX), std::bad_alloc);
  CHECK_THROWS_AS(memory::allocate(SIZE_MAX - 100), std::bad_alloc);
}

TEST_CASE("a block may be released by another thread") {
  void* const block = memory::allocate(1000);
  std::memset(block, 1, 1000);
  std::size_t cached_there = 0;
  bool same = false;
  std::thread([&] {
    memory::release(block, 1000);
    cached_there = memory::stats().cached_bytes;
    void* const again = memory::allocate(1000);
    same = again == block;
    memory::release(again, 1000);
  }).join();  // and goes with that thread
  CHECK(cached_there >= 1000);
  CHECK(same);
}

namespace {

memory::Stats after_the_cache;
bool fresh_after_the_cache = false;

// Made before the thread's cache, hence destroyed after it, as an Array of static storage may be.
struct Survivor {
  void* block = nullptr;
  ~Survivor() {
    void* const kept = block;
    memory::release(kept, 256);
    void* const fresh = memory::allocate(256);
    std::memset(fresh, 0, 256);
    fresh_after_the_cache = true;
    memory::release(fresh, 256);
    after_the_cache = memory::stats();
  }
};

}  // namespace

TEST_CASE("memory is given back when the thread's cache has gone already") {
  after_the_cache = {12345, 0};
  std::thread([] {
    thread_local Survivor survivor;
    survivor.block = nullptr;
    void* const cached = memory::allocate(256);
    survivor.block = memory::allocate(256);
    memory::release(cached, 256);
  }).join();
  CHECK(fresh_after_the_cache);
  CHECK(after_the_cache.cached_bytes == 0);
}
