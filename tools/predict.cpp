// tenbin predict: the decisions and probabilities of a saved model for the rows of a file.
#include <algorithm>
#include <iostream>

#include "tenbin/bundle/predictor.h"
#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/datasets/csv.h"
#include "tenbin/datasets/csv_writer.h"
#include "tenbin/tools/data.h"
#include "tenbin/tools/json.h"

namespace tenbin::tools {

namespace {

using Names = std::vector<std::string>;

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_output(const std::string& name) { return name == "decision" || name.rfind("probability_", 0) == 0; }

const TablePipeline& pipeline_of(const Bundle& bundle, const std::string& path) {
  if (bundle.pipeline) return *bundle.pipeline;
  throw Error(path, ": the model has no pipeline, so that it cannot read tables");
}

// Columns that the model does not read are kept as they are written in the file: 007 stays 007.
Table load(const PredictOptions& options, const TablePipeline& pipeline) {
  if (is_arff(options.file)) return load_table(options.file, options.data);
  const Names inputs = pipeline.input_columns();
  CsvOptions csv = csv_options(options.file, options.data);
  for (const std::string& name : csv_column_names(options.file, csv))
    if (!contains(inputs, name)) csv.types.emplace_back(name, ColumnType::categorical);
  return load_csv(options.file, csv);
}

// Classes are not read, and may be unknown ones.
Table without_label(const Table& table, const std::string& label) {
  return !label.empty() && has_column(table, label) ? table.without({label}) : table;
}

std::vector<Column> kept_columns(const PredictOptions& options, const Table& table,
                                 const TablePipeline& pipeline) {
  std::vector<Column> kept;
  if (options.keep_nothing) return kept;
  if (!options.keep.empty()) {
    for (const std::string& name : column_names(options.keep, table)) kept.push_back(table[name]);
    return kept;
  }
  const Names inputs = pipeline.input_columns();
  for (const Column& column : table.columns())
    if (!contains(inputs, column.name) && !is_output(column.name)) kept.push_back(column);
  return kept;
}

Json value_of(const Column& column, std::size_t row) {
  if (!column.is_categorical())
    return number(column.values.dtype() == Dtype::float32 ? column.values.data<float>()[row]
                                                          : column.values.data<double>()[row]);
  const std::int32_t code = column.values.data<std::int32_t>()[row];
  return code < 0 ? Json(nullptr) : Json(column.categories[static_cast<std::size_t>(code)]);
}

Json json_of(const Predictions& predictions, const Table& result, const PredictOptions& options) {
  Json warnings = Json::array(), rows = Json::array();
  for (const TransformWarning& warning : predictions.warnings) warnings.push_back(warning.text);
  Json json = {{"rows", predictions.size()}, {"classes", predictions.classes}, {"warnings", warnings}};
  if (!options.out.empty()) {
    json["file"] = options.out;
    return json;
  }
  for (std::size_t row = 0; row < predictions.size(); ++row) {
    Json values = Json::object();
    for (const Column& column : result.columns()) values[column.name] = value_of(column, row);
    rows.push_back(values);
  }
  json["predictions"] = rows;
  return json;
}

// "31 no, 9 yes"
std::string decided(const Predictions& predictions) {
  std::vector<std::size_t> counts(predictions.classes.size());
  for (const std::int64_t decision : predictions.decisions.astype(Dtype::int64).to_vector<std::int64_t>())
    ++counts[static_cast<std::size_t>(decision)];
  std::vector<std::string> texts;
  for (std::size_t c = 0; c < counts.size(); ++c)
    if (counts[c] > 0) texts.push_back(std::to_string(counts[c]) + ' ' + printable(predictions.classes[c]));
  return texts.empty() ? "none" : detail::joined(texts);
}

}  // namespace

void predict(const PredictOptions& options) {
  const Predictor predictor = Predictor::load(options.model);
  const TablePipeline& pipeline = pipeline_of(predictor.bundle(), options.model);
  if (!options.out.empty()) require_writable(options.out);
  const Table table = load(options, pipeline);
  const Predictions predictions =
      predictor(without_label(table, pipeline.label_name()), transform_options(options.tolerance));
  print(predictions.warnings);
  const Table result = predictions.table(kept_columns(options, table, pipeline));
  if (!options.out.empty()) write_csv(result, options.out);
  if (options.json) return print(json_of(predictions, result, options));
  if (options.out.empty()) return write_csv(result, std::cout);
  std::cout << options.out << ": " << predictions.size() << " rows, decided: " << decided(predictions)
            << '\n';
  if (has_column(table, pipeline.label_name()))
    std::cout << "Next:\n  " << command_name() << " evaluate " << shell_word(options.model) << ' '
              << shell_word(options.file) << '\n';
}

}  // namespace tenbin::tools
