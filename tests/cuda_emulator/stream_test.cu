// The emulator's streams: work runs when the host waits for it; events, capture, graphs, counts.
#include <cmath>
#include <thread>

#include "emulator_test.h"

using namespace emulator_test;
using cuda_emulator::counts;

namespace {

__global__ void fill(float* x, int n, float value) {
  for (int i = int(threadIdx.x); i < n; i += int(blockDim.x)) x[i] = value;
}
__global__ void add_one(float* x) { x[threadIdx.x] += 1; }
__global__ void copy_kernel(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x]; }
__global__ void never_opens() {
  if (threadIdx.x == 0)
    __syncthreads();
  else
    __syncwarp(2u);
  __syncthreads();
}

/// Pinned memory.
struct Pinned {
  explicit Pinned(std::size_t size) { REQUIRE(cudaMallocHost(&data, size * sizeof(float)) == cudaSuccess); }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  ~Pinned() { cudaFreeHost(data); }
  float* data = nullptr;
};

cudaStreamCaptureStatus status_of(cudaStream_t stream) {
  cudaStreamCaptureStatus status{};
  REQUIRE(cudaStreamIsCapturing(stream, &status) == cudaSuccess);
  return status;
}

/// The result of a call during a capture, and that of the end of the capture after it.
template <class Call>
std::pair<cudaError_t, cudaError_t> while_capturing(cudaStreamCaptureMode mode, Call call) {
  const Stream stream;
  REQUIRE(cudaStreamBeginCapture(stream, mode) == cudaSuccess);
  const cudaError_t called = call(stream);
  cudaGraph_t graph = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(stream, &graph);
  CHECK((graph != nullptr) == (ended == cudaSuccess));
  cudaGraphDestroy(graph);
  cudaGetLastError();
  return {called, ended};
}

using Errors = std::pair<cudaError_t, cudaError_t>;
const Errors unsupported{cudaErrorStreamCaptureUnsupported, cudaErrorStreamCaptureInvalidated};
const Errors well{cudaSuccess, cudaSuccess};

}  // namespace

TEST_CASE("work in a stream waits until the stream is synchronised") {
  const Stream stream;
  const Device<float> x(4);
  REQUIRE(launch_on(stream, fill, 1, 4, x.get(), 4, 3.0f) == cudaSuccess);
  CHECK(std::isnan(x.read()[0]));  // read() waits for the legacy stream only
  CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
  CHECK(x.read()[0] == 3);
}

TEST_CASE("a kernel on the wrong stream finds NaN") {
  const Stream stream, other;
  const Device<float> x(4), y(4);
  REQUIRE(launch_on(other, fill, 1, 4, x.get(), 4, 3.0f) == cudaSuccess);
  REQUIRE(launch_on(stream, copy_kernel, 1, 4, x.get(), y.get()) == cudaSuccess);
  REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
  CHECK(std::isnan(y.read()[0]));
}

TEST_CASE("the legacy stream and blocking streams are in order, non-blocking ones are not") {
  cudaStream_t blocking = nullptr;
  REQUIRE(cudaStreamCreate(&blocking) == cudaSuccess);
  const Device<float> x(4), y(4);
  REQUIRE(launch_on(blocking, fill, 1, 4, x.get(), 4, 3.0f) == cudaSuccess);
  CHECK(x.read()[0] == 3);
  REQUIRE(launch(fill, 1, 4, x.get(), 4, 5.0f) == cudaSuccess);
  REQUIRE(launch_on(blocking, copy_kernel, 1, 4, x.get(), y.get()) == cudaSuccess);
  REQUIRE(cudaStreamSynchronize(blocking) == cudaSuccess);
  CHECK(y.read()[0] == 5);
  REQUIRE(cudaStreamDestroy(blocking) == cudaSuccess);

  const Stream stream;
  const Device<float> z(4);
  REQUIRE(launch(fill, 1, 4, z.get(), 4, 5.0f) == cudaSuccess);
  REQUIRE(launch_on(stream, copy_kernel, 1, 4, z.get(), y.get()) == cudaSuccess);
  REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
  CHECK(std::isnan(y.read()[0]));
}

