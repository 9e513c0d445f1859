// How the cost of a piece of work grows with its size. Every measurement is a process, so that its peak
// memory is its own; run.py starts them all.
//
//   scale list                       axis, name, expected exponents of time and memory, and sizes of each
//   scale run AXIS WORKLOAD SIZE     seconds, peak memory of the input, and that of all, in bytes
//   scale draw TABLE.csv DIRECTORY   time and memory of every axis, DIRECTORY/scale-AXIS.svg
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "../peak_memory.h"
#include "tenbin/tenbin.h"

namespace {

using namespace tenbin;
using benchmarks::peak_bytes;

// ---- the inputs ----------------------------------------------------------------------------------------

constexpr double rare = 0.05;  // the share of class 1

Array rare_labels(std::size_t rows) {
  const Array u = random::default_generator().uniform({rows});
  Array t = Array::empty({rows}, Dtype::int32);
  for (std::size_t i = 0; i < rows; ++i) t.data<std::int32_t>()[i] = u.data<float>()[i] < rare ? 1 : 0;
  return t;
}

Array any_labels(std::size_t rows, std::size_t n_class) {
  Array t = Array::empty({rows}, Dtype::int32);
  for (std::size_t i = 0; i < rows; ++i)
    t.data<std::int32_t>()[i] = static_cast<std::int32_t>(random::default_generator().integer(n_class));
  return t;
}

Array numbers(const Shape& shape) { return random::default_generator().uniform(shape); }

// Numbers of four decimals, every tenth of the first column missing; one of 20 kinds; the class.
Table payments(std::size_t rows, std::size_t n_numbers) {
  std::vector<Column> columns;
  for (std::size_t c = 0; c < n_numbers; ++c) {
    Array values = random::default_generator().uniform({rows}, 0, 1, Dtype::float64);
    double* const x = values.data<double>();
    for (std::size_t i = 0; i < rows; ++i) x[i] = std::round(x[i] * 1e4) / 1e4;
    if (c == 0)
      for (std::size_t i = 0; i < rows; i += 10) x[i] = std::nan("");
    columns.push_back({"x" + std::to_string(c), values});
  }
  std::vector<std::string> kinds;
  for (char kind = 'a'; kind < 'a' + 20; ++kind) kinds.emplace_back(1, kind);
  columns.push_back({"kind", any_labels(rows, kinds.size()), kinds});
  columns.push_back({"class", rare_labels(rows), {"legal", "fraud"}});
  const std::size_t label = columns.size() - 1;
  return Table(std::move(columns), label);
}

// ---- the workloads -------------------------------------------------------------------------------------

using Work = std::function<void()>;

constexpr std::size_t n_numbers = 8;        // of a table that grows in rows
constexpr std::size_t rows_of_wide = 1000;  // of a table that grows in columns

// Writes the file in a process of its own, whose memory is not measured, unless it is there from an earlier
// run.
Work load_table(std::size_t rows, std::size_t columns) {
  const std::string path = "scale-" + std::to_string(rows) + "x" + std::to_string(columns) + ".csv";
  if (!std::filesystem::exists(path)) {
    const pid_t child = ::fork();
    if (child == 0) {
      write_csv(payments(rows, columns), path);
      std::_Exit(0);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0)
      throw Error("scale: cannot write ", path);
  }
  return [path] { load_csv(path, {.label = "class"}); };
}

Work prepare_table(std::size_t rows, std::size_t columns) {
  return [table = payments(rows, columns)] {
    TablePipeline().impute().one_hot().scale().fit(table).transform(table);
  };
}

Work split(std::size_t rows) {
  return [t = rare_labels(rows)] { stratified_split(t, 0.2, 1); };
}

// A model with its optimizer: one step on a batch.
struct Training {
  explicit Training(const std::vector<std::size_t>& sizes) : model(sizes) { optimizer.setup(model); }
  void step(const Array& x, const Array& t) {
    Variable loss = softmax_cross_entropy(model(x), t);
    model.cleargrads();
    loss.backward();
    optimizer.update();
  }
  MLP model;
  Adam optimizer;
};

Work epoch(std::size_t rows) {
  const auto training = std::make_shared<Training>(std::vector<std::size_t>{10, 32, 2});
  return [training, data = Dataset(numbers({rows, 10}), rare_labels(rows))] {
    for (auto [x, t] : Minibatches(data, {.batch_size = 256, .epoch = 0})) training->step(x, t);
  };
}

Work step(std::size_t batch_size, const std::vector<std::size_t>& sizes) {
  const auto training = std::make_shared<Training>(sizes);
  return [training, x = numbers({batch_size, sizes.front()}), t = any_labels(batch_size, sizes.back())] {
    training->step(x, t);
  };
}

Work auc(std::size_t rows) {
  return [t = rare_labels(rows), p = numbers({rows})] { roc_auc_score(t, p); };
}

Work average_precision(std::size_t rows) {
  return [t = rare_labels(rows), p = numbers({rows})] { average_precision_score(t, p); };
}

Work report(std::size_t rows, std::size_t n_class) {
  return [t = any_labels(rows, n_class), y = any_labels(rows, n_class), n_class] {
    classification_report(ConfusionMatrix(t, y, {.n_class = n_class}));
  };
}

Work over_sample(std::size_t rows) {
  return [data = Dataset(numbers({rows, 10}), rare_labels(rows))] { smote(data); };
}

Work loss(std::size_t n_class) {
  constexpr std::size_t rows = 256;
  return [x = Variable(numbers({rows, n_class})), t = any_labels(rows, n_class),
          weight = numbers({n_class})]() mutable {
    x.cleargrad();
    softmax_cross_entropy(x, t, {.class_weight = weight}).backward();
  };
}

struct Workload {
  std::string axis, name;
  int time_exponent, memory_exponent;  // that are expected
  std::function<Work(std::size_t)> prepare;
  std::vector<std::size_t> sizes;
};

std::vector<std::size_t> powers_of_ten(std::size_t first, std::size_t last) {
  std::vector<std::size_t> sizes;
  for (std::size_t size = first; size <= last; size *= 10) sizes.push_back(size);
  return sizes;
}

std::vector<std::size_t> two_and_powers_of_ten(std::size_t last) {
  std::vector<std::size_t> sizes = powers_of_ten(10, last);
  sizes.insert(sizes.begin(), 2);
  return sizes;
}

std::vector<Workload> all_workloads() {
  const auto rows = powers_of_ten(1000, 10'000'000), columns = powers_of_ten(10, 10'000);
  return {
      {"rows", "load_csv", 1, 1, [](std::size_t n) { return load_table(n, n_numbers); }, rows},
      {"rows", "split", 1, 1, split, rows},
      {"rows", "pipeline", 1, 1, [](std::size_t n) { return prepare_table(n, n_numbers); }, rows},
      {"rows", "epoch", 1, 1, epoch, rows},
      {"rows", "auc", 1, 1, auc, rows},
      {"rows", "average_precision", 1, 1, average_precision, rows},
      {"rows", "report", 1, 1, [](std::size_t n) { return report(n, 2); }, rows},
      {"rows", "smote", 2, 1, over_sample, rows},
      {"classes", "loss", 1, 1, loss, two_and_powers_of_ten(100'000)},
      {"classes", "report", 2, 2, [](std::size_t n) { return report(100'000, n); },
       two_and_powers_of_ten(10'000)},
      {"features", "load_csv", 1, 1, [](std::size_t n) { return load_table(rows_of_wide, n); }, columns},
      {"features", "pipeline", 1, 1, [](std::size_t n) { return prepare_table(rows_of_wide, n); }, columns},
      {"features", "step", 1, 1,
       [](std::size_t n) {
         return step(256, {n, 64, 2});
       },
       columns},
      {"batch", "step", 1, 1,
       [](std::size_t n) {
         return step(n, {30, 64, 64, 2});
       },
       powers_of_ten(1, 100'000)},
  };
}

// ---- measuring -----------------------------------------------------------------------------------------

// Of one thread that waits for nothing this is the time of an idle machine, even where others are at work.
double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double seconds_of(const Work& work, std::size_t repeats) {
  const double start = processor_seconds();
  for (std::size_t i = 0; i < repeats; ++i) work();
  return (processor_seconds() - start) / static_cast<double>(repeats);
}

// The median of at least five blocks of a millisecond and half a second of them, after a run that warms up.
// Of work that takes 3 seconds or more: the first run.
double median_seconds(const Work& work) {
  const double first = seconds_of(work, 1);
  if (first >= 3) return first;
  const auto repeats = static_cast<std::size_t>(std::ceil(1e-3 / first));
  std::vector<double> blocks;
  double total = 0;
  while (total < 0.5 || blocks.size() < 5) {
    blocks.push_back(seconds_of(work, repeats));
    total += blocks.back() * static_cast<double>(repeats);
  }
  std::sort(blocks.begin(), blocks.end());
  return blocks[blocks.size() / 2];
}

void run(const std::string& axis, const std::string& name, std::size_t size) {
  random::seed(1);
  for (const Workload& workload : all_workloads())
    if (workload.axis == axis && workload.name == name) {
      const Work work = workload.prepare(size);
      const std::size_t input_peak = peak_bytes();
      const double seconds = median_seconds(work);
      std::printf("%.9g %zu %zu\n", seconds, input_peak, peak_bytes());
      return;
    }
  throw Error("scale: no workload ", name, " of ", axis);
}

void list() {
  for (const Workload& workload : all_workloads()) {
    std::cout << workload.axis << ' ' << workload.name << ' ' << workload.time_exponent << ' '
              << workload.memory_exponent;
    for (const std::size_t size : workload.sizes) std::cout << ' ' << size;
    std::cout << '\n';
  }
}

// ---- drawing -------------------------------------------------------------------------------------------

// The rows of a workload in a table of run.py, as x and y of a line.
struct Curve {
  std::vector<double> size, seconds, megabytes;
};

Curve curve_of(const Table& table, const Workload& workload) {
  const auto text = [&](const char* column, std::size_t row) {
    return table[column].categories[static_cast<std::size_t>(table[column].values.at<std::int32_t>(row))];
  };
  Curve curve;
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (text("axis", row) != workload.axis || text("workload", row) != workload.name) continue;
    curve.size.push_back(table["size"].values.at(row));
    curve.seconds.push_back(table["seconds"].values.at(row));
    curve.megabytes.push_back(table["peak"].values.at(row) / 1e6);
  }
  return curve;
}

// A straight line through the last point, along which y grows as x does.
void add_linear(LineChart& chart, const std::vector<double>& x, const std::vector<double>& y) {
  chart.reference("linear", {x.front(), x.back()}, {y.back() * x.front() / x.back(), y.back()});
}

void draw(const std::string& path, const std::string& directory) {
  const Table table = load_csv(path);
  const std::vector<Workload> workloads = all_workloads();
  for (const std::string axis : {"rows", "classes", "features", "batch"}) {
    LineChartOptions options{.title = "Time over " + axis, .x_label = axis, .y_label = "seconds"};
    options.x_scale = options.y_scale = Scale::log;
    LineChart time(options);
    options.title = "Peak memory over " + axis;
    options.y_label = "MB";
    LineChart memory(options);
    bool is_first = true;
    for (const Workload& workload : workloads) {
      const Curve curve = curve_of(table, workload);
      if (workload.axis != axis || curve.size.empty()) continue;
      time.line(workload.name, curve.size, curve.seconds, {.markers = true});
      memory.line(workload.name, curve.size, curve.megabytes, {.markers = true});
      if (is_first) add_linear(time, curve.size, curve.seconds);
      if (is_first) add_linear(memory, curve.size, curve.megabytes);
      is_first = false;
    }
    ChartColumn().add(time).add(memory).save(directory + "/scale-" + axis + ".svg");
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 1 && arguments[0] == "list")
    list();
  else if (arguments.size() == 4 && arguments[0] == "run")
    run(arguments[1], arguments[2], std::stoul(arguments[3]));
  else if (arguments.size() == 3 && arguments[0] == "draw")
    draw(arguments[1], arguments[2]);
  else
    throw Error("usage: scale list, scale run AXIS WORKLOAD SIZE, or scale draw TABLE.csv DIRECTORY");
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
