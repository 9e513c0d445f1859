// Whether the parts of a bundle fit together. Internal.
#pragma once

#include "tenbin/bundle/bundle.h"

namespace tenbin::detail {

// The bundle with its classes named. Errors, which start with `owner`: parts that do not fit together; the
// network gets one row of zeros to see what it returns.
Bundle checked_bundle(const char* owner, const Bundle& bundle);

}  // namespace tenbin::detail
