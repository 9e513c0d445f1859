// A training step as a CUDA graph: what is recorded, and what is computed anew for every replay. Plain C++.
// Scripts use CapturedStep (captured_step.h).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>

#include "tenbin/core/array.h"

namespace tenbin::gpu {

/// Whether the calling thread is recording a graph.
bool is_capturing();

/// While a graph is recorded: has `action` called before every replay, in the order of these calls. What the
/// step does on the CPU each time, such as counting, must be said here: a replay runs kernels only. No effect
/// otherwise.
void on_replay(std::function<void()> action);

/// A number or a small struct that is another one in every step: a learning rate, a draw of random numbers.
/// An argument of a kernel would be frozen when the step is recorded, so there it lies in device memory.
template <class T>
struct StepValue {
  T value{};
  const T* recorded = nullptr;

  /// In a kernel.
  constexpr const T& get() const { return recorded == nullptr ? value : *recorded; }
};

namespace detail {

// A place in device memory for the step that is being recorded, which `write` fills before every replay.
const void* record_value(std::size_t bytes, std::function<void(void*)> write);

// In a step that is being recorded, an array in memory that is idle, that none of the step's kernels has been
// given, and that the graph keeps.
Array empty_beside_graph(const Shape& shape, Dtype dtype, Device device);

}  // namespace detail

/// What `compute` returns: now, and in a recorded step before every replay.
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

/// The kernels that a function launches on one device, recorded once and launched as one. It owns the memory
/// that the kernels use, those arrays too that outlive `record`. Errors of the constructor: whatever `record`
/// throws; what cannot be recorded, such as reading a number from the device.
class Graph {
 public:
  Graph(int device, const std::function<void()>& record);
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph();

  /// Computes the step values anew and launches the kernels. `record` itself ran none of them: the first
  /// replay uses the values that it computed. Errors: those of the values and the actions; then nothing is
  /// launched.
  void replay();
  /// Kernels, copies and other nodes.
  std::size_t node_count() const;

  struct Recording;

 private:
  std::unique_ptr<Recording> recording_;
};

}  // namespace tenbin::gpu
