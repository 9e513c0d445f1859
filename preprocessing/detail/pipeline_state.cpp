// The state of a TablePipeline in a file. Nothing that is read is trusted.
#include <cmath>
#include <limits>
#include <set>

#include "tenbin/preprocessing/detail/date.h"
#include "tenbin/preprocessing/detail/fitted_pipeline.h"
#include "tenbin/preprocessing/detail/quantile_map.h"
#include "tenbin/serializers/state.h"

namespace tenbin::detail {

namespace {

constexpr std::int64_t format_version = 1;
enum : std::int64_t { number_kind, category_kind, date_kind };  // the alternatives of FittedColumn::map

// Writes under a prefix.
class Writer {
 public:
  Writer(NamedArrays& arrays, std::string prefix) : arrays_(arrays), prefix_(std::move(prefix)) {}

  void add(const std::string& key, Array value) { arrays_.emplace_back(prefix_ + key, std::move(value)); }
  Writer inside(const std::string& name) const { return {arrays_, prefix_ + name + '/'}; }

 private:
  NamedArrays& arrays_;
  std::string prefix_;
};

void save(const NumberMap& map, Writer writer) {
  writer.add("name", text_state(map.name));
  writer.add("fill", number_state(map.fill.value_or(std::numeric_limits<double>::quiet_NaN())));
  writer.add("indicator", integer_state(map.indicator ? 1 : 0));
  writer.add("log1p", integer_state(map.log1p ? 1 : 0));
  writer.add("center", number_state(map.center));
  writer.add("scale", number_state(map.scale));
  writer.add("quantiles", Array(map.quantiles));
  writer.add("normal", integer_state(map.normal ? 1 : 0));
}

void save(const CategoryMap& map, Writer writer) {
  writer.add("categories", names_state(map.fitted.categories));
  writer.add("decimal", integer_state(map.fitted.decimal));
  writer.add("thousands", integer_state(map.fitted.thousands));
  writer.add("feature_of", Array(map.feature_of));
  writer.add("missing_at", integer_state(map.missing_at));
  writer.add("infrequent_at", integer_state(map.infrequent_at));
  writer.add("one_hot", integer_state(map.one_hot ? 1 : 0));
  writer.add("unknown", integer_state(static_cast<std::int64_t>(map.unknown)));
}

void save(const DateMap& map, Writer writer) {
  writer.add("format", text_state(map.format));
  std::vector<std::int64_t> parts;
  for (const DatePart part : map.parts) parts.push_back(static_cast<std::int64_t>(part));
  writer.add("parts", Array(parts));
  for (std::size_t i = 0; i < parts.size(); ++i) save(map.numbers[i], writer.inside(name_of(map.parts[i])));
}

std::int64_t read_between(StateReader& reader, const std::string& key, std::int64_t low, std::int64_t high) {
  const std::int64_t value = read_integer(reader, key);
  if (value < low || value > high) reader.fail(key, "expected ", low, " to ", high, ", got ", value);
  return value;
}

bool read_flag(StateReader& reader, const std::string& key) { return read_between(reader, key, 0, 1) == 1; }

NumberMap read_number_map(StateReader& reader, const std::string& name) {
  NumberMap map;
  map.name = name;
  if (read_text(reader, "name") != name) reader.fail("name", "expected ", name);
  const double fill = read_number(reader, "fill");
  map.log1p = read_flag(reader, "log1p");
  map.indicator = read_flag(reader, "indicator");
  if (!std::isnan(fill)) map.fill = fill;
  if (map.fill && !map.accepts(fill)) reader.fail("fill", "expected a number that can be scaled, got ", fill);
  if (map.indicator && !map.fill) reader.fail("indicator", "there is nothing to fill with");
  map.center = read_number(reader, "center");
  map.scale = read_number(reader, "scale");
  if (!std::isfinite(map.center)) reader.fail("center", "expected a finite number, got ", map.center);
  if (!std::isfinite(map.scale) || map.scale <= 0) reader.fail("scale", "expected > 0, got ", map.scale);
  map.quantiles = read_numbers(reader, "quantiles");
  for (std::size_t i = 0; i < map.quantiles.size(); ++i)
    if (!std::isfinite(map.quantiles[i]) || (i > 0 && map.quantiles[i] < map.quantiles[i - 1]))
      reader.fail("quantiles", "expected finite numbers in ascending order");
  map.normal = read_flag(reader, "normal");
  return map;
}

// Whether the features are numbered as `fit` does it.
bool are_in_order(const CategoryMap& map) {
  std::int32_t next = 0;
  bool is_used = false;  // the infrequent one
  for (const std::int32_t at : map.feature_of) {
    if (at == next && at != map.infrequent_at) {
      ++next;
    } else if (at < 0 || at != map.infrequent_at) {
      return false;
    } else {
      is_used = true;
    }
  }
  if (map.missing_at >= 0) {
    if (map.missing_at == map.infrequent_at)
      is_used = true;
    else if (map.missing_at != next++)
      return false;
  }
  return map.infrequent_at < 0 ? next > 0 : is_used && map.infrequent_at == next;
}

CategoryMap read_category_map(StateReader& reader, const std::string& name) {
  CategoryMap map;
  map.fitted = {name, Array::empty({0}, Dtype::int32), read_names(reader, "categories")};
  const auto& categories = map.fitted.categories;
  if (std::set<std::string>(categories.begin(), categories.end()).size() != categories.size())
    reader.fail("categories", "a category occurs twice");
  map.fitted.decimal = static_cast<char>(read_between(reader, "decimal", -128, 127));
  map.fitted.thousands = static_cast<char>(read_between(reader, "thousands", -128, 127));
  const Array feature_of = read_array(reader, "feature_of");
  reader.require_like("feature_of", Array::empty({categories.size()}, Dtype::int32), feature_of);
  map.feature_of = feature_of.to_vector<std::int32_t>();
  const auto most = static_cast<std::int64_t>(categories.size()) + 1;
  map.missing_at = static_cast<std::int32_t>(read_between(reader, "missing_at", -1, most));
  map.infrequent_at = static_cast<std::int32_t>(read_between(reader, "infrequent_at", -1, most));
  if (!are_in_order(map)) reader.fail("feature_of", "the features are not in the order of the categories");
  map.one_hot = read_flag(reader, "one_hot");
  map.unknown = static_cast<UnknownCategory>(read_between(reader, "unknown", 0, 2));
  return map;
}

DateMap read_date_map(StateReader& reader, const std::string& name) {
  DateMap map;
  map.format = read_text(reader, "format");
  try {
    require_date_format(map.format);
  } catch (const Error& error) {
    reader.fail("format", error.what());
  }
  const Array parts = read_array(reader, "parts");
  if (parts.dtype() != Dtype::int64 || parts.ndim() != 1 || parts.size() == 0)
    reader.fail("parts", "expected int64 of one axis, got ", parts);
  std::set<std::int64_t> seen;
  for (const std::int64_t part : parts.to_vector<std::int64_t>()) {
    if (part < 0 || part >= date_parts || !seen.insert(part).second)
      reader.fail("parts", "expected different numbers from 0 to ", date_parts - 1, ", got ", part);
    map.parts.push_back(static_cast<DatePart>(part));
    const StateReader::Inside inside(reader, name_of(map.parts.back()));
    map.numbers.push_back(read_number_map(reader, name + '_' + name_of(map.parts.back())));
  }
  return map;
}

FittedColumn read_column(StateReader& reader, const std::string& name) {
  switch (read_between(reader, "kind", number_kind, date_kind)) {
    case number_kind:
      return {name, read_number_map(reader, name)};
    case category_kind:
      return {name, read_category_map(reader, name)};
    default:
      return {name, read_date_map(reader, name)};
  }
}

}  // namespace

NamedArrays save(const FittedPipeline& fitted) {
  NamedArrays arrays;
  Writer writer(arrays, "");
  writer.add("format", integer_state(format_version));
  writer.add("source", text_state(fitted.source));
  std::vector<std::string> label, columns;
  if (fitted.label) label.push_back(fitted.label->name);
  for (const FittedColumn& column : fitted.columns) columns.push_back(column.name);
  writer.add("label", names_state(label));
  writer.add("classes", names_state(fitted.label ? fitted.label->categories : std::vector<std::string>{}));
  writer.add("columns", names_state(columns));
  writer.add("ignored", names_state(fitted.ignored));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    Writer inside = writer.inside("column/" + std::to_string(i));
    inside.add("kind", integer_state(static_cast<std::int64_t>(fitted.columns[i].map.index())));
    std::visit([&](const auto& map) { save(map, inside); }, fitted.columns[i].map);
  }
  return arrays;
}

