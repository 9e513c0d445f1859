// loss/<rows>x<classes>/tenbin: softmax_cross_entropy with class weights, or of one class
// sigmoid_cross_entropy, forward and backward; loss/<rows>x<classes>/copy and /exp: its two lower bounds.
#include <benchmark/benchmark.h>
#include <tenbin/tenbin.h>

#include "block.h"
#include "floor.h"

namespace tenbin::benchmarks {
namespace {

void tenbin_loss(benchmark::State& state, const LossWorkload& workload) {
  const Problem problem = load(workload, data_directory());
  Variable x(problem.x);
  double value = 0;
  time_blocks(
      state, workload.repeats, [] {},
      [&] {
        Variable loss;
        for (std::size_t i = 0; i < workload.repeats; ++i) {
          x.cleargrad();
          loss = loss_of(workload, problem, x);
          loss.backward();
        }
        value = loss.item();
      });
  require_expected("tenbin " + workload.name, value, problem);
  state.counters["loss"] = value;
}

void bound(benchmark::State& state, const LossWorkload& workload, void (FloorLoss::*work)()) {
  FloorLoss floor(workload, load(workload, data_directory()));
  time_blocks(
      state, workload.repeats, [] {},
      [&] {
        for (std::size_t i = 0; i < workload.repeats; ++i) (floor.*work)();
      });
}

const bool registered = [] {
  for (const LossWorkload& workload : loss_workloads()) {
    const std::string name = "loss/" + workload.name;
    benchmark::RegisterBenchmark((name + "/tenbin").c_str(), tenbin_loss, workload)->UseManualTime();
    benchmark::RegisterBenchmark((name + "/copy").c_str(), bound, workload, &FloorLoss::copy)
        ->UseManualTime();
    benchmark::RegisterBenchmark((name + "/exp").c_str(), bound, workload, &FloorLoss::exponentials)
        ->UseManualTime();
  }
  return true;
}();

}  // namespace
}  // namespace tenbin::benchmarks
