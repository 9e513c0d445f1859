// The caching allocator: alignment, reuse, sizes at the borders of classes, threads.
#include "tenbin/core/memory.h"

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "tenbin/core/array.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/memory_use.h"

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
  for (int round = 0; round < 2; ++round) {  // the second round uses the cache
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
    CHECK(before.cached_bytes <= bytes + bytes / 8 + memory::alignment);  // at most an eighth is wasted
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

TEST_CASE("a block may be released by another thread", "[threads]") {
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
  }).join();  // the thread ends and releases its cache
  CHECK(cached_there >= 1000);
  CHECK(same);
}

namespace {

memory::Stats after_the_cache;
bool fresh_after_the_cache = false;

// Runs after the thread's cache has been closed, since its key is younger than the library's.
void use_memory(void* block) {
  memory::release(block, 256);
  void* const fresh = memory::allocate(256);
  std::memset(fresh, 0, 256);
  fresh_after_the_cache = true;
  memory::release(fresh, 256);
  after_the_cache = memory::stats();
}

}  // namespace

TEST_CASE("memory is returned after the thread's cache was closed", "[threads]") {
  after_the_cache = {12345, 0, 0};
  pthread_key_t key{};
  REQUIRE(::pthread_key_create(&key, use_memory) == 0);
  std::thread([&] {
    void* const cached = memory::allocate(256);
    ::pthread_setspecific(key, memory::allocate(256));
    memory::release(cached, 256);
  }).join();
  ::pthread_key_delete(key);
  CHECK(fresh_after_the_cache);
  CHECK(after_the_cache.cached_bytes == 0);
}

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

std::vector<void*> allocate_several(std::size_t count, std::size_t bytes) {
  std::vector<void*> blocks(count);
  for (void*& block : blocks) block = memory::allocate(bytes);
  return blocks;
}

void release_all(const std::vector<void*>& blocks, std::size_t bytes) {
  for (void* const block : blocks) memory::release(block, bytes);
}

}  // namespace

TEST_CASE("an array of a power of two takes no more than its bytes and a header") {
  for (const std::size_t elements : {std::size_t{256}, std::size_t{1} << 12, std::size_t{1} << 18}) {
    CAPTURE(elements);
    memory::release_cached();
    Array::empty({elements});
    CHECK(memory::stats().cached_bytes == elements * sizeof(float) + memory::alignment);
  }
  memory::release_cached();
}

TEST_CASE("cached memory is returned when the system has no more, and the allocation is repeated") {
  memory::release_cached();
  release_all(allocate_several(20, mebibyte), mebibyte);
  REQUIRE(memory::stats().cached_bytes > 0);
  REQUIRE(memory::stats().shared_bytes > 0);
  const testing::FailingMemory failing(0, 1);
  const Array large = Array::ones({1000000});
  CHECK(large.to_vector<float>()[999999] == 1);
  CHECK(memory::stats().cached_bytes == 0);
  CHECK(memory::stats().shared_bytes == 0);
}

TEST_CASE("std::bad_alloc comes after the cache is empty, and leaves it usable") {
  memory::release_cached();
  const Array kept{1.f, 2.f};
  release_all(allocate_several(2, mebibyte), mebibyte);
  {
    const testing::FailingMemory failing(0, 2);
    CHECK_THROWS_AS(Array::ones({1000000}), std::bad_alloc);
  }
  CHECK(memory::stats().cached_bytes == 0);
  CHECK(kept.to_vector<float>() == std::vector<float>{1, 2});
  CHECK(Array::ones({1000000}).to_vector<float>()[0] == 1);
}

