#include "tenbin/distributed/detail/nccl_exchange.h"

#include <nccl.h>
#include <unistd.h>

#include <cstring>

#include "tenbin/core/error.h"
#include "tenbin/cuda/check.cuh"
#include "tenbin/cuda/context.cuh"

namespace tenbin::detail {

namespace {

void require(ncclResult_t result, const char* call) {
  if (result != ncclSuccess) throw Error("NCCL: ", call, ": ", ncclGetErrorString(result));
}

}  // namespace

NcclId new_nccl_id() {
  ncclUniqueId id;
  require(ncclGetUniqueId(&id), "ncclGetUniqueId");
  static_assert(sizeof id == sizeof(NcclId));
  NcclId copied;
  std::memcpy(copied.data(), &id, sizeof id);
  return copied;
}

GpuName gpu_name(Device device) {
  GpuName name{};
  char bus[32] = {};
  TENBIN_CUDA_CHECK(cudaDeviceGetPCIBusId(bus, sizeof bus, device.index));
  if (gethostname(name.data(), name.size() - sizeof bus - 1) != 0)
    throw Error("NCCL: this host has no name of up to ", name.size() - sizeof bus - 2, " characters");
  const std::size_t length = std::strlen(name.data());
  std::memcpy(name.data() + length, bus, sizeof bus);
  return name;
}

struct NcclExchange::State {
  gpu::Context& context;
  std::size_t rank;
  ncclComm_t comm = nullptr;
};

NcclExchange::NcclExchange(const NcclId& id, std::size_t rank, std::size_t ranks, Device device)
    : state_(new State{gpu::Context::of(device.index), rank}) {
  ncclUniqueId of_nccl;
  std::memcpy(&of_nccl, id.data(), sizeof of_nccl);
  require(ncclCommInitRank(&state_->comm, static_cast<int>(ranks), of_nccl, static_cast<int>(rank)),
          "ncclCommInitRank");
}

NcclExchange::~NcclExchange() { ncclCommDestroy(state_->comm); }

Device NcclExchange::device() const { return Device::cuda(state_->context.device()); }

void NcclExchange::exchange(const std::vector<ConstBytes>& sent, const std::vector<Bytes>& received) {
  gpu::Context& context = gpu::Context::of(state_->context.device());
  const cudaStream_t stream = context.stream();
  require(ncclGroupStart(), "ncclGroupStart");
  for (std::size_t r = 0; r < sent.size(); ++r) {
    const int peer = static_cast<int>(r);
    if (r == state_->rank) {
      if (sent[r].size > 0 && sent[r].data != received[r].data)
        TENBIN_CUDA_CHECK(
            cudaMemcpyAsync(received[r].data, sent[r].data, sent[r].size, cudaMemcpyDeviceToDevice, stream));
      continue;
    }
    if (sent[r].size > 0)
      require(ncclSend(sent[r].data, sent[r].size, ncclChar, peer, state_->comm, stream), "ncclSend");
    if (received[r].size > 0)
      require(ncclRecv(received[r].data, received[r].size, ncclChar, peer, state_->comm, stream), "ncclRecv");
  }
  require(ncclGroupEnd(), "ncclGroupEnd");
}

}  // namespace tenbin::detail
