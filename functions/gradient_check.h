// Checks the gradients of functions against central differences.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/core/variable.h"

namespace tenbin {

/// Options of check_gradients.
struct GradientCheckOptions {
  /// A gradient is right if it differs by at most atol + rtol |expected|. For float32, 4e-6 is added to atol
  /// and 1e-5 to rtol.
  double atol = 1e-7;
  double rtol = 1e-6;
  /// The dtype to check. Empty: float32 and float64.
  std::optional<Dtype> dtype = {};
  /// Where the differences are computed. Empty: the device of the inputs.
  std::optional<Device> reference_device = {};
};

/// A function of several variables.
using VariablesFunction = std::function<Variable(const Variables&)>;

/// Checks the gradients of `function(inputs)`, y, for every floating input and every parameter: backward,
/// from random gradients of y, against central differences of the sum of y times these gradients, in float64.
///
/// inputs: converted to float32, then to float64; integers stay. Keep the elements away from kinks, since the
/// differences take values on both sides; the step is 1e-4. The function must be able to compute in both
/// dtypes. The calling thread's random generator starts from the same state in every call of it, and
/// afterwards has the state that it had. It is called about eight times for every element.
///
/// Parameters have their values and gradients again when this returns or throws.
///
/// Errors: `check_gradients: expected the gradient 0.5 of input 1 at (2, 0), by central differences, got
/// 0.25; float32(3, 2), tolerance 1.15e-05`; those of `function` and of backward.
///
///     check_gradients([](const Variables& xs) { return my_loss(xs[0], xs[1]); }, {x, t});
///     check_gradients([&](const Variables& xs) { return model(xs[0]); }, {x}, model.namedparams());
void check_gradients(const VariablesFunction& function, const Arrays& inputs,
                     const GradientCheckOptions& options = {});

namespace detail {

using NamedVariables = std::vector<std::pair<std::string, Variable>>;

void check_gradients_with(const VariablesFunction& function, const Arrays& inputs,
                          const NamedVariables& parameters, const GradientCheckOptions& options);

}  // namespace detail

/// The same with the parameters of a model, `model.namedparams()`. Errors: also an uninitialised parameter.
template <class Parameter>
void check_gradients(const VariablesFunction& function, const Arrays& inputs,
                     const std::vector<std::pair<std::string, Parameter>>& parameters,
                     const GradientCheckOptions& options = {}) {
  detail::check_gradients_with(function, inputs, detail::NamedVariables(parameters.begin(), parameters.end()),
                               options);
}

}  // namespace tenbin
