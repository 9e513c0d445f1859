// Compares methods against class imbalance on your own data: any CSV or ARFF file with a label column.
//
//     remedies --data data/shuttle-train.csv
//     remedies --data customers.csv --label churned --repeats 10
//
// It prints the result of `compare` (tenbin/comparison/comparison.h): mean and standard deviation over the
// folds of ten metrics, significant differences from the plain model, intervals, what was chosen, and the
// leak check. Every value is in remedies.csv and remedies.json.
#include <exception>
#include <iostream>
#include <memory>
#include <sstream>

#include "common/command_line.h"
#include "tenbin/comparison/comparison.h"
#include "tenbin/core/file.h"
#include "tenbin/datasets/arff.h"
#include "tenbin/datasets/csv.h"
#include "tenbin/training/progress_line.h"

using namespace tenbin;
using namespace tenbin::examples;

namespace {

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

Table load(const std::string& path, const std::string& label) {
  if (ends_with(path, ".arff") || ends_with(path, ".arff.gz")) return load_arff(path, {.label = label});
  return load_csv(path, {.label = label});
}

// The methods of a list like "plain, SMOTE".
ComparisonMethods chosen_methods(const std::string& list) {
  if (list.empty()) return standard_methods();
  std::vector<std::string> names;
  std::istringstream text(list);
  for (std::string name; std::getline(text >> std::ws, name, ',');) names.push_back(name);
  return standard_methods().select(names);
}

// A line on standard error, from the first call on.
std::function<void(const ComparisonProgress&)> progress_line() {
  return [bar = std::shared_ptr<ProgressLine>()](const ComparisonProgress& progress) mutable {
    if (!bar) bar = std::make_shared<ProgressLine>(progress.total);
    bar->update(progress.done, progress.what);
    if (progress.done == progress.total) bar->finish();
  };
}

}  // namespace

int main(int argc, char** argv) try {
  std::string path, methods, label = "-1", json_path = "remedies.json", csv_path = "remedies.csv";
  ComparisonOptions options;
  int hidden = -1;
  double weight_decay = -1;
  bool fixed_length = false, untuned = false;
  CommandLine command_line("Compares methods against class imbalance on your own table.");
  command_line.add("data", path, "CSV or ARFF file, may be compressed with gzip");
  command_line.add("label", label, "label column: its name or its index; -1 is the last");
  command_line.add("methods", methods, "names of methods, with commas between them; empty: all");
  command_line.add("folds", options.folds, "folds of the cross-validation");
  command_line.add("repeats", options.repeats, "repetitions of the cross-validation, with different folds");
  command_line.add("seed", options.seed, "seed of the folds, the initial weights and the samplers");
  command_line.add("hidden", hidden, "units of the hidden layer; -1: chosen on inner folds");
  command_line.add("epochs", options.network.max_epochs, "most passes over the training part");
  command_line.add("fixed-length", fixed_length, "no early stopping: all trainings have that many passes");
  command_line.add("batch-size", options.network.batch_size, "rows per step");
  command_line.add("alpha", options.network.alpha, "initial learning rate of Adam");
  command_line.add("weight-decay", weight_decay, "weight decay of the weights; -1: chosen on inner folds");
  command_line.add("untuned", untuned, "do not choose the methods' own settings on inner folds");
  command_line.add("device", options.device, "cpu, cuda or cuda:N");
  command_line.add("state", options.state, "file from which a run that was stopped goes on");
  command_line.add("json", json_path, "file for every value and the tests");
  command_line.add("csv", csv_path, "file for every value, one per line");
  if (const auto exit_code = command_line.parse(argc, argv, std::cout, std::cerr)) return *exit_code;
  if (path.empty()) throw Error("remedies: expected --data FILE, see --help");
  if (hidden >= 0) options.network.hidden = {static_cast<std::size_t>(hidden)};
  if (weight_decay >= 0) options.network.weight_decay = {weight_decay};
  options.network.early_stopping = !fixed_length;
  options.tune = !untuned;
  options.progress = progress_line();

  const ComparisonResult result = compare(load(path, label), chosen_methods(methods), options);
  std::cout << to_text(result);
  write_file(json_path, to_json(result));
  write_file(csv_path, to_csv(result));
  std::cout << "\nEvery value is in " << json_path << " and " << csv_path << ".\n";
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
