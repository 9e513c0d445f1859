#include "tenbin/core/detail/shard.h"

#include <utility>
#include <vector>

namespace tenbin::detail {

namespace {

thread_local Shard* current_shard = nullptr;

}  // namespace

Shard* Shard::current() { return current_shard; }

Shard::Scope::Scope(Shard& shard) : outer_(std::exchange(current_shard, &shard)) {}
Shard::Scope::~Scope() { current_shard = outer_; }

Array mean_of_shards(const char* function, const Array& mean, double& count) {
  Shard* const shard = Shard::current();
  if (shard == nullptr) return mean;
  std::vector<double> sums = mean.to_vector<double>();
  for (double& sum : sums) sum = count == 0 ? 0 : sum * count;
  sums.push_back(count);
  shard->sum(function, sums.data(), sums.size());
  count = sums.back();
  sums.pop_back();
  for (double& sum : sums) sum = count == 0 ? 0 : sum / count;
  return Array(sums, mean.shape()).astype(mean.dtype()).to(mean.device());
}

}  // namespace tenbin::detail
