// MemoryReport: how much memory the process has used, for the log.
#pragma once

#include <string>
#include <vector>

#include "tenbin/training/extension.h"

namespace tenbin {

/// Reports `memory/peak_MiB`: the largest resident memory that the process has had, in MiB (2^20 bytes). A
/// value that grows from epoch to epoch is a leak. The log has `elapsed_time` in any case.
///
///     trainer.extend(MemoryReport());
///     trainer.extend(PrintReport({"epoch", "main/loss", "elapsed_time", "memory/peak_MiB"}));
class MemoryReport : public Extension {
 public:
  std::string name() const override { return "MemoryReport"; }
  void operator()(Trainer& trainer) override;
  int default_priority() const override { return Priority::writer; }
  std::vector<std::string> reported_keys() const override { return {"memory/peak_MiB"}; }
};

/// The largest resident memory that the process has had, in bytes; 0 where the system does not know it.
double peak_memory();

}  // namespace tenbin
