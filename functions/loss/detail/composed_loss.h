// For losses computed from another loss: the name in errors, and checks of targets and per-class options.
// Internal.
#pragma once

#include <string>
#include <utility>

#include "tenbin/core/detail/labels.h"
#include "tenbin/functions/loss/detail/weighted_sums.h"

namespace tenbin::detail {

// A loss under the name of the function that the user called, for its errors.
template <class Loss>
class Named : public Loss {
 public:
  template <class Options>
  Named(const char* name, Options&& options) : Loss(std::forward<Options>(options)), name_(name) {}
  std::string name() const override { return name_; }

 private:
  const char* name_;
};

// Errors: `sigmoid_cross_entropy: t must be int32, int64 or uint8, got float32(4); did you mean
// t.astype(Dtype::int32)?`, or another hint.
template <class Caller>
void require_targets(const Caller& caller, const Array& t,
                     const char* hint = "; did you mean t.astype(Dtype::int32)?") {
  if (is_integer(t.dtype())) return;
  const std::string name = name_of(caller);
  require_labels(name.c_str(), "t", t, hint);
}

// The same for a label per position of x, (N, C, ...). The hint differs if t has x's shape: soft targets.
template <class Caller>
void require_targets(const Caller& caller, const Array& x, const Array& t) {
  if (is_floating(t.dtype()) && t.shape() == x.shape())
    return require_targets(caller, t, "; soft targets are not supported");
  require_targets(caller, t);
}

// One finite number per class of x, (N, C, ...).
template <class Caller>
void require_per_class(const Caller& caller, const char* argument, const Array& values, Sign sign,
                       const Array& x) {
  require_floats(caller, argument, values, Shape{x.shape()[1]}, x);
  require_finite(caller, argument, values, sign, x);
}

}  // namespace tenbin::detail
