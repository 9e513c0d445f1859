// Parameters with the values that an initializer gives them. Internal.
#pragma once

#include <string>

#include "tenbin/links/initializers.h"
#include "tenbin/links/link.h"

namespace tenbin::detail {

/// While one exists, links that this thread makes have uninitialised parameters of known shape: their values
/// are to be loaded. It needs neither memory nor random numbers, whatever sizes a file declares. (PyTorch:
/// `skip_init`.)
class [[nodiscard]] SkipInitialValues {
 public:
  [[nodiscard]] SkipInitialValues() : outer_(active_) { active_ = true; }
  ~SkipInitialValues() { active_ = outer_; }
  SkipInitialValues(const SkipInitialValues&) = delete;
  SkipInitialValues& operator=(const SkipInitialValues&) = delete;

  static bool is_active() { return active_; }

 private:
  static thread_local bool active_;
  bool outer_;
};

/// The values of `initializer`, or of `otherwise` if it is empty. Errors, which start with `link`: the dtype
/// is not floating; the initializer made an array of another shape or dtype.
Array initial_values(const std::string& link, const Initializer& initializer, const Initializer& otherwise,
                     const Shape& shape, Dtype dtype);

/// Registers a parameter with those values.
Parameter initialized_param(Link& link, const std::string& name, const Initializer& initializer,
                            const Initializer& otherwise, const Shape& shape, Dtype dtype,
                            bool requires_grad = true);

}  // namespace tenbin::detail
