// Compares methods against class imbalance on your own data: any CSV or ARFF file with a label column.
//
//     remedies --data data/shuttle-train.csv
//     remedies --data customers.csv --label churned --repeats 10
//
// Stratified folds, repeated, the same for all methods (remedies/remedies.h lists them). All methods train
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

#include "common/options.h"
#include "common/progress_bar.h"
#include "common/table.h"
#include "remedies/report.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/datasets/k_fold.h"

using namespace tenbin;
using namespace tenbin::examples;

namespace {

struct Protocol {
  std::size_t folds = 5;
  std::size_t repeats = 5;
  std::size_t seed = 1;
};

// Every class must be in every fold.
Protocol fitting(Protocol protocol, const LabData& data) {
  protocol.folds = std::min(protocol.folds, data.counts[data.rarest()]);
  return protocol;
}

Results run(const LabData& data, const Protocol& protocol, const Training& training) {
  const std::vector<Split> splits =
      repeated_stratified_k_fold(data.rows, protocol.folds, protocol.repeats, protocol.seed);
  Results results(splits.size(), protocol.folds);
  ProgressBar bar(splits.size() * n_trainings());
  std::mutex bar_mutex;
  std::size_t done = 0;
  const auto on_trained = [&](const std::string& what) {
    const std::lock_guard<std::mutex> lock(bar_mutex);
    bar.update(++done, what);
  };
  parallel_for(splits.size(), [&](std::size_t i) {
    const Dataset train = data.rows.subset(splits[i].train), test = data.rows.subset(splits[i].test);
    const auto predictions =
        predict_with_remedies(train, test, data, training, protocol.seed + i, on_trained);
    results.enter(i, test.t, predictions, data.rarest());
  });
  bar.finish();
  return results;
}

void describe(const LabData& data, const Protocol& asked, const Protocol& protocol) {
  const std::size_t rarest = data.rarest();
  std::cout << data.source << ": " << data.rows.size() << " rows, " << data.rows.x.shape()[1] << " columns, "
            << data.categorical.size() << " of them categorical\n";
  for (std::size_t c = 0; c < data.classes.size(); ++c)
    std::cout << "  " << data.classes[c] << ": " << data.counts[c] << (c == rarest ? "  (the rarest)" : "")
              << '\n';
  for (const std::string& column : data.left_out) std::cout << "  left out: " << column << '\n';
  if (protocol.folds < asked.folds)
    std::cout << "  " << protocol.folds << " folds, not " << asked.folds << ": every fold needs a row of \""
              << data.classes[rarest] << "\"\n";
  std::cout << protocol.folds << " stratified folds, " << protocol.repeats << " time(s)\n\n";
}

}  // namespace

int main(int argc, char** argv) try {
  std::string path, label = "-1", json_path = "remedies.json", csv_path = "remedies.csv";
  Protocol asked;
  Training training;
  Options options("Compares methods against class imbalance on your own table.");
  options.add("data", path, "CSV or ARFF file, may be compressed with gzip");
  options.add("label", label, "label column: its name or its index; -1 is the last");
  options.add("folds", asked.folds, "folds of the cross-validation");
  options.add("repeats", asked.repeats, "repetitions of the cross-validation, with different folds");
  options.add("seed", asked.seed, "seed of the folds, the initial weights and the samplers");
  options.add("hidden", training.n_hidden, "units of the hidden layer");
  options.add("epochs", training.epochs, "passes over the training part");
  options.add("batch-size", training.batch_size, "rows per step");
  options.add("alpha", training.alpha, "initial learning rate of Adam");
  options.add("weight-decay", training.weight_decay, "weight decay of all parameters");
  options.add("device", training.device, "cpu, cuda or cuda:N");
  options.add("json", json_path, "file for every value and the tests");
  options.add("csv", csv_path, "file for every value, one per line");
  if (const auto exit_code = options.parse(argc, argv, std::cout, std::cerr)) return *exit_code;
  if (path.empty()) throw Error("remedies: expected --data FILE, see --help");

  const LabData data = load_lab_data(path, label);
  const Protocol protocol = fitting(asked, data);
  describe(data, asked, protocol);
  const Results results = run(data, protocol, training);
  std::cout << to_table(results)
            << "\nPercent, mean and standard deviation over the folds. + better, - worse than \"" << baseline
            << "\" beyond noise. Brier and ECE: lower is\nbetter. Rarest found: \""
            << data.classes[data.rarest()] << "\" in the first " << protocol.folds
            << " folds, with Wilson's 95% interval of the share in percent.\n";
  to_json(results, data, training, protocol.seed).save(json_path);
  save_csv(results, csv_path);
  std::cout << "Every value is in " << json_path << " and " << csv_path << ".\n";
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
