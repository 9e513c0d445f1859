// The one exception type of the library.
#pragma once

#include <stdexcept>

#include "tenbin/core/text.h"

namespace tenbin {

/// Thrown by every failed check. The text is the concatenation of the parts: the function, what it expected,
/// what it got.
///
///     throw Error("relu: expected float32 or float64, got ", x);
class Error : public std::runtime_error {
 public:
  template <class... Parts>
  explicit Error(const Parts&... parts) : std::runtime_error(detail::text_of(parts...)) {}
};

}  // namespace tenbin
