#include "tenbin/examples/common/statistics.h"

#include "tenbin/datasets/statistics.h"

namespace tenbin::examples {

double mean(const std::vector<double>& values) { return detail::mean(values); }

double standard_deviation(const std::vector<double>& values) {
  return values.size() < 2 ? 0 : detail::standard_deviation(values, 1);
}

}  // namespace tenbin::examples
