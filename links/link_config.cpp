#include "tenbin/links/link_config.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tenbin/core/error.h"
#include "tenbin/core/file.h"

namespace tenbin {

namespace {

using Json = nlohmann::ordered_json;

constexpr int most_levels = 64;

Json as_json(const LinkConfig& config);

Json as_json(const LinkConfig::Value& value) {
  return std::visit(
      [](const auto& held) -> Json {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::vector<LinkConfig>>) {
          Json all = Json::array();
          for (const LinkConfig& child : held) all.push_back(as_json(child));
          return all;
        } else {
          return held;
        }
      },
      value);
}

Json as_json(const LinkConfig& config) {
  Json json = {{"kind", config.kind()}};
  for (const auto& [name, value] : config.values()) json[name] = as_json(value);
  return json;
}

[[noreturn]] void refuse(const char* expected, const Json& got) {
  throw Error("LinkConfig: expected ", expected, ", got ",
              printable(got.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

LinkConfig as_config(const Json& json, int level);

// An empty list of integers and an empty list of links look the same: a reader accepts both for either.
LinkConfig::Value as_value(const Json& json, int level) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) {
    if (json.is_number_unsigned() && json.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
      refuse("an integer below 2^63", json);
    return json.get<std::int64_t>();
  }
  if (json.is_number_float()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  if (!json.is_array()) refuse("a number, a text, true, false or a list", json);
  if (!json.empty() && json[0].is_object()) {
    std::vector<LinkConfig> children;
    for (const Json& child : json) children.push_back(as_config(child, level + 1));
    return children;
  }
  std::vector<std::int64_t> integers;
  for (const Json& each : json) {
    const LinkConfig::Value value = each.is_number_integer() ? as_value(each, level) : LinkConfig::Value();
    if (!std::holds_alternative<std::int64_t>(value)) refuse("a list of integers or of links", json);
    integers.push_back(std::get<std::int64_t>(value));
  }
  return integers;
}

LinkConfig as_config(const Json& json, int level) {
  if (level > most_levels) throw Error("LinkConfig: links are nested more than ", most_levels, " deep");
  if (!json.is_object() || !json.contains("kind") || !json["kind"].is_string())
    refuse("an object with a \"kind\"", json);
  LinkConfig config(json["kind"].get<std::string>());
  for (const auto& [name, value] : json.items()) {
    if (name == "kind") continue;
    std::visit(
        [&, &key = name, &json_value = value](const auto& held) {
          if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::vector<std::int64_t>>) {
            for (const std::int64_t each : held)
              if (each < 0) refuse("sizes from 0 on", json_value);
            config.set(key, std::vector<std::size_t>(held.begin(), held.end()));
          } else {
            config.set(key, held);
          }
        },
        as_value(value, level));
  }
  return config;
}

}  // namespace

LinkConfig& LinkConfig::put(const std::string& name, Value value) {
  if (name.empty() || name == "kind")
    throw Error("LinkConfig: ", kind_, ": a value cannot have the name \"", name, '"');
  for (auto& [each, old] : values_)
    if (each == name) {
      old = std::move(value);
      return *this;
    }
  values_.emplace_back(name, std::move(value));
  return *this;
}

LinkConfig& LinkConfig::set(const std::string& name, double value) {
  if (!std::isfinite(value))
    throw Error("LinkConfig: ", kind_, ": \"", name, "\" must be a finite number, got ", value);
  return put(name, value);
}

LinkConfig& LinkConfig::set(const std::string& name, const std::vector<std::size_t>& value) {
  std::vector<std::int64_t> integers;
  for (const std::size_t each : value)
    integers.push_back(integer_value(name, static_cast<std::int64_t>(each),
                                     each <= std::size_t{std::numeric_limits<std::int64_t>::max()}));
  return put(name, std::move(integers));
}

std::int64_t LinkConfig::integer_value(const std::string& name, std::int64_t value, bool in_range) const {
  if (!in_range) throw Error("LinkConfig: ", kind_, ": \"", name, "\" must be below 2^63");
  return value;
}

const LinkConfig::Value* LinkConfig::find(const std::string& name) const {
  for (const auto& [each, value] : values_)
    if (each == name) return &value;
  return nullptr;
}

void LinkConfig::fail(const std::string& name, const char* expected) const {
  const Value* const value = find(name);
  throw Error("LinkConfig: ", printable(kind_), ": \"", name, "\": expected ", expected, ", got ",
              value == nullptr ? std::string("nothing") : printable(as_json(*value).dump()));
}

template <class T>
const T& LinkConfig::get(const std::string& name, const char* expected) const {
  const Value* const value = find(name);
  if (value == nullptr || !std::holds_alternative<T>(*value)) fail(name, expected);
  return std::get<T>(*value);
}

bool LinkConfig::flag(const std::string& name) const { return get<bool>(name, "true or false"); }

std::int64_t LinkConfig::integer(const std::string& name) const {
  return get<std::int64_t>(name, "an integer");
}

std::size_t LinkConfig::size(const std::string& name) const {
  constexpr const char* expected = "an integer from 0 on";
  const std::int64_t value = get<std::int64_t>(name, expected);
  if (value < 0) fail(name, expected);
  return static_cast<std::size_t>(value);
}

std::vector<std::size_t> LinkConfig::sizes(const std::string& name) const {
  const auto& integers = get<std::vector<std::int64_t>>(name, "a list of sizes");
  return {integers.begin(), integers.end()};
}

double LinkConfig::number(const std::string& name) const {
  const Value* const value = find(name);
  if (value != nullptr && std::holds_alternative<std::int64_t>(*value))
    return static_cast<double>(std::get<std::int64_t>(*value));
  return get<double>(name, "a number");
}

const std::string& LinkConfig::text(const std::string& name) const {
  return get<std::string>(name, "a text");
}

Dtype LinkConfig::dtype(const std::string& name) const {
  constexpr const char* expected = "\"float32\" or \"float64\"";
  const std::string& text = get<std::string>(name, expected);
  for (const Dtype dtype : {Dtype::float32, Dtype::float64})
    if (text == to_string(dtype)) return dtype;
  fail(name, expected);
}

const std::vector<LinkConfig>& LinkConfig::children(const std::string& name) const {
  static const std::vector<LinkConfig> none;
  const Value* const value = find(name);
  if (value != nullptr && std::holds_alternative<std::vector<std::int64_t>>(*value) &&
      std::get<std::vector<std::int64_t>>(*value).empty())
    return none;
  return get<std::vector<LinkConfig>>(name, "a list of links and functions");
}

std::string LinkConfig::to_json() const {
  try {
    return as_json(*this).dump(2);
  } catch (const Json::exception& error) {  // a text that is not UTF-8
    throw Error("LinkConfig: ", printable(kind_), ": cannot be written as JSON: ", error.what());
  }
}

LinkConfig LinkConfig::from_json(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) throw Error("LinkConfig: expected JSON, got ", printable(text));
  return as_config(json, 1);
}

bool operator==(const LinkConfig& a, const LinkConfig& b) {
  return a.kind() == b.kind() && a.values() == b.values();
}

}  // namespace tenbin
