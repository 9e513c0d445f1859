#include "tenbin/preprocessing/auto_pipeline.h"

#include <algorithm>

#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/preprocessing/detail/date.h"

namespace tenbin {

namespace {

constexpr const char* function = "auto_pipeline";

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void require_feature(const Table& table, const std::string& name) {
  const Column& column = table[name];
  if (table.has_label() && &column == &table.label())
    throw Error(function, ": \"", printable(name), "\" is the label, not a feature");
}

void check_names(const Table& table, const AutoPipelineOptions& options) {
  for (const std::string& name : options.drop) require_feature(table, name);
  for (const std::string& name : options.keep) require_feature(table, name);
  for (const auto& [name, parts] : options.dates) require_feature(table, name);
}

std::string quoted(const std::string& name) { return '"' + printable(name) + '"'; }

std::vector<DatePart> default_parts(const Column& column) {
  const auto has_time = [](const std::string& text) { return text.find(':') != std::string::npos; };
  if (std::any_of(column.categories.begin(), column.categories.end(), has_time))
    return {DatePart::hour, DatePart::weekday};
  return {DatePart::weekday};
}

// Decides on one column after the other.
class Decisions {
 public:
  Decisions(const Table& table, const TableDescription& description, const AutoPipelineOptions& options)
      : table_(table), description_(description), options_(options) {}

  AutoPipeline result() {
    for (std::size_t c = 0; c < table_.columns().size(); ++c)
      if (!description_.column[c].is_label) decide(table_.columns()[c], description_.column[c]);
    if (n_features_ == 0) fail();
    ImputeOptions mean;
    mean.strategy = ImputeStrategy::mean;
    made_.pipeline.drop(dropped_).impute(mean).one_hot().scale();
    return std::move(made_);
  }

 private:
  void decide(const Column& column, const ColumnDescription& described) {
    if (contains(options_.drop, column.name)) {
      dropped_.push_back(column.name);
      return;
    }
    const auto dates = options_.dates.find(column.name);
    if (dates != options_.dates.end())
      return take_dates(column, dates->second,
                        described.kind == ColumnKind::dates ? "" : options_.date_format);
    const bool kept = contains(options_.keep, column.name);
    if (!kept && leave_out(column, described)) return;
    if (!kept && described.kind == ColumnKind::dates) return take_dates(column, {}, "");
    note_doubts(column);
    ++n_features_;
  }

  bool leave_out(const Column& column, const ColumnDescription& described) {
    std::string reason;
    for (const TableWarning& warning : description_.warnings)
      if (warning.column == column.name && warning.problem != TableProblem::leak && reason.empty())
        reason = warning.finding;
    if (reason.empty() && described.kind == ColumnKind::constant)
      reason = quoted(column.name) + " has one value or none";
    if (reason.empty() && described.kind == ColumnKind::categorical &&
        described.distinct > options_.most_categories)
      reason = detail::text_of(quoted(column.name), " has ", described.distinct,
                               " different texts, more than ", options_.most_categories);
    if (reason.empty()) return false;
    dropped_.push_back(column.name);
    made_.notes.push_back({column.name, ColumnNote::Kind::left_out, reason});
    return true;
  }

  void take_dates(const Column& column, std::vector<DatePart> parts, const std::string& format) {
    if (parts.empty()) parts = default_parts(column);
    DatesOptions options;
    options.format = format;
    made_.pipeline.dates(column.name, parts, options);
    std::vector<std::string> names;
    names.reserve(parts.size());
    for (const DatePart part : parts) names.emplace_back(detail::name_of(part));
    made_.notes.push_back({column.name, ColumnNote::Kind::dates,
                           quoted(column.name) + " has dates, which become " + detail::joined(names)});
    ++n_features_;
  }

  void note_doubts(const Column& column) {
    for (const TableWarning& warning : description_.warnings)
      if (warning.column == column.name && warning.problem == TableProblem::leak)
        made_.notes.push_back({column.name, ColumnNote::Kind::doubt, warning.text});
  }

  [[noreturn]] void fail() const {
    std::vector<std::string> reasons;
    for (const ColumnNote& note : made_.notes)
      if (reasons.size() < 3) reasons.push_back(note.text);
    if (made_.notes.size() > reasons.size()) reasons.emplace_back("...");
    throw Error(table_.source(), ": no column is left to learn from", reasons.empty() ? "" : ": ",
                detail::joined(reasons));
  }

  const Table& table_;
  const TableDescription& description_;
  const AutoPipelineOptions& options_;
  AutoPipeline made_;
  std::vector<std::string> dropped_;
  std::size_t n_features_ = 0;
};

}  // namespace

std::vector<std::string> AutoPipeline::left_out() const {
  std::vector<std::string> texts;
  for (const ColumnNote& note : notes)
    if (note.kind == ColumnNote::Kind::left_out) texts.push_back(note.text);
  return texts;
}

AutoPipeline auto_pipeline(const Table& table, const TableDescription& description,
                           const AutoPipelineOptions& options) {
  check_names(table, options);
  if (description.column.size() != table.columns().size())
    throw Error(function, ": expected the description of a table of ", table.columns().size(),
                " columns, got one of ", description.column.size());
  return Decisions(table, description, options).result();
}

AutoPipeline auto_pipeline(const Table& table, const AutoPipelineOptions& options) {
  return auto_pipeline(table, describe(table), options);
}

}  // namespace tenbin
