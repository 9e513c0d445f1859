// Recording a training step as a CUDA graph, with values that change from replay to replay. Plain C++. Users
// call CapturedStep (captured_step.h).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>

#include "tenbin/core/array.h"

namespace tenbin::gpu {

/// Whether the calling thread is recording a graph.
bool is_capturing();

/// While a graph is recorded, registers `action`, to be called before every replay, in the order of
/// registration. A replay runs kernels only, so the step's work on the CPU, such as counting, must be
/// registered. No effect otherwise.
void on_replay(std::function<void()> action);

/// A number or a small struct that changes from step to step: a learning rate, a draw of random numbers. A
/// recorded kernel always gets the same arguments, so it reads the value from device memory.
template <class T>
struct StepValue {
  T value{};
  const T* recorded = nullptr;

  /// Called in a kernel.
  constexpr const T& get() const { return recorded == nullptr ? value : *recorded; }
};

namespace detail {

// Device memory for a value of the step that is being recorded; `write` fills it before every replay.
const void* record_value(std::size_t bytes, std::function<void(void*)> write);

// In a step that is being recorded, an array in memory that no kernel of the step uses; the graph keeps it.
Array empty_beside_graph(const Shape& shape, Dtype dtype, Device device);

}  // namespace detail

/// The result of `compute`, which is called now and, for a recorded step, before every replay.
///
///     const auto rate = gpu::step_value([this] { return static_cast<T>(hyperparam.lr); });
template <class F>
auto step_value(F compute) -> StepValue<decltype(compute())> {
  using T = decltype(compute());
  static_assert(std::is_trivially_copyable_v<T>);
  if (!is_capturing()) return {compute(), nullptr};
  const void* recorded =
      detail::record_value(sizeof(T), [compute](void* place) { *static_cast<T*>(place) = compute(); });
  return {T{}, static_cast<const T*>(recorded)};
}

/// The kernels that `record` launches on one device, recorded once and launched together. It owns the memory
/// that the kernels use, also that of arrays that outlive `record`. Errors of the constructor: those of
/// `record`; an operation that cannot be recorded, such as reading a number from the device.
class Graph {
 public:
  Graph(int device, const std::function<void()>& record);
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph();

  /// Computes the step values again, calls the actions and launches the kernels. Recording launches no
  /// kernel, so the first replay uses the values from `record`. Errors: those of the values and the actions;
  /// then nothing is launched.
  void replay();
  /// Kernels, copies and other nodes.
  std::size_t node_count() const;

  struct Recording;

 private:
  std::unique_ptr<Recording> recording_;
};

}  // namespace tenbin::gpu
