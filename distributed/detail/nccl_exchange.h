// Elements between the GPUs of the ranks by NCCL, without the memory of the CPU. Internal.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "tenbin/core/device.h"
#include "tenbin/distributed/detail/transport.h"

namespace tenbin::detail {

// NCCL's name of a group of ranks, which one of them draws and all must know: ncclUniqueId.
using NcclId = std::array<char, 128>;
NcclId new_nccl_id();

// The host and the bus of a GPU: the same for two ranks that share it.
using GpuName = std::array<char, 256>;
GpuName gpu_name(Device device);

// One object per rank, on the GPU that the rank computes on; no two ranks may share one. The constructor
// waits for the others. Not run yet on a real GPU.
class NcclExchange {
 public:
  NcclExchange(const NcclId& id, std::size_t rank, std::size_t ranks, Device device);
  ~NcclExchange();
  NcclExchange(const NcclExchange&) = delete;
  NcclExchange& operator=(const NcclExchange&) = delete;

  Device device() const;
  // As Transport::exchange, of memory of the device, in the order of its stream.
  void exchange(const std::vector<ConstBytes>& sent, const std::vector<Bytes>& received);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tenbin::detail