TEST_CASE("pinned memory that is reused too early is detected; a pageable source is read at once") {
  const Stream stream;
  const Device<float> x(1), y(1);
  const Pinned pinned(1);
  float pageable = 1;
  pinned.data[0] = 1;
  REQUIRE(cudaMemcpyAsync(x.get(), pinned.data, 4, cudaMemcpyHostToDevice, stream) == cudaSuccess);
  REQUIRE(cudaMemcpyAsync(y.get(), &pageable, 4, cudaMemcpyHostToDevice, stream) == cudaSuccess);
  pinned.data[0] = pageable = 2;
  REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
  CHECK(x.read()[0] == 2);
  CHECK(y.read()[0] == 1);
}

TEST_CASE("a copy to pageable memory waits, one to pinned memory does not") {
  const Stream stream;
  const Device<float> x(1);
  const Pinned pinned(1);
  float pageable = 0;
  REQUIRE(launch_on(stream, fill, 1, 1, x.get(), 1, 3.0f) == cudaSuccess);
  REQUIRE(cudaMemcpyAsync(pinned.data, x.get(), 4, cudaMemcpyDeviceToHost, stream) == cudaSuccess);
  CHECK(std::isnan(pinned.data[0]));
  REQUIRE(cudaMemcpyAsync(&pageable, x.get(), 4, cudaMemcpyDeviceToHost, stream) == cudaSuccess);
  CHECK(pinned.data[0] == 3);
  CHECK(pageable == 3);
}

TEST_CASE("a copy whose memory is freed while it waits") {
  const Stream stream;
  const Device<float> x(1);
  float* y = nullptr;
  REQUIRE(cudaSetDevice(1) == cudaSuccess);
  REQUIRE(cudaMalloc(&y, 4) == cudaSuccess);
  REQUIRE(cudaSetDevice(0) == cudaSuccess);
  REQUIRE(cudaMemcpyAsync(y, x.get(), 4, cudaMemcpyDefault, stream) == cudaSuccess);
  REQUIRE(cudaFree(y) == cudaSuccess);  // waits for device 1 only
  CHECK(cudaStreamSynchronize(stream) == cudaErrorIllegalAddress);
}

TEST_CASE("events: order between streams, queries, times") {
  const Stream producer, consumer;
  const Device<float> x(4), y(4);
  cudaEvent_t before = nullptr, after = nullptr;
  REQUIRE(cudaEventCreate(&before) == cudaSuccess);
  REQUIRE(cudaEventCreateWithFlags(&after, cudaEventDefault) == cudaSuccess);
  CHECK(cudaEventQuery(after) == cudaSuccess);  // never recorded
  REQUIRE(cudaEventRecord(before, producer) == cudaSuccess);
  REQUIRE(launch_on(producer, fill, 1, 4, x.get(), 4, 3.0f) == cudaSuccess);
  REQUIRE(cudaEventRecord(after, producer) == cudaSuccess);
  REQUIRE(launch_on(producer, fill, 1, 4, x.get(), 4, 4.0f) == cudaSuccess);
  REQUIRE(cudaStreamWaitEvent(consumer, after) == cudaSuccess);
  REQUIRE(launch_on(consumer, copy_kernel, 1, 4, x.get(), y.get()) == cudaSuccess);
  CHECK(cudaEventQuery(after) == cudaErrorNotReady);
  REQUIRE(cudaStreamSynchronize(consumer) == cudaSuccess);
  CHECK(y.read()[0] == 3);
  CHECK(cudaEventQuery(after) == cudaSuccess);
  CHECK(cudaStreamQuery(producer) == cudaErrorNotReady);
  CHECK(cudaStreamQuery(producer) == cudaSuccess);
  CHECK(x.read()[0] == 4);
  float milliseconds = -1;
  CHECK(cudaEventElapsedTime(&milliseconds, before, after) == cudaSuccess);
  CHECK(milliseconds >= 0);
  REQUIRE(cudaEventDestroy(before) == cudaSuccess);
  CHECK(cudaEventDestroy(before) == cudaErrorInvalidResourceHandle);
  REQUIRE(cudaEventRecord(after, producer) == cudaSuccess);
  CHECK(cudaEventSynchronize(after) == cudaSuccess);
  REQUIRE(cudaEventDestroy(after) == cudaSuccess);
  cudaGetLastError();
}

