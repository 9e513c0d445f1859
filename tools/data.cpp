#include "tenbin/tools/data.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/datasets/arff.h"
#include "tenbin/datasets/detail/parse_number.h"
#include "tenbin/preprocessing/detail/date.h"

namespace tenbin::tools {

namespace {

constexpr std::size_t most_numeric_classes = 100;

char one_character(const std::string& text, const char* option) {
  if (text == "\\t" || text == "tab") return '\t';
  if (text.size() != 1)
    throw UsageError(std::string(option) + ": expected one character, got \"" + text + '"');
  return text[0];
}

bool are_numbers(const std::vector<std::string>& texts) {
  return std::all_of(texts.begin(), texts.end(),
                     [](const std::string& text) { return detail::to_number(text).has_value(); });
}

std::string quoted(const std::string& text) { return '"' + printable(text) + '"'; }

DatePart date_part(const std::string& name) {
  std::vector<std::string> names;
  for (int i = 0; i < detail::date_parts; ++i) {
    const auto part = static_cast<DatePart>(i);
    names.emplace_back(detail::name_of(part));
    if (names.back() == name) return part;
  }
  throw UsageError("--dates: there is no part \"" + name + "\"; there are " + detail::joined(names));
}

// The first of these formats that all texts of the column have; empty: none.
std::string date_format_of(const Column& column) {
  for (const char* const day : {"%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d"})
    for (const char* const time : {"", " %H:%M", " %H:%M:%S"}) {
      const std::string format = std::string(day) + time;
      const auto has_format = [&](const std::string& text) {
        return detail::parse_date(text, format).has_value();
      };
      if (!column.categories.empty() &&
          std::all_of(column.categories.begin(), column.categories.end(), has_format))
        return format;
    }
  return "";
}

// The options by which a column that was left out becomes features.
std::string how_to_use(const Column& column) {
  const std::string format = date_format_of(column), name = printable(column.name);
  if (format.empty()) return "--keep " + name;
  return "dates: --dates " + name + "=year,month,weekday --date-format " + shell_word(format);
}

Unknown unknown_of(const std::string& text) { return text == "missing" ? Unknown::missing : Unknown::error; }

}  // namespace

bool has_column(const Table& table, const std::string& name) {
  return std::any_of(table.columns().begin(), table.columns().end(),
                     [&](const Column& column) { return column.name == name; });
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool is_arff(const std::string& path) { return ends_with(path, ".arff") || ends_with(path, ".arff.gz"); }

CsvOptions csv_options(const std::string& path, const DataOptions& options) {
  CsvOptions csv;
  csv.label = options.label;
  csv.positive = options.positive;
  csv.delimiter =
      options.delimiter.empty() ? guess_delimiter(path) : one_character(options.delimiter, "--delimiter");
  csv.decimal = one_character(options.decimal, "--decimal");
  csv.header = !options.no_header;
  csv.missing = default_missing(options.missing);
  return csv;
}

Table load_table(const std::string& path, const DataOptions& options) {
  Table table = is_arff(path) ? load_arff(path, {.label = options.label, .positive = options.positive})
                              : load_csv(path, csv_options(path, options));
  if (table.size() == 0) throw Error(path, ": there are no rows, only the names of columns");
  return table;
}

std::string label_problem(const Table& table, bool many_classes) {
  const std::vector<std::string>& classes = table.classes();
  const std::string label = table.source() + ": the label " + quoted(table.label().name);
  if (classes.empty()) return label + " has no values";
  if (classes.size() == 1)
    return label + " has one class, " + quoted(classes[0]) + ", in all rows: expected two or more";
  if (classes.size() <= most_numeric_classes || !are_numbers(classes) || many_classes) return "";
  return detail::text_of(
      label, " has ", classes.size(), " different numbers in ", table.size(),
      " rows: if it is a quantity, predicting it is a regression, which is not supported; if "
      "the numbers are classes, --many-classes says so; --label chooses another column");
}

Table load_labelled(const std::string& path, const DataOptions& options) {
  DataOptions with_label = options;
  if (options.label.empty()) with_label.label = "-1";
  Table table = load_table(path, with_label);
  if (options.label.empty())
    std::cerr << "The label is " << quoted(table.label().name)
              << ", the last column; --label chooses another.\n";
  const std::string problem = label_problem(table, options.many_classes);
  if (!problem.empty()) throw Error(problem);
  return table;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end = 0; end != std::string::npos; begin = end + 1) {
    end = text.find(',', begin);
    parts.push_back(text.substr(begin, end == std::string::npos ? end : end - begin));
  }
  return parts;
}

std::vector<std::string> column_names(const std::vector<std::string>& values, const Table& table) {
  std::vector<std::string> names;
  for (const std::string& value : values) {
    const std::vector<std::string> parts = has_column(table, value) ? std::vector{value} : split(value);
    for (const std::string& name : parts) names.push_back(table[name].name);
  }
  return names;
}

AutoPipeline prepare(const Table& table, const TableDescription& description, const ColumnOptions& options) {
  AutoPipelineOptions automatic;
  automatic.drop = column_names(options.drop, table);
  automatic.keep = column_names(options.keep, table);
  automatic.date_format = options.date_format;
  for (const std::string& value : options.dates) {
    const std::size_t equals = has_column(table, value) ? std::string::npos : value.rfind('=');
    std::vector<DatePart>& parts = automatic.dates[value.substr(0, equals)];
    if (equals == std::string::npos) continue;
    for (const std::string& name : split(value.substr(equals + 1))) parts.push_back(date_part(name));
  }
  AutoPipeline made = auto_pipeline(table, description, automatic);
  for (const ColumnNote& note : made.notes) {
    switch (note.kind) {
      case ColumnNote::Kind::left_out:
        std::cerr << "left out: " << note.text << " (" << how_to_use(table[note.column]) << ")\n";
        break;
      case ColumnNote::Kind::dates:
        std::cerr << "dates: " << note.text << " (--dates " << printable(note.column)
                  << "=year,month,day,weekday,hour,...)\n";
        break;
      case ColumnNote::Kind::doubt:
        std::cerr << "warning: " << note.text << " (--drop " << printable(note.column) << ")\n";
        break;
    }
  }
  return made;
}

TableDescription without_left_out(TableDescription description, const std::vector<ColumnNote>& notes) {
  std::vector<TableWarning>& warnings = description.warnings;
  for (const ColumnNote& note : notes) {
    if (note.kind != ColumnNote::Kind::left_out) continue;
    const auto is_about_it = [&](const TableWarning& warning) { return warning.column == note.column; };
    warnings.erase(std::remove_if(warnings.begin(), warnings.end(), is_about_it), warnings.end());
  }
  return description;
}

std::string command_name() {
  const char* const name = std::getenv("TENBIN_COMMAND");
  return name == nullptr || *name == '\0' ? "tenbin" : shell_word(name);
}

std::string shell_word(const std::string& text) {
  const auto is_plain = [](char c) {
    return detail::is_letter_or_digit(c) || (c != '\0' && std::strchr("_-./:=,+", c) != nullptr);
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + '\'';
}

std::string arguments(const DataOptions& data, const ColumnOptions& columns) {
  std::string text;
  const auto add = [&](const char* option, const std::string& value, const std::string& usual = "") {
    if (value != usual) text += std::string(" ") + option + ' ' + shell_word(value);
  };
  const auto add_all = [&](const char* option, const std::vector<std::string>& values) {
    for (const std::string& value : values) add(option, value);
  };
  add("--delimiter", data.delimiter);
  add("--decimal", data.decimal, ".");
  if (data.no_header) text += " --no-header";
  add_all("--missing", data.missing);
  if (data.many_classes) text += " --many-classes";
  add_all("--drop", columns.drop);
  add_all("--keep", columns.keep);
  add_all("--dates", columns.dates);
  add("--date-format", columns.date_format);
  return text;
}

TransformOptions transform_options(const ToleranceOptions& options) {
  TransformOptions transform;
  transform.missing_columns = unknown_of(options.missing_columns);
  transform.unreadable = unknown_of(options.unreadable);
  transform.invalid_dates = unknown_of(options.invalid_dates);
  return transform;
}

void print(const std::vector<TransformWarning>& warnings) {
  for (const TransformWarning& warning : warnings) std::cerr << "warning: " << warning.text << '\n';
}

void require_writable(const std::string& path) { const OutputFile file(path); }

}  // namespace tenbin::tools
