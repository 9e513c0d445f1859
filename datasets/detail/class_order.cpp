#include "tenbin/datasets/detail/class_order.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <numeric>

#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/datasets/detail/parse_number.h"

namespace tenbin::detail {

namespace {

using Texts = std::vector<std::string>;
using Codes = std::vector<std::int32_t>;

// The value is 0.digits * 10^exponent; the digits neither start nor end with a zero; the number 0 has no
// digits.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;

  int sign() const { return digits.empty() ? 0 : negative ? -1 : 1; }
  bool operator<(const Decimal& other) const {
    if (sign() != other.sign() || sign() == 0) return sign() < other.sign();
    const Decimal& small = negative ? other : *this;
    const Decimal& large = negative ? *this : other;
    return small.exponent != large.exponent ? small.exponent < large.exponent : small.digits < large.digits;
  }
};

std::optional<Decimal> to_decimal(std::string_view text) {
  text = trimmed(text);
  Decimal number;
  number.negative = !text.empty() && text.front() == '-';
  if (number.negative || (!text.empty() && text.front() == '+')) text.remove_prefix(1);
  bool any = false, point = false;
  std::size_t i = 0;
  for (; i < text.size() && (text[i] == '.' || (text[i] >= '0' && text[i] <= '9')); ++i) {
    if (text[i] == '.') {
      if (point) return std::nullopt;
      point = true;
      continue;
    }
    any = true;
    if (!number.digits.empty() || text[i] != '0') {
      number.digits += text[i];
      if (!point) ++number.exponent;
    } else if (point) {
      --number.exponent;
    }
  }
  if (!any) return std::nullopt;
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return std::nullopt;
    text.remove_prefix(i + 1);
    const bool plus = !text.empty() && text.front() == '+';
    if (plus) text.remove_prefix(1);
    std::int32_t power = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), power);
    if (text.empty() || (plus && text.front() == '-') || error != std::errc() ||
        end != text.data() + text.size())
      return std::nullopt;
    number.exponent += power;
  }
  while (!number.digits.empty() && number.digits.back() == '0') number.digits.pop_back();
  if (number.digits.empty()) number = {};
  return number;
}

std::string spelled(const Decimal& number) {
  if (number.digits.empty()) return "0";
  constexpr std::int64_t longest = 21;
  const auto size = static_cast<std::int64_t>(number.digits.size());
  const std::int64_t point = number.exponent;  // digits before the decimal point
  std::string text = number.digits;
  if (point > 0 && point <= longest) {
    if (size <= point)
      text.append(static_cast<std::size_t>(point - size), '0');
    else
      text.insert(static_cast<std::size_t>(point), 1, '.');
  } else if (point <= 0 && point > -6) {
    text.insert(0, "0." + std::string(static_cast<std::size_t>(-point), '0'));
  } else {
    if (size > 1) text.insert(1, 1, '.');
    text += (point > 0 ? "e+" : "e") + std::to_string(point - 1);
  }
  return number.negative ? '-' + text : text;
}

// A text in lower case, without blanks at its ends.
std::string folded(const std::string& text) { return lower_case(std::string(trimmed(text))); }

std::string doubt_of(const Texts& classes) {
  std::map<std::string, const std::string*> seen;
  for (const std::string& name : classes) {
    const auto [place, is_new] = seen.emplace(folded(name), &name);
    if (!is_new) return '"' + printable(*place->second) + "\" and \"" + printable(name) + '"';
  }
  return "";
}

void rename(Column& label, const Codes& new_codes, Texts names) {
  label.values = recode(label.values, new_codes);
  label.categories = std::move(names);
}

// Spellings of one number among texts ("1" and "1.0" beside "other") are one class, named by the plain
// spelling.
void merge_spellings(Column& label) {
  std::map<std::string, std::int32_t> code_of;
  Texts names;
  Codes codes;
  for (const std::string& category : label.categories) {
    const auto [known, is_new] =
        code_of.emplace(class_key(category), static_cast<std::int32_t>(names.size()));
    if (is_new)
      names.push_back(category);
    else
      names[static_cast<std::size_t>(known->second)] = known->first;
    codes.push_back(known->second);
  }
  rename(label, codes, std::move(names));
}

