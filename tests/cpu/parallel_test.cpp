// parallel_for: every index once, at any number of threads; exceptions; nesting.
#include "tenbin/cpu/parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tenbin/core/config.h"
#include "tenbin/core/error.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/memory_use.h"
#include "tenbin/tests/thread_count.h"

using namespace tenbin;
using tenbin::testing::ThreadCount;

namespace {

std::vector<std::size_t> visits(std::size_t count) {
  std::vector<std::atomic<std::size_t>> seen(count);
  parallel_for(count, [&](std::size_t i) { ++seen[i]; });
  return {seen.begin(), seen.end()};
}

}  // namespace

TEST_CASE("parallel_for calls every index once", "[threads]") {
  for (const std::size_t threads : {1u, 2u, 4u, 7u}) {
    const ThreadCount guard(threads);
    CHECK(num_threads() == threads);
    for (const std::size_t count : {0u, 1u, 2u, 3u, 7u, 8u, 1000u}) {
      CAPTURE(threads, count);
      CHECK(visits(count) == std::vector<std::size_t>(count, 1));
    }
  }
}

TEST_CASE("parallel_ranges covers each element once, by ranges that are worth a thread", "[threads]") {
  for (const std::size_t threads : {1u, 2u, 7u}) {
    const ThreadCount guard(threads);
    for (const std::size_t count : {0u, 1u, 9u, 10u, 19u, 20u, 29u, 30u, 1001u}) {
      CAPTURE(threads, count);
      std::vector<std::atomic<int>> seen(count);
      std::atomic<std::size_t> ranges{0}, shortest{count};
      parallel_ranges(count, 10, [&](std::size_t begin, std::size_t end) {
        ++ranges;
        if (end - begin < 10) shortest = end - begin;
        for (std::size_t i = begin; i < end; ++i) ++seen[i];
      });
      CHECK(std::vector<int>(seen.begin(), seen.end()) == std::vector<int>(count, 1));
      CHECK(ranges == std::max<std::size_t>(1, count / 10));
      CHECK((shortest >= 10 || shortest == count));
    }
  }
}

TEST_CASE("a thread works on the same part of each parallel_for", "[threads]") {
  const ThreadCount guard(2);
  // Each thread waits for the other one, so that none does more than its own part.
  const auto threads_of_tasks = [] {
    std::vector<std::thread::id> ids(2);
    std::atomic<int> arrived{0};
    parallel_for(2, [&](std::size_t i) {
      ids[i] = std::this_thread::get_id();
      ++arrived;
      const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (arrived < 2 && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    });
    return ids;
  };
  const auto first = threads_of_tasks();
  CHECK(first[0] == std::this_thread::get_id());
  for (int round = 0; round < 20; ++round) CHECK(threads_of_tasks() == first);
}

TEST_CASE("parallel_for rethrows, and works afterwards", "[threads]") {
  for (const std::size_t threads : {1u, 2u, 4u, 7u}) {
    CAPTURE(threads);
    const ThreadCount guard(threads);
    for (const std::size_t bad : {0u, 50u, 99u})
      CHECK_THROWS_WITH(parallel_for(100,
                                     [&](std::size_t i) {
                                       if (i == bad) throw Error("task ", i);
                                     }),
                        "task " + std::to_string(bad));
    CHECK_THROWS_AS(parallel_for(3, [](std::size_t) { throw std::range_error("all"); }), std::range_error);
    CHECK(visits(100) == std::vector<std::size_t>(100, 1));
  }
}

TEST_CASE("parallel_for inside parallel_for", "[threads]") {
  for (const std::size_t threads : {1u, 2u, 4u, 7u}) {
    CAPTURE(threads);
    const ThreadCount guard(threads);
    std::vector<std::atomic<std::size_t>> seen(30 * 20);
    parallel_for(30, [&](std::size_t i) {
      parallel_for(20, [&, i](std::size_t j) { ++seen[i * 20 + j]; });
      parallel_for(0, [](std::size_t) {});
    });
    CHECK(std::vector<std::size_t>(seen.begin(), seen.end()) == std::vector<std::size_t>(600, 1));
    CHECK_THROWS_WITH(
        parallel_for(4, [](std::size_t) { parallel_for(4, [](std::size_t) { throw Error("inner"); }); }),
        "inner");
  }
}

TEST_CASE("parallel_for from several threads at once", "[threads]") {
  const ThreadCount guard(4);
  std::atomic<std::size_t> sum{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round) parallel_for(20, [&](std::size_t i) { sum += i; });
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(sum == 4 * 50 * 190);
}

TEST_CASE("there is at least one thread", "[threads]") {
  const std::size_t before = num_threads();
  CHECK_THROWS_WITH(set_num_threads(0), "set_num_threads: expected 1 to 1024 threads, got 0");
  CHECK_THROWS_WITH(set_num_threads(1000000), "set_num_threads: expected 1 to 1024 threads, got 1000000");
  CHECK(num_threads() == before);
}

TEST_CASE("parallel_for allocates nothing once its threads exist", "[threads]") {
  const std::size_t before = num_threads();
  set_num_threads(4);
  std::atomic<std::size_t> sum{0};
  const auto run = [&] {
    for (const std::size_t count : {1u, 100u})  // one task runs alone, and ends no thread
      parallel_for(count, [&](std::size_t i) { sum += i; });
  };
  run();
  const std::size_t allocations = testing::allocation_count();
  run();
  CHECK(testing::allocation_count() == allocations);
  CHECK(sum == 2 * 4950);
  set_num_threads(before);
}

TEST_CASE("parallel_for runs as many tasks at once as there are threads", "[threads]") {
  const ThreadCount guard(3);
  for (int round = 0; round < 3; ++round) {
    // Each task waits for the others; with fewer threads it would give up after a while.
    std::atomic<int> arrived{0};
    std::atomic<bool> alone{false};
    parallel_for(3, [&](std::size_t) {
      ++arrived;
      const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (arrived < 3 && !alone) {
        if (std::chrono::steady_clock::now() > give_up) alone = true;
        std::this_thread::yield();
      }
    });
    REQUIRE_FALSE(alone);
  }
}

namespace {

// Config::*mode in each of 64 tasks, which run long enough for all threads to take some.
std::vector<bool> modes_of_tasks(bool Config::*mode) {
  std::vector<char> seen(64);
  parallel_for(seen.size(), [&](std::size_t i) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    seen[i] = config().*mode;
  });
  return {seen.begin(), seen.end()};
}

}  // namespace

