// tenbin train: a model for use, trained on one part of a file and tested on the other.
#include <algorithm>
#include <iostream>
#include <limits>

#include "tenbin/core/file.h"
#include "tenbin/datasets/class_count_table.h"
#include "tenbin/datasets/class_counts.h"
#include "tenbin/datasets/text_table.h"
#include "tenbin/report/detail/wording.h"
#include "tenbin/report/report.h"
#include "tenbin/tools/data.h"
#include "tenbin/tools/interrupt.h"
#include "tenbin/tools/scores_output.h"
#include "tenbin/tools/training.h"

namespace tenbin::tools {

namespace {

constexpr const char* default_method = "plain + tuned threshold";

// ---- what a comparison has found ------------------------------------------------------------------------

struct ComparisonFile {
  std::string label;
  std::string positive;  // of two classes; otherwise empty
  std::string method;    // the best one
};

// The values of a metric in all folds; null: not defined.
std::vector<double> values_of(const Json& json) {
  std::vector<double> values;
  for (const Json& value : json)
    values.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>());
  return values;
}

std::string text_of(const std::string& path) {
  const InputFile file(path);
  std::string text(file.size(), '\0');
  file.read(0, text.data(), text.size());
  return text;
}

// As much of the result as is needed to find the best method.
ComparisonFile read_comparison(const std::string& path, const std::string& metric) {
  require_metric(metric);
  try {
    const Json json = Json::parse(text_of(path));
    ComparisonResult result;
    for (const Json& entry : json.at("methods")) {
      MethodResult& method = result.methods.emplace_back();
      method.name = entry.at("method").get<std::string>();
      method.left_out = entry.value("left_out", "");
      if (method.is_left_out()) continue;
      for (const ComparisonMetric& each : comparison_metrics())
        method.values.push_back(values_of(entry.at("values").at(each.key)));
    }
    const bool two = json.at("classes").size() == 2;
    return {json.at("label").get<std::string>(), two ? json.at("positive").get<std::string>() : "",
            result.best(metric).name};
  } catch (const Json::exception& error) {
    throw Error(path,
                ": expected the comparison.json that `tenbin compare` writes: ", printable(error.what()));
  }
}

// ---- the data -------------------------------------------------------------------------------------------

struct Parts {
  Table train;
  Table test;
  std::string tested_on;  // "the 10000 rows that were held out"
};

// Every class needs rows for both parts, and the training part three, for inner folds.
void require_rows(const Table& table, bool hold_out) {
  const std::size_t fewest = hold_out ? 4 : 3;
  const std::vector<std::size_t> counts = class_counts(table.labels(), table.classes().size());
  for (std::size_t c = 0; c < counts.size(); ++c)
    if (counts[c] > 0 && counts[c] < fewest)
      throw Error(table.source(), ": class \"", printable(table.classes()[c]), "\" has ", counts[c],
                  " row(s) of ", table.size(), "; a training, a validation and a test part need at least ",
                  fewest);
}

Parts parts_of(const Table& table, const TrainOptions& options) {
  require_rows(table, options.test.empty());
  if (!options.test.empty()) {
    DataOptions data = options.data;
    data.label = table.label().name;
    data.positive.clear();
    return {table, load_table(options.test, data), options.test};
  }
  const Split split = stratified_split(table.labels(), options.test_share, options.seed);
  return {table.rows(split.train), table.rows(split.test),
          detail::text_of("the ", split.test.size(), " rows that were held out")};
}

// ---- the decision ---------------------------------------------------------------------------------------

// The threshold is tuned on predictions of models that were not trained on the row.
std::string tune(TrainedMethod& trained, const ThresholdObjective& objective, const std::string& text) {
  const OutOfFold& rows = trained.out_of_fold;
  const TunedThreshold tuned = tune_threshold(rows.t, rows.p, objective);
  trained.bundle.decision = tuned;
  trained.bundle.made.options["objective"] = text;
  return detail::text_of(objective.name, " = ", detail::four_digits(tuned.value), " on inner folds");
}

// What the model is saved with is JSON, which has UTF-8 only: an error before the training, not after it.
void require_utf8(const Table& table) {
  for (const std::string& name : table.classes()) {
    try {
      (void)Json(name).dump();
    } catch (const Json::exception&) {
      throw Error(table.source(), ": the class \"", printable(name),
                  "\" is not UTF-8; convert the file, as by iconv -f latin1 -t utf-8");
    }
  }
}

Json json_of(const std::vector<ColumnNote>& notes) {
  Json json = Json::array();
  for (const ColumnNote& note : notes) json.push_back({{"column", note.column}, {"text", note.text}});
  return json;
}

std::string settings_text(const MethodSettings& settings) {
  return settings.empty() ? "" : " (" + settings.to_string() + ")";
}

}  // namespace

