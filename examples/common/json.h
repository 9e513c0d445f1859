// Writes results as JSON, for plots and comparisons.
#pragma once

#include <string>
#include <type_traits>
#include <vector>

namespace tenbin::examples {

/// A JSON value that is built and then printed. Members keep the order in which they were set.
///
///     Json run = Json::object();
///     run.set("method", "class_weight").set("accuracy", 0.8327).set("recall", matrix.recall());
///     run.save("run.json");
class Json {
 public:
  /// null
  Json() = default;
  Json(bool value) : text_(value ? "true" : "false") {}
  /// The shortest digits that read back as the same number; NaN and infinities, which JSON does not have,
  /// become null.
  template <class Number, class = std::enable_if_t<std::is_arithmetic_v<Number>>>
  Json(Number value) : text_(number(value)) {}
  /// UTF-8, with quotes, backslashes and control characters escaped.
  Json(const std::string& value) : text_(quoted(value)) {}
  Json(const char* value) : text_(quoted(value)) {}
  template <class T>
  Json(const std::vector<T>& values) : Json(array()) {
    for (const auto& value : values) push_back(Json(value));
  }

  static Json object() { return Json(Kind::object); }
  static Json array() { return Json(Kind::array); }

  /// Adds or replaces a member of an object. Errors: this is not an object.
  Json& set(const std::string& key, Json value);
  /// Appends to an array. Errors: this is not an array.
  Json& push_back(Json value);

  /// Indented by two spaces; arrays of plain values are on one line.
  std::string to_string() const;
  /// Writes it, and a line end, to a file. Errors: the file cannot be written.
  void save(const std::string& path) const;

 private:
  enum class Kind { value, array, object };
  explicit Json(Kind kind) : kind_(kind) {}

  static std::string quoted(const std::string& text);
  static std::string number(double value);
  static std::string number(float value);
  template <class Integer>
  static std::string number(Integer value) {
    return std::to_string(value);
  }
  void print(std::string& out, std::size_t indent) const;
  bool is_flat() const;

  Kind kind_ = Kind::value;
  std::string text_ = "null";  // the text of a plain value
  std::vector<std::string> keys_;
  std::vector<Json> values_;
};

}  // namespace tenbin::examples
