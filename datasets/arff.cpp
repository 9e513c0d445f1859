#include "tenbin/datasets/arff.h"

#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tenbin/core/text.h"
#include "tenbin/datasets/detail/arff_line.h"
#include "tenbin/datasets/detail/class_order.h"
#include "tenbin/datasets/detail/parse_number.h"
#include "tenbin/datasets/detail/text_file.h"

namespace tenbin {

namespace {

using detail::ArffLine;
using detail::ArffWord;
using detail::LineReader;
using detail::lower_case;
using detail::TextFile;

enum class Kind : unsigned char { numeric, nominal, text };

struct Attribute {
  std::string name;
  Kind kind = Kind::numeric;
  std::vector<std::string> categories;  // of a nominal attribute
  std::unordered_map<std::string, std::int32_t> codes;
  detail::Dictionary dictionary;  // of a text attribute, and of a numeric label
  std::vector<double> numbers;
  std::vector<std::int32_t> value_codes;
};

class ArffReader {
 public:
  ArffReader(const std::string& path, const ArffOptions& options)
      : options_(options), file_(path), lines_(file_) {}

  Table read() {
    read_header();
    std::vector<std::string> names;
    for (const Attribute& attribute : attributes_) names.push_back(attribute.name);
    const std::string& label = options_.label.empty() ? output_ : options_.label;
    if (!label.empty()) label_ = detail::find_label(names, label, file_.path());
    detail::require_label_for_classes("load_arff", label, options_.positive, options_.classes);
    std::string_view text;
    while (lines_.next(text)) {
      ArffLine line(lines_, text);
      if (line.at_end()) continue;
      ++rows_;
      detail::check_dense_bytes(file_, rows_, attributes_.size(), Dtype::float64, options_.max_bytes);
      if (line.take('{'))
        read_sparse(line);
      else
        read_dense(line);
    }
    return table();
  }

 private:
  void read_header();
  void read_attribute(ArffLine& line);
  void read_outputs(ArffLine& line);
  void read_dense(ArffLine& line);
  void read_sparse(ArffLine& line);
  void append(std::size_t i, const ArffWord& word);
  Table table();

