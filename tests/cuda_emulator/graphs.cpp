// Capture: a stream's work is recorded in a graph, which runs it at each launch; calls that CUDA forbids
// meanwhile fail.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "streams.h"

struct CUgraph_st {
  std::vector<cuda_emulator::Work> nodes;
};
struct CUgraphExec_st {
  std::shared_ptr<const std::vector<cuda_emulator::Work>> nodes;
};

namespace cuda_emulator {
namespace {

thread_local cudaStreamCaptureMode thread_mode = cudaStreamCaptureModeGlobal;

bool is_mine(const Capture& capture) { return capture.thread == std::this_thread::get_id(); }

/// Whether the calling thread must not make calls that could interfere with the capture.
bool forbids(const Capture& capture) {
  if (thread_mode == cudaStreamCaptureModeRelaxed) return false;
  if (is_mine(capture)) return capture.mode != cudaStreamCaptureModeRelaxed;
  return thread_mode == cudaStreamCaptureModeGlobal && capture.mode == cudaStreamCaptureModeGlobal;
}

}  // namespace

void invalidate(Capture& capture, cudaError_t code, const char* text) {
  capture.invalidated = true;
  throw Failure(code, text);
}

void forbid_if_captured(Stream& stream, const char* call) {
  if (stream.capture) invalidate(*stream.capture, cudaErrorStreamCaptureUnsupported, call);
}

void forbid_while_capturing(const char* call) {
  for (const auto& stream : streams())
    if (stream->capture && forbids(*stream->capture)) forbid_if_captured(*stream, call);
}

// Stricter than CUDA, where the legacy stream may work while a non-blocking stream captures: in this project
// such work is always on the wrong stream.
void forbid_legacy_work_while_capturing() {
  for (const auto& stream : streams()) {
    if (!stream->capture) continue;
    if (is_mine(*stream->capture) || stream->kind == Stream::Kind::blocking)
      invalidate(*stream->capture, cudaErrorStreamCaptureImplicit, "work for the legacy stream");
  }
}

}  // namespace cuda_emulator

using namespace cuda_emulator;

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
    *executable = new CUgraphExec_st{std::make_shared<const std::vector<Work>>(graph->nodes)};
  });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  return call([&] {
    require(executable != nullptr, cudaErrorInvalidValue, "cudaGraphLaunch: no graph");
    require(!find(stream)->capture, cudaErrorNotSupported, "a graph within a graph");
    submit(stream, [nodes = executable->nodes] {
      for (const Work& work : *nodes) work();
    });
    ++counters().graph_launches;
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
    for (std::size_t i = 0; i < *count; ++i) nodes[i] = reinterpret_cast<cudaGraphNode_t>(&graph->nodes[i]);
  });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return call([&] { delete graph; });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return call([&] { delete executable; });
}
