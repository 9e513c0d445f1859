#include "tenbin/distributed/detail/mpi_transport.h"

#include <mpi.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "tenbin/core/error.h"
#ifdef TENBIN_WITH_NCCL
#include "tenbin/distributed/detail/nccl_exchange.h"
#endif

namespace tenbin::detail {

namespace {

// MPI counts bytes in an int.
constexpr std::size_t most_bytes = std::size_t{1} << 30;

int int_of(std::size_t value) { return static_cast<int>(value); }

// Errors of MPI itself end all ranks: its default.
class MpiTransport : public Transport {
 public:
  MpiTransport() {
    int is_started = 0;
    MPI_Initialized(&is_started);
    if (is_started == 0) {
      int provided = 0;
      MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided);
      ends_ = true;
      if (provided < MPI_THREAD_SERIALIZED)
        throw Error("world: this MPI does not allow calls by more than one thread, one at a time");
    }
    MPI_Comm_dup(MPI_COMM_WORLD, &comm_);
    int rank = 0, size = 0;
    MPI_Comm_rank(comm_, &rank);
    MPI_Comm_size(comm_, &size);
    rank_ = static_cast<std::size_t>(rank);
    size_ = static_cast<std::size_t>(size);
  }
  ~MpiTransport() override {
#ifdef TENBIN_WITH_NCCL
    nccl_.reset();
#endif
    int is_ended = 0;
    MPI_Finalized(&is_ended);
    if (ends_ && is_ended == 0) MPI_Finalize();
  }

  std::size_t rank() const override { return rank_; }
  std::size_t size() const override { return size_; }

  void allgather(ConstBytes mine, void* all) override {
    MPI_Allgather(mine.data, int_of(mine.size), MPI_BYTE, all, int_of(mine.size), MPI_BYTE, comm_);
  }

  // The ranks send and receive all at once; MPI keeps the order of the parts of a long message.
  void exchange(const std::vector<ConstBytes>& sent, const std::vector<Bytes>& received) override {
    requests_.clear();
    for (std::size_t step = 1; step < size_; ++step) {
      const std::size_t from = (rank_ + size_ - step) % size_, to = (rank_ + step) % size_;
      auto* const place = static_cast<char*>(received[from].data);
      for_each_part(received[from].size, [&](std::size_t begin, int bytes) {
        MPI_Irecv(place + begin, bytes, MPI_BYTE, int_of(from), 0, comm_, &requests_.emplace_back());
      });
      const auto* const elements = static_cast<const char*>(sent[to].data);
      for_each_part(sent[to].size, [&](std::size_t begin, int bytes) {
        MPI_Isend(elements + begin, bytes, MPI_BYTE, int_of(to), 0, comm_, &requests_.emplace_back());
      });
    }
    const ConstBytes own = sent[rank_];
    if (own.size > 0 && own.data != received[rank_].data)
      std::memcpy(received[rank_].data, own.data, own.size);
    MPI_Waitall(int_of(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE);
  }

  void broadcast(Bytes bytes, std::size_t root) override {
    for_each_part(bytes.size, [&](std::size_t begin, int count) {
      MPI_Bcast(static_cast<char*>(bytes.data) + begin, count, MPI_BYTE, int_of(root), comm_);
    });
  }

#ifdef TENBIN_WITH_NCCL
  // Not if two ranks share a GPU, which NCCL refuses.
  bool exchange_on(Device device, const std::vector<ConstBytes>& sent,
                   const std::vector<Bytes>& received) override {
    if (!nccl_device_ || *nccl_device_ != device) {
      nccl_device_ = device;
      nccl_.reset();
      const GpuName mine = gpu_name(device);
      std::vector<GpuName> all(size_);
      allgather({&mine, sizeof mine}, all.data());
      std::sort(all.begin(), all.end());
      NcclId id{};
      const bool is_shared = std::adjacent_find(all.begin(), all.end()) != all.end();
      if (rank_ == 0 && !is_shared) id = new_nccl_id();
      broadcast({id.data(), id.size()}, 0);
      if (!is_shared) nccl_ = std::make_unique<NcclExchange>(id, rank_, size_, device);
    }
    if (nccl_ != nullptr) nccl_->exchange(sent, received);
    return nccl_ != nullptr;
  }
#endif

  [[noreturn]] void abort() override {
    MPI_Abort(comm_, 1);
    std::abort();
  }

 private:
  template <class F>
  static void for_each_part(std::size_t size, F f) {
    for (std::size_t begin = 0; begin < size; begin += most_bytes)
      f(begin, int_of(std::min(most_bytes, size - begin)));
  }

  MPI_Comm comm_ = MPI_COMM_NULL;
  std::size_t rank_ = 0, size_ = 0;
  bool ends_ = false;
  std::vector<MPI_Request> requests_;
#ifdef TENBIN_WITH_NCCL
  std::optional<Device> nccl_device_;  // for which nccl_ was made, or could not be
  std::unique_ptr<NcclExchange> nccl_;
#endif
};

}  // namespace

std::shared_ptr<Transport> make_mpi_transport() { return std::make_shared<MpiTransport>(); }

}  // namespace tenbin::detail
