// The commands of `tenbin`: what the command line says, and the functions that do it.
//
// A command prints its result on standard output, and what it has noticed on standard error. With `json`,
// standard output is one JSON value. Errors are exceptions: UsageError for a value that the command line
// should not have, Interrupted, and those of the library.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace tenbin::tools {

/// A mistake in the command line that its parser cannot see: exit code 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// How a file is read.
struct DataOptions {
  std::string label = {};  ///< a name or an index
  std::string positive = {};
  std::string delimiter = {};  ///< empty: guessed
  std::string decimal = ".";
  bool no_header = false;
  std::vector<std::string> missing = {};  ///< besides the usual texts
  bool many_classes = false;              ///< more than 100 classes that are numbers are classes
};

/// What happens to the columns before training.
struct ColumnOptions {
  std::vector<std::string> drop = {};
  std::vector<std::string> keep = {};
  std::vector<std::string> dates = {};  ///< "when" or "when=hour,month"
  std::string date_format = {};
};

/// How a saved model treats files that differ from its own.
struct ToleranceOptions {
  std::string missing_columns = "error";
  std::string unreadable = "error";
  std::string invalid_dates = "error";
};

struct DescribeOptions {
  std::string file;
  DataOptions data;
  bool json = false;
};

struct CompareOptions {
  std::string file;
  std::string test = {};
  DataOptions data;
  ColumnOptions columns;
  std::vector<std::string> methods = {};  ///< empty: all
  std::string baseline = "plain";
  std::size_t folds = 5;
  std::size_t repeats = 5;
  std::size_t inner_folds = 3;
  std::size_t max_epochs = 30;
  double false_alarms = 0.05;
  std::size_t resamples = 1000;
  std::uint64_t seed = 1;
  bool untuned = false;
  std::string device = "cpu";
  std::string out = {};  ///< empty: named after the file
  bool restart = false;
  bool json = false;
  std::string command = {};  ///< the command line, for the report
};

struct TrainOptions {
  std::string file;
  std::string test = {};
  DataOptions data;
  ColumnOptions columns;
  std::string method = {};
  std::string comparison = {};
  std::string best_by = "average_precision";
  std::string objective = {};
  double test_share = 0.2;
  std::size_t max_epochs = 30;
  std::uint64_t seed = 1;
  bool untuned = false;
  std::string device = "cpu";
  std::string out = "model.npz";
  std::string report = {};
  bool json = false;
  std::string command = {};  ///< the command line, for the report
};

struct PredictOptions {
  std::string model;
  std::string file;
  DataOptions data;
  ToleranceOptions tolerance;
  std::string out = {};  ///< empty: standard output
  std::vector<std::string> keep = {};
  bool keep_nothing = false;
  bool json = false;
};

struct EvaluateOptions {
  std::string model;
  std::string file;
  DataOptions data;
  ToleranceOptions tolerance;
  std::string report = {};
  bool json = false;
  std::string command = {};  ///< the command line, for the report
};

struct ExportOptions {
  std::string model;
  std::string to;
  bool json = false;
};

void describe(const DescribeOptions& options);
void compare(const CompareOptions& options);
void train(const TrainOptions& options);
void predict(const PredictOptions& options);
void evaluate(const EvaluateOptions& options);
void export_model(const ExportOptions& options);

}  // namespace tenbin::tools