TEST_CASE("tasks run in the modes of the caller", "[threads]") {
  const ThreadCount guard(4);
  const std::vector<bool> on(64, true);
  const std::vector<bool> off(64, false);
  CHECK(modes_of_tasks(&Config::enable_backprop) == on);
  {
    const NoBackprop no_backprop;
    CHECK(modes_of_tasks(&Config::enable_backprop) == off);
    CHECK(modes_of_tasks(&Config::train) == on);
    const TestMode test_mode;
    CHECK(modes_of_tasks(&Config::train) == off);
  }
  {
    const DebugMode debug;
    CHECK(modes_of_tasks(&Config::debug) == on);
  }
  CHECK(modes_of_tasks(&Config::enable_backprop) == on);
  CHECK(modes_of_tasks(&Config::train) == on);
  CHECK(modes_of_tasks(&Config::debug) == off);
}

TEST_CASE("there are as many threads as asked for, also after there were more", "[threads]") {
  const std::size_t before = num_threads();
  for (const std::size_t threads : {6u, 2u, 5u, 1u, 3u}) {
    CAPTURE(threads);
    set_num_threads(threads);
    std::mutex mutex;
    std::set<std::thread::id> seen;
    parallel_for(200, [&](std::size_t) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      const std::lock_guard<std::mutex> lock(mutex);
      seen.insert(std::this_thread::get_id());
    });
    CHECK(seen.size() <= threads);
    CHECK(seen.size() > threads / 2);
    CHECK(seen.count(std::this_thread::get_id()) == 1);
  }
  set_num_threads(before);
}

TEST_CASE("without memory for threads the caller works alone", "[threads]") {
  const std::size_t before = num_threads();
  set_num_threads(9);  // a number of threads that no other test has started
  std::vector<std::atomic<int>> seen(100);
  {
    const testing::FailingMemory failing(0, 1);
    parallel_for(100, [&](std::size_t i) { ++seen[i]; });
  }
  CHECK(std::vector<int>(seen.begin(), seen.end()) == std::vector<int>(100, 1));
  CHECK(visits(100) == std::vector<std::size_t>(100, 1));
  set_num_threads(before);
}
