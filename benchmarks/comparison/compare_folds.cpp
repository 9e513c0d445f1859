// A comparison of methods without a search for the network, for run.py, which writes PROTOCOL:
//
//   compare_folds folds PROTOCOL FOLDS          writes the test rows of each fold
//   compare_folds compare PROTOCOL FOLDS RESULT writes the seconds and the metrics of each method and fold
//
// All files are JSON. The time is that of `compare`: preparing the folds, training, predicting, measuring.
#include <chrono>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "tenbin/tenbin.h"

namespace {

using namespace tenbin;
using Json = nlohmann::ordered_json;

Json read_json(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error("compare_folds: cannot read ", path);
  return Json::parse(file);
}

void write_json(const std::string& path, const Json& json) {
  std::ofstream file(path);
  file << json.dump() << '\n';
  if (!file.flush()) throw Error("compare_folds: cannot write ", path);
}

Table load_table(const Json& protocol) {
  CsvOptions options;
  options.label = protocol.at("label").get<std::string>();
  return load_csv(protocol.at("data").get<std::string>(), options);
}

void make_folds(const Json& protocol, const std::string& path) {
  Json folds = Json::array();
  for (const Split& split : repeated_stratified_k_fold(
           load_table(protocol).labels(), protocol.at("folds").get<std::size_t>(),
           protocol.at("repeats").get<std::size_t>(), protocol.at("seed").get<std::uint64_t>()))
    folds.push_back(split.test);
  write_json(path, folds);
}

// A fold tests on its rows and trains on the others.
std::vector<Split> splits_of(const Json& folds, std::size_t n_rows) {
  std::vector<Split> splits;
  for (const Json& fold : folds) {
    Split split;
    split.test = fold.get<std::vector<std::size_t>>();
    std::vector<bool> tested(n_rows);
    for (const std::size_t row : split.test) tested.at(row) = true;
    for (std::size_t row = 0; row < n_rows; ++row)
      if (!tested[row]) split.train.push_back(row);
    splits.push_back(split);
  }
  return splits;
}

// One candidate for the network, and no other choice on inner folds but that of thresholds.
ComparisonOptions options_of(const Json& protocol) {
  ComparisonOptions options;
  options.seed = protocol.at("seed").get<std::uint64_t>();
  options.inner_folds = protocol.at("inner_folds").get<std::size_t>();
  options.positive = protocol.at("positive").get<std::string>();
  options.false_alarm_budget = protocol.at("false_alarm_budget").get<double>();
  options.tune = false;
  options.n_resamples = 0;
  options.network.hidden = {protocol.at("hidden").get<std::size_t>()};
  options.network.weight_decay = {protocol.at("weight_decay").get<double>()};
  options.network.max_epochs = protocol.at("epochs").get<std::size_t>();
  options.network.batch_size = protocol.at("batch_size").get<std::size_t>();
  options.network.alpha = protocol.at("alpha").get<double>();
  options.network.early_stopping = false;
  return options;
}

Json metrics_of(const ComparisonResult& result) {
  Json methods = Json::object();
  for (const MethodResult& method : result.methods) {
    if (method.is_left_out()) throw Error("compare_folds: ", method.name, ": ", method.left_out);
    Json& metrics = methods[method.name];
    for (std::size_t m = 0; m < method.values.size(); ++m)
      metrics[comparison_metrics()[m].key] = method.values[m];
  }
  return methods;
}

void compare_methods(const Json& protocol, const Json& folds, const std::string& path) {
  const Table table = load_table(protocol);
  const ComparisonMethods methods =
      standard_methods().select(protocol.at("methods").get<std::vector<std::string>>());
  ComparisonOptions options = options_of(protocol);
  options.splits = splits_of(folds, table.size());
  const auto start = std::chrono::steady_clock::now();
  const ComparisonResult result = compare(table, methods, options);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  write_json(path, {{"seconds", elapsed.count()}, {"methods", metrics_of(result)}});
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 3 && arguments[0] == "folds")
    make_folds(read_json(arguments[1]), arguments[2]);
  else if (arguments.size() == 4 && arguments[0] == "compare")
    compare_methods(read_json(arguments[1]), read_json(arguments[2]), arguments[3]);
  else
    throw Error("usage: compare_folds folds PROTOCOL FOLDS, or compare_folds compare PROTOCOL FOLDS RESULT");
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
