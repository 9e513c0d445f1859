// core/detail/accelerator.h on CUDA devices: memory, copies, loops over elements, captured steps.
#include "tenbin/core/detail/accelerator.h"

#include "tenbin/cuda/capture.h"
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/cuda/gather.h"

namespace tenbin::accelerator {

namespace {

using gpu::Context;
using gpu::Index;
using gpu::require_not_capturing;

template <class T>
void fill_with(Array& array, double value) {
  const T element = static_cast<T>(value);
  T* const out = array.data<T>();
  gpu::for_each(Context::of(array), array.size(), [=] __device__(Index i) { out[i] = element; });
}

template <class From, class To>
void convert_to(Array& to, const Array& from) {
  const From* const in = from.data<From>();
  To* const out = to.data<To>();
  gpu::for_each(Context::of(to), to.size(), [=] __device__(Index i) { out[i] = static_cast<To>(in[i]); });
}

template <class T>
void add_to(Array& to, const Array& from) {
  T* const sum = to.data<T>();
  const T* const more = from.data<T>();
  gpu::for_each(Context::of(to), to.size(),
                [=] __device__(Index i) { sum[i] = static_cast<T>(sum[i] + more[i]); });
}

template <class T>
void find_nan(const Array& array, std::int32_t* found) {
  const T* const x = array.data<T>();
  gpu::for_each(Context::of(array), array.size(), [=] __device__(Index i) {
    if (x[i] != x[i]) *found = 1;  // several threads may write it
  });
}

}  // namespace

void* allocate(std::size_t bytes, int device) { return Context::of(device).pool().allocate(bytes); }

void release(void* block, std::size_t bytes, int device) noexcept {
  // Arrays may be released after a failed kernel or after main, where calls of CUDA fail.
  if (Context* const context = Context::existing(device)) context->pool().release(block, bytes);
}

void copy(void* to, Device to_device, const void* from, Device from_device, std::size_t bytes) {
  if (bytes == 0) return;
  if (from_device.is_cpu()) {
    require_not_capturing("a copy from the CPU");
    Context::of(to_device.index).upload(to, from, bytes);
  } else if (to_device.is_cpu()) {
    require_not_capturing("reading from the device");
    Context::of(from_device.index).download(to, from, bytes);
  } else if (from_device == to_device) {
    const cudaStream_t stream = Context::of(to_device.index).stream();
    TENBIN_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream));
  } else {
    require_not_capturing("a copy between devices");
    Context::of(from_device.index).synchronize();
    const cudaStream_t stream = Context::of(to_device.index).stream();
    TENBIN_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream));
    Context::of(to_device.index).synchronize();  // `from` may be released, and written by its device
  }
}

void add(Array& to, const Array& from) {
  visit(to.dtype(), [&](auto zero) { add_to<decltype(zero)>(to, from); });
}

void fill(Array& array, double value) {
  visit(array.dtype(), [&](auto zero) { fill_with<decltype(zero)>(array, value); });
}

void convert(Array& to, const Array& from) {
  visit(from.dtype(), [&](auto from_zero) {
    visit(to.dtype(), [&](auto to_zero) { convert_to<decltype(from_zero), decltype(to_zero)>(to, from); });
  });
}

bool has_nan(const Array& array) {
  Array found = Array::zeros({}, Dtype::int32, array.device());
  visit_floating(array.dtype(),
                 [&](auto zero) { find_nan<decltype(zero)>(array, found.data<std::int32_t>()); });
  return found.item<int>() != 0;
}

Array gather_rows(const Array& x, const Array& indices) { return gpu::gather_rows(x, indices); }

bool is_capturing() { return gpu::is_capturing(); }

void on_replay(std::function<void()> action) { gpu::on_replay(std::move(action)); }

void keep_for_replay(const Array& array) {
  if (array && !array.device().is_cpu()) gpu::on_replay([array] {});
}

}  // namespace tenbin::accelerator
