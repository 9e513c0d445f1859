#include "tenbin/cuda/context.cuh"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "tenbin/cuda/check.cuh"

namespace tenbin::gpu {

namespace {

constexpr int most_devices = 64;
std::array<std::atomic<Context*>, most_devices> contexts{};
std::mutex creating;

// A handle for the stream, with a workspace of its own: otherwise cuBLAS would allocate one during a capture,
// and its bits would depend on what else runs.
cublasHandle_t create_cublas(cudaStream_t stream, void** workspace) {
  constexpr std::size_t workspace_bytes = std::size_t{32} << 20;  // what cuBLAS asks for on Hopper
  cublasHandle_t handle = nullptr;
  TENBIN_CUDA_CHECK(cublasCreate(&handle));
  TENBIN_CUDA_CHECK(cublasSetStream(handle, stream));
  TENBIN_CUDA_CHECK(cudaMalloc(workspace, workspace_bytes));
  TENBIN_CUDA_CHECK(cublasSetWorkspace(handle, *workspace, workspace_bytes));
  return handle;
}

}  // namespace

int Context::device_count() {
  static const int count = [] {
    int devices = 0;  // stays 0 without a driver
    const bool answered = cudaGetDeviceCount(&devices) == cudaSuccess;
    cudaGetLastError();
    return answered ? devices : 0;
  }();
  return count;
}

Context* Context::existing(int device) noexcept {
  if (device < 0 || device >= most_devices) return nullptr;
  return contexts[static_cast<std::size_t>(device)].load(std::memory_order_acquire);
}

Context& Context::of(int device) {
  if (Context* const context = existing(device)) {
    const std::thread::id recorder = context->recorder.load(std::memory_order_relaxed);
    if (recorder != std::thread::id() && recorder != std::this_thread::get_id())
      throw Error("cuda:", device, ": another thread is capturing a step there");
    TENBIN_CUDA_CHECK(cudaSetDevice(device));
    return *context;
  }
  if (device < 0 || device >= std::min(device_count(), most_devices))
    throw Error("cuda:", device, " is not available: there are ", device_count(), " CUDA devices");
  const std::lock_guard<std::mutex> lock(creating);
  TENBIN_CUDA_CHECK(cudaSetDevice(device));
  auto& slot = contexts[static_cast<std::size_t>(device)];
  if (slot.load() == nullptr) slot.store(new Context(device), std::memory_order_release);
  return *slot.load();
}

Context::Context(int device) : device_(device) {
  // A stream that does not wait for others implicitly. The legacy default stream cannot be captured.
  TENBIN_CUDA_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  cublas_ = create_cublas(stream_, &workspace_);
  int processors = 0;
  TENBIN_CUDA_CHECK(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device));
  constexpr unsigned blocks_per_processor = 8;  // of 256 threads, at 32 registers each
  resident_blocks_ = static_cast<unsigned>(processors) * blocks_per_processor;

  void* memory = nullptr;
  TENBIN_CUDA_CHECK(cudaMalloc(&memory, sizeof(DeferredError)));
  deferred_error_ = static_cast<DeferredError*>(memory);
  TENBIN_CUDA_CHECK(cudaMemsetAsync(deferred_error_, 0, sizeof(DeferredError), stream_));
  TENBIN_CUDA_CHECK(cudaMalloc(&memory, sizeof(unsigned)));
  ticket_ = static_cast<unsigned*>(memory);
  TENBIN_CUDA_CHECK(cudaMemsetAsync(ticket_, 0, sizeof(unsigned), stream_));
  TENBIN_CUDA_CHECK(cudaMallocHost(&memory, sizeof(Readback)));
  readback_ = ::new (memory) Readback;
}

void Context::upload(void* to, const void* from, std::size_t bytes) {
  staging_.upload(to, from, bytes, stream_);
}

void Context::download(void* to, const void* from, std::size_t bytes) {
  const std::lock_guard<std::mutex> lock(readback_mutex_);
  // A few bytes are copied through pinned memory, so that one wait suffices for them and for the error
  // record.
  const bool small = bytes <= Readback::longest;
  TENBIN_CUDA_CHECK(
      cudaMemcpyAsync(small ? readback_->bytes : to, from, bytes, cudaMemcpyDeviceToHost, stream_));
  throw_deferred_error();
  if (small) std::memcpy(to, readback_->bytes, bytes);
}

void Context::synchronize() {
  const std::lock_guard<std::mutex> lock(readback_mutex_);
  throw_deferred_error();
}

void Context::throw_deferred_error() {
  TENBIN_CUDA_CHECK(cudaMemcpyAsync(&readback_->error, deferred_error_, sizeof(DeferredError),
                                    cudaMemcpyDeviceToHost, stream_));
  TENBIN_CUDA_CHECK(cudaStreamSynchronize(stream_));
  ++synchronizations_;
  if (readback_->error.raise == nullptr) return;
  TENBIN_CUDA_CHECK(cudaMemsetAsync(deferred_error_, 0, sizeof(DeferredError), stream_));
  const DeferredError error = readback_->error;
  error.raise(error);
}

}  // namespace tenbin::gpu
