#include "tenbin/distributed/detail/shard_threads.h"

#include <atomic>

#include "tenbin/core/error.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/distributed/thread_ranks.h"

using namespace tenbin;
using namespace tenbin::testing;
using detail::ShardRange;
using detail::ShardThreads;

namespace {

using Task = std::function<void(ShardThreads::Member&)>;

void run(ShardThreads& threads, const Task& task) {
  threads.run(
      task, [](std::size_t) {}, [](std::size_t) {});
}

}  // namespace

TEST_CASE("shards are shared out in order, as evenly as possible") {
  for (std::size_t shards = 1; shards <= 9; ++shards)
    for (std::size_t ranks = 1; ranks <= shards; ++ranks) {
      std::size_t next = 0;
      for (std::size_t r = 0; r < ranks; ++r) {
        const ShardRange range(shards, r, ranks);
        CHECK(range.first == next);
        CHECK((range.count() == shards / ranks || range.count() == (shards + ranks - 1) / ranks));
        next = range.last;
      }
      CHECK(next == shards);
    }
}

TEST_CASE("tasks run one at a time and exchange numbers in the order of the shards", "[threads]") {
  const auto ranks = GENERATE(as<std::size_t>(), 1, 2, 3, 5);
  on_ranks(ranks, [](const Communicator& comm) {
    ShardThreads threads(comm, 5);
    std::atomic<int> running{0};
    int unprotected = 0;  // ThreadSanitizer would see tasks at the same time
    std::vector<std::size_t> entered;
    for (int repeat = 0; repeat < 3; ++repeat) {
      entered.clear();
      threads.run(
          [&](ShardThreads::Member& member) {
            if (++running != 1) throw Error("two tasks run");
            ++unprotected;
            const auto index = static_cast<double>(member.index());
            --running;
            double values[2] = {index, 1};
            member.sum("first", values, 2);
            if (++running != 1) throw Error("two tasks run");
            if (values[0] != 10 || values[1] != 5) throw Error("another sum");
            --running;
            const std::vector<double> all = member.gather("second", &index, 1);
            if (all != std::vector<double>{0, 1, 2, 3, 4}) throw Error("another order");
            const std::vector<double> many(100, index);  // more than travels with a meeting
            const std::vector<double> all_many = member.gather("third", many.data(), many.size());
            for (std::size_t i = 0; i < all_many.size(); ++i)
              if (all_many[i] != static_cast<double>(i / 100)) throw Error("another order of many");
            if (detail::Shard::current() != &member) throw Error("another shard");
          },
          [&](std::size_t i) { entered.push_back(i); },
          [&](std::size_t i) {
            if (entered.back() != i) throw Error("left another shard");
          });
    }
    if (unprotected != 3 * static_cast<int>(threads.range().count())) throw Error("another number of tasks");
    if (entered.size() != 4 * threads.range().count()) throw Error("another number of turns");
  });
}

TEST_CASE("the first shard of a rank keeps what a process has once", "[threads]") {
  on_ranks(2, [](const Communicator& comm) {
    ShardThreads threads(comm, 5);
    int keepers = 0;
    run(threads, [&](ShardThreads::Member& member) { keepers += member.keeps_statistics() ? 1 : 0; });
    if (keepers != 1) throw Error("another number of keepers");
  });
}

TEST_CASE("tasks that ask for different numbers are an error, on one rank and between ranks", "[threads]") {
  const auto ranks = GENERATE(as<std::size_t>(), 1, 2);
  const auto shards = GENERATE(as<std::size_t>(), 2, 4);  // with 4, rank 1 sees no difference among its own
  const auto errors = errors_on_ranks(ranks, [&](const Communicator& comm) {
    ShardThreads threads(comm, shards);
    double value = 1;
    run(threads, [&](ShardThreads::Member& member) {
      if (member.index() == 0) member.sum("the loss", &value, 1);
    });
  });
  for (const std::string& error : errors)
    CHECK_THAT(error, ContainsSubstring("sum of the loss") && ContainsSubstring("the end of a step"));
  const auto counts = errors_on_ranks(ranks, [&](const Communicator& comm) {
    ShardThreads threads(comm, shards);
    double values[2] = {1, 1};
    run(threads,
        [&](ShardThreads::Member& member) { member.sum("the loss", values, member.index() == 0 ? 2 : 1); });
  });
  for (const std::string& error : counts)
    CHECK_THAT(error, ContainsSubstring("must call the same functions"));
}

TEST_CASE("an exception of a task ends the others, which wait, and the next run works", "[threads]") {
  ShardThreads threads(Communicator(), 4);
  int unwound = 0;
  struct Unwind {
    int& count;
    ~Unwind() { ++count; }
  };
  double value = 1;
  CHECK_THROWS_WITH(run(threads,
                        [&](ShardThreads::Member& member) {
                          const Unwind unwind{unwound};
                          member.sum("first", &value, 1);
                          if (member.index() == 2) throw Error("the third shard");
                          member.sum("second", &value, 1);
                        }),
                    "the third shard");
  CHECK(unwound == 4);
  int done = 0;
  run(threads, [&](ShardThreads::Member&) { ++done; });
  CHECK(done == 4);
}

TEST_CASE("a task that catches everything ends, too", "[threads]") {
  ShardThreads threads(Communicator(), 3);
  double value = 1;
  CHECK_THROWS_WITH(run(threads,
                        [&](ShardThreads::Member& member) {
                          try {
                            member.sum("first", &value, 1);
                            if (member.index() == 0) throw Error("the first shard");
                            member.sum("second", &value, 1);
                          } catch (...) {
                            if (member.index() == 0) throw;
                          }
                          if (member.index() > 0) member.sum("third", &value, 1);
                        }),
                    "the first shard");
  int done = 0;
  run(threads, [&](ShardThreads::Member&) { ++done; });
  CHECK(done == 3);
}
