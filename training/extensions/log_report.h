// LogReport, the log of a training: means of the reported values, in a file.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/training/extension.h"

namespace tenbin {

/// A row of a log: values by key.
using LogRow = std::vector<std::pair<std::string, double>>;

namespace detail {

// The rows of a log.
struct Log {
  std::vector<LogRow> rows;

  NamedArrays save_state() const;
  std::function<void()> prepare_load(StateReader& reader);
};

}  // namespace detail

/// Options of LogReport.
struct LogReportOptions {
  Trigger trigger = Epochs(1);  ///< when a row is added
  std::string file = "log";     ///< JSON, in the trainer's directory; empty: no file
  std::string csv = {};         ///< the same as CSV, such as "log.csv"; empty: no file
};

/// Adds a row to the log whenever its trigger fires: the means, weighted by rows, of the values that were
/// reported since the row before, and `epoch`, `iteration` and `elapsed_time`. (Chainer: `LogReport`.)
///
/// The JSON file is Chainer's: a list of objects. Numbers have the shortest digits that read back the same;
/// NaN and infinities, which JSON does not have, are null. Both files are replaced in one step: they are
/// never half written. A resumed run goes on with the rows of its snapshot.
///
///     trainer.extend(LogReport({.trigger = Iterations(100), .csv = "log.csv"}));
class LogReport : public Extension {
 public:
  explicit LogReport(LogReportOptions options = {});
  std::string name() const override { return "LogReport"; }
  void operator()(Trainer& trainer) override;
  Trigger default_trigger() const override { return options_.trigger; }
  int default_priority() const override { return Priority::log; }
  void initialize(Trainer& trainer) override;
  void observe(const Trainer& trainer) override;
  void serialize(Checkpoint& state) override;
  std::vector<std::string> written_files() const override;

  const std::vector<LogRow>& rows() const { return log_.rows; }
  /// The keys that have had a value, in the order in which they were reported first.
  std::vector<std::string> keys() const { return means_.keys(); }
  bool has_key(const std::string& key) const { return means_.has_key(key); }

 private:
  void write(const Trainer& trainer) const;

  LogReportOptions options_;
  detail::Means means_;
  detail::Log log_;
};

/// The value of a key in a row of a log; not set if the row has none.
std::optional<double> value_of(const LogRow& row, const std::string& key);

/// Reads a log file as LogReport and Chainer write it; null, NaN and Infinity are accepted. Values that are
/// no numbers are left out. Errors: `result/log: ...` for a file that is not a list of objects.
///
///     for (const LogRow& row : read_log("result/log")) std::cout << *value_of(row, "main/loss");
std::vector<LogRow> read_log(const std::string& path);

}  // namespace tenbin
