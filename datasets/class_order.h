// Which class of a file gets which number: what the loaders share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenbin/datasets/table.h"

namespace tenbin::detail {

// One spelling for all that have the value of a decimal number: "1" for "01", "+1.0" and "1e0". Exact,
// however many digits there are. nullopt: not a finite decimal number.
std::optional<std::string> plain_decimal(std::string_view text);

// Equal for the names of one class: equal texts, or spellings of one number.
std::string class_key(const std::string& name);

// Names and numbers the classes of a label.
//
// Spellings of one number are one class. Numbers keep their order. Texts keep the order that the file
// declares, or are in the order of their bytes; of two texts, the rarer is class 1, of equally frequent ones
// the greater. `positive` becomes class 1 of two; `classes` gives names and order, also of classes without
// rows. Errors, starting with `source`: both are given; `positive` is not one of two classes; a class that
// `classes` does not list; one that it lists twice.
void order_classes(Column& label, const std::string& positive, const std::vector<std::string>& classes,
                   const std::string& source, bool declared = false);

// Errors: `load_csv: `positive` and `classes` need a label`.
void require_label_for_classes(const char* function, const std::string& label, const std::string& positive,
                               const std::vector<std::string>& classes);

}  // namespace tenbin::detail
