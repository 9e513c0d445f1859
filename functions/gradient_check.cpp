#include "tenbin/functions/gradient_check.h"

#include <cmath>

#include "tenbin/core/config.h"
#include "tenbin/core/random.h"

namespace tenbin {

namespace {

using detail::NamedVariables;

Array cast(const Array& array, Dtype dtype) {
  return is_floating(array.dtype()) ? array.astype(dtype) : array;
}

// Restores the values and gradients of parameters.
class KeepParameters {
 public:
  explicit KeepParameters(const NamedVariables& parameters) {
    for (const auto& [name, parameter] : parameters)
      kept_.push_back({parameter, parameter.data(), parameter.grad().copy()});
  }
  ~KeepParameters() {
    for (Kept& each : kept_) {
      each.parameter.set_data(each.data);
      each.parameter.set_grad(each.grad);
    }
  }
  KeepParameters(const KeepParameters&) = delete;
  KeepParameters& operator=(const KeepParameters&) = delete;

 private:
  struct Kept {
    Variable parameter;
    Array data;
    Array grad;  // a copy: backward may write into the memory that the optimizer has for it
  };
  std::vector<Kept> kept_;
};

class Check {
 public:
  Check(const VariablesFunction& function, const Arrays& inputs, const NamedVariables& parameters,
        const GradientCheckOptions& options)
      : function_(function), inputs_(inputs), parameters_(parameters), options_(options) {
    for (const auto& [name, parameter] : parameters)
      if (!parameter || !parameter.data())
        throw Error("check_gradients: the parameter '", name,
                    "' is uninitialised: call the model once before");
    for (const Array& input : inputs) points_.push_back(input);
    for (const auto& [name, parameter] : parameters) points_.push_back(parameter.data());
  }

  void run(Dtype dtype) {
    const KeepParameters keep(parameters_);
    const Arrays gradients = backward(dtype);
    for (std::size_t i = 0; i < points_.size(); ++i)
      if (gradients[i]) compare(i, gradients[i], numerical_gradient(i));
  }

 private:
  Variable call(const Arrays& points) {
    generator_.restore();
    Variables xs;
    for (std::size_t i = 0; i < inputs_.size(); ++i) xs.push_back(Variable(points[i]));
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      Variable(parameters_[i].second).set_data(points[inputs_.size() + i]);
    return function_(xs);
  }

  // The gradients by backward, on the device of the inputs, empty for what is not floating. Sets what the
  // differences are taken of: the values after rounding to the dtype, and the gradient of y.
  Arrays backward(Dtype dtype) {
    generator_.restore();
    Variables xs;
    values_.clear();
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const Array point = cast(points_[i], dtype).copy();
      values_.push_back(cast(point.to(Device::cpu()), Dtype::float64).copy());
      Variable x(point);
      if (i >= inputs_.size()) {
        x = parameters_[i - inputs_.size()].second;
        x.set_data(point);
        x.cleargrad();
      }
      xs.push_back(x);
    }
    Variable y = function_(Variables(xs.begin(), xs.begin() + inputs_.size()));
    // Not ones: symmetric gradients would hide errors.
    gy_ = cast(random::Generator(20240607).uniform(y.shape(), -1, 1, Dtype::float64), y.dtype());
    y.set_grad(gy_.to(y.device()));
    y.backward();
    Arrays gradients;
    for (const Variable& x : xs) {
      Array gradient;
      if (x.requires_grad())
        gradient = x.grad() ? x.grad().to(Device::cpu()) : Array::zeros(x.shape(), dtype);
      gradients.push_back(gradient);
    }
    return gradients;
  }

  // Central differences with one Richardson step, in float64.
  std::vector<double> numerical_gradient(std::size_t which) {
    const NoBackprop off;
    const Device device = options_.reference_device.value_or(points_[0].device());
    Arrays placed;
    for (const Array& value : values_) placed.push_back(value.to(device));
    const std::vector<double> gy = gy_.to_vector<double>();
    double* const x = values_[which].data<double>();
    const auto objective = [&] {
      placed[which] = values_[which].to(device);
      const std::vector<double> y = call(placed).data().to_vector<double>();
      double sum = 0;
      for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * gy[i];
      return sum;
    };
    std::vector<double> gradient(values_[which].size());
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      const double kept = x[i];
      const auto difference = [&](double step) {
        x[i] = kept + step;
        const double above = objective();
        x[i] = kept - step;
        const double below = objective();
        x[i] = kept;
        return (above - below) / (2 * step);
      };
      const double step = 1e-4;
      gradient[i] = (4 * difference(step / 2) - difference(step)) / 3;
    }
    return gradient;
  }

  void compare(std::size_t which, const Array& actual, const std::vector<double>& expected) const {
    const bool single = actual.dtype() == Dtype::float32;
    const double atol = options_.atol + (single ? 4e-6 : 0);
    const double rtol = options_.rtol + (single ? 1e-5 : 0);
    const std::vector<double> got = actual.to_vector<double>();
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double tolerance = atol + rtol * std::abs(expected[i]);
      const bool equal = got[i] == expected[i] || (std::isnan(got[i]) && std::isnan(expected[i]));
      if (equal || std::abs(got[i] - expected[i]) <= tolerance) continue;
      const bool is_input = which < inputs_.size();
      const std::string name = is_input ? "input " + std::to_string(which)
                                        : "parameter '" + parameters_[which - inputs_.size()].first + "'";
      throw Error("check_gradients: expected the gradient ", expected[i], " of ", name, " at ",
                  unravel_index(i, actual.shape()), ", by central differences, got ", got[i], "; ", actual,
                  ", tolerance ", tolerance);
    }
  }

  const VariablesFunction& function_;
  const Arrays& inputs_;
  const NamedVariables& parameters_;
  const GradientCheckOptions& options_;
  const random::KeepDefaultGenerator generator_;
  Arrays points_;  // the inputs, then the parameters, as given
  Arrays values_;  // the same in float64, on the CPU
  Array gy_;
};

}  // namespace

void check_gradients(const VariablesFunction& function, const Arrays& inputs,
                     const GradientCheckOptions& options) {
  detail::check_gradients_with(function, inputs, {}, options);
}

void detail::check_gradients_with(const VariablesFunction& function, const Arrays& inputs,
                                  const NamedVariables& parameters, const GradientCheckOptions& options) {
  if (options.dtype && !is_floating(*options.dtype))
    throw Error("check_gradients: dtype must be float32 or float64, got ", *options.dtype);
  Check check(function, inputs, parameters, options);
  for (const Dtype dtype : {Dtype::float32, Dtype::float64})
    if (!options.dtype || dtype == *options.dtype) check.run(dtype);
}

}  // namespace tenbin
