// Lists of names and numbers in the state of an extension. Internal.
#pragma once

#include <string>
#include <vector>

#include "tenbin/serializers/npz.h"

namespace tenbin::detail {

// Text, each name ended by a NUL.
Array names_state(const std::vector<std::string>& names);
std::vector<std::string> read_names(StateReader& reader, const std::string& key);

// float64 of one axis.
std::vector<double> read_numbers(StateReader& reader, const std::string& key);

}  // namespace tenbin::detail
