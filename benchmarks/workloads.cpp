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
      {"4096x1", 4096, 1, 200},    {"65536x1", 65536, 1, 10},    {"4096x2", 4096, 2, 200},
      {"65536x10", 65536, 10, 10}, {"65536x100", 65536, 100, 2}, {"8192x1000", 8192, 1000, 2},
  };
  return all;
}

namespace {

// Long-tailed labels: class c is about 0.7^c as frequent as class 0, and every class occurs if there are
// enough rows.
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
  problem.class_weight = balanced_class_weight(problem.t, classes, -1, EmptyClass::zero);
  return problem;
}

std::vector<Array> make_parameters(const std::vector<std::size_t>& widths, random::Generator& rng) {
  std::vector<Array> parameters;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const double deviation = 1 / std::sqrt(static_cast<double>(widths[i]));
    parameters.push_back(rng.normal({widths[i + 1], widths[i]}, 0, deviation));
    parameters.push_back(Array::zeros({widths[i + 1]}));
  }
  return parameters;
}

Problem make(const StepWorkload& workload) {
  random::Generator rng(1);
  Problem problem = make_problem(workload.batch, workload.widths.front(), workload.widths.back(), rng);
  problem.parameters = make_parameters(workload.widths, rng);
  TenbinStep step(workload, problem, Dtype::float64);
  step.run(workload.steps);
  problem.expected_loss = step.loss();
  return problem;
}

Problem make(const LossWorkload& workload) {
  random::Generator rng(2);
  const std::size_t labels = std::max<std::size_t>(workload.classes, 2);
  Problem problem = make_problem(workload.rows, workload.classes, labels, rng);
  if (workload.classes == 1) {
    problem.t = problem.t.reshape({workload.rows, 1});
    const std::vector<float> weight = problem.class_weight.to_vector<float>();
    problem.class_weight = Array{weight[1] / weight[0]};
  }
  problem.expected_loss = loss_of(workload, problem, problem.x.astype(Dtype::float64)).item();
  return problem;
}

Problem make(const EpochWorkload& workload) {
  const LabeledImages images = load_fashion_mnist().train;
  const std::size_t n = images.images.shape()[0];
  const Array pixels = images.images.reshape({n, workload.widths.front()}).astype(Dtype::float32);
  const Dataset all((Variable(pixels) / 255).data(), images.labels);
  const auto [x, t] = all.subset(long_tail_subset(all.t, long_tail_counts(6000, 10, 100)));
  random::Generator rng(3);
  Problem problem{};
  problem.x = x;
  problem.t = t;
  problem.order = Array::empty({x.shape()[0]}, Dtype::int64);
  std::size_t done = 0;
  const Dataset indices(Array::arange(x.shape()[0]), t);
  for (auto [index, label] : Minibatches(indices, {.batch_size = workload.batch_size, .epoch = 0})) {
    problem.order.slice(done, done + index.size()).assign(index);
    done += index.size();
  }
  problem.parameters = make_parameters(workload.widths, rng);
  TenbinEpoch epoch(workload, problem, Dtype::float64);
  epoch.run();
  problem.expected_loss = epoch.loss();
  return problem;
}

std::string parameter_name(std::size_t i) { return (i % 2 == 0 ? "W" : "b") + std::to_string(i / 2); }

void write(const std::string& path, const Problem& problem, std::size_t steps) {
  NamedArrays arrays = {{"x", problem.x},
                        {"t", problem.t},
                        {"expected_loss", Array::scalar(problem.expected_loss, Dtype::float64)},
                        {"steps", Array::scalar(static_cast<double>(steps), Dtype::int64)},
                        {"alpha", Array::scalar(adam_alpha, Dtype::float64)}};
  if (problem.class_weight) arrays.emplace_back("class_weight", problem.class_weight);
  if (problem.order) arrays.emplace_back("order", problem.order);
  for (std::size_t i = 0; i < problem.parameters.size(); ++i)
    arrays.emplace_back(parameter_name(i), problem.parameters[i]);
  save_npz(path, arrays, /*compression=*/false);
}

Problem read(const std::string& path) {
  const NpzReader file(path);
  const auto optional = [&](const std::string& key) { return file.contains(key) ? file.read(key) : Array(); };
  Problem problem{file.read("x"),
                  file.read("t"),
                  optional("class_weight"),
                  optional("order"),
                  {},
                  file.read("expected_loss").item()};
  for (std::size_t i = 0; file.contains(parameter_name(i)); ++i)
    problem.parameters.push_back(file.read(parameter_name(i)));
  return problem;
}

template <class Workload>
Problem load_or_make(const std::string& kind, const Workload& workload, std::size_t steps,
                     const std::string& directory) {
  std::string name = kind + '-' + workload.name;
  std::replace(name.begin(), name.end(), '/', '-');
  const std::string path = directory + '/' + name + ".npz";
  if (!std::filesystem::exists(path)) write(path, make(workload), steps);
  return read(path);
}

}  // namespace

Problem load(const StepWorkload& workload, const std::string& directory) {
  return load_or_make("step", workload, workload.steps, directory);
}

Problem load(const LossWorkload& workload, const std::string& directory) {
  return load_or_make("loss", workload, workload.repeats, directory);
}

Problem load(const EpochWorkload& workload, const std::string& directory) {
  return load_or_make("epoch", workload, 1, directory);
}

std::string data_directory() {
  const char* directory = std::getenv("TENBIN_BENCH_DATA");
  return directory == nullptr ? "." : directory;
}

Variable loss_of(const LossWorkload& workload, const Problem& problem, const Variable& x) {
  if (workload.classes == 1) return sigmoid_cross_entropy(x, problem.t, {.pos_weight = problem.class_weight});
  return softmax_cross_entropy(x, problem.t, {.class_weight = problem.class_weight});
}

void require_expected(const std::string& who, double loss, const Problem& problem, double tolerance) {
  if (!(std::abs(loss - problem.expected_loss) <= tolerance * std::abs(problem.expected_loss)))
    throw Error(who, ": the loss is ", loss, ", expected ", problem.expected_loss);
}

}  // namespace tenbin::benchmarks
