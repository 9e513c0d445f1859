// Work put into a stream runs as late as CUDA allows: when somebody synchronises with it. So work on the
// wrong stream, or pinned memory that is used again too early, shows as wrong numbers every time and not by
// chance.
#include "streams.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "memory.h"
#include "scheduler.h"

struct CUgraphNode_st {
  cuda_emulator::Work work;
};
struct CUgraph_st {
  std::vector<CUgraphNode_st> nodes;
};
struct CUgraphExec_st {
  std::shared_ptr<const std::vector<CUgraphNode_st>> nodes;
};

namespace {
struct Capture {
  cudaStreamCaptureMode mode;
  std::thread::id thread;
  bool invalidated = false;
  std::vector<CUgraphNode_st> nodes;
};
}  // namespace

struct CUstream_st {
  enum class Kind { legacy, blocking, non_blocking };

  CUstream_st(int device_, Kind kind_) : device(device_), kind(kind_) {}

  const int device;
  const Kind kind;
  std::deque<cuda_emulator::Work> queue;
  std::size_t submitted = 0, finished = 0;
  std::unique_ptr<Capture> capture;
};

namespace {

using namespace cuda_emulator;
using Stream = CUstream_st;
using Clock = std::chrono::steady_clock;

constexpr std::size_t longest_queue = 4096;

/// A place in a stream's work.
struct Position {
  std::shared_ptr<Stream> stream;
  std::size_t index;
  bool reached() const { return stream->finished >= index; }
};

/// What one cudaEventRecord made.
struct Record {
  Position position;
  bool captured;
  Clock::time_point time{};
};

}  // namespace

struct CUevent_st {
  bool timing;
  std::shared_ptr<Record> record;  // the last one
};

namespace {

struct State {
  std::vector<std::shared_ptr<Stream>> streams;
  std::vector<std::unique_ptr<CUevent_st>> events;
  std::optional<Failure> failure;
  Counts counts{};
};

State& state() {
  static auto& state = *new State;
  return state;
}

thread_local cudaStreamCaptureMode thread_mode = cudaStreamCaptureModeGlobal;

std::shared_ptr<Stream> legacy_stream(int device) {
  for (const auto& stream : state().streams)
    if (stream->device == device && stream->kind == Stream::Kind::legacy) return stream;
  state().streams.push_back(std::make_shared<Stream>(device, Stream::Kind::legacy));
  return state().streams.back();
}

std::shared_ptr<Stream> find(cudaStream_t handle) {
  if (handle == nullptr) return legacy_stream(current_device());
  for (const auto& stream : state().streams)
    if (stream.get() == handle) return stream;
  throw Failure(cudaErrorInvalidResourceHandle, "not a stream, or destroyed before");
}

CUevent_st& find(cudaEvent_t handle) {
  for (const auto& event : state().events)
    if (event.get() == handle) return *event;
  throw Failure(cudaErrorInvalidResourceHandle, "not an event, or destroyed before");
}

void run_one(Stream& stream) {
  const Work work = std::move(stream.queue.front());
  stream.queue.pop_front();
  try {
    if (!state().failure) work();
  } catch (const Failure& failure) {
    fail_later(failure);
  }
  ++stream.finished;
}

void run_until(const Position& position) {
  while (!position.reached()) run_one(*position.stream);
}

void run(Stream& stream) {
  while (!stream.queue.empty()) run_one(stream);
}

void push(Stream& stream, Work work) {
  stream.queue.push_back(std::move(work));
  ++stream.submitted;
  if (stream.queue.size() > longest_queue)
    while (stream.queue.size() > longest_queue / 2) run_one(stream);
}

Position end_of(const std::shared_ptr<Stream>& stream) { return {stream, stream->submitted}; }

/// What follows in `stream` comes after everything that is in `other` now.
void wait_in(Stream& stream, const std::shared_ptr<Stream>& other) {
  if (!other->queue.empty()) push(stream, [position = end_of(other)] { run_until(position); });
}

bool is_blocking(const Stream& stream) { return stream.kind == Stream::Kind::blocking; }

/// The legacy stream's work comes after what the blocking streams hold, and theirs after what it holds.
void order_with_legacy_stream(const std::shared_ptr<Stream>& stream) {
  if (is_blocking(*stream)) wait_in(*stream, legacy_stream(stream->device));
  if (stream->kind != Stream::Kind::legacy) return;
  for (std::size_t i = 0; i < state().streams.size(); ++i) {
    const std::shared_ptr<Stream> other = state().streams[i];
    if (other->device == stream->device && is_blocking(*other) && !other->capture) wait_in(*stream, other);
  }
}

[[noreturn]] void invalidate(Capture& capture, cudaError_t code, const std::string& text) {
  capture.invalidated = true;
  throw Failure(code, text);
}

/// Stricter than CUDA, which lets the legacy stream work while a non-blocking stream captures: there it is
/// always work that has missed its stream.
void forbid_legacy_work_while_capturing() {
  for (const auto& stream : state().streams) {
    if (!stream->capture) continue;
    if (stream->capture->thread == std::this_thread::get_id() || is_blocking(*stream))
      invalidate(*stream->capture, cudaErrorStreamCaptureImplicit,
                 "work for the legacy stream during a capture");
  }
}

void forbid_if_captured(Stream& stream, const char* call) {
  if (stream.capture) invalidate(*stream.capture, cudaErrorStreamCaptureUnsupported, std::string(call));
}

void report_failure() {
  if (!state().failure) check_overruns();
  if (!state().failure) return;
  const Failure failure = *state().failure;
  state().failure.reset();
  throw failure;
}

void synchronize(Stream& stream) {
  run(stream);
  ++state().counts.synchronizations;
  report_failure();
}

}  // namespace

