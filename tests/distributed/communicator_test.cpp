#include "tenbin/distributed/communicator.h"

#include "tenbin/tests/catch.h"
#include "tenbin/tests/distributed/thread_ranks.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

Array numbers(std::size_t rank) {
  std::vector<double> values;
  for (std::size_t i = 0; i < rank + 2; ++i) values.push_back(static_cast<double>(10 * rank + i));
  return Array(values);
}

bool all_are(const std::vector<std::string>& errors, const std::string& text) {
  return std::all_of(errors.begin(), errors.end(), [&](const std::string& error) { return error == text; });
}

}  // namespace

TEST_CASE("one rank sends to itself") {
  const Communicator comm;
  CHECK(comm.rank() == 0);
  CHECK(comm.size() == 1);
  CHECK(comm.is_first());
  CHECK(comm.broadcast(Array{1.f, 2.f}).to_string() == "[1, 2]");
  CHECK(comm.broadcast(std::string("text")) == "text");
  CHECK(comm.allreduce(Array{1, 2}).to_string() == "[1, 2]");
  CHECK(comm.allgather(Array{1.f})[0].to_string() == "[1]");
  CHECK(comm.allgather(std::string("a")) == std::vector<std::string>{"a"});
  CHECK(comm.gather(Array{1.f}).size() == 1);
  CHECK(comm.scatter({{Array{1.f}, Array{2}}})[1].to_string() == "[2]");
  comm.barrier();
}

TEST_CASE("ranks exchange arrays of any shape and dtype", "[threads]") {
  const auto ranks = GENERATE(as<std::size_t>(), 2, 3, 5);
  on_ranks(ranks, [&](const Communicator& comm) {
    const std::size_t rank = comm.rank(), last = ranks - 1;
    const auto require = [&](bool condition) {
      if (!condition) throw Error("wrong result");
    };
    require(comm.broadcast(rank == last ? Array{{1, 2}, {3, 4}} : Array(), last).to_string() ==
            Array({{1, 2}, {3, 4}}).to_string());
    require(comm.broadcast(rank == 0 ? "some text" : "") == "some text");
    require(comm.broadcast(Array::empty({0, 3}, Dtype::float64)).shape() == Shape{0, 3});

    const std::vector<Array> all = comm.allgather(numbers(rank));
    for (std::size_t r = 0; r < ranks; ++r) require(all[r].to_string() == numbers(r).to_string());
    require(comm.allgather(std::string(rank, 'x'))[last] == std::string(last, 'x'));
    const std::vector<Array> gathered = comm.gather(numbers(rank), last);
    require(gathered.size() == (rank == last ? ranks : 0));
    if (rank == last) require(gathered[1].to_string() == numbers(1).to_string());

    const Array sum = comm.allreduce(Array({rank, 2 * rank, std::size_t{1}}, Dtype::int64));
    const std::size_t total = ranks * (ranks - 1) / 2;
    require(sum.to_string() == Array({total, 2 * total, ranks}, Dtype::int64).to_string());

    std::vector<Arrays> lists;
    for (std::size_t r = 0; rank == 0 && r < ranks; ++r) {
      lists.emplace_back();
      for (std::size_t i = 0; i < r; ++i) lists[r].push_back(numbers(i));
    }
    const Arrays mine = comm.scatter(lists);
    require(mine.size() == rank);
    if (rank > 0) require(mine[rank - 1].to_string() == numbers(rank - 1).to_string());
  });
}

TEST_CASE("a sum over ranks is added in their order", "[threads]") {
  // In float32 1e8 + 1 - 1e8 is 0, and 1e8 - 1e8 + 1 is 1.
  on_ranks(3, [](const Communicator& comm) {
    const float terms[] = {1e8f, 1.f, -1e8f};
    if (comm.allreduce(Array{terms[comm.rank()]}).item() != 0) throw Error("another order");
  });
}

TEST_CASE("ranks that call different functions get an error, and none waits", "[threads]") {
  const auto errors = errors_on_ranks(3, [](const Communicator& comm) {
    if (comm.rank() == 2) {
      comm.barrier();
    } else {
      comm.broadcast(Array{1.f});
    }
  });
  CHECK(all_are(errors,
                "Communicator: rank 0 calls broadcast from 0, rank 2 calls barrier: all ranks must make "
                "the same calls"));
}

TEST_CASE("a rank that fails tells the others why", "[threads]") {
  const auto errors = errors_on_ranks(3, [](const Communicator& comm) {
    if (comm.rank() == 1) {
      comm.tell_failure("no such file");
      throw Error("no such file");
    }
    comm.barrier();
  });
  CHECK(errors == std::vector<std::string>{"rank 1: no such file", "no such file", "rank 1: no such file"});
}

TEST_CASE("work that fails on one rank is an error of the next call of the others", "[threads]") {
  const auto errors = errors_on_ranks(3, [](const Communicator& comm) {
    const int value = comm.together([&] {
      if (comm.rank() == 2) throw Error("train.csv: cannot open");
      return 5;
    });
    comm.allreduce(Array{value});
  });
  CHECK(errors == std::vector<std::string>{"rank 2: train.csv: cannot open", "rank 2: train.csv: cannot open",
                                           "train.csv: cannot open"});
  // As arguments that are not valid on one rank.
  const auto empty = errors_on_ranks(
      2, [](const Communicator& comm) { comm.allgather(comm.is_first() ? Array() : Array{1.f}); });
  CHECK(empty[1] == "rank 0: Communicator: allgather: the array is empty");
}

TEST_CASE("arguments that do not fit are errors") {
  const Communicator comm;
  CHECK_THROWS_WITH(comm.broadcast(Array()), "Communicator: broadcast: the array is empty");
  CHECK_THROWS_WITH(comm.broadcast(Array{1.f}, 1),
                    "Communicator: broadcast: root is 1, expected a rank below 1");
  CHECK_THROWS_WITH(comm.allreduce(Array()), "Communicator: allreduce: the array is empty");
  CHECK_THROWS_WITH(comm.gather(Array{1.f}, 7), "Communicator: gather: root is 7, expected a rank below 1");
  CHECK_THROWS_WITH(comm.scatter({}), "Communicator: scatter: expected a list for each of 1 ranks, got 0");
  const auto errors = errors_on_ranks(
      2, [](const Communicator& comm) { comm.allreduce(Array::zeros({1 + comm.rank()}, Dtype::float32)); });
  CHECK(all_are(errors,
                "Communicator: allreduce: the arrays of ranks 0 and 1 differ: float32(1) and float32(2)"));
}
