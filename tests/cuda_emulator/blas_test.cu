// The emulator's cuBLAS: products against plain loops, what is checked, streams and capture.
#include <cublas_v2.h>

#include <cmath>
#include <random>

#include "emulator_test.h"

using namespace emulator_test;

namespace {

class Handle {
 public:
  Handle() { REQUIRE(cublasCreate(&handle_) == CUBLAS_STATUS_SUCCESS); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { cublasDestroy(handle_); }
  operator cublasHandle_t() const { return handle_; }

 private:
  cublasHandle_t handle_ = nullptr;
};

template <class T>
std::vector<T> random_values(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<T> values(size);
  for (T& value : values) value = T(normal(random));
  return values;
}

cublasStatus_t gemm(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                    const float* alpha, const float* a, int lda, const float* b, int ldb, const float* beta,
                    float* c, int ldc) {
  return cublasSgemm(h, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
cublasStatus_t gemm(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                    const double* alpha, const double* a, int lda, const double* b, int ldb,
                    const double* beta, double* c, int ldc) {
  return cublasDgemm_64(h, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

template <class T>
void compare_with_loops(cublasOperation_t ta, cublasOperation_t tb, T beta, double tolerance) {
  const int m = 7, n = 5, k = 11, lda = 13, ldb = 17, ldc = 9;
  const T alpha = T(1.5);
  const auto a = random_values<T>(13 * 13, 1), b = random_values<T>(17 * 17, 2),
             c = random_values<T>(9 * 5, 3);
  const Device<T> da(a), db(b), dc(c);
  const Handle handle;
  REQUIRE(gemm(handle, ta, tb, m, n, k, &alpha, da.get(), lda, db.get(), ldb, &beta, dc.get(), ldc) ==
          CUBLAS_STATUS_SUCCESS);
  const std::vector<T> result = dc.read();
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < ldc; ++i) {
      double expected = double(c[std::size_t(i + j * ldc)]);
      if (i < m) {
        double sum = 0;
        for (int l = 0; l < k; ++l)
          sum += double(a[std::size_t(ta == CUBLAS_OP_N ? i + l * lda : l + i * lda)]) *
                 double(b[std::size_t(tb == CUBLAS_OP_N ? l + j * ldb : j + l * ldb)]);
        expected = 1.5 * sum + double(beta) * expected;
      }
      CHECK(double(result[std::size_t(i + j * ldc)]) == Approx(expected).margin(tolerance));
    }
}

const float one = 1, zero = 0;

}  // namespace

TEST_CASE("products equal plain loops") {
  for (const auto ta : {CUBLAS_OP_N, CUBLAS_OP_T})
    for (const auto tb : {CUBLAS_OP_N, CUBLAS_OP_T})
      for (const double beta : {0.0, 1.0, -0.5}) {
        compare_with_loops<float>(ta, tb, float(beta), 1e-5);
        compare_with_loops<double>(ta, tb, beta, 1e-13);
      }
}

TEST_CASE("beta 0 does not read the target, and k = 0 sets it to 0") {
  const Handle handle;
  const Device<float> a(iota(4, 1)), b(iota(4, 1)), c(4);
  REQUIRE(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, a.get(), 2, b.get(), 2, &zero, c.get(),
                      2) == CUBLAS_STATUS_SUCCESS);
  CHECK(c.read() == std::vector<float>{7, 10, 15, 22});
  REQUIRE(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 0, &one, a.get(), 2, b.get(), 1, &zero, c.get(),
                      2) == CUBLAS_STATUS_SUCCESS);
  CHECK(c.read() == std::vector<float>(4, 0));
  CHECK(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 0, 2, 2, &one, a.get(), 1, b.get(), 2, &zero, c.get(),
                    1) == CUBLAS_STATUS_SUCCESS);
}

TEST_CASE("batches of products") {
  const Handle handle;
  const Device<float> a(iota(8, 1)), b(iota(4, 1)), c(8);
  REQUIRE(cublasSgemmStridedBatched(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, a.get(), 2, 4, b.get(),
                                    2, 0, &zero, c.get(), 2, 4, 2) == CUBLAS_STATUS_SUCCESS);
  CHECK(c.read() == std::vector<float>{7, 10, 15, 22, 19, 22, 43, 50});
}

TEST_CASE("sizes that do not fit") {
  const Handle handle;
  const Device<float> x(16);
  const auto status = [&](int m, int n, int k, int lda, int ldb, int ldc) {
    return cublasSgemm(handle, CUBLAS_OP_T, CUBLAS_OP_N, m, n, k, &one, x.get(), lda, x.get(), ldb, &zero,
                       x.get(), ldc);
  };
  CHECK(status(2, 2, 3, 3, 3, 2) == CUBLAS_STATUS_SUCCESS);
  CHECK(status(2, 2, 3, 2, 3, 2) == CUBLAS_STATUS_INVALID_VALUE);
  CHECK(status(2, 2, 3, 3, 2, 2) == CUBLAS_STATUS_INVALID_VALUE);
  CHECK(status(2, 2, 3, 3, 3, 1) == CUBLAS_STATUS_INVALID_VALUE);
  CHECK(status(-1, 2, 3, 3, 3, 2) == CUBLAS_STATUS_INVALID_VALUE);
  CHECK(status(0, 0, 0, 0, 1, 1) == CUBLAS_STATUS_INVALID_VALUE);
  CHECK(std::string(cublasGetStatusName(CUBLAS_STATUS_INVALID_VALUE)) == "CUBLAS_STATUS_INVALID_VALUE");
  CHECK(cudaDeviceSynchronize() == cudaSuccess);
}

TEST_CASE("operands outside of device memory are detected when the product runs") {
  const Handle handle;
  const Device<float> a(4), b(4), c(3);
  REQUIRE(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, a.get(), 2, b.get(), 2, &zero, c.get(),
                      2) == CUBLAS_STATUS_SUCCESS);
  const cudaError_t error = cudaDeviceSynchronize();
  CHECK(error == cudaErrorIllegalAddress);
  CHECK_THAT(text(error), ContainsSubstring("a product: 16 bytes at offset 0 of a device block of 12 bytes"));
  float host[4] = {};
  REQUIRE(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, host, 2, b.get(), 2, &zero, a.get(),
                      2) == CUBLAS_STATUS_SUCCESS);
  CHECK_THAT(text(cudaDeviceSynchronize()),
             ContainsSubstring("the first factor of a product: not in device memory"));
}