FittedPipeline read_pipeline(StateReader& reader) {
  if (const std::int64_t version = read_integer(reader, "format"); version != format_version)
    reader.fail("format", "expected version ", format_version, " of a TablePipeline, got ", version);
  FittedPipeline fitted;
  fitted.source = read_text(reader, "source");
  const std::vector<std::string> label = read_names(reader, "label"), classes = read_names(reader, "classes");
  const std::vector<std::string> columns = read_names(reader, "columns");
  fitted.ignored = read_names(reader, "ignored");
  if (label.size() > 1 || (label.empty() && !classes.empty()))
    reader.fail("label", "expected one name for the classes, got ", label.size());
  if (std::set<std::string>(classes.begin(), classes.end()).size() != classes.size())
    reader.fail("classes", "a class occurs twice");
  if (!label.empty()) fitted.label = Column{label[0], Array::empty({0}, Dtype::int32), classes};
  std::set<std::string> names(label.begin(), label.end());
  for (const std::vector<std::string>* const list : {&columns, &std::as_const(fitted.ignored)})
    for (const std::string& name : *list)
      if (!names.insert(name).second) reader.fail("columns", "\"", printable(name), "\" occurs twice");
  if (columns.empty()) reader.fail("columns", "there are none");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const StateReader::Inside inside(reader, "column/" + std::to_string(i));
    fitted.columns.push_back(read_column(reader, columns[i]));
  }
  fitted.name_features();
  return fitted;
}

}  // namespace tenbin::detail
