// Finds the data sets that scripts/data.sh downloads.
#pragma once

#include <string>

namespace tenbin::examples {

/// `directory/name`. Errors: there is no such file; the message names the command that downloads it,
/// `scripts/data.sh set`.
///
///     load_csv(data_file("data", "shuttle-train.csv", "shuttle"), {.label = "Class"});
std::string data_file(const std::string& directory, const std::string& name, const std::string& set);

}  // namespace tenbin::examples
