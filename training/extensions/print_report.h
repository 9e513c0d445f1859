// PrintReport, the log as a table that grows while training runs.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "tenbin/training/extension.h"

namespace tenbin {

/// Prints the rows of the trainer's LogReport as they are added: a table with one column per key, as
/// Chainer's `PrintReport` does.
///
///     trainer.extend(PrintReport({"epoch", "main/loss", "validation/main/ap", "elapsed_time"}));
///
///     epoch       main/loss   validation/main/ap  elapsed_time
///     1           0.693147    0.412               0.52
///
/// A key without a value in a row is left blank. A resumed run prints the rows before it first. Errors: at
/// the end of the first epoch, a key that is not known; the text lists the known keys. Functions that report
/// a key later declare it (`ExtendOptions::reports`).
class PrintReport : public Extension {
 public:
  /// Prints to standard output.
  explicit PrintReport(std::vector<std::string> keys);
  /// `is_terminal`: a progress bar below the table is erased before a row is printed.
  PrintReport(std::vector<std::string> keys, std::ostream& out, bool is_terminal = false);
  std::string name() const override { return "PrintReport"; }
  bool only_writes() const override { return true; }
  /// In every iteration, it looks for new rows.
  Trigger default_trigger() const override { return Iterations(1); }
  void operator()(Trainer& trainer) override;
  void initialize(Trainer& trainer) override;
  int default_priority() const override { return Priority::reader; }
  bool reads_log() const override { return true; }

 private:
  void print_rows(Trainer& trainer);
  void print(const std::vector<std::string>& cells);

  std::vector<std::string> keys_;
  std::ostream* out_;
  bool is_terminal_;
  const class LogReport* log_ = nullptr;  // of the trainer, while it runs
  std::size_t printed_ = 0;               // rows; a resumed run starts from 0
};

}  // namespace tenbin
