// Communicator: the processes that work together, and how they exchange arrays.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

namespace detail {
class Transport;
struct Meeting;
}  // namespace detail

/// The processes of a program that was started several times at once, its ranks, 0 to size() - 1. (ChainerMN:
/// `create_communicator`.)
///
///     Communicator comm = world();                         // of mpirun; otherwise one rank (world.h)
///     const Array counts = comm.allreduce(my_counts);      // the sum over all ranks
///
/// A default-constructed Communicator has one rank, so that a program is the same on a laptop. Copies are the
/// same communicator.
///
/// All ranks must make the same calls in the same order. Where they differ, the call is an error on every
/// rank, and nobody waits: `Communicator: rank 0 calls broadcast, rank 2 calls barrier`. So it is where the
/// arguments of one rank are not valid. What else may fail on one rank alone belongs into `together`, or into
/// a program that `run` (world.h) runs, which ends all ranks then. Results have the same bits on every rank.
///
/// Arrays may be on a GPU: they go through the memory of the CPU, and results are on the device of the
/// argument, those of `scatter` on the CPU. Threads: one at a time.
class Communicator {
 public:
  Communicator();
  Communicator(const Communicator&) = default;  // moving copies: no communicator is empty
  Communicator& operator=(const Communicator&) = default;
  /// For implementations (detail/transport.h).
  explicit Communicator(std::shared_ptr<detail::Transport> transport);

  std::size_t rank() const;
  std::size_t size() const;
  /// Whether this is rank 0, which reads and writes what exists once.
  bool is_first() const { return rank() == 0; }

  /// The array of rank `root`, on all ranks; those of the others are not used, and may be empty. Errors: an
  /// empty array at the root; a root that is not a rank.
  Array broadcast(const Array& array, std::size_t root = 0) const;
  std::string broadcast(const std::string& text, std::size_t root = 0) const;
  /// The sum of the arrays of all ranks, added in the order of the ranks. Errors: empty arrays; shapes or
  /// dtypes that differ.
  Array allreduce(const Array& array) const;
  /// The arrays of all ranks, in their order; shapes and dtypes may differ. Errors: empty arrays.
  std::vector<Array> allgather(const Array& array) const;
  std::vector<std::string> allgather(const std::string& text) const;
  /// The same at rank `root`; nothing at the others.
  std::vector<Array> gather(const Array& array, std::size_t root = 0) const;
  /// What rank `root` has for this rank, of one list of arrays per rank; the lists of the others are not
  /// used. Errors: another number of lists at the root; empty arrays.
  Arrays scatter(const std::vector<Arrays>& lists, std::size_t root = 0) const;
  /// Returns when all ranks have called it.
  void barrier() const;

  /// Calls `work`, which may throw on this rank alone, as when it reads a file: the next call of the other
  /// ranks is then an error with its message. `work` must make no calls itself.
  ///
  ///     comm.together([&] { if (comm.is_first()) train = load_csv("train.csv").dataset(); });
  template <class Work>
  auto together(const Work& work) const {
    try {
      return work();
    } catch (const std::exception& error) {
      tell_failure(error.what());
      throw;
    }
  }

  /// Ends all ranks at once: prints `rank 2: message` and exits with 1.
  [[noreturn]] void abort(const std::string& message) const;

  /// Instead of a call that the other ranks make: theirs is then an error with this message. For a rank that
  /// throws, before it does.
  void tell_failure(const std::string& message) const;

  /// For this room: the first message of every call, by which the ranks agree on what they do. Returns those
  /// of all ranks. Errors: the calls differ; a rank has told of a failure.
  std::vector<detail::Meeting> meet(const detail::Meeting& mine) const;
  detail::Transport& transport() const { return *transport_; }

 private:
  std::shared_ptr<detail::Transport> transport_;
};

}  // namespace tenbin
