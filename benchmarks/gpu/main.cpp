// Tenbin on the GPU: a process with the protocol of ../peers/peer.h, which also reports what a step launched,
// and allocations and waits. ../../scripts/gpu.sh builds and runs it.
//
//     tenbin_gpu_benchmarks [--captured] [--tf32]           answers `step/30-64-64-2/256 0.3`
//     tenbin_gpu_benchmarks --write-data WORKLOAD...        writes the data that all participants read
//
// TENBIN_BENCH_DATA is the directory of the data.
#include <tenbin/tenbin.h>

#include <memory>
#include <sstream>

#include "../peers/peer.h"
#include "../tenbin_step.h"
#include "tenbin/cuda/captured_step.h"
#include "tenbin/cuda/runtime.h"
#include "workloads.h"

namespace tenbin::benchmarks {
namespace {

constexpr Device device = Device::cuda(0);

struct Mode {
  bool captured = false;
  bool tf32 = false;
};

// A step that returns its loss, and the number of graph nodes if it is captured.
struct Runner {
  std::function<Array()> run;
  std::function<std::size_t()> node_count = [] { return std::size_t{0}; };
};

template <class Step, class... Inputs>
Runner make_runner(const Mode& mode, const Step& step, const Inputs&... inputs) {
  if (!mode.captured) return {[=] { return step(inputs...).data(); }};
  const auto captured = std::make_shared<CapturedStep<Step>>(step);
  return {[=] { return (*captured)(inputs...); }, [=] { return captured->node_count(); }};
}

// The work of a block's steps, without the reading of the loss at its end.
std::string describe(const gpu::Stats& before, const gpu::Stats& after, std::size_t steps,
                     std::size_t nodes) {
  std::ostringstream text;
  text << ", \"launches\": "
       << static_cast<double>(after.launches - before.launches) / static_cast<double>(steps)
       << ", \"nodes\": " << nodes
       << ", \"allocations\": " << after.system_allocations - before.system_allocations
       << ", \"synchronizations\": " << after.synchronizations - before.synchronizations;
  return text.str();
}

peer::Block make_block(std::size_t steps, double expected_loss, double tolerance, const Runner& runner,
                       const std::function<void()>& reset) {
  const auto details = std::make_shared<std::string>();
  const auto work = [=] {
    const gpu::Stats before = gpu::stats(device.index);
    Array loss;
    for (std::size_t i = 0; i < steps; ++i) loss = runner.run();
    *details = describe(before, gpu::stats(device.index), steps, runner.node_count());
    return loss.item();
  };
  const auto reset_and_wait = [=] {
    reset();
    gpu::synchronize(device.index);
  };
  return {steps, expected_loss, reset_and_wait, work, tolerance, [=] { return *details; }};
}

// The relative error of TF32 products is about 3e-4.
peer::Block make(const StepWorkload& workload, const Mode& mode) {
  const Problem problem = load(workload, data_directory());
  const auto training = std::make_shared<TenbinStep>(workload, problem, Dtype::float32, device);
  const auto step = [training](const Array& x, const Array& t) { return training->step(x, t); };
  return make_block(workload.steps, problem.expected_loss, mode.tf32 ? 1e-2 : 1e-3,
                    make_runner(mode, step, training->x(), training->t()), [training] { training->reset(); });
}

// The scores are not an input of a captured step: a replay would copy them, which costs more than the loss.
peer::Block make(const LossWorkload& workload, const Mode& mode) {
  const Problem problem = load(workload, data_directory());
  const Variable x(problem.x.to(device));
  const Array class_weight = problem.class_weight.to(device);
  const auto step = [=](const Array& t) {
    Variable scores = x;
    scores.cleargrad();
    Variable loss = softmax_cross_entropy(scores, t, {.class_weight = class_weight});
    loss.backward();
    return loss;
  };
  return make_block(workload.repeats, problem.expected_loss, 1e-3,
                    make_runner(mode, step, problem.t.to(device)), [] {});
}

// Its "loss" is the first element copied.
peer::Block make(const CopyWorkload& workload, const Mode&) {
  const Shape shape{workload.bytes / sizeof(float)};
  const Array from = Array::full(shape, 1, Dtype::float32, device);
  Array to = Array::zeros(shape, Dtype::float32, device);
  const Runner runner{[=]() mutable {
    to.assign(from);
    return to.slice(0, 1);
  }};
  return make_block(workload.repeats, 1, 0, runner, [=]() mutable { to.fill(0); });
}

// Calls `use(workload)` with the workload of that name.
template <class Use>
auto find(const std::string& name, Use use) {
  for (const StepWorkload& workload : gpu_steps)
    if ("step/" + workload.name == name) return use(workload);
  for (const LossWorkload& workload : gpu_losses)
    if ("loss/" + workload.name == name) return use(workload);
  for (const CopyWorkload& workload : gpu_copies)
    if ("copy/" + workload.name == name) return use(workload);
  throw Error("tenbin_gpu_benchmarks: no workload \"", name, '"');
}

void write_data(const std::string& name) {
  find(name, [](const auto& workload) {
    if constexpr (!std::is_same_v<decltype(workload), const CopyWorkload&>) load(workload, data_directory());
  });
}

void answer(const Mode& mode) {
  if (!gpu::is_available()) throw Error("tenbin_gpu_benchmarks: there is no GPU");
  const std::string name =
      std::string("Tenbin") + (mode.captured ? " captured" : "") + (mode.tf32 ? " TF32" : "");
  const auto make_named = [&](const std::string& workload) {
    return find(workload, [&](const auto& found) { return make(found, mode); });
  };
  if (!mode.tf32) return peer::serve(name, make_named);
  const AllowTF32 allowed;
  peer::serve(name, make_named);
}

void run(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments[0] == "--write-data") {
    std::for_each(arguments.begin() + 1, arguments.end(), write_data);
    return;
  }
  Mode mode;
  for (const std::string& argument : arguments) {
    if (argument != "--captured" && argument != "--tf32")
      throw Error("tenbin_gpu_benchmarks: no option \"", argument, '"');
    (argument == "--captured" ? mode.captured : mode.tf32) = true;
  }
  answer(mode);
}

}  // namespace
}  // namespace tenbin::benchmarks

int main(int argc, char** argv) try {
  tenbin::benchmarks::run({argv + 1, argv + argc});
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
