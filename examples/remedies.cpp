// Compares methods against class imbalance on your own data: any CSV or ARFF file with a label column.
//
//     remedies --data data/shuttle-train.csv
//     remedies --data customers.csv --label churned --repeats 10
//
// Stratified folds, repeated, the same for all methods (remedies/methods.h lists them). All methods train
// the same network from the same initial weights for the same number of steps. Encoders, scalers, weights,
// resampling and thresholds are fitted on the training part of a fold only; the threshold is tuned by
// cross-validation inside it.
//
// It prints mean and standard deviation over the folds of eight metrics, in percent, and marks significant
// improvements (+) and losses (-) relative to the plain model: by the corrected resampled t-test of Nadeau
// and Bengio (2003), paired over the folds, with Holm's correction for the number of methods, at 5%. Every
// value is in remedies.csv and remedies.json.
#include <algorithm>
#include <exception>
#include <iostream>
#include <mutex>

#include "common/command_line.h"
#include "common/table.h"
#include "remedies/report.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/datasets/k_fold.h"
#include "tenbin/training/progress_line.h"

using namespace tenbin;
using namespace tenbin::examples;

namespace {

struct CrossValidationOptions {
  std::size_t folds = 5;
  std::size_t repeats = 5;
  std::size_t seed = 1;
};

// Every class must be in every fold.
CrossValidationOptions fitting(CrossValidationOptions options, const ComparisonData& data) {
  options.folds = std::min(options.folds, data.counts[data.rarest()]);
  return options;
}

Results run(const ComparisonData& data, const CrossValidationOptions& options,
            const TrainingOptions& training) {
  const std::vector<Split> splits =
      repeated_stratified_k_fold(data.rows, options.folds, options.repeats, options.seed);
  Results results(splits.size(), options.folds);
  ProgressLine bar(splits.size() * n_trainings());
  std::mutex bar_mutex;
  std::size_t done = 0;
  const auto on_trained = [&](const std::string& what) {
    const std::lock_guard<std::mutex> lock(bar_mutex);
    bar.update(++done, what);
  };
  parallel_for(splits.size(), [&](std::size_t i) {
    const Dataset train = data.rows.subset(splits[i].train), test = data.rows.subset(splits[i].test);
    const auto predictions = predict_with_methods(train, test, data, training, options.seed + i, on_trained);
    results.enter(i, test.t, predictions, data.rarest());
  });
  bar.finish();
  return results;
}

void describe(const ComparisonData& data, const CrossValidationOptions& requested,
              const CrossValidationOptions& options) {
  const std::size_t rarest = data.rarest();
  std::cout << data.source << ": " << data.rows.size() << " rows, " << data.rows.x.shape()[1] << " columns, "
            << data.categorical.size() << " of them categorical\n";
  for (std::size_t c = 0; c < data.classes.size(); ++c)
    std::cout << "  " << data.classes[c] << ": " << data.counts[c] << (c == rarest ? "  (the rarest)" : "")
              << '\n';
  for (const std::string& column : data.left_out) std::cout << "  left out: " << column << '\n';
  if (options.folds < requested.folds)
    std::cout << "  " << options.folds << " folds, not " << requested.folds
              << ": every fold needs a row of \"" << data.classes[rarest] << "\"\n";
  std::cout << options.folds << " stratified folds, " << options.repeats << " time(s)\n\n";
}

}  // namespace

int main(int argc, char** argv) try {
  std::string path, label = "-1", json_path = "remedies.json", csv_path = "remedies.csv";
  CrossValidationOptions requested;
  TrainingOptions training;
  CommandLine command_line("Compares methods against class imbalance on your own table.");
  command_line.add("data", path, "CSV or ARFF file, may be compressed with gzip");
  command_line.add("label", label, "label column: its name or its index; -1 is the last");
  command_line.add("folds", requested.folds, "folds of the cross-validation");
  command_line.add("repeats", requested.repeats, "repetitions of the cross-validation, with different folds");
  command_line.add("seed", requested.seed, "seed of the folds, the initial weights and the samplers");
  command_line.add("hidden", training.n_hidden, "units of the hidden layer");
  command_line.add("epochs", training.epochs, "passes over the training part");
  command_line.add("batch-size", training.batch_size, "rows per step");
  command_line.add("alpha", training.alpha, "initial learning rate of Adam");
  command_line.add("weight-decay", training.weight_decay, "weight decay of all parameters");
  command_line.add("device", training.device, "cpu, cuda or cuda:N");
  command_line.add("json", json_path, "file for every value and the tests");
  command_line.add("csv", csv_path, "file for every value, one per line");
  if (const auto exit_code = command_line.parse(argc, argv, std::cout, std::cerr)) return *exit_code;
  if (path.empty()) throw Error("remedies: expected --data FILE, see --help");

  const ComparisonData data = load_comparison_data(path, label);
  const CrossValidationOptions options = fitting(requested, data);
  describe(data, requested, options);
  const Results results = run(data, options, training);
  std::cout << to_table(results)
            << "\nPercent, mean and standard deviation over the folds. + better, - worse than \"" << baseline
            << "\" beyond noise. Brier and ECE: lower is\nbetter. Rarest found: \""
            << data.classes[data.rarest()] << "\" in the first " << options.folds
            << " folds, with Wilson's 95% interval of the share in percent.\n";
  to_json(results, data, training, options.seed).save(json_path);
  save_csv(results, csv_path);
  std::cout << "Every value is in " << json_path << " and " << csv_path << ".\n";
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
