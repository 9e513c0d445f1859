// The statistics of an array's elements, and the parameters that are chosen for them. Internal.
#pragma once

#include <string>
#include <vector>

#include "tenbin/links/link.h"

namespace tenbin::detail {

// Of the elements as double. NaN among them makes all but the count of zeros NaN. Percentiles are
// interpolated as numpy.percentile does; `std` divides by the number of elements.
struct ArrayStatistics {
  double mean;
  double std;
  double min;
  double max;
  double zeros;     // their number
  double sparsity;  // their share
  std::vector<double> percentiles;
};

// Precondition: the array has an element.
ArrayStatistics statistics_of(const Array& array, const std::vector<double>& percentiles);

// The trained parameters of these paths, of all if there is none. Errors: `caller: no parameter 'l9/W'; there
// are l1/W, l1/b`.
NamedParameters chosen_parameters(const char* caller, const Link& model,
                                  const std::vector<std::string>& paths);

}  // namespace tenbin::detail
