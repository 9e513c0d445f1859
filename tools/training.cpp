#include "tenbin/tools/training.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

#include "tenbin/core/text.h"
#include "tenbin/cuda/runtime.h"
#include "tenbin/tools/commands.h"
#include "tenbin/tools/interrupt.h"
#include "tenbin/training/detail/terminal.h"
#include "tenbin/training/progress_line.h"

namespace tenbin::tools {

namespace {

std::optional<Device> parse_device(const std::string& text) {
  const std::string cuda = "cuda";
  if (text == "cpu") return Device::cpu();
  if (text == cuda) return Device::cuda(0);
  if (text.rfind(cuda + ':', 0) != 0) return std::nullopt;
  int index = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + cuda.size() + 1, end, index);
  if (error != std::errc{} || stop != end || index < 0) return std::nullopt;
  return Device::cuda(index);
}

}  // namespace

Device device_of(const std::string& text) {
  const std::optional<Device> device = parse_device(text);
  if (!device) throw UsageError("--device: expected cpu, cuda or cuda:1, got \"" + text + '"');
  if (device->is_cpu() || device->index < gpu::device_count()) return *device;
  throw UsageError("--device: there is no " + text + ": " + std::to_string(gpu::device_count()) +
                   " CUDA devices, counted from 0");
}

const ComparisonMethod& method_named(const ComparisonMethods& methods, const std::string& name) {
  if (methods.contains(name)) return methods[name];
  throw UsageError("there is no method \"" + name + "\"; there are: " + detail::joined(methods.names()));
}

std::string positive_class(const Table& table) {
  return table.classes().size() == 2 ? table.classes()[1] : "";
}

std::function<void(const ComparisonProgress&)> progress_line() {
  const bool is_shown = detail::terminal_columns(STDERR_FILENO) > 0;
  return [is_shown, line = std::shared_ptr<ProgressLine>()](const ComparisonProgress& progress) mutable {
    if (is_shown) {
      if (!line) line = std::make_shared<ProgressLine>(progress.total);
      line->update(progress.done, progress.what);
      if (progress.done == progress.total) line->finish();
    }
    if (interrupted()) throw Interrupted();
  };
}

ThresholdObjective parse_objective(const std::string& text) {
  try {
    return objective::parse(text);
  } catch (const Error& error) {
    throw UsageError(std::string("--objective: ") + error.what());
  }
}

void require_metric(const std::string& key) {
  try {
    metric_index(key);
  } catch (const Error& error) {
    throw UsageError(std::string("--best-by: ") + error.what());
  }
}

}  // namespace tenbin::tools
