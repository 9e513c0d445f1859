// Work in a stream runs as late as CUDA allows: when the host synchronises with it. So work on the wrong
// stream, or pinned memory that is reused too early, always gives wrong numbers, not just by chance.
#include "streams.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "memory.h"
#include "scheduler.h"

namespace cuda_emulator {
namespace {

constexpr std::size_t longest_queue = 4096;

std::optional<Failure>& pending_failure() {
  static auto& failure = *new std::optional<Failure>;
  return failure;
}

std::shared_ptr<Stream> legacy_stream(int device) {
  for (const auto& stream : streams())
    if (stream->device == device && stream->kind == Stream::Kind::legacy) return stream;
  streams().push_back(std::make_shared<Stream>(device, Stream::Kind::legacy));
  return streams().back();
}

void push(Stream& stream, Work work) {
  stream.queue.push_back(std::move(work));
  ++stream.submitted;
  if (stream.queue.size() > longest_queue)
    while (stream.queue.size() > longest_queue / 2) run_one(stream);
}

/// Later work in `stream` runs after everything that is in `other` now.
void wait_in(Stream& stream, const std::shared_ptr<Stream>& other) {
  if (!other->queue.empty()) push(stream, [position = end_of(other)] { run_until(position); });
}

bool is_blocking(const Stream& stream) { return stream.kind == Stream::Kind::blocking; }

/// The legacy stream's later work runs after the current work of the blocking streams, and vice versa.
void order_with_legacy_stream(const std::shared_ptr<Stream>& stream) {
  if (is_blocking(*stream)) wait_in(*stream, legacy_stream(stream->device));
  if (stream->kind != Stream::Kind::legacy) return;
  for (std::size_t i = 0; i < streams().size(); ++i) {
    const std::shared_ptr<Stream> other = streams()[i];
    if (other->device == stream->device && is_blocking(*other) && !other->capture) wait_in(*stream, other);
  }
}

}  // namespace

// Never destroyed: static objects that use CUDA may be destroyed after all others.
std::vector<std::shared_ptr<Stream>>& streams() {
  static auto& streams = *new std::vector<std::shared_ptr<Stream>>;
  return streams;
}

Counts& counters() {
  static Counts counts{};
  return counts;
}

Counts counts() {
  const std::lock_guard<std::recursive_mutex> lock(mutex());
  return counters();
}

std::string take_failure() {
  const std::lock_guard<std::recursive_mutex> lock(mutex());
  const std::optional<Failure> failure = std::exchange(pending_failure(), std::nullopt);
  return failure ? failure->what() : "";
}

void fail_later(const Failure& failure) {
  if (!pending_failure()) pending_failure() = failure;
}

void report() {
  ++counters().synchronizations;
  if (!pending_failure()) check_overruns();
  if (const auto failure = std::exchange(pending_failure(), std::nullopt)) throw Failure(*failure);
}

std::shared_ptr<Stream> find(cudaStream_t handle) {
  if (handle == nullptr) return legacy_stream(current_device());
  for (const auto& stream : streams())
    if (stream.get() == handle && stream->kind != Stream::Kind::legacy) return stream;
  throw Failure(cudaErrorInvalidResourceHandle, "not a stream, or destroyed before");
}

Position end_of(const std::shared_ptr<Stream>& stream) { return {stream, stream->submitted}; }

void run_one(Stream& stream) {
  const Work work = std::move(stream.queue.front());
  stream.queue.pop_front();
  try {
    if (!pending_failure()) work();
  } catch (const Failure& failure) {
    fail_later(failure);
  }
  ++stream.finished;
}

void run_until(const Position& position) {
  while (!position.reached()) run_one(*position.stream);
}

void run_device(int device) {
  for (std::size_t i = 0; i < streams().size(); ++i)
    if (streams()[i]->device == device) run_until(end_of(streams()[i]));
}

void run_all_devices() {
  for (std::size_t i = 0; i < streams().size(); ++i) run_until(end_of(streams()[i]));
}

void synchronize(Stream& stream) {
  while (!stream.queue.empty()) run_one(stream);
  report();
}

void submit(cudaStream_t handle, Work work) {
  const std::shared_ptr<Stream> stream = find(handle);
  if (stream->capture) {
    require(!stream->capture->invalidated, cudaErrorStreamCaptureInvalidated, "");
    stream->capture->nodes.push_back(std::move(work));
    return;
  }
  if (stream->kind == Stream::Kind::legacy) forbid_legacy_work_while_capturing();
  order_with_legacy_stream(stream);
  push(*stream, std::move(work));
}

cudaError_t launch(const cudaLaunchConfig_t& config, std::function<void()> thread) {
  return call([&] {
    const dim3 grid = config.gridDim, block = config.blockDim;
    const auto shape = [](dim3 s) {
      return "(" + std::to_string(s.x) + ", " + std::to_string(s.y) + ", " + std::to_string(s.z) + ")";
    };
    if (block.x == 0 || block.y == 0 || block.z == 0 || block.x > 1024 || block.y > 1024 || block.z > 64 ||
        block.x * block.y * block.z > 1024)
      throw Failure(cudaErrorInvalidConfiguration,
                    "block " + shape(block) + ", at most 1024 threads, z at most 64");
    if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 0x7fffffff || grid.y > 65535 || grid.z > 65535)
      throw Failure(cudaErrorInvalidConfiguration,
                    "grid " + shape(grid) + ", at most (2147483647, 65535, 65535) and at least 1");
    if (config.dynamicSmemBytes > 48 << 10)
      throw Failure(cudaErrorInvalidValue, std::to_string(config.dynamicSmemBytes) +
                                               " bytes of dynamic shared memory, at most 49152");
    require(config.numAttrs == 0, cudaErrorNotSupported, "launch attributes");
    require(find(config.stream)->device == current_device(), cudaErrorInvalidResourceHandle,
            "the stream is of another device than the current one");
    submit(config.stream, [grid, block, shared_bytes = config.dynamicSmemBytes, thread = std::move(thread)] {
      run_kernel(grid, block, shared_bytes, thread);
    });
    ++counters().launches;
  });
}

}  // namespace cuda_emulator

