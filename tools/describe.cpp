// tenbin describe: what is in a file, before anything is trained.
#include "tenbin/datasets/table_description.h"

#include <iostream>

#include "tenbin/tools/data.h"
#include "tenbin/tools/json.h"

namespace tenbin::tools {

namespace {

const char* text_of(TableProblem problem) {
  switch (problem) {
    case TableProblem::identifier:
      return "identifier";
    case TableProblem::leak:
      return "leak";
    case TableProblem::constant:
      return "constant";
  }
  return "";
}

Json json_of(const ColumnDescription& column) {
  Json json = {{"name", column.name},
               {"kind", to_string(column.kind)},
               {"is_label", column.is_label},
               {"missing", column.missing},
               {"distinct", column.distinct},
               {"min", number(column.min)},
               {"median", number(column.median)},
               {"mean", number(column.mean)},
               {"max", number(column.max)}};
  Json top = Json::array();
  for (const auto& [category, count] : column.top) top.push_back({{"category", category}, {"count", count}});
  json["top"] = top;
  return json;
}

Json json_of(const TableDescription& description) {
  Json columns = Json::array(), warnings = Json::array();
  for (const ColumnDescription& column : description.column) columns.push_back(json_of(column));
  for (const TableWarning& warning : description.warnings)
    warnings.push_back(
        {{"problem", text_of(warning.problem)}, {"column", warning.column}, {"text", warning.text}});
  Json json = {{"source", description.source},   {"rows", description.rows},
               {"columns", description.columns}, {"duplicate_rows", description.duplicate_rows},
               {"classes", description.classes}, {"class_counts", description.class_counts}};
  if (description.positive) json["positive"] = description.classes[*description.positive];
  if (!description.classes.empty()) json["imbalance_ratio"] = number(description.imbalance_ratio);
  json["column_descriptions"] = columns;
  json["warnings"] = warnings;
  return json;
}

// A label that does not tell classes apart is a column like others.
Table load(const DescribeOptions& options) {
  Table table = load_table(options.file, options.data);
  const std::string problem = table.has_label() ? label_problem(table, options.data.many_classes) : "";
  if (problem.empty()) return table;
  std::cerr << "warning: " << problem << '\n';
  DataOptions without_label = options.data;
  without_label.label.clear();
  without_label.positive.clear();
  return load_table(options.file, without_label);
}

}  // namespace

void describe(const DescribeOptions& options) {
  const TableDescription description = tenbin::describe(load(options));
  if (options.json) return print(json_of(description));
  std::cout << description;
  if (options.data.label.empty())
    std::cout << "\nNo label: --label NAME shows its classes, and columns that give them away.\n";
}

}  // namespace tenbin::tools