TEST_CASE("a product waits in its handle's stream, and takes host scalars at the call") {
  const Handle handle;
  const Stream stream;
  const Device<float> a(iota(1, 2)), b(iota(1, 3)), c(1), scalars(std::vector<float>{10, 0});
  float alpha = 1;
  REQUIRE(cublasSetStream(handle, stream) == CUBLAS_STATUS_SUCCESS);
  cudaStream_t set = nullptr;
  REQUIRE(cublasGetStream(handle, &set) == CUBLAS_STATUS_SUCCESS);
  CHECK(set == stream);
  REQUIRE(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &alpha, a.get(), 1, b.get(), 1, &zero,
                      c.get(), 1) == CUBLAS_STATUS_SUCCESS);
  alpha = 5;
  CHECK(std::isnan(c.read()[0]));
  REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
  CHECK(c.read()[0] == 6);

  REQUIRE(cublasSetPointerMode(handle, CUBLAS_POINTER_MODE_DEVICE) == CUBLAS_STATUS_SUCCESS);
  REQUIRE(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, scalars.get(), a.get(), 1, b.get(), 1,
                      scalars.get() + 1, c.get(), 1) == CUBLAS_STATUS_SUCCESS);
  REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
  CHECK(c.read()[0] == 60);
}

TEST_CASE("capturing a product needs its own workspace, which setting the stream resets") {
  const Handle handle;
  const Stream stream;
  const Device<float> x(iota(1, 2)), c(1), workspace(1024);
  const auto capture = [&] {
    REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
    const cublasStatus_t status = cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, x.get(), 1,
                                              x.get(), 1, &zero, c.get(), 1);
    cudaGraph_t graph = nullptr;
    REQUIRE(cudaStreamEndCapture(stream, &graph) == cudaSuccess);
    std::size_t nodes = 0;
    REQUIRE(cudaGraphGetNodes(graph, nullptr, &nodes) == cudaSuccess);
    CHECK(nodes == (status == CUBLAS_STATUS_SUCCESS ? 1 : 0));
    REQUIRE(cudaGraphDestroy(graph) == cudaSuccess);
    return status;
  };
  REQUIRE(cublasSetStream(handle, stream) == CUBLAS_STATUS_SUCCESS);
  CHECK(capture() == CUBLAS_STATUS_ALLOC_FAILED);
  REQUIRE(cublasSetWorkspace(handle, workspace.get(), workspace.bytes()) == CUBLAS_STATUS_SUCCESS);
  CHECK(capture() == CUBLAS_STATUS_SUCCESS);
  REQUIRE(cublasSetStream(handle, stream) == CUBLAS_STATUS_SUCCESS);
  CHECK(capture() == CUBLAS_STATUS_ALLOC_FAILED);
  CHECK(cublasSetWorkspace(handle, workspace.get() + 1, 256) == CUBLAS_STATUS_INVALID_VALUE);
}

TEST_CASE("modes are kept, and a destroyed handle is invalid") {
  cublasHandle_t handle = nullptr;
  REQUIRE(cublasCreate(&handle) == CUBLAS_STATUS_SUCCESS);
  cublasMath_t mode{};
  REQUIRE(cublasGetMathMode(handle, &mode) == CUBLAS_STATUS_SUCCESS);
  CHECK(mode == CUBLAS_DEFAULT_MATH);
  REQUIRE(cublasSetMathMode(handle, CUBLAS_TF32_TENSOR_OP_MATH) == CUBLAS_STATUS_SUCCESS);
  REQUIRE(cublasGetMathMode(handle, &mode) == CUBLAS_STATUS_SUCCESS);
  CHECK(mode == CUBLAS_TF32_TENSOR_OP_MATH);
  REQUIRE(cublasDestroy(handle) == CUBLAS_STATUS_SUCCESS);
  CHECK(cublasDestroy(handle) == CUBLAS_STATUS_NOT_INITIALIZED);
}
