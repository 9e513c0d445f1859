#include "tenbin/datasets/ldam.h"

#include <algorithm>
#include <cmath>

#include "tenbin/datasets/class_counts.h"

namespace tenbin {

Array ldam_margin(const std::vector<std::size_t>& counts, double max_margin) {
  if (!(max_margin >= 0) || !std::isfinite(max_margin))
    throw Error("ldam_margin: max_margin must be finite and not negative, got ", max_margin);
  detail::require_samples("ldam_margin", counts);
  std::vector<double> margins(counts.begin(), counts.end());
  const double smallest = *std::min_element(margins.begin(), margins.end());
  for (double& margin : margins) margin = max_margin * std::pow(smallest / margin, 0.25);
  return Array(margins).astype(Dtype::float32);
}

}  // namespace tenbin
