// The emulator's kernels: orders, barriers, shuffles, votes, atomics, and their errors.
#include <cstring>
#include <stdexcept>

#include "emulator_test.h"

using namespace emulator_test;

namespace {

constexpr unsigned all = 0xffffffffu;

std::string line(unsigned number) { return "kernel_test.cu:" + std::to_string(number); }

/// Runs a kernel in each order; its results must be the same bits.
template <class T, class Run>
std::vector<T> same_in_all_orders(std::size_t size, Run run) {
  std::vector<std::vector<T>> results;
  for (const Order order : orders) {
    cuda_emulator::set_order(order);
    const Device<T> result(size);
    run(result.get());
    results.push_back(result.read());
  }
  cuda_emulator::set_order(Order::first);
  for (const auto& other : results)
    REQUIRE(std::memcmp(other.data(), results[0].data(), size * sizeof(T)) == 0);
  return results[0];
}

/// The number of different results in the three orders.
template <class T, class Run>
std::size_t different_results(std::size_t size, Run run) {
  std::vector<std::vector<T>> results;
  for (const Order order : orders) {
    cuda_emulator::set_order(order);
    const Device<T> result(size);
    run(result.get());
    const std::vector<T> values = result.read();
    bool known = false;
    for (const auto& other : results)
      known = known || std::memcmp(other.data(), values.data(), size * sizeof(T)) == 0;
    if (!known) results.push_back(values);
  }
  cuda_emulator::set_order(Order::first);
  return results.size();
}

/// Runs one block, whose kernel must fail, and returns the error text.
template <class... P, class... A>
std::string failure_of(void (*kernel)(P...), unsigned threads, A... arguments) {
  REQUIRE(launch(kernel, 1, threads, arguments...) == cudaSuccess);
  const cudaError_t error = cudaDeviceSynchronize();
  CHECK(error == cudaErrorLaunchFailure);
  const std::string failure = text(error);
  CHECK(cudaDeviceSynchronize() == cudaSuccess);  // reported once
  return failure;
}

__global__ void indices(uint3* threads, uint3* blocks) {
  const unsigned threads_in_block = blockDim.x * blockDim.y * blockDim.z;
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned i =
      block * threads_in_block + threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  threads[i] = threadIdx;
  blocks[i] = blockIdx;
}

// Three steps, each with its barrier; `Dropped` is the barrier to leave out.
template <int Dropped>
__global__ void block_sums(const float* x, float* sums) {
  __shared__ float partial[8];
  for (int round = 0; round < 2; ++round) {
    float v = x[threadIdx.x] * float(round + 1);
    for (int lanes = 16; lanes > 0; lanes /= 2) v += __shfl_xor_sync(all, v, lanes);
    if (Dropped != 1) __syncthreads();  // the previous round has been read
    if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = v;
    if (Dropped != 2) __syncthreads();
    v = 0;
    for (const float p : partial) v += p;
    sums[unsigned(round) * blockDim.x + threadIdx.x] = v;
  }
}

template <int Dropped>
void run_block_sums(float* sums) {
  static const Device<float> x(iota(256, 1));
  REQUIRE(launch(block_sums<Dropped>, 1, 256, x.get(), sums) == cudaSuccess);
}

__global__ void scale(const float* x, float* y, int n) {
  const int i = int(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) y[i] = 2 * x[i];
}

}  // namespace

TEST_CASE("every thread of every block runs once, at its own index") {
  for (const Order order : orders) {
    cuda_emulator::set_order(order);
    const Device<uint3> threads(360), blocks(360);
    REQUIRE(launch(indices, dim3(2, 3, 5), dim3(2, 3, 2), threads.get(), blocks.get()) == cudaSuccess);
    const std::vector<uint3> t = threads.read(), b = blocks.read();
    unsigned i = 0;
    for (unsigned block = 0; block < 30; ++block)
      for (unsigned thread = 0; thread < 12; ++thread, ++i) {
        REQUIRE((t[i].x == thread % 2 && t[i].y == thread / 2 % 3 && t[i].z == thread / 6));
        REQUIRE((b[i].x == block % 2 && b[i].y == block / 2 % 3 && b[i].z == block / 6));
      }
  }
  cuda_emulator::set_order(Order::first);
}

TEST_CASE("a reduction over a block gives the same bits in all orders") {
  const std::vector<float> sums = same_in_all_orders<float>(512, run_block_sums<0>);
  for (std::size_t i = 0; i < 256; ++i) {
    CHECK(sums[i] == 32896);
    CHECK(sums[256 + i] == 65792);
  }
}

