// Functions as layers of a model: with arguments bound, and with names by which a saved model finds them.
#pragma once

#include <functional>
#include <type_traits>

#include "tenbin/core/variable.h"
#include "tenbin/links/link_config.h"

namespace tenbin {

/// A layer without parameters: `relu`, `with_arguments(leaky_relu, 0.1)`, a lambda.
using LayerFunction = std::function<Variable(const Variable&)>;

namespace detail {

// A function whose second argument is bound; unlike a lambda, it can be compared and saved.
template <class Argument>
struct BoundFunction {
  Variable (*function)(const Variable&, Argument);
  Argument argument;

  Variable operator()(const Variable& x) const { return function(x, argument); }
};

// The name of a function and its argument. Errors: it is a lambda, or one that is not in the list of
// `layer_function.cpp`; they start with `owner`.
LinkConfig config_of(const LayerFunction& function, const std::string& owner);

// Whether `config` is that of a function, not of a link.
bool is_function(const LinkConfig& config);

// The function of a `config_of`. Errors: there is no such function.
LayerFunction function_of(const LinkConfig& config);

}  // namespace detail

/// A function with its arguments after the first bound: a layer of a Sequential, or the activation of an MLP.
///
///     Sequential model(Linear(30, 64), with_arguments(leaky_relu, 0.1), Linear(64, 2));
template <class F, class... Args>
auto with_arguments(F function, Args... arguments) {
  return [=](const Variable& x) -> Variable { return function(x, arguments...); };
}
template <class Argument, class Value,
          class = std::enable_if_t<std::is_arithmetic_v<Argument> && std::is_arithmetic_v<Value>>>
detail::BoundFunction<Argument> with_arguments(Variable (*function)(const Variable&, Argument),
                                               Value argument) {
  return {function, static_cast<Argument>(argument)};
}

}  // namespace tenbin
