// Communicator: the processes that work together, and how they exchange arrays.
#pragma once

#include <cstddef>
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
/// All ranks must make the same calls in the same order. Where they differ, or where a rank has ended its
/// program, the call is an error on every rank, and nobody waits: `Communicator: rank 0 calls broadcast, rank
/// 2 calls barrier`. Results have the same bits on every rank.
///
/// Arrays may be on a GPU: they go through the memory of the CPU, and results are on the device of the
/// argument. Threads: one at a time.
class Communicator {
 public:
  Communicator();
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
