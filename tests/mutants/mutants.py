"""The bugs that run.py plants: plausible mistakes, each in the real code.

`old` occurs exactly once in the file and is replaced by `new`. `tests` are the names of the tests that are run first,
in Catch2's syntax, with * at the ends; if none of them fails, all tests are run.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    old: str
    new: str
    tests: tuple = ()


REDUCE = ("*along the middle axis*", "softmax*", "sums *")
CAPTURE = ("*captured*", "*the capture*")
COPIES = ("*copied*", "copies *")
LOSS = ("softmax_cross_entropy*", "a loss has the same bits*")

# ---- cooperating threads: a missing barrier, a wrong mask, a missing step ------------------------------------

GROUPS = [
    # Needed only between two consecutive reductions of one type.
    Mutant("Block::reduce: no barrier before the partial results are written",
           "cuda/group.cuh",
           "    __syncthreads();  // what an earlier reduce left has been read\n",
           "",
           LOSS),
    Mutant("Block::reduce: no barrier before the partial results are read",
           "cuda/group.cuh",
           "    __syncthreads();\n    value = partial[0];\n",
           "    value = partial[0];\n",
           REDUCE),
    Mutant("Lanes::reduce: the mask names the first lanes of the warp",
           "cuda/group.cuh",
           "    const unsigned first = threadIdx.x % 32 / Width * Width;\n"
           "    const unsigned lanes = (Width == 32 ? ~0u : (1u << Width % 32) - 1u) << first;",
           "    const unsigned lanes = Width == 32 ? ~0u : (1u << Width % 32) - 1u;",
           REDUCE),
    Mutant("Lanes::reduce: the loop starts with a quarter of the lanes",
           "cuda/group.cuh",
           "for (int with = Width / 2; with > 0; with /= 2)",
           "for (int with = Width / 4; with > 0; with /= 2)",
           REDUCE),
    Mutant("Lanes: one row too many per block, so that some are skipped",
           "cuda/group.cuh",
           "static constexpr int lines_per_block = block_threads / Width;",
           "static constexpr int lines_per_block = block_threads / Width + 1;",
           REDUCE),
    Mutant("reduce_columns: no barrier between the halves",
           "cuda/reduce.cu",
           "    __syncthreads();\n    if (lane < half)",
           "    if (lane < half)",
           REDUCE),
    Mutant("softmax: the gradient uses the mean of one thread instead of the row's",
           "functions/activation/softmax.cu",
           "    mean = group.reduce(mean, gpu::Plus());\n",
           "",
           ("softmax*",)),
]

# ---- grids, bounds and indices -------------------------------------------------------------------------------

BOUNDS = [
    Mutant("for_each: the last element is left out",
           "cuda/elementwise.cuh",
           "i < count; i += step) f(i);",
           "i < count - 1; i += step) f(i);",
           ("fill, astype and add*",)),
    Mutant("map: a thread processes one element only",
           "cuda/elementwise.cuh",
           "i < count; i += step)\n    y[i]",
           "i < count; i += step + count)\n    y[i]",
           ("twenty steps*",)),
    Mutant("for_each_line: a line beyond the last",
           "cuda/lines.cuh",
           "if (line < count) f(Group(), line);",
           "if (line <= count) f(Group(), line);",
           ("get_rows*",)),
    Mutant("reduce: the last chunk is left off",
           "cuda/reduce.cu",
           "const Index chunk = ceil_div(count, chunks);",
           "const Index chunk = count / chunks;",
           REDUCE),
    Mutant("reduce_lines: every chunk is the first one of its line",
           "cuda/reduce.cu",
           "  if (part >= pass.outer * pass.chunks) return;\n"
           "  const Index begin = part % pass.chunks * pass.chunk;",
           "  if (part >= pass.outer * pass.chunks) return;\n"
           "  const Index begin = part / pass.chunks * pass.chunk;",
           REDUCE),
    Mutant("get_rows: the gradient omits the last occurrence of a row",
           "cuda/gather.cu",
           "i <= last[row]; ++i)",
           "i < last[row]; ++i)",
           ("get_rows*",)),
    Mutant("concat: along an inner axis, the next input starts too early",
           "cuda/gather.cu",
           "  copy(begin * lines.inner, ",
           "  copy(begin, ",
           ("concat*",)),
    Mutant("transpose: the axes in the wrong order",
           "cuda/gather.cu",
           "      const std::size_t from = view.lengths.size() - 1 - i;",
           "      const std::size_t from = i;",
           ("transpose*",)),
    Mutant("dropout: the last thread writes beyond the end",
           "functions/noise/dropout.cu",
           "if (i < size) y[i]",
           "if (i < size + 3) y[i]",
           ("dropout*",)),
]

# ---- order: results that depend on the order of threads, numbers that are rounded too early ------------------

ORDER = [
    Mutant("get_rows: the first occurrence of a row is that of the last thread",
           "cuda/gather.cu",
           "    atomicMin(first + row, i);",
           "    first[row] = i;",
           ("get_rows*",)),
    Mutant("sums of float32 are added up in float32",
           "cuda/reduce.cu",
           "  __device__ double operator()(double a, double b) const { return a + b; }",
           "  __device__ double operator()(double a, double b) const { return static_cast<float>(a + b); }",
           REDUCE),
]

# ---- streams, copies, cuBLAS ---------------------------------------------------------------------------------

STREAMS = [
    Mutant("kernels are launched in the legacy stream",
           "cuda/launch.cuh",
           "config_.stream = context.stream();",
           "config_.stream = nullptr;",
           COPIES),
    Mutant("copies on one device go into the legacy stream",
           "cuda/accelerator.cu",
           "    const cudaStream_t stream = Context::of(to_device.index).stream();\n"
           "    TENBIN_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream));",
           "    TENBIN_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, nullptr));",
           COPIES),
    Mutant("copies to the device go into the legacy stream",
           "cuda/staging.cu",
           "place, part, cudaMemcpyHostToDevice, stream)",
           "place, part, cudaMemcpyHostToDevice, nullptr)",
           COPIES),
    Mutant("staging: a half is overwritten while it is being copied",
           "cuda/staging.cu",
           "    TENBIN_CUDA_CHECK(cudaEventSynchronize(next.copied));\n",
           "",
           COPIES),
    Mutant("staging: only the latest copy counts as used space of a half",
           "cuda/staging.cu",
           "filled_ = std::min(half_bytes, (filled_ + part + alignment - 1) / alignment * alignment);",
           "filled_ = std::min(half_bytes, (part + alignment - 1) / alignment * alignment);",
           COPIES),
    Mutant("cuBLAS does not get the stream",
           "cuda/context.cu",
           "  TENBIN_CUDA_CHECK(cublasSetStream(handle, stream));\n",
           "  static_cast<void>(stream);\n",
           ("matmul*", "linear*")),
    Mutant("cuBLAS has no own workspace, which a capture needs",
           "cuda/context.cu",
           "  TENBIN_CUDA_CHECK(cublasSetWorkspace(handle, *workspace, workspace_bytes));\n",
           "",
           CAPTURE),
    Mutant("gemm: an empty product multiplies what was in memory by 0",
           "cuda/gemm.cu",
           "c[i] = factor == T{0} ? T{0} : factor * c[i];",
           "c[i] = factor * c[i];",
           ("matmul*", "linear*")),
    Mutant("gemm: beta is dropped",
           "cuda/gemm.cu",
           "                           beta,\n                           c,\n",
           "                           T{0},\n                           c,\n",
           ("linear*",)),
    Mutant("gemm: a transposed matrix has the stride of one that is not",
           "cuda/gemm.cu",
           "size(transpose_a ? m : k)",
           "size(transpose_a ? k : m)",
           ("matmul*", "linear*")),
    Mutant("gemm: the matrices of a batch have the stride of those of the result",
           "cuda/gemm.cu",
           "long long a_stride() const { return static_cast<long long>(m) * k; }",
           "long long a_stride() const { return static_cast<long long>(m) * n; }",
           ("matmul*",)),
]

# ---- memory --------------------------------------------------------------------------------------------------

MEMORY = [
    Mutant("pool: only one block of every size is kept",
           "cuda/memory_pool.cu",
           "  if (exact_.erase(block) != 0 || !caching()) return free_block(block);\n",
           "  if (exact_.erase(block) != 0 || !caching() || !free_[size].empty()) return free_block(block);\n",
           ("a captured step allocates nothing*",)),
    Mutant("pool: memory released while a graph is recorded is reused",
           "cuda/memory_pool.cu",
           "    recording_->held.emplace_back(block, block_size(bytes));",
           "    keep(block, block_size(bytes));",
           CAPTURE),
    Mutant("pool: memory released by a graph's arrays is reused",
           "cuda/memory_pool.cu",
           "    memory.free[size].push_back(block);",
           "    keep(block, size);",
           CAPTURE),
    Mutant("pool: the memory of results is released with the graph",
           "cuda/memory_pool.cu",
           "  for (const auto& used : memory.used) graph_of_.erase(used.first);",
           "  for (const auto& used : memory.used) graph_of_.erase(used.first), keep(used.first, used.second);",
           CAPTURE),
    Mutant("a matrix product waits for the device",
           "cuda/gemm.cu",
           "  const cublasHandle_t handle = context.cublas();\n",
           "  const cublasHandle_t handle = context.cublas();\n  context.synchronize();\n",
           CAPTURE),
]

# ---- captured steps ------------------------------------------------------------------------------------------

CAPTURES = [
    Mutant("captured step: rates and draws are those of the recording",
           "cuda/capture.h",
           "  if (!is_capturing()) return {compute(), nullptr};\n",
           "  return {compute(), nullptr};\n",
           CAPTURE),
    Mutant("captured step: the first replay computes the step's values once more",
           "cuda/graph.cu",
           "  if (!std::exchange(recording.is_fresh, false))\n    for",
           "  recording.is_fresh = false;\n  for",
           CAPTURE),
    Mutant("captured step: the actions before a replay are skipped",
           "cuda/graph.cu",
           "  if (!std::exchange(recording.is_fresh, false))\n"
           "    for (const auto& action : recording.before_replay) action();\n",
           "  recording.is_fresh = false;\n",
           CAPTURE),
    Mutant("captured step: the values overlap",
           "cuda/graph.cu",
           "(recording.values.size() + alignment - 1) / alignment * alignment;",
           "recording.values.size() / alignment * alignment;",
           CAPTURE),
    Mutant("dropout: the mask of a captured step is frozen",
           "functions/noise/dropout.cu",
           "  recorded_draw_ = draw.recorded;\n",
           "",
           CAPTURE),
]

# ---- deferred errors: found by kernels -----------------------------------------------------------------------

FAULTS = [
    Mutant("deferred errors: an error is not cleared, and is thrown again",
           "cuda/context.cu",
           "  TENBIN_CUDA_CHECK(cudaMemsetAsync(deferred_error_, 0, sizeof(DeferredError), stream_));\n"
           "  const DeferredError error",
           "  const DeferredError error",
           ("get_rows*", "an invalid label is reported*")),
    Mutant("deferred errors: the position is that of the next element",
           "cuda/deferred_error.cuh",
           "  slot->position = position;",
           "  slot->position = position + 1;",
           ("get_rows*",)),
    Mutant("deferred errors: a later error replaces an earlier one",
           "cuda/deferred_error.cuh",
           "  if (slot->raise != nullptr) return;\n",
           "",
           ("get_rows*",)),
]

# ---- losses --------------------------------------------------------------------------------------------------

LOSSES = [
    Mutant("softmax_cross_entropy: ignored rows count, as class 0",
           "functions/loss/softmax_cross_entropy.cu",
           "    if (target.valid) {\n      const LogSum<T> norm = log_sum_at(group, problem, start);",
           "    if (target.n_class > 0) {\n      const LogSum<T> norm = log_sum_at(group, problem, start);",
           LOSS),
    Mutant("softmax_cross_entropy: the gradient of ignored rows is multiplied by 0",
           "functions/loss/softmax_cross_entropy.cu",
           "    if (weight == 0 || factor == T{0}) return fill_zero(group, g, target.n_class);  // x may be NaN there\n",
           "",
           ("ignored rows are not read",)),
    Mutant("softmax_cross_entropy: class weights are forgotten",
           "functions/loss/softmax_cross_entropy.cu",
           "const Problem<T> problem(x, options_.class_weight, options_.sample_weight);\n    const bool keep",
           "const Problem<T> problem(x, Array(), options_.sample_weight);\n    const bool keep",
           LOSS),
    Mutant("softmax_cross_entropy: a wrong label is not reported",
           "functions/loss/detail/loss_sums.cuh",
           "    if (sums.wrong_label != no_position)\n",
           "    if (sums.wrong_label < 0)\n",
           LOSS),
    Mutant("mean_squared_error: the mean of nothing is 0 / 0",
           "functions/loss/mean_squared_error.cu",
           "count == 0 ? 0 : sum / static_cast<double>(count)",
           "sum / static_cast<double>(count)",
           ("mean_squared_error*",)),
    Mutant("reduce_grid: the last block of the grid combines, not the last to finish",
           "cuda/grid_reduce.cuh",
           "is_last = atomicInc(scratch.ticket, gridDim.x - 1) == gridDim.x - 1;",
           "is_last = blockIdx.x == gridDim.x - 1;",
           LOSS),
    Mutant("reduce_grid: the ticket is not reset to 0",
           "cuda/grid_reduce.cuh",
           "is_last = atomicInc(scratch.ticket, gridDim.x - 1) == gridDim.x - 1;",
           "is_last = atomicInc(scratch.ticket, ~0u) == gridDim.x - 1;",
           LOSS),
    Mutant("reduce_grid: values are combined in the order in which blocks finish",
           "cuda/grid_reduce.cuh",
           "    scratch.partials[blockIdx.x] = value;\n"
           "    __threadfence();  // the last block must see all values\n"
           "    is_last = atomicInc(scratch.ticket, gridDim.x - 1) == gridDim.x - 1;",
           "    const unsigned arrival = atomicInc(scratch.ticket, gridDim.x - 1);\n"
           "    scratch.partials[arrival] = value;\n"
           "    __threadfence();\n"
           "    is_last = arrival == gridDim.x - 1;",
           LOSS),
    Mutant("softmax: the threads' sums are not scaled to the maximum of the row",
           "cuda/softmax.cuh",
           "  grow(Group::reduce(max, larger));\n",
           "  max = Group::reduce(max, larger);\n",
           LOSS),
]

# ---- optimizers ----------------------------------------------------------------------------------------------

OPTIMIZERS = [
    Mutant("optimizers: an error does not prevent the update",
           "cuda/update.cuh",
           "  if (error->raise != nullptr) return;\n",
           "  static_cast<void>(error);\n",
           ("an invalid label is reported*",)),
    Mutant("optimizers: the step of a captured step is frozen",
           "optimizers/detail/elementwise_bodies.h",
           "back_end::step_value([&rule] { return rule.template step<T>(rule.t() + 1); })",
           "back_end::step_value([now = rule.template step<T>(rule.t() + 1)] { return now; })",
           CAPTURE),
    Mutant("GradientClipping: the sums of the second group overwrite those of the first",
           "optimizers/optimizer_hooks.cu",
           "    place += blocks;\n",
           "",
           ("GradientClipping*", "*clip*")),
    Mutant("GradientNoise: a grid that is too small",
           "optimizers/optimizer_hooks.cu",
           "const Index blocks = gpu::ceil_div(count, 2 * block_threads);",
           "const Index blocks = 1 + count / (4 * block_threads);",
           ("*oise*",)),
    Mutant("GradientNoise: odd sizes get noise beyond the end",
           "optimizers/optimizer_hooks.cu",
           "if (i + 1 < count) grad[i + 1]",
           "grad[i + 1]",
           ("*oise*",)),
]

# A bug in a header requires a build of all kernels: those come last.
MUTANTS = sorted(GROUPS + BOUNDS + ORDER + STREAMS + MEMORY + CAPTURES + FAULTS + LOSSES + OPTIMIZERS,
                 key=lambda mutant: not mutant.file.endswith(".cu"))
