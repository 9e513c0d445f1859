// Events: positions in a stream's work that others can wait for, with the time of reaching them.
#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "streams.h"

using namespace cuda_emulator;

namespace {

using Clock = std::chrono::steady_clock;

/// The state set by one cudaEventRecord.
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

std::vector<std::unique_ptr<CUevent_st>>& events() {
  static auto& events = *new std::vector<std::unique_ptr<CUevent_st>>;
  return events;
}

CUevent_st& find_event(cudaEvent_t handle) {
  for (const auto& event : events())
    if (event.get() == handle) return *event;
  throw Failure(cudaErrorInvalidResourceHandle, "not an event, or destroyed before");
}

void require_not_captured(const CUevent_st& event, const char* call) {
  if (event.record && event.record->captured) {
    if (Capture* capture = event.record->position.stream->capture.get())
      invalidate(*capture, cudaErrorCapturedEvent, call);
    throw Failure(cudaErrorCapturedEvent, call);
  }
  forbid_while_capturing(call);
}

}  // namespace

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event_handle, unsigned) {
  return call([&] {
    const std::shared_ptr<Stream> stream = find(handle);
    const std::shared_ptr<Record> record = find_event(event_handle).record;
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

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return call([&] {
    require(event != nullptr, cudaErrorInvalidValue, "cudaEventCreate");
    const bool timing = (flags & cudaEventDisableTiming) == 0;
    events().push_back(std::make_unique<CUevent_st>(CUevent_st{timing, nullptr}));
    *event = events().back().get();
  });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  return call([&] {
    find_event(handle);
    events().erase(
        std::find_if(events().begin(), events().end(), [&](auto& event) { return event.get() == handle; }));
  });
}

cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream_handle) {
  return call([&] {
    CUevent_st& event = find_event(handle);
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

cudaError_t cudaEventQuery(cudaEvent_t handle) {
  return call([&] {
    CUevent_st& event = find_event(handle);
    require_not_captured(event, "cudaEventQuery");
    if (!event.record || event.record->position.reached()) return;
    run_one(*event.record->position.stream);
    throw Failure(cudaErrorNotReady, "");
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  return call([&] {
    CUevent_st& event = find_event(handle);
    require_not_captured(event, "cudaEventSynchronize");
    if (event.record) run_until(event.record->position);
    report();
  });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start_handle, cudaEvent_t end_handle) {
  return call([&] {
    const CUevent_st &start = find_event(start_handle), &end = find_event(end_handle);
    require(start.timing && end.timing && start.record && end.record, cudaErrorInvalidResourceHandle,
            "an event without a time");
    require(!start.record->captured && !end.record->captured, cudaErrorCapturedEvent, "cudaEventElapsedTime");
    require(start.record->position.reached() && end.record->position.reached(), cudaErrorNotReady, "");
    *milliseconds = std::chrono::duration<float, std::milli>(end.record->time - start.record->time).count();
  });
}
