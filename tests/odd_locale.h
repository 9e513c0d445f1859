// A C++ locale that groups every digit and has a decimal comma. It is the global locale in every test.
#pragma once

#include <locale>
#include <string>

namespace tenbin::testing {

// 1234.5 is `1'2'3'4,5`, so that even numbers of two digits show that a locale was used.
class OddNumbers : public std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '\''; }
  std::string do_grouping() const override { return "\1"; }
  std::string do_truename() const override { return "ja"; }
  std::string do_falsename() const override { return "nein"; }
};

inline std::locale odd_locale() { return {std::locale::classic(), new OddNumbers}; }

}  // namespace tenbin::testing
