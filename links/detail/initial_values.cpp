#include "tenbin/links/detail/initial_values.h"

namespace tenbin::detail {

thread_local bool SkipInitialValues::active_ = false;

Array initial_values(const std::string& link, const Initializer& initializer, const Initializer& otherwise,
                     const Shape& shape, Dtype dtype) {
  if (!is_floating(dtype)) throw Error(link, ": dtype must be float32 or float64, got ", dtype);
  Array values = (initializer ? initializer : otherwise)(shape, dtype);
  if (values.shape() != shape || values.dtype() != dtype)
    throw Error(link, ": the initializer made ", values, ", not ", dtype, shape);
  return values;
}

Parameter initialized_param(Link& link, const std::string& name, const Initializer& initializer,
                            const Initializer& otherwise, const Shape& shape, Dtype dtype,
                            bool requires_grad) {
  if (SkipInitialValues::is_active()) return link.param(name, LazyShape{dtype, shape}, requires_grad);
  return link.param(name, initial_values(link.kind(), initializer, otherwise, shape, dtype), requires_grad);
}

}  // namespace tenbin::detail
