#include "tenbin/examples/common/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "tenbin/core/error.h"
#include "tenbin/core/file.h"

namespace tenbin::examples {

namespace {

template <class Float>
std::string shortest(Float value) {
  if (!std::isfinite(value)) return "null";
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), value);
  return std::string(digits, end);
}

}  // namespace

std::string Json::number(double value) { return shortest(value); }
std::string Json::number(float value) { return shortest(value); }

std::string Json::quoted(const std::string& text) {
  constexpr const char* hex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20) {
      out += {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
    } else {
      out += c;
    }
  }
  return out + '"';
}

Json& Json::set(const std::string& key, Json value) {
  if (kind_ != Kind::object) throw Error("Json::set: '", key, "' needs an object to be set in");
  const auto place = std::find(keys_.begin(), keys_.end(), key);
  if (place != keys_.end()) {
    values_[static_cast<std::size_t>(place - keys_.begin())] = std::move(value);
    return *this;
  }
  keys_.push_back(key);
  values_.push_back(std::move(value));
  return *this;
}

Json& Json::push_back(Json value) {
  if (kind_ != Kind::array) throw Error("Json::push_back: not an array");
  values_.push_back(std::move(value));
  return *this;
}

bool Json::is_flat() const {
  const auto is_value = [](const Json& json) { return json.kind_ == Kind::value; };
  return values_.empty() || (kind_ == Kind::array && std::all_of(values_.begin(), values_.end(), is_value));
}

void Json::print(std::string& out, std::size_t indent) const {
  if (kind_ == Kind::value) {
    out += text_;
    return;
  }
  const bool flat = is_flat();
  const std::string line = "\n" + std::string(indent, ' ');
  out += kind_ == Kind::object ? '{' : '[';
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (i > 0) out += flat ? ", " : ",";
    if (!flat) out += line + "  ";
    if (kind_ == Kind::object) out += quoted(keys_[i]) + ": ";
    values_[i].print(out, indent + 2);
  }
  if (!flat) out += line;
  out += kind_ == Kind::object ? '}' : ']';
}

std::string Json::to_string() const {
  std::string out;
  print(out, 0);
  return out;
}

void Json::save(const std::string& path) const { write_file(path, to_string() + '\n'); }

}  // namespace tenbin::examples