TEST_CASE("a long queue runs its oldest work by itself") {
  const Stream stream;
  const Device<float> x(std::vector<float>{0});
  for (int i = 0; i < 5000; ++i) REQUIRE(launch_on(stream, add_one, 1, 1, x.get()) == cudaSuccess);
  const float ran = x.read()[0];
  CHECK(ran >= 2048);
  CHECK(ran < 5000);
  REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
  CHECK(x.read()[0] == 5000);
}

TEST_CASE("a failed kernel is reported by the next synchronisation, and nothing runs before") {
  const Stream stream;
  const Device<float> x(std::vector<float>{0});
  REQUIRE(launch_on(stream, never_opens, 1, 2) == cudaSuccess);
  REQUIRE(launch_on(stream, add_one, 1, 1, x.get()) == cudaSuccess);
  const cudaError_t error = cudaStreamSynchronize(stream);
  CHECK(error == cudaErrorLaunchFailure);
  CHECK_THAT(text(error), ContainsSubstring("stream_test.cu:"));
  REQUIRE(launch_on(stream, add_one, 1, 1, x.get()) == cudaSuccess);
  CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
  CHECK(x.read()[0] == 1);

  float* block = nullptr;
  REQUIRE(cudaMalloc(&block, 4) == cudaSuccess);
  REQUIRE(launch_on(stream, never_opens, 1, 2) == cudaSuccess);
  CHECK(cudaFree(block) == cudaSuccess);  // runs it, as in a destructor
  CHECK_THAT(cuda_emulator::take_failure(), ContainsSubstring("stream_test.cu:"));
  CHECK(cuda_emulator::take_failure().empty());
  CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
}

TEST_CASE("invalid handles") {
  cudaStream_t stream = nullptr;
  REQUIRE(cudaStreamCreate(&stream) == cudaSuccess);
  REQUIRE(cudaStreamDestroy(stream) == cudaSuccess);
  CHECK(cudaStreamSynchronize(stream) == cudaErrorInvalidResourceHandle);
  CHECK(cudaStreamDestroy(stream) == cudaErrorInvalidResourceHandle);
  CHECK(cudaStreamDestroy(nullptr) == cudaErrorInvalidResourceHandle);
  CHECK(launch_on(stream, add_one, 1, 1, nullptr) == cudaErrorInvalidResourceHandle);
  cudaGetLastError();
}

TEST_CASE("a captured graph runs at each launch, reads pinned memory then, and keeps its arguments") {
  const Stream stream;
  const Device<float> x(1);
  const Pinned pinned(2);
  pinned.data[0] = 1;
  REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal) == cudaSuccess);
  CHECK(status_of(stream) == cudaStreamCaptureStatusActive);
  REQUIRE(cudaMemcpyAsync(x.get(), pinned.data, 4, cudaMemcpyHostToDevice, stream) == cudaSuccess);
  REQUIRE(launch_on(stream, add_one, 1, 1, x.get()) == cudaSuccess);
  REQUIRE(cudaMemcpyAsync(pinned.data + 1, x.get(), 4, cudaMemcpyDeviceToHost, stream) == cudaSuccess);
  cudaGraph_t graph = nullptr;
  REQUIRE(cudaStreamEndCapture(stream, &graph) == cudaSuccess);
  CHECK(status_of(stream) == cudaStreamCaptureStatusNone);
  std::size_t nodes = 0;
  REQUIRE(cudaGraphGetNodes(graph, nullptr, &nodes) == cudaSuccess);
  CHECK(nodes == 3);
  cudaGraphExec_t executable = nullptr;
  REQUIRE(cudaGraphInstantiate(&executable, graph, 0) == cudaSuccess);
  REQUIRE(cudaGraphDestroy(graph) == cudaSuccess);

  REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
  CHECK(std::isnan(pinned.data[1]));  // capturing ran nothing
  for (const float value : {1.0f, 7.0f}) {
    pinned.data[0] = value;
    REQUIRE(cudaGraphLaunch(executable, stream) == cudaSuccess);
    CHECK(pinned.data[1] != value + 1);
    REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
    CHECK(pinned.data[1] == value + 1);
  }
  REQUIRE(cudaGraphLaunch(executable, stream) == cudaSuccess);
  REQUIRE(cudaGraphExecDestroy(executable) == cudaSuccess);  // pending work still runs
  CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
}

