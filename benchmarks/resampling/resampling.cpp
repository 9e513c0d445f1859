// Times SMOTE and the cleaning methods on the data in data.npz: the counterpart of resampling.py.
//
//   resampling_benchmark data.npz REPEATS
//
// Prints one line per task: its name, the shortest wall time of REPEATS runs in seconds, the least processor
// time of a run over all threads, and the number of resulting rows.
#include <tenbin/tenbin.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iomanip>
#include <iostream>
#include <limits>
#include <string>

using namespace tenbin;

namespace {

template <class Task>
void measure(const std::string& name, int repeats, Task task) {
  double best = std::numeric_limits<double>::infinity(), best_cpu = best;
  std::size_t rows = 0;
  for (int i = 0; i < repeats; ++i) {
    const std::clock_t cpu_begin = std::clock();
    const auto begin = std::chrono::steady_clock::now();
    rows = task().size();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    best_cpu = std::min(best_cpu, static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC);
  }
  std::cout << name << ' ' << std::fixed << std::setprecision(4) << best << ' ' << best_cpu << ' ' << rows
            << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: resampling_benchmark data.npz REPEATS\n";
    return 2;
  }
  const NpzReader reader(argv[1]);
  const Dataset train(reader.read("x"), reader.read("t"));
  const Dataset first(train.x.slice(0, 20000), train.t.slice(0, 20000));
  const int repeats = std::stoi(argv[2]);
  measure("smote", repeats, [&] { return smote(train); });
  measure("borderline_smote", repeats, [&] { return borderline_smote(train); });
  measure("tomek_links", repeats, [&] { return remove_tomek_links(train); });
  measure("enn_20000", repeats, [&] { return edited_nearest_neighbours(first); });
  measure("enn_100000", 1, [&] { return edited_nearest_neighbours(train); });
}
