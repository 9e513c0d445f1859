#include "tenbin/training/extensions/memory_report.h"

#include <sys/resource.h>

#include "tenbin/training/trainer.h"

namespace tenbin {

double peak_memory() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#ifdef __APPLE__
  return static_cast<double>(usage.ru_maxrss);  // bytes there, 1024 bytes elsewhere
#else
  return static_cast<double>(usage.ru_maxrss) * 1024;
#endif
}

void MemoryReport::operator()(Trainer& trainer) {
  trainer.observation().set("memory/peak_MiB", peak_memory() / (1024 * 1024));
}

}  // namespace tenbin
