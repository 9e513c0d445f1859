// LinkConfig: how a link was made, so that a saved model can be built again.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tenbin/core/dtype.h"

namespace tenbin {

/// The kind of a link and the values that it was made with, by name; not its parameters. (Keras:
/// `get_config`.)
///
///     LinkConfig config("FraudNet");
///     config.set("n_in", 30).set("dropout", 0.2);
///     config.size("n_in");                               // 30
///
/// The functions that read a value have the errors: there is no value of that name; it is of another type or
/// out of range.
class LinkConfig {
 public:
  using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>,
                             std::vector<LinkConfig>>;

  explicit LinkConfig(std::string kind = {}) : kind_(std::move(kind)) {}

  const std::string& kind() const { return kind_; }
  /// In the order of the calls of `set`.
  const std::vector<std::pair<std::string, Value>>& values() const { return values_; }

  /// Adds a value, or replaces the one of that name. Errors: a number that is not finite; a size beyond
  /// int64.
  LinkConfig& set(const std::string& name, bool value) { return put(name, value); }
  LinkConfig& set(const std::string& name, double value);
  LinkConfig& set(const std::string& name, const char* value) { return put(name, std::string(value)); }
  LinkConfig& set(const std::string& name, std::string value) { return put(name, std::move(value)); }
  LinkConfig& set(const std::string& name, Dtype value) { return put(name, std::string(to_string(value))); }
  LinkConfig& set(const std::string& name, const std::vector<std::size_t>& value);
  LinkConfig& set(const std::string& name, std::vector<LinkConfig> value) {
    return put(name, std::move(value));
  }
  template <class T, class = std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>>
  LinkConfig& set(const std::string& name, T value) {
    return put(name, integer_value(name, static_cast<std::int64_t>(value),
                                   std::is_signed_v<T> || static_cast<std::int64_t>(value) >= 0));
  }

  bool has(const std::string& name) const { return find(name) != nullptr; }
  bool flag(const std::string& name) const;
  std::int64_t integer(const std::string& name) const;
  /// An integer from 0 on.
  std::size_t size(const std::string& name) const;
  std::vector<std::size_t> sizes(const std::string& name) const;
  /// An integer is a number, too.
  double number(const std::string& name) const;
  const std::string& text(const std::string& name) const;
  /// float32 or float64.
  Dtype dtype(const std::string& name) const;
  /// The links and functions inside.
  const std::vector<LinkConfig>& children(const std::string& name) const;

  /// As JSON: `{"kind": "FraudNet", "n_in": 30, "dropout": 0.2}`, and back. Errors: not such an object;
  /// nested more than 64 deep.
  std::string to_json() const;
  static LinkConfig from_json(const std::string& text);

 private:
  LinkConfig& put(const std::string& name, Value value);
  std::int64_t integer_value(const std::string& name, std::int64_t value, bool in_range) const;
  const Value* find(const std::string& name) const;
  template <class T>
  const T& get(const std::string& name, const char* expected) const;
  [[noreturn]] void fail(const std::string& name, const char* expected) const;

  std::string kind_;
  std::vector<std::pair<std::string, Value>> values_;
};

namespace detail {

template <class L, class = void>
struct HasConfig : std::false_type {};
template <class L>
struct HasConfig<L, std::void_t<decltype(std::declval<const L&>().get_config())>> : std::true_type {};

}  // namespace detail

bool operator==(const LinkConfig& a, const LinkConfig& b);
inline bool operator!=(const LinkConfig& a, const LinkConfig& b) { return !(a == b); }

}  // namespace tenbin