using namespace cuda_emulator;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return call([&] {
    require(stream != nullptr && flags <= cudaStreamNonBlocking, cudaErrorInvalidValue, "cudaStreamCreate");
    const auto kind = flags == cudaStreamNonBlocking ? Stream::Kind::non_blocking : Stream::Kind::blocking;
    streams().push_back(std::make_shared<Stream>(current_device(), kind));
    *stream = streams().back().get();
  });
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  return call([&] {
    const std::shared_ptr<Stream> stream = find(handle);
    require(handle != nullptr, cudaErrorInvalidResourceHandle, "the legacy stream cannot be destroyed");
    run_until(end_of(stream));
    streams().erase(std::find(streams().begin(), streams().end(), stream));
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  return call([&] {
    const std::shared_ptr<Stream> stream = find(handle);
    forbid_if_captured(*stream, "cudaStreamSynchronize");
    if (handle == nullptr) {
      forbid_legacy_work_while_capturing();
      order_with_legacy_stream(stream);
    }
    synchronize(*stream);
  });
}

// A query that finds pending work runs some of it, so that a loop of queries ends.
cudaError_t cudaStreamQuery(cudaStream_t handle) {
  return call([&] {
    const std::shared_ptr<Stream> stream = find(handle);
    forbid_if_captured(*stream, "cudaStreamQuery");
    if (stream->queue.empty()) return;
    run_one(*stream);
    throw Failure(cudaErrorNotReady, "");
  });
}

cudaError_t cudaDeviceSynchronize() {
  return call([&] {
    for (const auto& stream : streams())
      if (stream->device == current_device()) forbid_if_captured(*stream, "cudaDeviceSynchronize");
    run_device(current_device());
    report();
  });
}
