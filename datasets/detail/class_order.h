// The class numbers of a file's labels: shared by the loaders.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenbin/datasets/table.h"

namespace tenbin::detail {

// The canonical spelling of a decimal number: "1" for "01", "+1.0" and "1e0". Exact for any number of digits.
// nullopt: not a finite decimal number.
std::optional<std::string> plain_decimal(std::string_view text);

// Whether two names mean the same class: equal texts, or spellings of one number.
std::string class_key(const std::string& name);

// Gives the classes of a label their names and numbers.
//
// Spellings of one number are one class. Numbers keep their order. Texts keep the order that the file
// declares, or are in the order of their bytes; if there are two texts, the rarer is class 1, and of equally
// frequent ones the greater. `positive` becomes class 1 of two; `classes` gives names and order, also of
// classes without rows. Errors, starting with `source`: both are given; `positive` is not one of two classes;
// `classes` does not list a class, or lists one twice.
void order_classes(Column& label, const std::string& positive, const std::vector<std::string>& classes,
                   const std::string& source, bool declared = false);

// Errors: `load_csv: `positive` and `classes` need a label`.
void require_label_for_classes(const char* function, const std::string& label, const std::string& positive,
                               const std::vector<std::string>& classes);

}  // namespace tenbin::detail
