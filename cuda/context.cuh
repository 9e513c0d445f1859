// Context, the state of one device: its stream, its memory, cuBLAS, and the errors of its kernels. For .cu
// files.
#pragma once

#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <thread>

#include "tenbin/core/array.h"
#include "tenbin/core/deferred_error.h"
#include "tenbin/cuda/memory_pool.h"
#include "tenbin/cuda/staging.cuh"

namespace tenbin::gpu {

class Context {
 public:
  /// 0 without a driver.
  static int device_count();
  /// The context of a device, which becomes the calling thread's current device. Never destroyed, since
  /// static arrays are released late. Errors: there is no such device; another thread is capturing a step
  /// there, which would record the work of this thread.
  static Context& of(int device);
  static Context& of(const Array& array) { return of(array.device().index); }
  /// The same without calls of CUDA, for releasing memory; null before the first call of `of`.
  static Context* existing(int device) noexcept;

  int device() const { return device_; }
  /// The one stream on which all work of the device is done, in order.
  cudaStream_t stream() const { return stream_; }
  cublasHandle_t cublas() const { return cublas_; }
  MemoryPool& pool() { return pool_; }
  /// The error record in device memory, for kernels.
  DeferredError* deferred_error() const { return deferred_error_; }
  /// A counter in device memory, 0 between kernels, by which `reduce_grid` finds the last block.
  unsigned* ticket() const { return ticket_; }
  /// The number of blocks that run at once if they use few registers: more blocks in a grid only wait.
  unsigned resident_blocks() const { return resident_blocks_; }

  void upload(void* to, const void* from, std::size_t bytes);
  /// Waits, copies, and throws the error that kernels have recorded.
  void download(void* to, const void* from, std::size_t bytes);
  void synchronize();

  std::size_t synchronizations() const { return synchronizations_ + staging_.waits(); }
  std::atomic<std::size_t> launches{0};
  /// The thread that is capturing a step, if there is one.
  std::atomic<std::thread::id> recorder{};

 private:
  explicit Context(int device);
  void throw_deferred_error();

  int device_;
  cudaStream_t stream_ = nullptr;
  cublasHandle_t cublas_ = nullptr;
  void* workspace_ = nullptr;
  DeferredError* deferred_error_ = nullptr;
  unsigned* ticket_ = nullptr;
  unsigned resident_blocks_ = 0;
  MemoryPool pool_;
  Staging staging_;

  // Pinned memory to which `download` copies first.
  struct Readback {
    static constexpr std::size_t longest = 4096;
    DeferredError error;
    unsigned char bytes[longest];
  };
  Readback* readback_ = nullptr;
  std::mutex readback_mutex_;
  std::atomic<std::size_t> synchronizations_{0};
};

}  // namespace tenbin::gpu
