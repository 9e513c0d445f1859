// How bytes get from rank to rank: what an implementation of Communicator provides. Internal.
#pragma once

#include <cstddef>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin::detail {

// Bytes in the memory of the CPU or, for `exchange_on`, of a GPU.
struct ConstBytes {
  const void* data;
  std::size_t size;
};
struct Bytes {
  void* data;
  std::size_t size;
};

// The elements of an array on the device of the transport's call; nothing for an array without elements,
// which has no memory.
inline ConstBytes elements(const Array& array) {
  return {array.size() == 0 ? nullptr : array.raw_data(), array.nbytes()};
}
inline Bytes elements(Array& array) {
  return {array.size() == 0 ? nullptr : array.raw_data(), array.nbytes()};
}

// All ranks make the same calls in the same order, with sizes that fit; Communicator sees to that.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual std::size_t rank() const = 0;
  virtual std::size_t size() const = 0;

  // `mine` of every rank, in their order: `all` has size() times as many bytes.
  virtual void allgather(ConstBytes mine, void* all) = 0;
  // Sends `sent[r]` to rank r and receives `received[r]` from it; those of this rank are copied. Zero bytes
  // are no message.
  virtual void exchange(const std::vector<ConstBytes>& sent, const std::vector<Bytes>& received) = 0;
  virtual void broadcast(Bytes bytes, std::size_t root) = 0;
  // `exchange` of memory of a GPU. Returns false, and has done nothing, if this transport cannot do that:
  // then the bytes have to go through the memory of the CPU. The same for all ranks.
  virtual bool exchange_on(Device /*device*/, const std::vector<ConstBytes>& /*sent*/,
                           const std::vector<Bytes>& /*received*/) {
    return false;
  }
  // Ends all ranks.
  [[noreturn]] virtual void abort() = 0;
};

// The first message of a call. Small numbers travel with it: a second message would take as long again.
struct Meeting {
  static constexpr std::size_t most_values = 56;

  bool has_failed = false;  // then `values` are the bytes of an error's text
  char call[47] = {};       // what the rank does; the ranks must agree
  std::size_t size = 0;     // of what follows
  double values[most_values] = {};
};

}  // namespace tenbin::detail
