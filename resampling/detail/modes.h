// The categories of new rows in SMOTE-NC and SMOTE-N: the most frequent ones among the neighbours of a base.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "tenbin/core/random.h"

namespace tenbin::detail {

class Modes {
 public:
  // The next categorical column of the base row: its values at the neighbours.
  void add(std::size_t base, const std::vector<double>& values) {
    std::map<double, std::size_t> times;
    for (const double value : values) ++times[value];
    std::size_t most = 0;
    for (const auto& [value, count] : times) most = std::max(most, count);
    std::vector<double>& tied = of_base_[base].emplace_back();
    for (const auto& [value, count] : times)
      if (count == most) tied.push_back(value);
  }

  // The values of the columns in the new row with this index, made from the base. Ties are drawn: a rule such
  // as "the smallest" would favour some categories by the way they are numbered.
  std::vector<double> draw(std::size_t base, std::size_t index, std::uint64_t seed) const {
    constexpr std::uint64_t stream = 0x6d6f6465;
    random::Generator generator = random::substream(seed, stream, index);
    std::vector<double> values;
    for (const std::vector<double>& tied : of_base_.at(base))
      values.push_back(tied.size() == 1 ? tied[0] : tied[generator.integer(tied.size())]);
    return values;
  }

 private:
  std::map<std::size_t, std::vector<std::vector<double>>> of_base_;
};

}  // namespace tenbin::detail
