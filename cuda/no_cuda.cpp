// The GPU runtime of a build without CUDA: there is no device, and using one is an error.
#include "tenbin/core/array.h"
#include "tenbin/core/detail/accelerator.h"
#include "tenbin/core/without_cuda.h"
#include "tenbin/cuda/capture.h"
#include "tenbin/cuda/runtime.h"

namespace tenbin {

namespace {

[[noreturn]] void no_device(int device) { detail::no_cuda("cuda:", device, " is not available"); }

}  // namespace

namespace gpu {

bool is_available() { return false; }

int device_count() { return 0; }

void synchronize(int device) { no_device(device); }

void set_synchronous(bool) {}

bool set_caching(bool) { return true; }

void release_cached(int) {}

Stats stats(int) { return {}; }

bool is_capturing() { return false; }

void on_replay(std::function<void()>) {}

struct Graph::Recording {};

Graph::Graph(int device, const std::function<void()>&) { no_device(device); }

Graph::~Graph() = default;

void Graph::replay() {}

std::size_t Graph::node_count() const { return 0; }

}  // namespace gpu

namespace accelerator {

void* allocate(std::size_t, int device) { no_device(device); }

void release(void*, std::size_t, int) noexcept {}

void copy(void*, Device to, const void*, Device from, std::size_t) {
  detail::no_cuda("copy from ", from, " to ", to);
}

void add(Array&, const Array&) { detail::no_cuda("Array::add"); }

void fill(Array&, double) { detail::no_cuda("Array::fill"); }

void convert(Array&, const Array&) { detail::no_cuda("Array::astype"); }

bool has_nan(const Array&) { detail::no_cuda("DebugMode"); }

Array gather_rows(const Array&, const Array& indices) { no_device(indices.device().index); }

bool is_capturing() { return false; }

void on_replay(std::function<void()>) {}

void keep_for_replay(const Array&) {}

Array constant(const Array& values, Device device, Dtype dtype) { return values.astype(dtype).to(device); }

void require_finite(const std::string&, const char*, const Array& values, Dtype, detail::Sign) {
  no_device(values.device().index);
}

}  // namespace accelerator

}  // namespace tenbin
