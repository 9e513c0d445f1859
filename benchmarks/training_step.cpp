// step/<workload>/tenbin and step/<workload>/floor: a whole training step. The floor's label names the GEMM
// that it uses.
#include <benchmark/benchmark.h>

#include <iostream>

#include "block.h"
#include "floor.h"
#include "tenbin_step.h"

namespace tenbin::benchmarks {
namespace {

template <class Step>
void run(benchmark::State& state, const std::string& who, const StepWorkload& workload,
         const Problem& problem, Step& step) {
  double loss = 0;
  time_blocks(
      state, workload.steps, [&] { step.reset(); },
      [&] {
        step.run(workload.steps);
        loss = step.loss();
      });
  require_expected(who + ' ' + workload.name, loss, problem);
  state.counters["loss"] = loss;
}

void tenbin_step(benchmark::State& state, const StepWorkload& workload) {
  const Problem problem = load(workload, data_directory());
  TenbinStep step(workload, problem);
  run(state, "tenbin", workload, problem, step);
}

void floor_step(benchmark::State& state, const StepWorkload& workload) {
  const Problem problem = load(workload, data_directory());
  FloorStep step(workload, problem, num_threads());
  run(state, "floor", workload, problem, step);
  state.SetLabel(step.report());
}

const bool registered = [] {
  for (const StepWorkload& workload : step_workloads()) {
    const std::string name = "step/" + workload.name;
    benchmark::RegisterBenchmark((name + "/tenbin").c_str(), tenbin_step, workload)->UseManualTime();
    benchmark::RegisterBenchmark((name + "/floor").c_str(), floor_step, workload)->UseManualTime();
  }
  return true;
}();

}  // namespace
}  // namespace tenbin::benchmarks
