// Timing in blocks: the work is timed, the reset to the initial state is not.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace tenbin::benchmarks {

/// Repeats `reset()`, untimed, and `work()`, timed, which does `steps` steps. Counters: the median and the
/// minimum over the repetitions of the seconds per step.
template <class Reset, class Work>
void time_blocks(benchmark::State& state, std::size_t steps, Reset reset, Work work) {
  using Clock = std::chrono::steady_clock;
  reset();
  work();  // warms caches, pools and threads
  std::vector<double> seconds;
  for (auto _ : state) {
    reset();
    const Clock::time_point start = Clock::now();
    work();
    const std::chrono::duration<double> elapsed = Clock::now() - start;
    state.SetIterationTime(elapsed.count());
    seconds.push_back(elapsed.count() / static_cast<double>(steps));
  }
  std::sort(seconds.begin(), seconds.end());
  state.counters["median"] = seconds[seconds.size() / 2];
  state.counters["min"] = seconds.front();
}

}  // namespace tenbin::benchmarks
