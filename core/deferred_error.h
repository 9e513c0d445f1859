// An error that a kernel finds and the CPU throws: a plain record in device memory. An invalid label must not
// stop the device, and the check for it must not make the CPU wait in every step.
#pragma once

#include <cstdint>
#include <string>

#include "tenbin/core/shape.h"

namespace tenbin {

/// The error of one kernel. The CPU fills in everything but `position`, `value` and `label` and passes it to
/// the kernel; the first kernel that finds an error stores it in the device's record. The next read from the
/// device throws it, once. Until then optimizers leave parameters as they are.
///
///     DeferredError error("my_loss", t.shape(), [](const DeferredError& found) {
///       throw Error(found.function, ": t[", found.position, "] is ", found.label);
///     });
struct DeferredError {
  static constexpr std::size_t longest_name = 63;

  /// Throws the Error: on the CPU, at the read. Null: there is no error.
  void (*raise)(const DeferredError&) = nullptr;
  char function[longest_name + 1] = {};  ///< the first words of the error: the function, or also the argument
  Shape shape;                           ///< of the array that holds the invalid element
  std::int64_t bounds[2] = {};           ///< what would have been valid, for `raise` to print
  std::int64_t position = 0;             ///< of the first invalid element, in row-major order
  double value = 0;                      ///< of that element
  std::int64_t label = 0;                ///< of that element, if it is an integer

  DeferredError() = default;
  DeferredError(const std::string& name, const Shape& of, void (*throws)(const DeferredError&))
      : raise(throws), shape(of) {
    name.copy(function, longest_name);
  }
};

namespace detail {

// Which finite numbers an argument may be.
enum class Sign : unsigned char { any, not_negative };

// Throws `ldam_loss: margin must be finite and not negative, got -1 at 2`. `argument` begins with the
// function.
[[noreturn]] inline void throw_not_finite(const char* argument, Sign sign, double value,
                                          std::int64_t position) {
  throw Error(argument, " must be finite", sign == Sign::any ? "" : " and not negative", ", got ", value,
              " at ", position);
}

// The same error, for a kernel that checks `argument`, of this shape.
inline DeferredError not_finite_error(const std::string& function, const char* argument, const Shape& shape,
                                      Sign sign) {
  DeferredError error(function + ": " + argument, shape, [](const DeferredError& found) {
    throw_not_finite(found.function, static_cast<Sign>(found.bounds[0]), found.value, found.position);
  });
  error.bounds[0] = static_cast<std::int64_t>(sign);
  return error;
}

}  // namespace detail

}  // namespace tenbin
