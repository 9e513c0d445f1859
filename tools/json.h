// JSON for `--json`, in the order in which it is written.
#pragma once

#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

namespace tenbin::tools {

using Json = nlohmann::ordered_json;

/// A number; null if it is not finite.
inline Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

/// On standard output. Bytes that are not UTF-8 are replaced.
inline void print(const Json& json) {
  std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n' << std::flush;
}

}  // namespace tenbin::tools