namespace cuda_emulator {

Counts& counters() { return state().counts; }

Counts counts() {
  const std::lock_guard<std::recursive_mutex> lock(mutex());
  return state().counts;
}

std::string take_failure() {
  const std::lock_guard<std::recursive_mutex> lock(mutex());
  const std::string text = state().failure ? state().failure->what() : "";
  state().failure.reset();
  return text;
}

void fail_later(const Failure& failure) {
  if (!state().failure) state().failure = failure;
}

void require_stream(cudaStream_t stream) { find(stream); }

bool is_capturing(cudaStream_t stream) { return find(stream)->capture != nullptr; }

void forbid_if_captured(cudaStream_t stream, const char* call) { ::forbid_if_captured(*find(stream), call); }

void synchronize(cudaStream_t stream) { ::synchronize(*find(stream)); }

void forbid_while_capturing(const char* call) {
  if (thread_mode == cudaStreamCaptureModeRelaxed) return;
  for (const auto& stream : state().streams) {
    if (!stream->capture) continue;
    const bool mine = stream->capture->thread == std::this_thread::get_id();
    const bool forbidden = mine ? stream->capture->mode != cudaStreamCaptureModeRelaxed
                                : thread_mode == cudaStreamCaptureModeGlobal &&
                                      stream->capture->mode == cudaStreamCaptureModeGlobal;
    if (forbidden) ::forbid_if_captured(*stream, call);
  }
}

void submit(cudaStream_t handle, Work work) {
  const std::shared_ptr<Stream> stream = find(handle);
  if (stream->capture) {
    require(!stream->capture->invalidated, cudaErrorStreamCaptureInvalidated, "");
    stream->capture->nodes.push_back({std::move(work)});
    return;
  }
  if (stream->kind == Stream::Kind::legacy) forbid_legacy_work_while_capturing();
  order_with_legacy_stream(stream);
  push(*stream, std::move(work));
}

void run_device(int device) {
  for (std::size_t i = 0; i < state().streams.size(); ++i)  // work may add a legacy stream
    if (state().streams[i]->device == device) run(*std::shared_ptr<Stream>(state().streams[i]));
}

void run_all_devices() {
  for (std::size_t i = 0; i < state().streams.size(); ++i) run(*std::shared_ptr<Stream>(state().streams[i]));
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
    ++state().counts.launches;
  });
}

}  // namespace cuda_emulator

// ---- streams ---------------------------------------------------------------------------------------------

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return call([&] {
    require(stream != nullptr && flags <= cudaStreamNonBlocking, cudaErrorInvalidValue, "cudaStreamCreate");
    const auto kind = flags == cudaStreamNonBlocking ? Stream::Kind::non_blocking : Stream::Kind::blocking;
    state().streams.push_back(std::make_shared<Stream>(current_device(), kind));
    *stream = state().streams.back().get();
  });
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  return call([&] {
    const std::shared_ptr<Stream> stream = find(handle);
    require(handle != nullptr, cudaErrorInvalidResourceHandle, "the legacy stream cannot be destroyed");
    run(*stream);
    auto& streams = state().streams;
    streams.erase(std::find(streams.begin(), streams.end(), stream));
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

// A query that finds work waiting lets some of it run, so that a loop of queries ends.
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
    for (const auto& stream : state().streams)
      if (stream->device == current_device()) forbid_if_captured(*stream, "cudaDeviceSynchronize");
    run_device(current_device());
    ++state().counts.synchronizations;
    report_failure();
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event_handle, unsigned) {
  return call([&] {
    const std::shared_ptr<Stream> stream = find(handle);
    const std::shared_ptr<Record> record = find(event_handle).record;
    if (!record) return;
    if (record->captured) {
      require(record->position.stream == stream, cudaErrorNotSupported, "a capture of more than one stream");
      return;
    }
    if (stream->capture)
      invalidate(*stream->capture, cudaErrorStreamCaptureIsolation,
                 "a wait for an event outside of the capture");
    submit(handle, [record] { run_until(record->position); });
  });
}

// ---- events ----------------------------------------------------------------------------------------------

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return call([&] {
    require(event != nullptr, cudaErrorInvalidValue, "cudaEventCreate");
    const bool timing = (flags & cudaEventDisableTiming) == 0;
    state().events.push_back(std::make_unique<CUevent_st>(CUevent_st{timing, nullptr}));
    *event = state().events.back().get();
  });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  return call([&] {
    find(handle);
    auto& events = state().events;
    events.erase(
        std::find_if(events.begin(), events.end(), [&](auto& event) { return event.get() == handle; }));
  });
}

cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream_handle) {
  return call([&] {
    CUevent_st& event = find(handle);
    const std::shared_ptr<Stream> stream = find(stream_handle);
    const auto record = std::make_shared<Record>(Record{end_of(stream), stream->capture != nullptr});
    if (!record->captured) {
      submit(stream_handle, [weak = std::weak_ptr<Record>(record)] {
        if (const auto alive = weak.lock()) alive->time = Clock::now();
      });
      record->position.index = stream->submitted;
    }
    event.record = record;
  });
}

static void require_not_captured(const CUevent_st& event, const char* call) {
  if (event.record && event.record->captured) {
    if (Capture* capture = event.record->position.stream->capture.get())
      invalidate(*capture, cudaErrorCapturedEvent, call);
    throw Failure(cudaErrorCapturedEvent, call);
  }
  forbid_while_capturing(call);
}

cudaError_t cudaEventQuery(cudaEvent_t handle) {
  return call([&] {
    CUevent_st& event = find(handle);
    require_not_captured(event, "cudaEventQuery");
    if (!event.record || event.record->position.reached()) return;
    run_one(*event.record->position.stream);
    throw Failure(cudaErrorNotReady, "");
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  return call([&] {
    CUevent_st& event = find(handle);
    require_not_captured(event, "cudaEventSynchronize");
    if (event.record) run_until(event.record->position);
    ++state().counts.synchronizations;
    report_failure();
  });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start_handle, cudaEvent_t end_handle) {
  return call([&] {
    const CUevent_st &start = find(start_handle), &end = find(end_handle);
    require(start.timing && end.timing && start.record && end.record, cudaErrorInvalidResourceHandle,
            "an event without a time");
    require(!start.record->captured && !end.record->captured, cudaErrorCapturedEvent, "cudaEventElapsedTime");
    require(start.record->position.reached() && end.record->position.reached(), cudaErrorNotReady, "");
    *milliseconds = std::chrono::duration<float, std::milli>(end.record->time - start.record->time).count();
  });
}

// ---- graphs ----------------------------------------------------------------------------------------------

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  return call([&] {
    require(handle != nullptr, cudaErrorStreamCaptureUnsupported, "the legacy stream cannot be captured");
    const std::shared_ptr<Stream> stream = find(handle);
    require(!stream->capture, cudaErrorIllegalState, "the stream is capturing already");
    stream->capture = std::make_unique<Capture>(Capture{mode, std::this_thread::get_id(), false, {}});
  });
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  return call([&] {
    const std::shared_ptr<Stream> stream = find(handle);
    require(graph != nullptr && stream->capture, cudaErrorIllegalState, "the stream is not capturing");
    require(stream->capture->mode == cudaStreamCaptureModeRelaxed ||
                stream->capture->thread == std::this_thread::get_id(),
            cudaErrorStreamCaptureWrongThread, "");
    const std::unique_ptr<Capture> capture = std::move(stream->capture);
    *graph = nullptr;
    require(!capture->invalidated, cudaErrorStreamCaptureInvalidated, "");
    *graph = new CUgraph_st{std::move(capture->nodes)};
  });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  return call([&] {
    const std::shared_ptr<Stream> stream = find(handle);
    *status = !stream->capture               ? cudaStreamCaptureStatusNone
              : stream->capture->invalidated ? cudaStreamCaptureStatusInvalidated
                                             : cudaStreamCaptureStatusActive;
  });
}

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  return call([&] { std::swap(*mode, thread_mode); });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  return call([&] {
    require(executable != nullptr && graph != nullptr, cudaErrorInvalidValue,
            "cudaGraphInstantiate: no graph");
    *executable = new CUgraphExec_st{std::make_shared<const std::vector<CUgraphNode_st>>(graph->nodes)};
  });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  return call([&] {
    require(executable != nullptr, cudaErrorInvalidValue, "cudaGraphLaunch: no graph");
    require(!is_capturing(stream), cudaErrorNotSupported, "a graph within a graph");
    submit(stream, [nodes = executable->nodes] {
      for (const CUgraphNode_st& node : *nodes) node.work();
    });
    ++state().counts.graph_launches;
  });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  return call([&] {
    require(graph != nullptr && count != nullptr, cudaErrorInvalidValue, "cudaGraphGetNodes");
    if (nodes == nullptr) {
      *count = graph->nodes.size();
      return;
    }
    *count = std::min(*count, graph->nodes.size());
    for (std::size_t i = 0; i < *count; ++i) nodes[i] = &graph->nodes[i];
  });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return call([&] { delete graph; });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return call([&] { delete executable; });
}
