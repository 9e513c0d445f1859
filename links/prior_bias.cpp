#include "tenbin/links/prior_bias.h"

#include <cmath>

namespace tenbin {

void set_prior_bias(const Linear& output, const std::vector<std::size_t>& counts) {
  constexpr const char* function = "set_prior_bias";
  if (!output.b) throw Error(function, ": expected a Linear with a bias, got one with nobias");
  const std::size_t n_output = output.b.size();
  const bool sigmoid = n_output == 1 && counts.size() == 2;
  if (!sigmoid && n_output != counts.size())
    throw Error(function, ": expected one output per class, or one for two classes, got b ", output.b.data(),
                " for ", counts.size(), " classes");
  std::vector<double> values;
  double total = 0;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0) throw Error(function, ": class ", c, " has no samples");
    values.push_back(std::log(static_cast<double>(counts[c])));
    total += static_cast<double>(counts[c]);
  }
  if (sigmoid) {
    values = {values[1] - values[0]};
  } else {
    for (double& value : values) value -= std::log(total);
  }
  Array b = output.b.data();
  b.assign(Array(values).astype(b.dtype()).to(b.device()));
}

}  // namespace tenbin
