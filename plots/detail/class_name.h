// The names of classes in charts. Internal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tenbin/core/error.h"

namespace tenbin::detail {

// The name of a class, or `class 6`. Errors: `plot_roc_curve: class 6 has no name among the 3 of
// class_names`.
inline std::string class_name(const char* function, const std::vector<std::string>& names,
                              std::int64_t label) {
  if (names.empty()) return "class " + std::to_string(label);
  if (label < 0 || static_cast<std::size_t>(label) >= names.size())
    throw Error(function, ": class ", label, " has no name among the ", names.size(), " of class_names");
  return names[static_cast<std::size_t>(label)];
}

// Of all classes.
inline std::vector<std::string> class_labels(const char* function, const std::vector<std::string>& names,
                                             std::size_t n_class) {
  if (!names.empty() && names.size() != n_class)
    throw Error(function, ": expected the names of ", n_class, " classes, got ", names.size());
  std::vector<std::string> labels;
  for (std::size_t c = 0; c < n_class; ++c)
    labels.push_back(class_name(function, names, static_cast<std::int64_t>(c)));
  return labels;
}

}  // namespace tenbin::detail
