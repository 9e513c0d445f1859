// Recording a step as a CUDA graph and replaying it.
#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "tenbin/cuda/capture.h"
#include "tenbin/cuda/check.cuh"
#include "tenbin/cuda/launch.cuh"

namespace tenbin::gpu {

namespace {

// Step values are a kernel's argument, which the launch copies: the next step's values can be written without
// waiting.
struct Values {
  static constexpr std::size_t size = 1024;
  unsigned char bytes[size];
};

__global__ void write_values(Values values, unsigned char* to, Index count) {
  for (Index i = threadIdx.x; i < count; i += blockDim.x) to[i] = values.bytes[i];
}

}  // namespace

struct Graph::Recording {
  Context& context;
  GraphMemory memory;
  cudaGraphExec_t executable = nullptr;
  std::size_t nodes = 0;

  std::vector<std::function<void()>> before_replay;  // in the order of registration
  std::vector<unsigned char> values;                 // the copy on the CPU
  unsigned char* device_values = nullptr;
  bool is_fresh = true;  // no replay has used the values of the recording yet

  static constexpr std::size_t most_value_bytes = 16 * Values::size;

  explicit Recording(Context& on) : context(on) {
    device_values = static_cast<unsigned char*>(context.pool().allocate(most_value_bytes));
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  ~Recording() {
    if (executable != nullptr) cudaGraphExecDestroy(executable);
    context.pool().give_back(memory);
    context.pool().release(device_values, most_value_bytes);
  }

  void upload_values() {
    for (std::size_t done = 0; done < values.size(); done += Values::size) {
      Values part{};
      const std::size_t bytes = std::min(Values::size, values.size() - done);
      std::memcpy(part.bytes, values.data() + done, bytes);
      Launch(context, 1, block_threads)(write_values, part, device_values + done, static_cast<Index>(bytes));
    }
  }
};

namespace {

thread_local Graph::Recording* current = nullptr;

// Records while it exists; an exception ends the recording, too.
class Capture {
 public:
  explicit Capture(Graph::Recording& recording) : recording_(recording) {
    TENBIN_CUDA_CHECK(cudaStreamBeginCapture(recording_.context.stream(), cudaStreamCaptureModeThreadLocal));
    recording_.context.pool().begin_recording(recording_.memory);
    recording_.context.recorder = std::this_thread::get_id();
    current = &recording_;
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture() {
    if (current == nullptr) return;
    if (const cudaGraph_t graph = end()) cudaGraphDestroy(graph);
    cudaGetLastError();  // clears the error of the aborted capture
  }

  cudaGraph_t end() noexcept {
    current = nullptr;
    recording_.context.recorder = std::thread::id();
    recording_.context.pool().end_recording();
    cudaGraph_t graph = nullptr;
    status = cudaStreamEndCapture(recording_.context.stream(), &graph);
    return graph;
  }

  cudaError_t status = cudaSuccess;

 private:
  Graph::Recording& recording_;
};

// While one exists, memory is allocated as if no graph were recorded.
class PausedRecording {
 public:
  explicit PausedRecording(Graph::Recording& recording) : recording_(recording) {
    recording_.context.pool().end_recording();
  }
  PausedRecording(const PausedRecording&) = delete;
  PausedRecording& operator=(const PausedRecording&) = delete;
  ~PausedRecording() { recording_.context.pool().begin_recording(recording_.memory); }

 private:
  Graph::Recording& recording_;
};

}  // namespace

bool is_capturing() { return current != nullptr; }

void on_replay(std::function<void()> action) {
  if (current != nullptr) current->before_replay.push_back(std::move(action));
}

const void* detail::record_value(std::size_t bytes, std::function<void(void*)> write) {
  constexpr std::size_t alignment = 16;
  Graph::Recording& recording = *current;
  const std::size_t offset = (recording.values.size() + alignment - 1) / alignment * alignment;
  if (offset + bytes > Graph::Recording::most_value_bytes)
    throw Error("CapturedStep: the numbers that change from step to step take more than ",
                Graph::Recording::most_value_bytes, " bytes");
  recording.values.resize(offset + bytes);
  write(recording.values.data() + offset);
  recording.before_replay.push_back(
      [&recording, offset, write = std::move(write)] { write(recording.values.data() + offset); });
  return recording.device_values + offset;
}

Array detail::empty_beside_graph(const Shape& shape, Dtype dtype, Device device) {
  Graph::Recording& recording = *current;
  // Not a block that an array of the recording has released: recorded kernels write there at every replay.
  const Array array = [&] {
    const PausedRecording paused(recording);
    return Array::empty(shape, dtype, device);
  }();
  on_replay([array] {});
  return array;
}

Graph::Graph(int device, const std::function<void()>& record) {
  if (is_capturing()) throw Error("CapturedStep: a captured step within a captured step");
  recording_ = std::make_unique<Recording>(Context::of(device));
  recording_->context.synchronize();  // no pending work uses the free blocks
  cudaGraph_t graph = nullptr;
  cudaError_t status = cudaSuccess;
  {
    Capture capture(*recording_);
    record();
    graph = capture.end();
    status = capture.status;
  }
  TENBIN_CUDA_CHECK(status);
  TENBIN_CUDA_CHECK(cudaGraphGetNodes(graph, nullptr, &recording_->nodes));
  status = cudaGraphInstantiate(&recording_->executable, graph, 0);
  cudaGraphDestroy(graph);
  TENBIN_CUDA_CHECK(status);
}

Graph::~Graph() = default;

void Graph::replay() {
  Recording& recording = *recording_;
  if (!std::exchange(recording.is_fresh, false))
    for (const auto& action : recording.before_replay) action();
  Context::of(recording.context.device());  // makes it the current device
  recording.upload_values();
  TENBIN_CUDA_CHECK(cudaGraphLaunch(recording.executable, recording.context.stream()));
  wait_if_synchronous(recording.context, "a captured step", __FILE__, __LINE__);
}

std::size_t Graph::node_count() const { return recording_->nodes; }

}  // namespace tenbin::gpu
