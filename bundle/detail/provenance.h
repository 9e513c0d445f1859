// How a model was made, as text. Internal.
#pragma once

#include <string>

#include "tenbin/bundle/bundle.h"

namespace tenbin::detail {

// What the manifest of a bundle has as "made". Errors of JSON: a text that is not UTF-8.
std::string provenance_json(const Provenance& made);

}  // namespace tenbin::detail