TEST_CASE("a dropped barrier gives different results") {
  CHECK(different_results<float>(512, run_block_sums<2>) > 1);
}

TEST_CASE("overwriting values that others still have to read is detected by the greedy order") {
  cuda_emulator::set_order(Order::first);
  const Device<float> right(512), wrong(512);
  run_block_sums<0>(right.get());
  run_block_sums<1>(wrong.get());
  CHECK(right.read() != wrong.read());
}

namespace {

__global__ void last_writer(int* cell) { *cell = int(blockIdx.x * blockDim.x + threadIdx.x); }
__global__ void random_writer(int* order) {
  __shared__ int next;
  if (threadIdx.x == 0) next = 0;
  __syncthreads();
  order[atomicAdd(&next, 1)] = int(threadIdx.x);
}

}  // namespace

TEST_CASE("the orders: first, last, and random by its seed") {
  const Device<int> cell(1);
  const auto last = [&](Order order) {
    cuda_emulator::set_order(order);
    REQUIRE(launch(last_writer, 3, 4, cell.get()) == cudaSuccess);
    return cell.read()[0];
  };
  CHECK(last(Order::first) == 11);
  CHECK(last(Order::last) == 0);

  const Device<int> turns(64);
  const auto random = [&](unsigned seed) {
    cuda_emulator::set_order(Order::random, seed);
    REQUIRE(launch(random_writer, 1, 64, turns.get()) == cudaSuccess);
    return turns.read();
  };
  CHECK(random(1) == random(1));
  CHECK(random(1) != random(2));
  cuda_emulator::set_order(Order::first);
}

namespace {

constexpr unsigned divergent_line = __LINE__ + 3;
__global__ void divergent_barrier() {
  if (threadIdx.x < 16)
    __syncthreads();
  else
    __shfl_sync(all, 1, 0);
}

constexpr unsigned two_barriers_line = __LINE__ + 3;
__global__ void two_barriers() {
  if (threadIdx.x < 16)
    __syncthreads();
  else
    __syncthreads();
}

constexpr unsigned missing_line = __LINE__ + 3;
__global__ void missing_lane() {
  if (threadIdx.x == 3) return;
  __syncwarp();
}

constexpr unsigned own_mask_line = __LINE__ + 1;
__global__ void not_in_own_mask() { __shfl_xor_sync(0xffffu, 1, 1); }
__global__ void reads_outside_mask() {
  if (threadIdx.x < 16) __shfl_sync(0xffffu, 1, 20);
}
__global__ void masks_differ() { __syncwarp(threadIdx.x < 16 ? all : 0xffff0000u); }
__global__ void odd_width() { __shfl_sync(all, 1, 0, 24); }
__global__ void throws() {
  if (threadIdx.x == 5) throw std::runtime_error("five");
  __syncthreads();
}
constexpr unsigned trap_line = __LINE__ + 2;
__global__ void traps() {
  if (threadIdx.x == 5) __trap();
}
__global__ void early_return_is_well(int* out) {
  if (threadIdx.x >= 40) return;
  __syncthreads();
  out[threadIdx.x] = __syncthreads_count(1);
}

}  // namespace

TEST_CASE("barriers that cannot open name the lines where threads wait") {
  for (const Order order : orders) {
    cuda_emulator::set_order(order);
    CHECK_THAT(failure_of(divergent_barrier, 32),
               ContainsSubstring(
                   "block (0, 0, 0): threads wait at barriers that cannot open; 16 threads wait at " +
                   line(divergent_line) + " (divergent_barrier), the first is thread 0; 16 threads wait at " +
                   line(divergent_line + 2)));
    CHECK_THAT(failure_of(two_barriers, 64),
               ContainsSubstring("different barriers; 16 threads wait at " + line(two_barriers_line)) &&
                   ContainsSubstring("48 threads wait at " + line(two_barriers_line + 2)));
    CHECK_THAT(failure_of(missing_lane, 64), ContainsSubstring("31 threads wait at " + line(missing_line)) &&
                                                 ContainsSubstring("31 threads wait") &&
                                                 ContainsSubstring("of 64 threads have ended"));
  }
  cuda_emulator::set_order(Order::first);
}

