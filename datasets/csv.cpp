#include "tenbin/datasets/csv.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <exception>
#include <unordered_map>
#include <unordered_set>

#include "tenbin/core/text.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/datasets/detail/class_order.h"
#include "tenbin/datasets/detail/csv_fields.h"
#include "tenbin/datasets/detail/csv_records.h"

namespace tenbin {

std::vector<std::string> default_missing(const std::vector<std::string>& more) {
  std::vector<std::string> all = {"",     "?",    "#N/A",   "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN",
                                  "-NaN", "-nan", "1.#IND", "1.#QNAN",  "<NA>", "N/A",     "NA",
                                  "NULL", "NaN",  "None",   "n/a",      "nan",  "null"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

namespace {

// Huge pages cause fewer page faults while several threads fill a large array. Only whole huge pages are
// used, so that no memory is wasted.
void ask_for_huge_pages(Array& array) {
  constexpr std::uintptr_t huge_page = std::uintptr_t{1} << 21;
  auto* const memory = static_cast<char*>(array.raw_data());
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = (begin + huge_page - 1) / huge_page * huge_page;
  const std::uintptr_t last = (begin + array.nbytes()) / huge_page * huge_page;
  if (first < last) ::madvise(memory + (first - begin), last - first, MADV_HUGEPAGE);
}

using detail::CsvColumn;
using detail::CsvPiece;
using detail::CsvPieceResult;
using detail::CsvTarget;
using detail::TextFile;

void check_marks(const CsvOptions& options) {
  const auto allowed = [](char c) {
    return c > ' ' && c < 0x7F && !detail::is_letter_or_digit(c) && c != '"' && c != '+' && c != '-';
  };
  const char delimiter = options.whitespace ? ' ' : options.delimiter;
  const bool good = allowed(options.decimal) &&
                    (options.thousands == '\0' || options.thousands == ' ' || allowed(options.thousands)) &&
                    (options.comment == '\0' || allowed(options.comment));
  const char marks[] = {delimiter, options.decimal, options.thousands, options.comment};
  bool distinct = true;
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = i + 1; j < 4; ++j) {
      const bool quoted = i == 0 && j == 2;  // the thousands mark may be the delimiter, since such numbers
                                             // are quoted
      distinct = distinct && (marks[i] != marks[j] || marks[i] == '\0' || quoted);
    }
  if (!good || !distinct)
    throw Error("load_csv: `delimiter`, `decimal`, `thousands` and `comment` must be different marks, got \"",
                printable({delimiter}), "\", \"", printable({options.decimal}), "\", \"",
                options.thousands == '\0' ? "" : printable({options.thousands}), "\", \"",
                options.comment == '\0' ? "" : printable({options.comment}), '"');
}

void check_options(const CsvOptions& options) {
  detail::require_delimiter("load_csv", options.delimiter);
  check_marks(options);
  detail::require_label_for_classes("load_csv", options.label, options.positive, options.classes);
  if (options.dtype != Dtype::float32 && options.dtype != Dtype::float64)
    throw Error("load_csv: expected float32 or float64, got ", to_string(options.dtype));
}

detail::CsvFormat format_of(const CsvOptions& options) {
  const bool whitespace = options.whitespace || (options.delimiter == ' ' && options.skip_initial_space);
  return {whitespace ? ' ' : options.delimiter, options.skip_initial_space, whitespace, options.comment};
}

// A hint why no column is named `wanted`, appended to the message; empty if there is none.
std::string name_advice(const std::vector<std::string>& names, const std::string& wanted, char delimiter) {
  if (names.size() == 1)
    for (const char mark : {';', '\t', '|', ','})
      if (mark != delimiter && names[0].find(mark) != std::string::npos)
        return "; the header is one field, try `.delimiter = '" +
               (mark == '\t' ? std::string("\\t") : std::string(1, mark)) + "'`";
  for (const std::string& name : names) {
    const std::size_t blanks = std::min(name.find_first_not_of(' '), name.size());
    const std::string_view text = std::string_view(name).substr(blanks);
    if (blanks > 0 && (text == wanted || text == '"' + wanted + '"'))
      return "; `.skip_initial_space = true` drops the blanks in front of a field";
    if (detail::trimmed(name) == detail::trimmed(wanted))
      return "; \"" + printable(name) + "\" differs in blanks only";
  }
  return "";
}

// pandas' names for columns without a name, or with a name that occurs twice.
std::vector<std::string> completed(std::vector<std::string> names) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i].empty()) names[i] = "Unnamed: " + std::to_string(i);
  const std::unordered_set<std::string> given(names.begin(), names.end());
  std::unordered_set<std::string> taken;
  std::unordered_map<std::string, std::size_t> copies;
  for (std::string& name : names) {
    if (taken.insert(name).second) continue;
    std::string copy;
    do {
      copy = name + '.' + std::to_string(++copies[name]);
    } while (given.count(copy) != 0 || !taken.insert(copy).second);
    name = copy;
  }
  return names;
}

