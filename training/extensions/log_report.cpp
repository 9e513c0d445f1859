#include "tenbin/training/extensions/log_report.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/serializers/state.h"
#include "tenbin/training/checkpoint.h"
#include "tenbin/training/trainer.h"

namespace tenbin {

namespace {

using Json = nlohmann::ordered_json;

// Chainer writes these two as whole numbers.
bool is_count(const std::string& key) { return key == "epoch" || key == "iteration"; }

Json as_json(const std::vector<LogRow>& rows) {
  Json log = Json::array();
  for (const LogRow& row : rows) {
    Json entry = Json::object();
    for (const auto& [key, value] : row) {
      if (is_count(key)) {
        entry[key] = static_cast<std::int64_t>(value);
      } else {
        entry[key] = value;
      }
    }
    log.push_back(std::move(entry));
  }
  return log;
}

// A field of a CSV file; in quotes if it contains a separator.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

std::string as_csv(const std::vector<LogRow>& rows) {
  std::vector<std::string> keys;
  for (const LogRow& row : rows)
    for (const auto& entry : row)
      if (std::find(keys.begin(), keys.end(), entry.first) == keys.end()) keys.push_back(entry.first);
  std::string text;
  const auto add_line = [&](auto field_of) {
    for (std::size_t i = 0; i < keys.size(); ++i) text += (i == 0 ? "" : ",") + field_of(keys[i]);
    text += '\n';
  };
  add_line(csv_field);
  for (const LogRow& row : rows)
    add_line([&](const std::string& key) {
      const std::optional<double> value = value_of(row, key);
      if (!value) return std::string();
      if (std::isnan(*value)) return std::string("nan");
      if (std::isinf(*value)) return std::string(*value > 0 ? "inf" : "-inf");
      return is_count(key) ? std::to_string(static_cast<std::int64_t>(*value)) : Json(*value).dump();
    });
  return text;
}

}  // namespace

LogReport::LogReport(LogReportOptions options) : options_(std::move(options)) {}

std::vector<std::string> LogReport::written_files() const {
  std::vector<std::string> files;
  for (const std::string& file : {options_.file, options_.csv})
    if (!file.empty()) files.push_back(file);
  return files;
}

void LogReport::initialize(Trainer& trainer) { write(trainer); }

void LogReport::observe(const Trainer& trainer) { means_.add(trainer.observation()); }

void LogReport::operator()(Trainer& trainer) {
  LogRow row = means_.values();
  row.emplace_back("epoch", static_cast<double>(trainer.epoch()));
  row.emplace_back("iteration", static_cast<double>(trainer.iteration()));
  row.emplace_back("elapsed_time", trainer.elapsed_time());
  log_.rows.push_back(std::move(row));
  means_.clear();
  write(trainer);
}

void LogReport::write(const Trainer& trainer) const {
  if (!trainer.is_first()) return;
  if (!options_.file.empty()) write_file(trainer.path_of(options_.file), as_json(log_.rows).dump(4));
  if (!options_.csv.empty()) write_file(trainer.path_of(options_.csv), as_csv(log_.rows));
}

namespace detail {

// `cells` has for every row its length, then the index of a key and the value, again and again.
NamedArrays Log::save_state() const {
  std::vector<std::string> columns;
  std::vector<double> cells;
  for (const LogRow& row : rows) {
    cells.push_back(static_cast<double>(row.size()));
    for (const auto& [key, value] : row) {
      const auto found = std::find(columns.begin(), columns.end(), key);
      cells.push_back(static_cast<double>(found - columns.begin()));
      cells.push_back(value);
      if (found == columns.end()) columns.push_back(key);
    }
  }
  return {{"columns", names_state(columns)}, {"cells", Array(cells)}};
}

std::function<void()> Log::prepare_load(StateReader& reader) {
  Log loaded;
  const std::vector<std::string> columns = read_names(reader, "columns");
  const std::vector<double> cells = read_numbers(reader, "cells");
  const auto index = [&](std::size_t i, std::size_t bound) {
    if (i >= cells.size() || !(cells[i] >= 0 && cells[i] < static_cast<double>(bound)))
      reader.fail("cells", "expected the rows of a log, got an invalid number at ", i);
    return static_cast<std::size_t>(cells[i]);
  };
  for (std::size_t i = 0; i < cells.size();) {
    LogRow& row = loaded.rows.emplace_back();
    for (std::size_t left = index(i++, cells.size()); left > 0; --left, i += 2) {
      const std::string& key = columns[index(i, columns.size())];
      if (i + 1 >= cells.size()) reader.fail("cells", "the last row is not complete");
      row.emplace_back(key, cells[i + 1]);
    }
  }
  return [this, loaded = std::move(loaded)]() mutable { *this = std::move(loaded); };
}

}  // namespace detail

void LogReport::serialize(Checkpoint& state) { state.add("means", means_).add("rows", log_); }

std::optional<double> value_of(const LogRow& row, const std::string& key) {
  for (const auto& [name, value] : row)
    if (name == key) return value;
  return std::nullopt;
}

namespace {

// Python's json writes numbers that JSON does not have: they become null. Texts stay as they are.
std::string with_null_for_nan(const std::string& text) {
  std::string result;
  bool is_in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_in_text && text[i] == '\\' && i + 1 < text.size()) {
      result.append(text, i++, 2);
      continue;
    }
    if (text[i] == '"') is_in_text = !is_in_text;
    const auto starts = [&](const char* word) {
      return text.compare(i, std::string(word).size(), word) == 0;
    };
    std::size_t length = 0;
    if (!is_in_text)
      for (const char* word : {"NaN", "Infinity", "-Infinity"})
        if (starts(word)) length = std::string(word).size();
    if (length == 0) {
      result += text[i];
    } else {
      result += "null";
      i += length - 1;
    }
  }
  return result;
}

}  // namespace

std::vector<LogRow> read_log(const std::string& path) {
  const InputFile file(path);
  std::string text(static_cast<std::size_t>(file.size()), '\0');
  file.read(0, text.data(), text.size());
  const Json log = Json::parse(with_null_for_nan(text), nullptr, false);
  if (log.is_discarded()) throw Error(path, ": expected a log in JSON, got another text");
  if (!log.is_array()) throw Error(path, ": expected a list of objects, got ", log.type_name());
  std::vector<LogRow> rows;
  for (const Json& entry : log) {
    if (!entry.is_object())
      throw Error(path, ": row ", rows.size(), ": expected an object, got ", entry.type_name());
    LogRow row;
    for (const auto& [key, value] : entry.items()) {
      if (value.is_number()) row.emplace_back(key, value.get<double>());
      if (value.is_null()) row.emplace_back(key, std::numeric_limits<double>::quiet_NaN());
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace tenbin