// False: at least one name is not a number.
bool order_numbers(Column& label) {
  std::map<Decimal, std::int32_t> classes;
  std::vector<Decimal> numbers;
  for (const std::string& category : label.categories) {
    std::optional<Decimal> number = to_decimal(category);
    if (!number) return false;
    classes.emplace(*number, 0);
    numbers.push_back(std::move(*number));
  }
  Texts names;
  for (auto& [number, code] : classes) {
    code = static_cast<std::int32_t>(names.size());
    names.push_back(spelled(number));
  }
  Codes codes;
  for (const Decimal& number : numbers) codes.push_back(classes.at(number));
  rename(label, codes, std::move(names));
  return true;
}

void swap_classes(Column& label) { rename(label, {1, 0}, {label.categories[1], label.categories[0]}); }

void order_texts(Column& label, bool declared) {
  Texts& names = label.categories;
  if (!declared || names.size() == 2) {
    std::vector<std::size_t> order(names.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return names[a] < names[b]; });
    Codes codes(names.size());
    Texts sorted;
    for (const std::size_t old : order) {
      codes[old] = static_cast<std::int32_t>(sorted.size());
      sorted.push_back(names[old]);
    }
    rename(label, codes, std::move(sorted));
  }
  if (names.size() != 2) return;
  std::size_t counts[2] = {};
  const std::int32_t* const codes = label.values.data<std::int32_t>();
  for (std::size_t i = 0; i < label.values.size(); ++i)
    if (codes[i] >= 0) ++counts[codes[i]];
  if (counts[0] < counts[1]) swap_classes(label);
}

}  // namespace

std::optional<std::string> plain_decimal(std::string_view text) {
  const std::optional<Decimal> number = to_decimal(text);
  return number ? std::optional(spelled(*number)) : std::nullopt;
}

std::string class_key(const std::string& name) { return plain_decimal(name).value_or(name); }

void order_classes(Column& label, const std::string& positive, const Texts& classes,
                   const std::string& source, bool declared) {
  const auto fail = [&](const auto&... what) {
    throw Error(source, ": the label \"", printable(label.name), "\": ", what...);
  };
  if (!positive.empty() && !classes.empty()) fail("`positive` and `classes` are both given");
  const bool numeric = order_numbers(label);
  if (!numeric) {
    merge_spellings(label);
    order_texts(label, declared);
  }
  if (!classes.empty()) {
    std::map<std::string, std::int32_t> code_of;
    for (const std::string& name : classes)
      if (!code_of.emplace(class_key(name), static_cast<std::int32_t>(code_of.size())).second)
        fail("`classes` lists \"", printable(name), "\" twice");
    Codes codes;
    for (const std::string& name : label.categories) {
      const auto declared_code = code_of.find(class_key(name));
      if (declared_code == code_of.end())
        fail("`classes` does not list \"", printable(name), "\"; it lists ", listing(classes));
      codes.push_back(declared_code->second);
    }
    rename(label, codes, classes);
    return;
  }
  if (!positive.empty()) {
    const Texts& names = label.categories;
    if (names.size() != 2)
      fail("`positive` needs two classes, there are ", names.size(), ": ", listing(names));
    const auto is_it = [&](const std::string& name) { return class_key(name) == class_key(positive); };
    if (std::none_of(names.begin(), names.end(), is_it))
      fail("no class is named \"", printable(positive), "\"; there are ", listing(names));
    if (!is_it(names[1])) swap_classes(label);
  }
  label.doubt = numeric ? "" : doubt_of(label.categories);
}

void require_label_for_classes(const char* function, const std::string& label, const std::string& positive,
                               const Texts& classes) {
  if (label.empty() && (!positive.empty() || !classes.empty()))
    throw Error(function, ": `positive` and `classes` need a `label`");
}

}  // namespace tenbin::detail
