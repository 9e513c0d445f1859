#include "workloads.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "tenbin_step.h"

namespace tenbin::benchmarks {

const std::vector<StepWorkload>& step_workloads() {
  static const std::vector<StepWorkload> all = {
      {"30-64-64-2/32", {30, 64, 64, 2}, 32, 100},
      {"30-64-64-2/256", {30, 64, 64, 2}, 256, 50},
      {"30-64-64-2/4096", {30, 64, 64, 2}, 4096, 20},
      {"784-1000-1000-10/100", {784, 1000, 1000, 10}, 100, 10},
      {"784-1000-1000-10/4096", {784, 1000, 1000, 10}, 4096, 2},
  };
  return all;
}

const std::vector<LossWorkload>& loss_workloads() {
  static const std::vector<LossWorkload> all = {
      {"4096x2", 4096, 2, 200},
      {"65536x10", 65536, 10, 10},
      {"65536x100", 65536, 100, 2},
      {"8192x1000", 8192, 1000, 2},
  };
  return all;
}

namespace {

// Long-tailed labels: class c is about 0.7^c as frequent as class 0, and every class occurs.
Array long_tailed_labels(std::size_t rows, std::size_t classes, random::Generator& rng) {
  const double tail = std::max(0.7, std::pow(0.01, 1.0 / static_cast<double>(classes)));
  std::vector<double> frequency(classes);
  double total = 0;
  for (std::size_t c = 0; c < classes; ++c) total += frequency[c] = std::pow(tail, static_cast<double>(c));
  const std::vector<float> uniform = rng.uniform({rows}).to_vector<float>();
  Array t = Array::empty({rows}, Dtype::int32);
  for (std::size_t i = 0; i < rows; ++i) {
    double rest = static_cast<double>(uniform[i]) * total;
    std::size_t c = 0;
    while (c + 1 < classes && rest >= frequency[c]) rest -= frequency[c++];
    t.data<std::int32_t>()[i] = static_cast<std::int32_t>(i < classes ? i : c);
  }
  return t;
}

Problem make_problem(std::size_t rows, std::size_t columns, std::size_t classes, random::Generator& rng) {
  Problem problem{};
  problem.x = rng.normal({rows, columns});
  problem.t = long_tailed_labels(rows, classes, rng);
  problem.class_weight = balanced_class_weight(problem.t, classes);
  return problem;
}

Problem make(const StepWorkload& workload) {
  const std::vector<std::size_t>& widths = workload.widths;
  random::Generator rng(1);
  Problem problem = make_problem(workload.batch, widths.front(), widths.back(), rng);
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const double deviation = 1 / std::sqrt(static_cast<double>(widths[i]));
    problem.parameters.push_back(rng.normal({widths[i + 1], widths[i]}, 0, deviation));
    problem.parameters.push_back(Array::zeros({widths[i + 1]}));
  }
  TenbinStep step(workload, problem, Dtype::float64);
  step.run(workload.steps);
  problem.expected_loss = step.loss();
  return problem;
}

Problem make(const LossWorkload& workload) {
  random::Generator rng(2);
  Problem problem = make_problem(workload.rows, workload.classes, workload.classes, rng);
  problem.expected_loss = softmax_cross_entropy(problem.x.astype(Dtype::float64), problem.t,
                                                {.class_weight = problem.class_weight.astype(Dtype::float64)})
                              .item();
  return problem;
}

std::string parameter_name(std::size_t i) { return (i % 2 == 0 ? "W" : "b") + std::to_string(i / 2); }

void write(const std::string& path, const Problem& problem) {
  NamedArrays arrays = {{"x", problem.x},
                        {"t", problem.t},
                        {"class_weight", problem.class_weight},
                        {"expected_loss", Array::scalar(problem.expected_loss, Dtype::float64)}};
  for (std::size_t i = 0; i < problem.parameters.size(); ++i)
    arrays.emplace_back(parameter_name(i), problem.parameters[i]);
  save_npz(path, arrays, /*compression=*/false);
}

Problem read(const std::string& path) {
  const NpzReader file(path);
  Problem problem{
      file.read("x"), file.read("t"), file.read("class_weight"), {}, file.read("expected_loss").item()};
  for (std::size_t i = 0; file.contains(parameter_name(i)); ++i)
    problem.parameters.push_back(file.read(parameter_name(i)));
  return problem;
}

template <class Workload>
Problem load_or_make(const std::string& kind, const Workload& workload, const std::string& directory) {
  std::string name = kind + '-' + workload.name;
  std::replace(name.begin(), name.end(), '/', '-');
  const std::string path = directory + '/' + name + ".npz";
  if (!std::filesystem::exists(path)) write(path, make(workload));
  return read(path);
}

}  // namespace

Problem load(const StepWorkload& workload, const std::string& directory) {
  return load_or_make("step", workload, directory);
}

Problem load(const LossWorkload& workload, const std::string& directory) {
  return load_or_make("loss", workload, directory);
}

std::string data_directory() {
  const char* directory = std::getenv("TENBIN_BENCH_DATA");
  return directory == nullptr ? "." : directory;
}

void require_expected(const std::string& who, double loss, const Problem& problem) {
  if (!(std::abs(loss - problem.expected_loss) <= 1e-3 * std::abs(problem.expected_loss)))
    throw Error(who, ": the loss is ", loss, ", expected ", problem.expected_loss);
}

}  // namespace tenbin::benchmarks
