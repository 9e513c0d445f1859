#include "tenbin/tools/training.h"

#include <unistd.h>

#include <memory>

#include "tenbin/core/text.h"
#include "tenbin/cuda/get_device.h"
#include "tenbin/tools/commands.h"
#include "tenbin/tools/interrupt.h"
#include "tenbin/training/detail/terminal.h"
#include "tenbin/training/progress_line.h"

namespace tenbin::tools {

Device device_of(const std::string& text) {
  const std::string function = "get_device: ";
  try {
    return get_device(text);
  } catch (const Error& error) {
    throw UsageError("--device: " + std::string(error.what()).substr(function.size()));
  }
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