class CsvReader {
 public:
  CsvReader(const std::string& path, const CsvOptions& options)
      : options_(options), file_(path), format_(format_of(options)) {
    target_.path = path;
    target_.format = format_;
    target_.numbers = {options.decimal, options.thousands};
    target_.missing = options.missing;
    target_.dtype = options.dtype;
  }

  std::vector<std::string> names() {
    find_rows();
    name_columns();
    std::vector<std::string> names;
    for (const CsvColumn& column : target_.columns) names.push_back(column.name);
    return names;
  }

  Table read() {
    find_rows();
    name_columns();
    // Every field takes at least one byte, delimiter included: if there are fewer bytes, the records are too
    // short.
    if (rows_ > bytes_ / columns() + 1) find_short_record();
    make_arrays();
    // The types are guessed from the first rows, which is cheap. A wrong guess costs one more pass, which
    // cannot fail.
    if (!parse(std::min(first_ + 2, pieces_.size()))) make_arrays();
    while (!parse(pieces_.size())) make_arrays();
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (!columns_[c].is_categorical()) continue;
      columns_[c].categories = dictionaries_[c].take();
      columns_[c].text_line = target_.columns[c].text_line;
      columns_[c].decimal = options_.decimal;
      columns_[c].thousands = options_.thousands;
      if (c == label_)
        order_classes(columns_[c]);
      else
        detail::sort_categories(columns_[c]);
    }
    return Table(std::move(columns_), label_, file_.path());
  }

 private:
  // A batch of pieces and their bytes: piece i is at [offsets[i], offsets[i + 1]).
  struct Batch {
    std::size_t size() const { return offsets.empty() ? 0 : offsets.size() - 1; }

    std::size_t begin = 0;
    std::vector<std::size_t> offsets;
    std::string text;
  };

  std::size_t columns() const { return target_.columns.size(); }
  void find_rows();
  void name_columns();
  void find_short_record();
  void apply_types(const std::vector<std::string>& names);
  void make_arrays();
  void read_batch(std::size_t begin, std::size_t end, Batch& batch);
  bool parse(std::size_t end);
  void order_classes(Column& label) const;
  CsvPieceResult parse_one(const Batch& batch, std::size_t i) const;
  void take_over(const CsvPiece& piece, CsvPieceResult& result);

  const CsvOptions& options_;
  TextFile file_;
  const detail::CsvFormat format_;
  std::vector<CsvPiece> pieces_;
  std::size_t first_ = 0;  // index of the first piece that is not blank: it has one record
  std::size_t skipped_rows_ = 0;
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
  CsvTarget target_;
  std::vector<Column> columns_;
  std::vector<detail::Dictionary> dictionaries_;  // by column
  std::optional<std::size_t> label_;
};

// Reads up to `bytes` bytes, appends a line feed and padding.
void read_text(TextFile& file, std::size_t bytes, std::string& text) {
  text.resize(bytes);
  text.resize(file.read(text.data(), bytes));
  if (!text.empty() && text.back() != '\n') text += '\n';
  text.append(detail::text_padding, '\0');
}

void CsvReader::find_rows() {
  pieces_ = find_pieces(file_, format_);
  const auto has_rows = [](const CsvPiece& piece) { return piece.rows > 0; };
  first_ = static_cast<std::size_t>(std::find_if(pieces_.begin(), pieces_.end(), has_rows) - pieces_.begin());
  if (first_ == pieces_.size()) throw Error(file_.path(), ": there are no records");
  skipped_rows_ = options_.header ? 1 : 0;
  for (const CsvPiece& piece : pieces_) bytes_ += piece.bytes;
  rows_ = pieces_.back().first_row + pieces_.back().rows - skipped_rows_;
}