TEST_CASE("wrong masks of lanes") {
  CHECK_THAT(failure_of(not_in_own_mask, 32),
             ContainsSubstring("lane 16 of mask 0x0000ffff at " + line(own_mask_line)) &&
                 ContainsSubstring("is not in its own mask"));
  CHECK_THAT(failure_of(reads_outside_mask, 32),
             ContainsSubstring("wants the value of a lane that is not in the mask: 20"));
  CHECK_THAT(failure_of(masks_differ, 32), ContainsSubstring("threads wait at barriers that cannot open"));
  CHECK_THAT(failure_of(missing_lane, 16), ContainsSubstring("waits for lanes that the block does not have"));
  CHECK_THAT(failure_of(odd_width, 32), ContainsSubstring("a shuffle of width 24"));
}

TEST_CASE("a thread that throws or traps fails its kernel, and kernels run again afterwards") {
  CHECK_THAT(failure_of(throws, 64), ContainsSubstring("a thread threw \"five\""));
  CHECK_THAT(failure_of(throws, 6), ContainsSubstring("a thread threw \"five\""));
  CHECK_THAT(failure_of(traps, 64), ContainsSubstring("__trap at " + line(trap_line)));
  same_in_all_orders<float>(512, run_block_sums<0>);
}

TEST_CASE("threads that have ended are not waited for by the rest of the block") {
  const std::vector<int> counts = same_in_all_orders<int>(
      40, [](int* out) { REQUIRE(launch(early_return_is_well, 1, 64, out) == cudaSuccess); });
  for (const int count : counts) CHECK(count == 40);
}

