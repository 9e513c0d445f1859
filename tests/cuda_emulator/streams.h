// Streams as queues whose work waits until somebody waits for it, and their capture into graphs.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>

#include "emulator.h"
#include "errors.h"

namespace cuda_emulator {

using Work = std::function<void()>;

/// Puts work into a stream, or into the graph that captures it. Null is the current device's legacy stream.
void submit(cudaStream_t stream, Work work);

/// Null is well.
void require_stream(cudaStream_t stream);
bool is_capturing(cudaStream_t stream);

/// For calls on a stream that captures: throws, and the capture is lost.
void forbid_if_captured(cudaStream_t stream, const char* call);

/// Runs what waits in the stream, counts it, and throws what has failed.
void synchronize(cudaStream_t stream);

/// For calls that would interfere with a capture: throws, and the capture is lost, unless the thread's mode
/// is relaxed.
void forbid_while_capturing(const char* call);

/// Runs everything that waits on one device, or all.
void run_device(int device);
void run_all_devices();

/// Keeps a failure for the next synchronising call to report; until then nothing else runs.
void fail_later(const Failure& failure);

/// Of emulator.h.
Counts& counters();

}  // namespace cuda_emulator