void CsvReader::name_columns() {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i <= first_; ++i) bytes += pieces_[i].bytes;
  std::string text;
  file_.rewind();
  read_text(file_, bytes, text);
  detail::FieldReader fields(file_.path(), format_, {text.data(), text.size() - detail::text_padding}, 1);
  fields.next_record();
  std::vector<std::string> names;
  do {
    if (names.size() == options_.max_columns)
      fields.fail_here("there are more than ", options_.max_columns, " columns; `max_columns` allows more");
    const std::string_view name = fields.field();
    names.push_back(options_.header ? std::string(name) : std::to_string(names.size()));
  } while (fields.next_field());
  if (names.size() == 2 && names[0] == "sep=" && names[1].empty())
    throw Error(file_.path(), ": the first record is Excel's `sep=", printable({options_.delimiter}),
                "`, not the names of columns; delete it");
  if (!options_.names.empty() && options_.names.size() != names.size())
    throw Error(file_.path(), ": ", options_.names.size(), " names are given, there are ", names.size(),
                " columns");
  if (!options_.names.empty()) names = options_.names;
  names = completed(std::move(names));
  if (!options_.label.empty())
    label_ = detail::find_label(names, options_.label, file_.path(),
                                name_advice(names, options_.label, format_.delimiter));
  target_.columns.resize(names.size());
  for (std::size_t c = 0; c < names.size(); ++c) target_.columns[c].name = names[c];
  apply_types(names);
}

void CsvReader::apply_types(const std::vector<std::string>& names) {
  for (const auto& [name, type] : options_.types) {
    const auto has_name = [&, &wanted = name](const CsvColumn& column) { return column.name == wanted; };
    const auto found = std::find_if(target_.columns.begin(), target_.columns.end(), has_name);
    if (found == target_.columns.end())
      throw Error(file_.path(), ": `types` names the column \"", printable(name), "\", which does not exist",
                  name_advice(names, name, format_.delimiter));
    found->type = type;
    found->inferred = false;
  }
  if (!label_) return;
  target_.columns[*label_].type = ColumnType::categorical;
  target_.columns[*label_].inferred = false;
}

// Reads until a record has too few or too many fields.
void CsvReader::find_short_record() {
  file_.rewind();
  std::string text;
  for (const CsvPiece& piece : pieces_) {
    read_text(file_, piece.bytes, text);
    detail::FieldReader fields(file_.path(), format_, {text.data(), text.size() - detail::text_padding},
                               piece.first_line);
    while (fields.next_record()) {
      std::size_t count = 0;
      do {
        if (++count > columns()) fields.fail_count(columns(), count);
        fields.field();
      } while (fields.next_field());
      if (count < columns()) fields.fail_count(columns(), count);
    }
  }
}

void CsvReader::make_arrays() {
  columns_.resize(columns());
  dictionaries_ = std::vector<detail::Dictionary>(columns_.size());
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    CsvColumn& column = target_.columns[c];
    const Dtype dtype = column.type == ColumnType::numeric ? options_.dtype : Dtype::int32;
    columns_[c].name = column.name;
    if (!columns_[c].values || columns_[c].values.dtype() != dtype) {
      columns_[c].values = Array::empty({rows_}, dtype);
      ask_for_huge_pages(columns_[c].values);
    }
    column.values = columns_[c].values.raw_data();
  }
}

// The next pieces before `end`, a few megabytes of them; none after the last.
void CsvReader::read_batch(std::size_t begin, std::size_t end, Batch& batch) {
  constexpr std::size_t batch_bytes = std::size_t{1} << 22;
  batch.begin = begin;
  batch.offsets.clear();
  std::size_t bytes = 0;
  for (; begin < end && (bytes == 0 || bytes + pieces_[begin].bytes <= batch_bytes); ++begin) {
    batch.offsets.push_back(bytes);
    bytes += pieces_[begin].bytes;
  }
  if (bytes == 0) return;
  read_text(file_, bytes, batch.text);
  const std::size_t size = batch.text.size() - detail::text_padding;
  if (size < bytes) throw Error(file_.path(), ": the file changed while it was read");
  batch.offsets.push_back(size);  // with the line feed that the file may lack
}

