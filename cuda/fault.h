// What a kernel found wrong, kept in device memory until the CPU reads a number: a label that is no class
// must not kill the device, and looking for it must not make every step wait.
#pragma once

#include <cstdint>
#include <string>

#include "tenbin/core/shape.h"

namespace tenbin::gpu {

/// A complaint of one kernel. The CPU fills in everything but `position` and `value`, and gives it to the
/// kernel; the first kernel that has something to complain about writes it to the device's `Context::fault`.
/// Whatever reads from the device next throws it, once. Until then optimizers leave parameters as they are.
struct Fault {
  static constexpr std::size_t longest_name = 63;

  /// Throws the Error: on the CPU, at the read. Null: nothing is wrong.
  void (*raise)(const Fault&) = nullptr;
  char function[longest_name + 1] = {};  ///< its name, the first word of the error
  Shape shape;                           ///< of the array that is complained about
  std::int64_t bounds[2] = {};           ///< what would have been right, for `raise` to print
  std::int64_t position = 0;             ///< the first element in question, in row-major order
  double value = 0;                      ///< what it is
  std::int64_t label = 0;                ///< what it is, if it is an integer

  Fault() = default;
  Fault(const std::string& name, const Shape& of, void (*complain)(const Fault&))
      : raise(complain), shape(of) {
    name.copy(function, longest_name);
  }
};

/// What is said of a number that is not finite, or negative: `ldam_loss: margin must be finite and not
/// negative, got -1 at 2`.
inline Fault finite_fault(const std::string& function, const char* argument, const Shape& shape,
                          bool not_negative) {
  const auto any_sign = [](const Fault& fault) {
    throw Error(fault.function, " must be finite, got ", fault.value, " at ", fault.position);
  };
  const auto positive = [](const Fault& fault) {
    throw Error(fault.function, " must be finite and not negative, got ", fault.value, " at ",
                fault.position);
  };
  const std::string about = function + ": " + argument;
  return not_negative ? Fault(about, shape, positive) : Fault(about, shape, any_sign);
}

}  // namespace tenbin::gpu
