#include "tenbin/training/extensions/fail_on_non_number.h"

#include <cmath>

#include "tenbin/core/config.h"
#include "tenbin/core/detail/accelerator.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/training/trainer.h"

namespace tenbin {

namespace {

template <class T>
bool all_finite(const T* values, std::size_t count) {
  T sum = 0;
  // x - x is 0 for a finite number, NaN for the others. A loop without an exit is vectorised.
  for (std::size_t i = 0; i < count; ++i) sum += values[i] - values[i];
  return sum == 0;
}

bool is_finite(const Array& array) {
  if (!array || !is_floating(array.dtype())) return true;
  if (!array.device().is_cpu()) {
    const NoBackprop no_graph;
    const Variable values = array;
    return !accelerator::has_nan((values - values).data());
  }
  return visit_floating(array.dtype(),
                        [&](auto zero) { return all_finite(array.data<decltype(zero)>(), array.size()); });
}

// `[3, 0] is nan`, for the first element that is not finite.
std::string first_non_number(const Array& array) {
  const std::vector<double> values = array.to_vector<double>();
  std::size_t flat = 0;
  while (flat + 1 < values.size() && std::isfinite(values[flat])) ++flat;
  const double value = values[flat];
  return subscript(flat, array.shape()) + " is " + (std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
}

}  // namespace

void FailOnNonNumber::operator()(Trainer& trainer) {
  const Link model = trainer.optimizer().target();
  bool is_ok = true;
  model.visit([&](const Parameter& parameter) { is_ok = is_ok && is_finite(parameter.data()); });
  if (is_ok) return;
  model.visit_named([&](const std::string& path, const Parameter& parameter) {
    if (!is_finite(parameter.data()))
      throw Error("FailOnNonNumber: ", path, first_non_number(parameter.data()), " after iteration ",
                  trainer.iteration(), ", in epoch ",
                  static_cast<std::int64_t>(trainer.previous_epoch_detail()));
  });
}

}  // namespace tenbin