TEST_CASE("calls that a capture does not allow, and their effect") {
  const auto global = cudaStreamCaptureModeGlobal;
  const Device<float> x(1);
  const Stream other;
  float pageable = 0, *block = nullptr;
  cudaEvent_t event = nullptr;
  REQUIRE(cudaEventCreate(&event) == cudaSuccess);
  REQUIRE(cudaEventRecord(event, other) == cudaSuccess);

  CHECK(while_capturing(global, [&](cudaStream_t) { return cudaMalloc(&block, 4); }) == unsupported);
  CHECK(while_capturing(global, [&](cudaStream_t) { return cudaMallocHost(&block, 4); }) == unsupported);
  CHECK(while_capturing(global, [&](cudaStream_t) { return cudaFree(x.get()); }) == unsupported);
  CHECK(while_capturing(global, [](cudaStream_t s) { return cudaStreamSynchronize(s); }) == unsupported);
  CHECK(while_capturing(global, [](cudaStream_t s) { return cudaStreamQuery(s); }) == unsupported);
  CHECK(while_capturing(global, [](cudaStream_t) { return cudaDeviceSynchronize(); }) == unsupported);
  CHECK(while_capturing(global, [&](cudaStream_t) { return cudaEventQuery(event); }) == unsupported);
  CHECK(while_capturing(global, [&](cudaStream_t) { return cudaEventSynchronize(event); }) == unsupported);
  CHECK(while_capturing(global, [&](cudaStream_t s) {
          return cudaMemcpyAsync(x.get(), &pageable, 4, cudaMemcpyHostToDevice, s);
        }) == unsupported);
  CHECK(while_capturing(global, [&](cudaStream_t s) {
          return cudaMemcpyAsync(&pageable, x.get(), 4, cudaMemcpyDeviceToHost, s);
        }) == unsupported);

  const Errors implicit{cudaErrorStreamCaptureImplicit, cudaErrorStreamCaptureInvalidated};
  CHECK(while_capturing(global, [&](cudaStream_t) { return launch(add_one, 1, 1, x.get()); }) == implicit);
  CHECK(while_capturing(global, [&](cudaStream_t) {
          return cudaMemcpy(&pageable, x.get(), 4, cudaMemcpyDeviceToHost);
        }) == implicit);

  const Errors isolation{cudaErrorStreamCaptureIsolation, cudaErrorStreamCaptureInvalidated};
  CHECK(while_capturing(global, [&](cudaStream_t s) { return cudaStreamWaitEvent(s, event); }) == isolation);
  const Errors captured{cudaErrorCapturedEvent, cudaErrorStreamCaptureInvalidated};
  CHECK(while_capturing(global, [&](cudaStream_t s) {
          REQUIRE(cudaEventRecord(event, s) == cudaSuccess);
          return cudaEventQuery(event);
        }) == captured);

  CHECK(while_capturing(global, [&](cudaStream_t s) {
          REQUIRE(cudaDeviceSynchronize() == cudaErrorStreamCaptureUnsupported);
          CHECK(status_of(s) == cudaStreamCaptureStatusInvalidated);
          return launch_on(s, add_one, 1, 1, x.get());
        }) == Errors{cudaErrorStreamCaptureInvalidated, cudaErrorStreamCaptureInvalidated});
  CHECK(while_capturing(global, [&](cudaStream_t) { return launch_on(other, add_one, 1, 1, x.get()); }) ==
        well);
  REQUIRE(cudaEventDestroy(event) == cudaSuccess);
}

