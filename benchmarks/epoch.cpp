// epoch/fashion-mnist-lt/tenbin: an epoch of the demo's MLP, including shuffling and gathering;
// gather/fashion-mnist-lt/tenbin: the minibatches alone, per batch.
#include <benchmark/benchmark.h>

#include "block.h"
#include "tenbin_step.h"

namespace tenbin::benchmarks {
namespace {

void epoch(benchmark::State& state) {
  const EpochWorkload workload;
  const Problem problem = load(workload, data_directory());
  TenbinEpoch training(workload, problem);
  double loss = 0;
  time_blocks(
      state, 1, [&] { training.reset(); },
      [&] {
        training.run();
        loss = training.loss();
      });
  require_expected("tenbin epoch", loss, problem);
  state.counters["loss"] = loss;
}

void gather(benchmark::State& state) {
  const EpochWorkload workload;
  const Problem problem = load(workload, data_directory());
  const Minibatches batches(Dataset(problem.x, problem.t), {.batch_size = workload.batch_size, .epoch = 0});
  time_blocks(
      state, batches.size(), [] {},
      [&] {
        for (const Dataset& batch : batches) benchmark::DoNotOptimize(batch.x.raw_data());
      });
}

BENCHMARK(epoch)->Name("epoch/fashion-mnist-lt/tenbin")->UseManualTime();
BENCHMARK(gather)->Name("gather/fashion-mnist-lt/tenbin")->UseManualTime();

}  // namespace
}  // namespace tenbin::benchmarks