TEST_CASE("a thread keeps a part of what it releases, and any thread takes the rest", "[threads]") {
  memory::release_cached();
  constexpr std::size_t count = 40;
  release_all(allocate_several(count, mebibyte), mebibyte);
  const memory::Stats here = memory::stats();
  CHECK(here.cached_bytes <= 16 * mebibyte);
  CHECK(here.cached_bytes + here.shared_bytes >= count * mebibyte);
  std::size_t from_system = 1;
  std::thread([&] {
    const auto blocks = allocate_several(20, mebibyte);
    from_system = memory::stats().system_allocations;
    release_all(blocks, mebibyte);
  }).join();
  CHECK(from_system == 0);
  memory::release_cached();
  CHECK(memory::stats().shared_bytes == 0);
}

TEST_CASE("a thread's share is what it has released, and no more than 16 MiB at any time", "[threads]") {
  memory::release_cached();
  const auto blocks = allocate_several(12, 4 * mebibyte);
  for (void* const block : blocks) {
    memory::release(block, 4 * mebibyte);
    CHECK(memory::stats().cached_bytes <= 16 * mebibyte);
  }
  memory::release_cached();

  // Small blocks are taken from the shared ones in tens; none of them is lost or counted twice.
  constexpr std::size_t bytes = 1024, count = 40000;
  release_all(allocate_several(count, bytes), bytes);
  std::size_t shared = memory::stats().shared_bytes;
  REQUIRE(shared > 0);
  std::thread([&] {
    const auto idle = [] { return memory::stats().cached_bytes + memory::stats().shared_bytes; };
    memory::release(memory::allocate(bytes), bytes);  // from here on, this thread has a cache
    std::vector<void*> held;
    for (std::size_t i = 1; i <= 50; ++i) {
      held.push_back(memory::allocate(bytes));
      CHECK(memory::stats().system_allocations == 0);
      CHECK(idle() + i * bytes == shared);
    }
    CHECK(memory::stats().cached_bytes >= 10 * bytes);
    release_all(held, bytes);
    CHECK(idle() == shared);
  }).join();
  memory::release_cached();
}

TEST_CASE("what one thread allocates and another releases circulates", "[threads]") {
  for (const std::size_t bytes : {std::size_t{1} << 14, mebibyte}) {
    CAPTURE(bytes);
    memory::release_cached();
    const std::size_t count = 100 * mebibyte / bytes;  // 100 MiB in total, one block at a time
    std::atomic<void*> handed_over{nullptr};
    std::size_t from_system = 0;
    std::thread loader([&] {
      for (std::size_t i = 0; i < count; ++i) {
        void* const block = memory::allocate(bytes);
        *static_cast<char*>(block) = 1;
        while (handed_over != nullptr) std::this_thread::yield();
        handed_over = block;
      }
      from_system = memory::stats().system_allocations;
    });
    for (std::size_t i = 0; i < count; ++i) {
      while (handed_over == nullptr) std::this_thread::yield();
      memory::release(handed_over.exchange(nullptr), bytes);
    }
    loader.join();
    CHECK(from_system * bytes <= 20 * mebibyte);
    CHECK(memory::stats().cached_bytes + memory::stats().shared_bytes <= 36 * mebibyte);
    memory::release_cached();
  }
}

TEST_CASE("the process caches no more than the limit", "[threads]") {
  const std::size_t before = memory::max_cached_bytes();
  CHECK(before <= std::size_t{1} << 30);
  CHECK(before >= 16 * mebibyte);
  memory::set_max_cached_bytes(8 * mebibyte);
  memory::release_cached();
  std::atomic<std::size_t> cached{0};
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      release_all(allocate_several(6, mebibyte), mebibyte);
      cached += memory::stats().cached_bytes;
      ++done;
      while (done < 4) std::this_thread::yield();  // a thread that ends releases its blocks
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(cached <= 8 * mebibyte);

  memory::set_max_cached_bytes(0);  // blocks that are already cached are released
  CHECK(memory::stats().cached_bytes + memory::stats().shared_bytes == 0);
  release_all(allocate_several(3, 1000), 1000);
  CHECK(memory::stats().cached_bytes == 0);
  memory::set_max_cached_bytes(before);
}