TEST_CASE("modes of capture, of the stream and of the thread") {
  const auto allocate = [] {
    float* block = nullptr;
    const cudaError_t error = cudaMalloc(&block, 4);
    cudaFree(block);
    return error;
  };
  const auto allocate_elsewhere = [&] {
    cudaError_t error{};
    std::thread([&] { error = allocate(); }).join();
    return error;
  };
  CHECK(while_capturing(cudaStreamCaptureModeRelaxed, [&](cudaStream_t) { return allocate(); }) == well);
  CHECK(while_capturing(cudaStreamCaptureModeThreadLocal, [&](cudaStream_t) { return allocate(); }) ==
        unsupported);
  CHECK(while_capturing(cudaStreamCaptureModeThreadLocal,
                        [&](cudaStream_t) { return allocate_elsewhere(); }) == well);
  CHECK(while_capturing(cudaStreamCaptureModeGlobal, [&](cudaStream_t) { return allocate_elsewhere(); }) ==
        unsupported);
  CHECK(while_capturing(cudaStreamCaptureModeGlobal, [&](cudaStream_t) {
          cudaStreamCaptureMode mode = cudaStreamCaptureModeRelaxed;
          REQUIRE(cudaThreadExchangeStreamCaptureMode(&mode) == cudaSuccess);
          CHECK(mode == cudaStreamCaptureModeGlobal);
          const cudaError_t error = allocate();
          REQUIRE(cudaThreadExchangeStreamCaptureMode(&mode) == cudaSuccess);
          CHECK(mode == cudaStreamCaptureModeRelaxed);
          return error;
        }) == well);

  const Stream stream;
  cudaGraph_t graph = nullptr;
  CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorIllegalState);
  CHECK(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeGlobal) == cudaErrorStreamCaptureUnsupported);
  REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal) == cudaSuccess);
  CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal) == cudaErrorIllegalState);
  cudaError_t elsewhere{};
  std::thread([&] { elsewhere = cudaStreamEndCapture(stream, &graph); }).join();
  CHECK(elsewhere == cudaErrorStreamCaptureWrongThread);
  REQUIRE(cudaStreamEndCapture(stream, &graph) == cudaSuccess);
  REQUIRE(cudaGraphDestroy(graph) == cudaSuccess);
  cudaGetLastError();
}

TEST_CASE("counts") {
  const Stream stream;
  const auto before = counts();
  float *block = nullptr, *pinned = nullptr, pageable = 0;
  REQUIRE(cudaMalloc(&block, 4) == cudaSuccess);
  REQUIRE(cudaMallocHost(&pinned, 4) == cudaSuccess);
  CHECK(counts().allocations - before.allocations == 2);

  REQUIRE(launch_on(stream, fill, 1, 1, block, 1, 1.0f) == cudaSuccess);
  REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal) == cudaSuccess);
  REQUIRE(launch_on(stream, add_one, 1, 1, block) == cudaSuccess);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  REQUIRE(cudaStreamEndCapture(stream, &graph) == cudaSuccess);
  REQUIRE(cudaGraphInstantiate(&executable, graph, 0) == cudaSuccess);
  REQUIRE(cudaGraphLaunch(executable, stream) == cudaSuccess);
  CHECK(counts().launches - before.launches == 2);
  CHECK(counts().graph_launches - before.graph_launches == 1);
  CHECK(counts().synchronizations == before.synchronizations);

  REQUIRE(cudaMemcpyAsync(pinned, block, 4, cudaMemcpyDeviceToHost, stream) == cudaSuccess);
  CHECK(counts().synchronizations == before.synchronizations);
  REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
  CHECK(counts().synchronizations - before.synchronizations == 1);
  REQUIRE(cudaMemcpyAsync(&pageable, block, 4, cudaMemcpyDeviceToHost, stream) == cudaSuccess);
  CHECK(counts().synchronizations - before.synchronizations == 2);
  REQUIRE(cudaMemcpy(&pageable, block, 4, cudaMemcpyDeviceToHost) == cudaSuccess);
  CHECK(counts().synchronizations - before.synchronizations == 3);
  REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
  CHECK(counts().synchronizations - before.synchronizations == 4);
  REQUIRE(cudaFree(block) == cudaSuccess);
  CHECK(counts().synchronizations - before.synchronizations == 5);
  REQUIRE(cudaFreeHost(pinned) == cudaSuccess);
  CHECK(counts().synchronizations - before.synchronizations == 6);
  CHECK(pageable == 2);
  REQUIRE(cudaGraphDestroy(graph) == cudaSuccess);
  REQUIRE(cudaGraphExecDestroy(executable) == cudaSuccess);
}
