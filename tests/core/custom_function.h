// A function whose forward and backward are written where it is used.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "tenbin/core/function.h"

namespace tenbin::testing {

class Custom : public Function {
 public:
  using Forward = std::function<Arrays(Custom&, const Arrays&)>;
  using Backward = std::function<Arrays(Custom&, const Arrays&, const Arrays&)>;

  explicit Custom(std::string name, Forward forward = {}, Backward backward = {})
      : name_(std::move(name)), forward_(std::move(forward)), backward_(std::move(backward)) {}

  std::string name() const override { return name_; }
  Arrays forward_cpu(const Arrays& xs) override { return forward_(*this, xs); }
  Arrays forward_gpu(const Arrays&) override { throw Error(name(), ": for the CPU only"); }
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override { return backward_(*this, xs, gys); }
  Arrays backward_gpu(const Arrays&, const Arrays&) override { throw Error(name(), ": for the CPU only"); }

  using Function::may_run_backward;
  using Function::needs_grad;
  using Function::new_gradient;
  using Function::retain_inputs;
  using Function::retain_outputs;
  using Function::retained_output;

 private:
  std::string name_;
  Forward forward_;
  Backward backward_;
};

/// Applies a Custom.
inline Variables call(const std::string& name, const Variables& inputs, Custom::Forward forward,
                      Custom::Backward backward) {
  const Reference<Function> function(new Custom(name, std::move(forward), std::move(backward)));
  return function->apply(inputs);
}

}  // namespace tenbin::testing