void train(const TrainOptions& options) {
  DataOptions data = options.data;
  std::string name = options.method.empty() ? default_method : options.method;
  if (!options.comparison.empty()) {
    const ComparisonFile comparison = read_comparison(options.comparison, options.best_by);
    name = comparison.method;
    if (data.label.empty()) data.label = comparison.label;
    if (data.positive.empty()) data.positive = comparison.positive;
  }
  const ComparisonMethods methods = standard_methods();
  const ComparisonMethod& method = method_named(methods, name);
  ThresholdObjective objective;
  if (!options.objective.empty()) objective = parse_objective(options.objective);
  ComparisonOptions training;
  training.device = device_of(options.device);
  exit_on_interrupt("interrupted; no model was written");

  const Table table = load_labelled(options.file, data);
  if (objective.value && table.classes().size() != 2)
    throw UsageError("--objective: expected two classes, got " + std::to_string(table.classes().size()));
  require_utf8(table);
  require_writable(options.out);
  if (!options.report.empty()) require_writable(options.report);
  const Parts parts = parts_of(table, options);
  const TableDescription description = tenbin::describe(table);
  const AutoPipeline prepared = prepare(table, description, options.columns);
  training.pipeline = prepared.pipeline;
  training.positive = positive_class(table);
  training.seed = options.seed;
  training.tune = !options.untuned;
  training.network.max_epochs = options.max_epochs;
  if (!options.json) std::cout << class_count_table(parts.train) << '\n' << std::flush;

  training.progress = progress_line();
  TrainedMethod trained = train_method(parts.train, method, training);
  std::string tuned;
  if (objective.value)
    tuned = " (" + tune(trained, objective, options.objective) + ")";
  else if (method.name == default_method && table.classes().size() == 2)
    tuned = " (the best for balanced accuracy on inner folds; --objective names another aim)";
  Bundle& bundle = trained.bundle;
  bundle.made.options["file"] = options.file;
  bundle.made.options["tested on"] = parts.tested_on;
  const Predictor predictor(bundle);
  const Predictions predictions = predictor(parts.test);
  print(predictions.warnings);
  const Assessment assessment(predictions, parts.tested_on);
  bundle.made.scores = assessment.scores();
  save_bundle(options.out, bundle);
  if (!options.report.empty()) {
    ReportOptions report;
    report.description = without_left_out(description, prepared.notes);
    report.command = options.command;
    report.data_hash = Provenance::of(table).data_hash;
    save_report(options.report, bundle, predictions, report);
  }

  if (options.json) {
    Json json = {{"model", options.out}, {"method", method.name}, {"settings", trained.settings.values()}};
    json["network"] = {{"hidden", trained.network.hidden},
                       {"weight_decay", trained.network.weight_decay},
                       {"epochs", trained.network.epochs}};
    json["column_notes"] = json_of(prepared.notes);
    json["train_rows"] = parts.train.size();
    if (bundle.decision.kind() == std::string("threshold"))
      json["threshold"] = number(bundle.decision.threshold().threshold);
    json["test"] = assessment.json();
    return print(json);
  }
  std::cout << "method:   " << method.name << settings_text(trained.settings) << '\n'
            << "network:  " << to_text(trained.network) << '\n'
            << "decision: " << detail::decision_text(bundle.decision, predictor.classes()) << tuned
            << "\n\nOn " << parts.tested_on << ":\n\n"
            << assessment.text() << report_line(options.report) << "\nThe model: " << options.out
            << "\nNext:\n  " << command_name() << " predict " << shell_word(options.out)
            << " NEW_FILE.csv --out decisions.csv\n";
}

}  // namespace tenbin::tools
