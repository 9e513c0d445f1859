// Runs the benchmarks of Tenbin and of the floor with google-benchmark's command line:
//
//     tenbin_benchmarks --benchmark_filter='step/30-64-64-2/32/' --benchmark_format=json
//
// TENBIN_NUM_THREADS is the number of threads, as in every program that uses Tenbin; TENBIN_BENCH_DATA is
// the directory of the data. `--write-data` writes the data and the initial weights there and runs nothing.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <iostream>

#include "tenbin/cpu/parallel.h"
#include "workloads.h"

int main(int argc, char** argv) try {
  using namespace tenbin;
  using namespace tenbin::benchmarks;
  if (argc == 2 && std::strcmp(argv[1], "--write-data") == 0) {
    for (const StepWorkload& workload : step_workloads()) load(workload, data_directory());
    for (const LossWorkload& workload : loss_workloads()) load(workload, data_directory());
    load(EpochWorkload{}, data_directory());
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::AddCustomContext("tenbin_threads", std::to_string(num_threads()));
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