  const ArffOptions& options_;
  TextFile file_;
  LineReader lines_;
  std::vector<Attribute> attributes_;
  std::unordered_set<std::string> names_;
  std::string output_;  // the one name that KEEL's @outputs gives
  std::optional<std::size_t> label_;
  std::uint64_t rows_ = 0;
};

void ArffReader::read_header() {
  std::string_view text;
  while (lines_.next(text)) {
    ArffLine line(lines_, text);
    if (line.at_end()) continue;
    const ArffWord word = line.word();
    const std::string keyword = word.quoted ? "" : lower_case(word.text);
    if (keyword == "@relation" || keyword == "@inputs" || keyword == "@input") continue;
    if (keyword == "@attribute") {
      read_attribute(line);
    } else if (keyword == "@outputs" || keyword == "@output") {
      read_outputs(line);
    } else if (keyword == "@data") {
      if (attributes_.empty()) lines_.fail(word.place, "there are no attributes before @data");
      return;
    } else {
      lines_.fail(word.place, "expected @relation, @attribute or @data, got ", printable(word.text));
    }
  }
  throw Error(file_.path(), ": there is no @data");
}

void ArffReader::read_attribute(ArffLine& line) {
  Attribute attribute;
  const ArffWord name = line.word();
  if (!names_.insert(name.text).second)
    lines_.fail(name.place, "a second attribute is named \"", printable(name.text), '"');
  attribute.name = name.text;
  if (line.take('{')) {
    attribute.kind = Kind::nominal;
    while (!line.take('}')) {
      const ArffWord category = line.word();
      const auto code = static_cast<std::int32_t>(attribute.categories.size());
      if (!attribute.codes.emplace(category.text, code).second)
        lines_.fail(category.place, "a second category is \"", printable(category.text), '"');
      attribute.categories.push_back(category.text);
      line.separator('}');
    }
  } else {
    const ArffWord type = line.word();
    const std::string kind = lower_case(type.text.substr(0, type.text.find('[')));
    if (!type.quoted) line.skip_range(kind.size() < type.text.size());
    if (kind == "string" || kind == "date")
      attribute.kind = Kind::text;
    else if (kind != "numeric" && kind != "real" && kind != "integer")
      lines_.fail(type.place, "expected numeric, real, integer, string, date or {categories}, got ",
                  printable(type.text));
  }
  attributes_.push_back(std::move(attribute));
}

void ArffReader::read_outputs(ArffLine& line) {
  std::vector<std::string> outputs;
  while (!line.at_end()) {
    outputs.push_back(line.word().text);
    line.separator('\0');
  }
  if (outputs.size() == 1) output_ = outputs[0];
}

void ArffReader::append(std::size_t i, const ArffWord& word) {
  Attribute& attribute = attributes_[i];
  const bool null =
      word.text == "<null>" && attribute.kind != Kind::text && attribute.codes.count(word.text) == 0;
  const bool missing = !word.quoted && (word.text == "?" || null);
  if (attribute.kind == Kind::nominal) {
    const auto found = attribute.codes.find(word.text);
    if (!missing && found == attribute.codes.end())
      lines_.fail(word.place, "attribute \"", printable(attribute.name), "\" does not declare \"",
                  printable(word.text), '"');
    attribute.value_codes.push_back(missing ? -1 : found->second);
    return;
  }
  if (attribute.kind == Kind::text) {
    attribute.value_codes.push_back(missing ? -1 : attribute.dictionary.code(word.text));
    return;
  }
  const std::optional<double> number = detail::to_number(word.text);
  if (!missing && !number)
    lines_.fail(word.place, "attribute \"", printable(attribute.name), "\": expected a number, got \"",
                printable(word.text), '"');
  if (i == label_)
    attribute.value_codes.push_back(missing ? -1 : attribute.dictionary.code(word.text));
  else
    attribute.numbers.push_back(missing ? std::numeric_limits<double>::quiet_NaN() : *number);
}

void ArffReader::read_dense(ArffLine& line) {
  for (std::size_t i = 0; i < attributes_.size(); ++i) {
    if (line.at_end()) lines_.fail(line.place(), "expected ", attributes_.size(), " values, got ", i);
    append(i, line.word());
    line.separator('\0');
  }
  if (!line.at_end()) lines_.fail(line.place(), "expected ", attributes_.size(), " values, got more");
}

void ArffReader::read_sparse(ArffLine& line) {
  std::size_t next = 0;
  const auto leave_out = [&](std::size_t end) {
    for (; next < end; ++next) {
      const Attribute& attribute = attributes_[next];
      if (attribute.kind == Kind::text)
        lines_.fail(line.place(), "the sparse row leaves out the text of \"", printable(attribute.name), '"');
      if (attribute.kind == Kind::nominal && attribute.categories.empty())
        lines_.fail(line.place(), "attribute \"", printable(attribute.name), "\" has no first category");
      append(next, {attribute.kind == Kind::nominal ? attribute.categories[0] : "0", true, line.place()});
    }
  };
  while (!line.take('}')) {
    const ArffWord index = line.word();
    const std::optional<double> number = detail::to_number(index.text);
    if (!number || !(*number >= static_cast<double>(next)) ||
        !(*number < static_cast<double>(attributes_.size())) ||
        *number != static_cast<double>(static_cast<std::size_t>(*number)))
      lines_.fail(index.place, "expected an index that ascends, from 0 and below ", attributes_.size(),
                  ", got ", printable(index.text));
    leave_out(static_cast<std::size_t>(*number));
    append(next++, line.word());
    line.separator('}');
  }
  leave_out(attributes_.size());
  if (!line.at_end()) lines_.fail(line.place(), "text after the sparse row");
}

Table ArffReader::table() {
  std::vector<Column> columns;
  for (Attribute& attribute : attributes_) {
    const bool numeric = attribute.kind == Kind::numeric && columns.size() != label_;
    Column column{attribute.name,
                  numeric ? Array(attribute.numbers).astype(options_.dtype) : Array(attribute.value_codes)};
    attribute.numbers = {};
    attribute.value_codes = {};
    const bool declared = attribute.kind == Kind::nominal;
    if (!numeric)
      column.categories = declared ? std::move(attribute.categories) : attribute.dictionary.take();
    if (columns.size() == label_)
      detail::order_classes(column, options_.positive, options_.classes, file_.path(), declared);
    else if (!numeric && !declared)
      detail::sort_categories(column);
    columns.push_back(std::move(column));
  }
  return Table(std::move(columns), label_, file_.path());
}

}  // namespace

Table load_arff(const std::string& path, const ArffOptions& options) {
  if (!is_floating(options.dtype))
    throw Error("load_arff: expected float32 or float64, got ", to_string(options.dtype));
  return ArffReader(path, options).read();
}

}  // namespace tenbin
