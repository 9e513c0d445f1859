// The shards of a rank: each in a thread of its own, one at a time, until they exchange numbers. Internal.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tenbin/core/detail/shard.h"
#include "tenbin/distributed/communicator.h"

namespace tenbin::detail {

// The shards of a batch, and which of them a rank computes: [first, last), as many as the others or one more.
struct ShardRange {
  ShardRange(std::size_t total_shards, std::size_t rank, std::size_t ranks)
      : total(total_shards), first(total * rank / ranks), last(total * (rank + 1) / ranks) {}
  explicit ShardRange(std::size_t total_shards, const Communicator& comm)
      : ShardRange(total_shards, comm.rank(), comm.size()) {}

  std::size_t count() const { return last - first; }

  std::size_t total;
  std::size_t first;
  std::size_t last;
};

// Errors: `function: expected as many shards as ranks or more, got 2 shards for 3 ranks`.
void require_enough_shards(const char* function, std::size_t shards, const Communicator& comm);

// Runs a task for every shard of this rank. A task runs until it needs numbers of all shards, and goes on
// when all shards of all ranks have got there. Only one task runs at a time: they may use the same model.
class ShardThreads {
 public:
  ShardThreads(const Communicator& comm, std::size_t shards);
  ~ShardThreads();
  ShardThreads(const ShardThreads&) = delete;
  ShardThreads& operator=(const ShardThreads&) = delete;

  // The shard of a task, its own argument.
  class Member : public Shard {
   public:
    // Among all shards.
    virtual std::size_t index() const = 0;
    // The values of all shards, one after the other. All must ask for as many; `call` says what for.
    virtual std::vector<double> gather(const std::string& call, const double* values, std::size_t count) = 0;
  };

  // Calls `task(member)` for every shard of this rank. `enter(i)` and `leave(i)` are called by this thread
  // before and after shard number i of this rank runs for a while. Errors: those of the tasks, of any rank;
  // tasks that ask for different numbers.
  void run(const std::function<void(Member& member)>& task, const std::function<void(std::size_t i)>& enter,
           const std::function<void(std::size_t i)>& leave);

  const ShardRange& range() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tenbin::detail
