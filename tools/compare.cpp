// tenbin compare: methods against class imbalance on one's own file, with a report.
#include "tenbin/comparison/comparison.h"

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "tenbin/core/file.h"
#include "tenbin/distributed/peers.h"
#include "tenbin/distributed/world.h"
#include "tenbin/report/next_steps.h"
#include "tenbin/report/report.h"
#include "tenbin/tools/data.h"
#include "tenbin/tools/interrupt.h"
#include "tenbin/tools/training.h"

namespace tenbin::tools {

namespace {

namespace fs = std::filesystem;

// "data/fraud.csv.gz" becomes "fraud-comparison", in the current folder.
std::string default_folder(const std::string& file) {
  std::string name = fs::path(file).filename().string();
  for (const char* end : {".gz", ".csv", ".tsv", ".txt", ".arff"})
    if (ends_with(name, end)) name.resize(name.size() - std::string(end).size());
  return name + "-comparison";
}

// The files in the folder of a comparison.
struct OutputFiles {
  explicit OutputFiles(const std::string& folder)
      : report((fs::path(folder) / "report.html").string()),
        json((fs::path(folder) / "comparison.json").string()),
        csv((fs::path(folder) / "comparison.csv").string()),
        state((fs::path(folder) / "state.npz").string()) {}

  std::string report;
  std::string json;
  std::string csv;
  std::string state;
};

void make_folder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(folder, ": cannot make this folder: ", error.message());
}

ComparisonOptions comparison_options(const CompareOptions& options, const Table& table,
                                     const OutputFiles& files, const Communicator& comm) {
  ComparisonOptions comparison;
  comparison.folds = options.folds;
  comparison.repeats = options.repeats;
  comparison.inner_folds = options.inner_folds;
  comparison.seed = options.seed;
  comparison.tune = !options.untuned;
  comparison.network.max_epochs = options.max_epochs;
  comparison.baseline = options.baseline;
  comparison.positive = positive_class(table);
  comparison.false_alarm_budget = options.false_alarms;
  comparison.n_resamples = options.resamples;
  comparison.device = device_of(options.device);
  comparison.state = files.state;
  comparison.state_interval = 0.1;
  if (comm.is_first()) comparison.progress = progress_line();
  if (comm.size() > 1) comparison.peers = peers(comm);
  return comparison;
}

ComparisonMethods chosen_methods(const CompareOptions& options) {
  ComparisonMethods all = standard_methods();
  std::vector<std::string> names;
  for (const std::string& value : options.methods)
    for (const std::string& name : split(value)) {
      if (std::find(names.begin(), names.end(), name) != names.end())
        throw UsageError("--methods: \"" + name + "\" is given twice");
      names.push_back(method_named(all, name).name);
    }
  method_named(all, options.baseline);
  if (names.empty()) return all;
  if (std::find(names.begin(), names.end(), options.baseline) == names.end())
    names.insert(names.begin(), options.baseline);
  return all.select(names);
}

// The state in the folder is of another comparison: says what to do about it.
[[noreturn]] void explain(const Error& error, const std::string& state) {
  const std::string text = error.what();
  if (text.rfind(state, 0) != 0) throw Error(text);
  throw Error(text, " (--restart replaces what is in the folder, --out names another folder)");
}

ComparisonResult run(const CompareOptions& options, const Table& table, const ComparisonMethods& methods,
                     const ComparisonOptions& comparison) {
  if (options.test.empty()) return tenbin::compare(table, methods, comparison);
  DataOptions data = options.data;
  data.label = table.label().name;
  return tenbin::compare(table, load_table(options.test, data), methods, comparison);
}

// What `tenbin train` needs to follow the advice; where there is none, to take the method that ranks best.
std::string method_arguments(const NextSteps& next, const Table& table, const DataOptions& data,
                             const std::string& json) {
  if (next.method.empty()) return " --comparison " + shell_word(json) + " --best-by average_precision";
  std::string text = " --method " + shell_word(next.method);
  if (table.classes().size() == 2) text += " --objective 'balanced accuracy'";
  if (!data.positive.empty()) text += " --positive " + shell_word(data.positive);
  return text;
}

void compare_on(const Communicator& comm, const CompareOptions& options) {
  const std::string folder = options.out.empty() ? default_folder(options.file) : options.out;
  const OutputFiles files(folder);
  const ComparisonMethods methods = chosen_methods(options);
  const Table table = load_labelled(options.file, options.data);
  const TableDescription description = tenbin::describe(table);
  const AutoPipeline prepared = prepare(table, description, options.columns);
  if (comm.is_first()) {
    make_folder(folder);
    require_writable(files.report);
    if (options.restart) remove_state(files.state);
  }
  comm.barrier();

  ComparisonOptions comparison = comparison_options(options, table, files, comm);
  comparison.pipeline = prepared.pipeline;
  const std::string stopped =
      "interrupted. What is done is in " + files.state + ": the same command goes on from there";
  finish_on_interrupt(stopped);
  ComparisonResult result;
  try {
    result = run(options, table, methods, comparison);
  } catch (const Error& error) {
    explain(error, files.state);
  }
  // From here on nothing is left to finish: a signal ends at once, one that came during the run now.
  exit_on_interrupt(stopped);
  if (interrupted()) throw Interrupted();
  if (!comm.is_first()) return;
  result.left_out_columns = prepared.left_out();
  write_file(files.json, to_json(result));
  write_file(files.csv, to_csv(result));
  ReportOptions report;
  report.description = without_left_out(description, prepared.notes);
  report.command = options.command;
  report.data_hash = Provenance::of(table).data_hash;
  save_report(files.report, result, report);
  if (options.json) {
    std::cout << to_json(result);
    return;
  }
  const NextSteps next = next_steps(result);
  std::cout << to_text(result) << '\n'
            << next.finding << '\n'
            << next.advice << "\n\nThe report: " << files.report << "\nEvery value: " << files.json << ", "
            << files.csv << '\n';
  if (!result.leak_check.passed()) return;
  std::cout << "Next:\n  " << command_name() << " train " << shell_word(options.file) << " --label "
            << shell_word(table.label().name) << arguments(options.data, options.columns)
            << method_arguments(next, table, options.data, files.json) << '\n';
}

}  // namespace

// Under mpirun the folds are spread over the ranks, and the first one writes. An error on one ends all.
void compare(const CompareOptions& options) {
  const Communicator comm = world();
  try {
    compare_on(comm, options);
    comm.barrier();
  } catch (const std::exception& error) {
    if (comm.size() == 1) throw;
    comm.abort(std::string("tenbin: ") + error.what());
  }
}

}  // namespace tenbin::tools