// Parses the pieces before `end`. False: columns that were taken for numeric contain text; their type is now
// categorical.
bool CsvReader::parse(std::size_t end) {
  bool types_are_right = true;
  file_.rewind();
  Batch batch, next;
  for (read_batch(0, end, batch); batch.size() > 0; std::swap(batch, next)) {
    std::vector<CsvPieceResult> results(batch.size());
    std::vector<std::exception_ptr> errors(batch.size() + 1);
    // One thread reads ahead. If there are several errors, the first in the file is thrown.
    parallel_for(batch.size() + 1, [&](std::size_t task) {
      const std::size_t i = (task + batch.size()) % (batch.size() + 1);
      try {
        if (i == batch.size())
          read_batch(batch.begin + i, end, next);
        else
          results[i] = parse_one(batch, i);
      } catch (...) {
        errors[i] = std::current_exception();
      }
    });
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (errors[i]) std::rethrow_exception(errors[i]);
      take_over(pieces_[batch.begin + i], results[i]);
      types_are_right = types_are_right && results[i].turned_text.empty();
    }
    if (errors.back()) std::rethrow_exception(errors.back());
  }
  return types_are_right;
}

CsvPieceResult CsvReader::parse_one(const Batch& batch, std::size_t i) const {
  const std::size_t piece = batch.begin + i;
  if (options_.header && piece <= first_) return {};
  const std::string_view text(batch.text.data() + batch.offsets[i], batch.offsets[i + 1] - batch.offsets[i]);
  return parse_piece(target_, pieces_[piece], skipped_rows_, text);
}

// Each piece numbers its categories in the order of appearance; here, piece after piece, they get the file's
// numbers.
void CsvReader::take_over(const CsvPiece& piece, CsvPieceResult& result) {
  for (const auto& [c, line] : result.turned_text) {
    if (target_.columns[c].type == ColumnType::categorical) continue;  // an earlier piece had text too
    target_.columns[c].type = ColumnType::categorical;
    target_.columns[c].text_line = line;
  }
  for (auto& [c, dictionary] : result.dictionaries) {
    std::vector<std::int32_t> codes;
    for (const std::string& category : dictionary.take()) codes.push_back(dictionaries_[c].code(category));
    auto* const values =
        static_cast<std::int32_t*>(target_.columns[c].values) + piece.first_row - skipped_rows_;
    for (std::size_t row = 0; row < piece.rows; ++row)
      if (values[row] >= 0) values[row] = codes[static_cast<std::size_t>(values[row])];
  }
}

void CsvReader::order_classes(Column& label) const {
  std::vector<std::string> usual(label.categories.size());
  bool numbers = !target_.numbers.is_usual();
  for (std::size_t i = 0; i < usual.size() && numbers; ++i)
    numbers = detail::to_usual_format(label.categories[i], target_.numbers, usual[i]) &&
              detail::to_number(usual[i]).has_value();
  if (numbers) {
    label.categories = std::move(usual);
    label.decimal = '.';
    label.thousands = '\0';
  }
  detail::order_classes(label, options_.positive, options_.classes, file_.path());
}

}  // namespace

Table load_csv(const std::string& path, const CsvOptions& options) {
  check_options(options);
  return CsvReader(path, options).read();
}

std::vector<std::string> csv_column_names(const std::string& path, const CsvOptions& options) {
  check_options(options);
  return CsvReader(path, options).names();
}

char guess_delimiter(const std::string& path) {
  constexpr std::size_t longest_look = std::size_t{1} << 20;
  const std::string candidates = ",;\t|";
  TextFile file(path);
  std::string text(longest_look, '\0');
  text.resize(file.read(text.data(), text.size()));
  std::array<std::size_t, 4> counts = {};
  bool quoted = false, any = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (c == '\n' && !quoted && any) break;
    any = any || (c != '\n' && c != '\r');
    const std::size_t candidate = quoted ? std::string::npos : candidates.find(c);
    if (candidate != std::string::npos) ++counts[candidate];
  }
  return candidates[static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) -
                                             counts.begin())];
}

}  // namespace tenbin
