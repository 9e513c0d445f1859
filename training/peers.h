// Peers: the processes that run the same program together.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tenbin {

/// The processes that run one training or one comparison together, as far as a trainer or `compare` has to
/// know: made by `peers(comm)` of distributed/. All run the same program; what only one may do, as writing a
/// file, the first does.
class Peers {
 public:
  virtual ~Peers() = default;
  virtual std::size_t rank() const = 0;
  virtual std::size_t size() const = 0;
  /// The texts of all processes, in the order of their ranks. Returns when all have called it.
  virtual std::vector<std::string> allgather(const std::string& text) = 0;
};

}  // namespace tenbin
