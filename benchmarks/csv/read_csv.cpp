// Reads a CSV file once: read_csv FILE THREADS. Prints seconds, peak and result in bytes, and a checksum.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "../peak_memory.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/datasets/csv.h"

namespace {

void read(const char* path, std::size_t threads) {
  tenbin::set_num_threads(threads);
  const auto start = std::chrono::steady_clock::now();
  const tenbin::Table table = tenbin::load_csv(path);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const std::size_t peak = tenbin::benchmarks::peak_bytes();
  std::size_t bytes = 0;
  double sum = 0;
  for (const tenbin::Column& column : table.columns()) {
    bytes += column.values.nbytes();
    const double* const values = column.values.data<double>();
    for (std::size_t row = 0; row < table.size(); ++row) sum += std::fabs(values[row]);
  }
  std::printf("%.4f %zu %zu %.12g\n", seconds.count(), peak, bytes, sum);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: read_csv FILE THREADS\n");
    return 2;
  }
  try {
    read(argv[1], static_cast<std::size_t>(std::atoi(argv[2])));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
