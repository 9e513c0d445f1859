// The shards of a batch: parts that are computed one by one, where some results need numbers of all of them.
// Internal.
#pragma once

#include <cstddef>

#include "tenbin/core/array.h"

namespace tenbin::detail {

// The shard that a thread computes, of a batch that is cut by DataParallel. What a loss divides by and the
// statistics of batch normalization are sums over all shards, so that the result is that of the whole batch.
class Shard {
 public:
  virtual ~Shard() = default;

  // That of the calling thread; null where batches are not cut.
  static Shard* current();

  // Replaces `values` by their sums over all shards, added in the order of the shards. All shards must call
  // it in the same order with as many values. `function` names the caller for errors.
  virtual void sum(const char* function, double* values, std::size_t count) = 0;
  // Whether this shard changes what a process has once: running statistics.
  virtual bool keeps_statistics() const = 0;

  // While one exists, `shard` is that of the calling thread.
  class Scope {
   public:
    explicit Scope(Shard& shard);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Shard* outer_;
  };
};

// The mean of `count` rows, in shards: that of all shards, from the mean of each. `mean`: floating, on any
// device. `count` becomes the number of rows of all shards. A shard without rows may have any mean.
Array mean_of_shards(const char* function, const Array& mean, double& count);

}  // namespace tenbin::detail
