// The gate that is closed at exit. tests/process/work_at_exit.cpp tests its use.
#include "tenbin/core/detail/exit_gate.h"

#include <atomic>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "tenbin/tests/catch.h"

using tenbin::detail::ExitGate;

namespace {

bool is_open(ExitGate& gate) { return static_cast<bool>(ExitGate::Passage(gate)); }

}  // namespace

TEST_CASE("a gate is open until it is closed", "[threads]") {
  ExitGate gate;
  CHECK(is_open(gate));
  CHECK(is_open(gate));
  gate.close();
  CHECK_FALSE(is_open(gate));
  bool open_elsewhere = true;
  std::thread([&] { open_elsewhere = is_open(gate); }).join();
  CHECK_FALSE(open_elsewhere);
  gate.close();  // again: no thread is inside
  ExitGate another;
  CHECK(is_open(another));
}

TEST_CASE("close waits for the threads that are inside, and lets nobody else in", "[threads]") {
  ExitGate gate;
  std::promise<void> entered;
  std::promise<void> leave;
  std::atomic<bool> left = false;
  std::thread inside([&] {
    std::optional<ExitGate::Passage> passage(std::in_place, gate);
    const ExitGate::Passage nested(gate);
    entered.set_value();
    leave.get_future().wait();
    left = true;
    passage.reset();
  });
  entered.get_future().wait();
  bool waited = false;
  std::thread closing([&] {
    gate.close();
    waited = left;
  });
  while (is_open(gate)) std::this_thread::yield();  // until the other thread has begun to close
  CHECK_FALSE(is_open(gate));
  leave.set_value();
  closing.join();
  inside.join();
  CHECK(waited);
}

TEST_CASE("close does not wait for the thread that calls it", "[threads]") {
  ExitGate gate;
  std::thread([&] {
    const ExitGate::Passage passage(gate);  // as if a signal handler called exit
    CHECK(passage);
    gate.close();
    CHECK_FALSE(is_open(gate));
  }).join();
}

TEST_CASE("threads that a fork left behind are forgotten", "[threads]") {
  ExitGate gate;
  std::promise<void> entered;
  std::promise<void> leave;
  std::thread inside([&] {
    const ExitGate::Passage passage(gate);
    entered.set_value();
    leave.get_future().wait();
  });
  entered.get_future().wait();
  gate.forget_other_threads();
  gate.close();  // would wait for ever
  CHECK_FALSE(is_open(gate));
  leave.set_value();
  inside.join();
}

TEST_CASE("many threads pass at once until the gate closes", "[threads]") {
  ExitGate gate;
  std::atomic<bool> closed = false;
  std::atomic<int> passed = 0;
  std::atomic<int> inside_after = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (;;) {
        const ExitGate::Passage passage(gate);
        if (!passage) return;
        ++passed;
        if (closed) ++inside_after;
      }
    });
  while (passed < 1000) std::this_thread::yield();
  gate.close();
  closed = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(inside_after == 0);
}
