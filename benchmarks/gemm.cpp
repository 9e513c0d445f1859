// gemm/<NT, NN or TN>-<m>x<n>x<k>/tenbin and /floor: the matrix products of the training steps alone.
#include <benchmark/benchmark.h>

#include "block.h"
#include "floor.h"
#include "tenbin/core/random.h"
#include "tenbin/cpu/gemm.h"

namespace tenbin::benchmarks {
namespace {

struct Product {
  bool transpose_a, transpose_b;
  std::size_t m, n, k;

  std::string name() const {
    return std::string("gemm/") + (transpose_a ? 'T' : 'N') + (transpose_b ? 'T' : 'N') + '-' +
           std::to_string(m) + 'x' + std::to_string(n) + 'x' + std::to_string(k);
  }
  std::size_t repeats() const { return 1 + 10'000'000 / (m * n * k); }
};

// The products of a layer: its output, the gradient of its input, the gradient of its weights.
std::vector<Product> products_of(std::size_t batch, std::size_t in, std::size_t out) {
  return {{false, true, batch, out, in}, {false, false, batch, in, out}, {true, false, out, in, batch}};
}

struct Operands {
  explicit Operands(const Product& p)
      : a(random::Generator(1).normal({p.m, p.k})),
        b(random::Generator(2).normal({p.k, p.n})),
        c(Array::empty({p.m, p.n})) {}
  Array a, b, c;
};

void tenbin_gemm(benchmark::State& state, const Product& p) {
  Operands x(p);
  time_blocks(
      state, p.repeats(), [] {},
      [&] {
        for (std::size_t i = 0; i < p.repeats(); ++i)
          cpu::gemm(p.transpose_a, p.transpose_b, p.m, p.n, p.k, x.a.data<float>(), x.b.data<float>(), 0.f,
                    x.c.data<float>());
      });
}

void floor_gemm(benchmark::State& state, const Product& p) {
  Operands x(p);
  const FastestGemm gemm(p.transpose_a, p.transpose_b, p.m, p.n, p.k, x.a.data<float>(),
                         p.transpose_a ? p.m : p.k, x.b.data<float>(), p.transpose_b ? p.k : p.n,
                         x.c.data<float>(), p.n);
  time_blocks(
      state, p.repeats(), [] {},
      [&] {
        for (std::size_t i = 0; i < p.repeats(); ++i) gemm();
      });
  state.SetLabel(gemm.report());
}

const bool registered = [] {
  for (const StepWorkload& workload : step_workloads())
    for (std::size_t i = 0; i + 1 < workload.widths.size(); ++i)
      for (const Product& p : products_of(workload.batch, workload.widths[i], workload.widths[i + 1])) {
        benchmark::RegisterBenchmark((p.name() + "/tenbin").c_str(), tenbin_gemm, p)->UseManualTime();
        benchmark::RegisterBenchmark((p.name() + "/floor").c_str(), floor_gemm, p)->UseManualTime();
      }
  return true;
}();

}  // namespace
}  // namespace tenbin::benchmarks
