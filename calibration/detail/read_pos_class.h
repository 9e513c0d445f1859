// The positive class of two in a file.
#pragma once

#include "tenbin/serializers/state.h"

namespace tenbin::detail {

// Errors: also a number other than 0 and 1.
inline std::size_t read_pos_class(StateReader& reader) {
  const std::int64_t pos_class = read_integer(reader, "pos_class");
  if (pos_class != 0 && pos_class != 1) reader.fail("pos_class", "expected 0 or 1, got ", pos_class);
  return static_cast<std::size_t>(pos_class);
}

}  // namespace tenbin::detail