namespace {

__global__ void shuffles(int* out) {
  const int lane = int(threadIdx.x) % 32;
  int* mine = out + threadIdx.x * 8;
  mine[0] = __shfl_sync(all, lane, 5);
  mine[1] = __shfl_sync(all, lane, 3, 8);
  mine[2] = __shfl_xor_sync(all, lane, 1);
  mine[3] = __shfl_xor_sync(all, lane, 8, 8);  // the upper one is beyond the segment, the lower one inside
  mine[4] = __shfl_down_sync(all, lane, 3);
  mine[5] = __shfl_down_sync(all, lane, 3, 8);
  mine[6] = __shfl_up_sync(all, lane, 3, 16);
  mine[7] = int(__shfl_xor_sync(all, double(lane) + 0.25, 16) * 4);
}

// Two halves of a warp shuffle with separate masks, a different number of times.
__global__ void partial_masks(int* out) {
  const bool low = threadIdx.x % 32 < 16;
  const unsigned mask = low ? 0xffffu : 0xffff0000u;
  int sum = int(threadIdx.x);
  for (int round = 0; round < (low ? 3 : 1); ++round)
    for (int lanes = 8; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(mask, sum, lanes, 16);
  out[threadIdx.x] = sum;
}

__global__ void votes(int* out) {
  const int lane = int(threadIdx.x) % 32;
  int* mine = out + threadIdx.x * 8;
  mine[0] = int(__ballot_sync(all, lane % 3 == 0));
  mine[1] = __any_sync(all, threadIdx.x == 40);
  mine[2] = __all_sync(all, threadIdx.x < 40);
  mine[3] = __syncthreads_count(threadIdx.x < 50);
  mine[4] = __syncthreads_or(threadIdx.x == 63);
  mine[5] = __syncthreads_or(0);
  mine[6] = __syncthreads_and(threadIdx.x < 63);
  mine[7] = __syncthreads_and(2);
}

}  // namespace

TEST_CASE("shuffles, whole warps and segments") {
  const std::vector<int> out =
      same_in_all_orders<int>(64 * 8, [](int* p) { REQUIRE(launch(shuffles, 1, 64, p) == cudaSuccess); });
  for (int thread = 0; thread < 64; ++thread) {
    const int lane = thread % 32, *mine = out.data() + thread * 8;
    CHECK(mine[0] == 5);
    CHECK(mine[1] == lane / 8 * 8 + 3);
    CHECK(mine[2] == (lane ^ 1));
    CHECK(mine[3] == ((lane & 8) != 0 ? lane - 8 : lane));
    CHECK(mine[4] == (lane + 3 < 32 ? lane + 3 : lane));
    CHECK(mine[5] == (lane % 8 + 3 < 8 ? lane + 3 : lane));
    CHECK(mine[6] == (lane % 16 >= 3 ? lane - 3 : lane));
    CHECK(mine[7] == 4 * (lane ^ 16) + 1);
  }
}

TEST_CASE("halves of a warp with separate masks") {
  const std::vector<int> out =
      same_in_all_orders<int>(32, [](int* p) { REQUIRE(launch(partial_masks, 1, 32, p) == cudaSuccess); });
  for (int lane = 0; lane < 32; ++lane) CHECK(out[std::size_t(lane)] == (lane < 16 ? 120 * 16 * 16 : 376));
}

TEST_CASE("votes of warps and blocks") {
  const std::vector<int> out =
      same_in_all_orders<int>(64 * 8, [](int* p) { REQUIRE(launch(votes, 1, 64, p) == cudaSuccess); });
  for (int thread = 0; thread < 64; ++thread) {
    const int* mine = out.data() + thread * 8;
    CHECK(mine[0] == 0x49249249);
    CHECK(mine[1] == (thread >= 32));
    CHECK(mine[2] == (thread < 32));
    CHECK(mine[3] == 50);
    CHECK(mine[4] == 1);
    CHECK(mine[5] == 0);
    CHECK(mine[6] == 0);
    CHECK(mine[7] == 1);
  }
}

namespace {

__global__ void atomics(unsigned* cells, int* ints, long long* bounds, unsigned long long* wide) {
  atomicAdd(cells, 2);
  atomicInc(cells + 1, 9);
  atomicMax(cells + 2, threadIdx.x);
  atomicOr(cells + 3, 1u << threadIdx.x % 32);
  atomicMin(ints, -int(threadIdx.x));
  atomicAdd(ints + 1, -1);
  atomicMin(bounds, -1000000000000LL * threadIdx.x);
  atomicMax(bounds + 1, 1000000000000LL * threadIdx.x);
  atomicAdd(wide, 1ull << 33);
  unsigned long long seen = wide[1], expected;
  do {
    expected = seen;
    seen = atomicCAS(wide + 1, expected, expected + 3);
  } while (seen != expected);
}

// The blocks' sums are added by the last block to finish, in the blocks' order.
__global__ void sum_by_last_block(const float* x, float* partial, unsigned* ticket, float* sum) {
  __shared__ bool last;
  float v = x[blockIdx.x * 32 + threadIdx.x];
  for (int lanes = 16; lanes > 0; lanes /= 2) v += __shfl_xor_sync(all, v, lanes);
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = v;
    __threadfence();
    last = atomicInc(ticket, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!last || threadIdx.x != 0) return;
  *sum = 0;
  for (unsigned b = 0; b < gridDim.x; ++b) *sum += partial[b];
}

template <class T, class = void>
struct HasAtomicAdd : std::false_type {};
template <class T>
struct HasAtomicAdd<T, std::void_t<decltype(atomicAdd(std::declval<T*>(), std::declval<T>()))>>
    : std::true_type {};

static_assert(HasAtomicAdd<int>() && HasAtomicAdd<unsigned>() && HasAtomicAdd<unsigned long long>());
static_assert(!HasAtomicAdd<float>() && !HasAtomicAdd<double>(), "a sum in no fixed order");
static_assert(!HasAtomicAdd<long long>(), "CUDA has none");

}  // namespace

TEST_CASE("atomics of integers") {
  const Device<unsigned> cells(std::vector<unsigned>{0, 0, 0, 0});
  const Device<int> ints(std::vector<int>{0, 0});
  const Device<long long> bounds(std::vector<long long>{0, 0});
  const Device<unsigned long long> wide(std::vector<unsigned long long>{0, 0});
  REQUIRE(launch(atomics, 1, 64, cells.get(), ints.get(), bounds.get(), wide.get()) == cudaSuccess);
  CHECK(cells.read() == std::vector<unsigned>{128, 4, 63, all});
  CHECK(ints.read() == std::vector<int>{-63, -64});
  CHECK(bounds.read() == std::vector<long long>{-63000000000000LL, 63000000000000LL});
  CHECK(wide.read() == std::vector<unsigned long long>{64ull << 33, 192});
}

TEST_CASE("the last block adds in the same order, whichever block it is") {
  const Device<float> x(iota(320, 0.1f)), partial(10);
  const std::vector<float> sum = same_in_all_orders<float>(1, [&](float* out) {
    const Device<unsigned> ticket(std::vector<unsigned>{0});
    REQUIRE(launch(sum_by_last_block, 10, 32, x.get(), partial.get(), ticket.get(), out) == cudaSuccess);
    CHECK(ticket.read()[0] == 0);
  });
  CHECK(sum[0] == Approx(319 * 160 + 32));
}

namespace {

struct Affine {
  float slope, offset;
  __device__ float operator()(float x) const { return slope * x + offset; }
};
template <class F>
__global__ void map(F f, const float* x, float* y, int n) {
  const int i = int(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) y[i] = f(x[i]);
}

__global__ void use_shared(float* out) {
  const float* shared = static_cast<const float*>(cuda_emulator::dynamic_shared_memory());
  out[threadIdx.x] = shared[threadIdx.x];
}

}  // namespace

TEST_CASE("arguments are copied at the launch") {
  const Device<float> x(iota(100)), y(100);
  Affine f{2, 1};
  REQUIRE(launch(map<Affine>, 4, 32, f, x.get(), y.get(), 100) == cudaSuccess);
  f.slope = 5;
  CHECK(y.read()[99] == 199);
}

TEST_CASE("a million threads without barriers") {
  const int n = 1000000;
  const Device<float> x(iota(n)), y(n);
  for (const Order order : orders) {
    cuda_emulator::set_order(order);
    REQUIRE(launch(scale, (n + 255) / 256, 256, x.get(), y.get(), n) == cudaSuccess);
    const std::vector<float> values = y.read();
    CHECK(values[0] == 0);
    CHECK(values[n - 1] == 2 * float(n - 1));
  }
  cuda_emulator::set_order(Order::first);
}

TEST_CASE("limits of a launch") {
  const Device<float> x(1), y(1);
  const auto run = [&](dim3 grid, dim3 block) { return launch(scale, grid, block, x.get(), y.get(), 0); };
  CHECK(run(1, 1024) == cudaSuccess);
  CHECK(run(1, dim3(16, 1, 64)) == cudaSuccess);
  CHECK(run(dim3(1, 65535), 1) == cudaSuccess);
  CHECK(cudaDeviceSynchronize() == cudaSuccess);
  const std::size_t before = cuda_emulator::counts().launches;
  CHECK(run(1, 1025) == cudaErrorInvalidConfiguration);
  CHECK_THAT(text(run(1, 2048)), ContainsSubstring("invalid configuration argument: block (2048, 1, 1)"));
  CHECK(cudaPeekAtLastError() == cudaErrorInvalidConfiguration);
  CHECK(cudaGetLastError() == cudaErrorInvalidConfiguration);
  CHECK(cudaGetLastError() == cudaSuccess);
  CHECK(run(1, dim3(64, 64)) == cudaErrorInvalidConfiguration);
  CHECK(run(1, dim3(1, 1, 65)) == cudaErrorInvalidConfiguration);
  CHECK(run(1, 0) == cudaErrorInvalidConfiguration);
  CHECK(run(0, 1) == cudaErrorInvalidConfiguration);
  CHECK(run(dim3(1, 65536), 1) == cudaErrorInvalidConfiguration);
  CHECK(run(dim3(1, 1, 65536), 1) == cudaErrorInvalidConfiguration);
  CHECK(run(0x80000000u, 1) == cudaErrorInvalidConfiguration);
  CHECK(cuda_emulator::counts().launches == before);
  cudaGetLastError();
}

TEST_CASE("dynamic shared memory: NaN at first, 48 KiB at most") {
  const Device<float> out(std::vector<float>{0, 0});
  cudaLaunchConfig_t config;
  config.blockDim = 2;
  config.dynamicSmemBytes = 8;
  REQUIRE(cudaLaunchKernelEx(&config, use_shared, out.get()) == cudaSuccess);
  CHECK(isnan(out.read()[1]));
  config.dynamicSmemBytes = 49153;
  CHECK(cudaLaunchKernelEx(&config, use_shared, out.get()) == cudaErrorInvalidValue);
  cudaGetLastError();
}

TEST_CASE("device arithmetic that C++ lacks") {
  CHECK(max(1, 2) == 2);
  CHECK(min(2u, 1u) == 1u);
  CHECK(max(NAN, 1.0f) == 1.0f);
  CHECK(rsqrtf(4) == 0.5f);
  CHECK(__umulhi(0xffffffffu, 0xffffffffu) == 0xfffffffeu);
  CHECK(__umul64hi(~0ull, 2) == 1);
  CHECK(__float_as_uint(1.0f) == 0x3f800000u);
  CHECK(__uint_as_float(0x40000000u) == 2.0f);
  CHECK(__clz(1) == 31);
  CHECK(__clz(0) == 32);
  // 1 + 2^-23 squared needs 47 bits: the product must be rounded before the sum.
  const float a = 1.00000012f;
  CHECK(__fadd_rn(__fmul_rn(a, a), -1.00000024f) == 0.0f);
  CHECK(__fmaf_rn(a, a, -1.00000024f) != 0.0f);
  CHECK(sizeof(float4) == 16);
  CHECK(alignof(float4) == 16);
  CHECK(alignof(float2) == 8);
  CHECK(make_float4(1, 2, 3, 4).w == 4);
}
