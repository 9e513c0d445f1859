// Streams as queues whose work runs when the host waits for it: the base of events, graphs, copies and
// cuBLAS.
#pragma once

#include <cuda_runtime_api.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "emulator.h"
#include "errors.h"

namespace cuda_emulator {

using Work = std::function<void()>;

/// The work that a capturing stream has recorded so far.
struct Capture {
  cudaStreamCaptureMode mode;
  std::thread::id thread;
  bool invalidated;
  std::vector<Work> nodes;
};

}  // namespace cuda_emulator

struct CUstream_st {
  enum class Kind { legacy, blocking, non_blocking };

  CUstream_st(int device_, Kind kind_) : device(device_), kind(kind_) {}

  const int device;
  const Kind kind;
  std::deque<cuda_emulator::Work> queue;
  std::size_t submitted = 0, finished = 0;
  std::unique_ptr<cuda_emulator::Capture> capture;
};

namespace cuda_emulator {

using Stream = CUstream_st;

/// All existing streams, including each device's legacy stream once it was used.
std::vector<std::shared_ptr<Stream>>& streams();

/// Null is the current device's legacy stream.
std::shared_ptr<Stream> find(cudaStream_t handle);

/// A position in a stream's work.
struct Position {
  std::shared_ptr<Stream> stream;
  std::size_t index;
  bool reached() const { return stream->finished >= index; }
};

/// The position after all current work of the stream.
Position end_of(const std::shared_ptr<Stream>& stream);

/// Puts work into a stream, or into the graph that captures it.
void submit(cudaStream_t stream, Work work);

void run_one(Stream& stream);
void run_until(const Position& position);
void run_device(int device);
void run_all_devices();

/// Runs the stream's pending work, counts the synchronisation, and throws earlier failures.
void synchronize(Stream& stream);

/// Counts a synchronisation, and throws earlier failures.
void report();

/// Keeps a failure for the next synchronising call to report; until then nothing else runs.
void fail_later(const Failure& failure);

/// Implementation of emulator.h.
Counts& counters();

// ---- captures: graphs.cpp --------------------------------------------------------------------------------

/// Throws, and invalidates the capture.
[[noreturn]] void invalidate(Capture& capture, cudaError_t code, const char* text);

/// For calls on a stream that must not be capturing.
void forbid_if_captured(Stream& stream, const char* call);

/// For calls that would interfere with a capture, unless the thread's mode is relaxed.
void forbid_while_capturing(const char* call);

void forbid_legacy_work_while_capturing();

}  // namespace cuda_emulator
