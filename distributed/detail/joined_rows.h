// Arrays of rows, one after the other. Internal.
#pragma once

#include <vector>

#include "tenbin/core/array.h"

namespace tenbin::detail {

// The rows of all parts, of which there is at least one; they have one dtype, row shape and device.
inline Array joined_rows(const std::vector<Array>& parts) {
  Shape shape = parts[0].shape();
  shape[0] = 0;
  for (const Array& part : parts) shape[0] += part.shape()[0];
  Array all = Array::empty(shape, parts[0].dtype(), parts[0].device());
  std::size_t begin = 0;
  for (const Array& part : parts) {
    const std::size_t end = begin + part.shape()[0];
    if (part.size() > 0) all.slice(begin, end).assign(part);
    begin = end;
  }
  return all;
}

}  // namespace tenbin::detail
