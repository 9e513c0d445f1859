// graph/forward and graph/backward: the cost of a node of the graph. Computes h = h + 1 on two floats 1000
// times; the result is the time per node.
#include <benchmark/benchmark.h>
#include <tenbin/tenbin.h>

#include "block.h"

namespace tenbin::benchmarks {
namespace {

constexpr std::size_t n_node = 1000;

Variable add_one_many_times() {
  Variable h(Array::zeros({2}));
  for (std::size_t i = 0; i < n_node; ++i) h = h + 1;
  return h;
}

void forward(benchmark::State& state) {
  Variable end;
  time_blocks(
      state, n_node, [&] { end = {}; }, [&] { end = add_one_many_times(); });
}

void backward(benchmark::State& state) {
  Variable end;
  const auto build = [&] { end = sum(add_one_many_times()); };
  time_blocks(state, n_node, build, [&] { end.backward(); });
}

BENCHMARK(forward)->Name("graph/forward/tenbin")->UseManualTime();
BENCHMARK(backward)->Name("graph/backward/tenbin")->UseManualTime();

}  // namespace
}  // namespace tenbin::benchmarks
