// Tests a function by describing it once: every device, every floating dtype.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "tenbin/core/function.h"
#include "tenbin/core/random.h"
#include "tenbin/tests/catch.h"

namespace tenbin::testing {

/// The devices of this machine.
std::vector<Device> devices();

/// Runs `test` on every device; on the emulated GPU once for every thread order.
///
///     on_every_device([](Device device) {
///       const Array x = Array({1.f, 2.f}).to(device);
///       ...
///     });
void on_every_device(const std::function<void(Device)>& test);

/// Uniform in [low, high), float64, the same in every run and different in every call.
Array uniform(const Shape& shape, double low = -1, double high = 1);

/// All elements as double, from any device.
inline std::vector<double> values(const Array& array) { return array.to_vector<double>(); }

/// |actual - expected| <= atol + rtol |expected| for every element; NaN equals NaN.
void check_close(const std::vector<double>& actual, const std::vector<double>& expected, double atol,
                 double rtol);

/// The description of a test for check_function.
struct FunctionTest {
  /// float64 or integer, on the CPU. Keep them away from kinks, since the numerical gradient evaluates on
  /// both sides.
  Arrays inputs;
  /// The function under test. It must convert array options to the inputs' dtype and device itself.
  std::function<Variable(const Variables&)> forward;
  /// The outputs in plain double code, independent of the library's; required unless golden tests check
  /// `forward`.
  std::function<std::vector<double>(const Arrays&)> expected = {};
  /// float64 tolerances; for float32 they are widened according to its precision.
  double atol = 1e-7;
  double rtol = 1e-6;
  /// Set it for functions that are not valid for an input whose first axis has length 0.
  bool skip_empty_batch = false;
};

/// For every device and floating dtype: forward against `expected`; backward, with random output gradients,
/// against central differences in float64 on the CPU; the same bits when repeated, in every thread order;
/// inputs unchanged; nothing recorded under NoBackprop; a batch of zero rows.
void check_function(const FunctionTest& test);

}  // namespace tenbin::testing
