// cuBLAS over CBLAS. Products wait in the handle's stream like all work. Their operands must be in device
// memory; this is checked here, since neither guard bytes nor AddressSanitizer would detect CBLAS reading
// beyond it.
#include <cblas.h>
#include <cublas_v2.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "memory.h"
#include "streams.h"

struct cublasContext {
  int device;
  cudaStream_t stream = nullptr;
  bool own_workspace = false;
  cublasMath_t math = CUBLAS_DEFAULT_MATH;
  cublasPointerMode_t pointers = CUBLAS_POINTER_MODE_HOST;
};

namespace {

using namespace cuda_emulator;

std::vector<std::unique_ptr<cublasContext>>& handles() {
  static auto& handles = *new std::vector<std::unique_ptr<cublasContext>>;
  return handles;
}

struct StatusError {
  cublasStatus_t status;
};

void require(bool condition, cublasStatus_t status) {
  if (!condition) throw StatusError{status};
}

template <class Body>
cublasStatus_t blas_call(Body body) {
  cublasStatus_t status = CUBLAS_STATUS_SUCCESS;
  const cudaError_t error = call([&] {
    try {
      body();
    } catch (const StatusError& failed) {
      status = failed.status;
    }
  });
  return error == cudaSuccess ? status : CUBLAS_STATUS_EXECUTION_FAILED;
}

template <class Body>
cublasStatus_t with_handle(cublasHandle_t handle, Body body) {
  return blas_call([&] {
    const auto same = [&](const auto& other) { return other.get() == handle; };
    require(std::any_of(handles().begin(), handles().end(), same), CUBLAS_STATUS_NOT_INITIALIZED);
    body();
  });
}

/// A batch of products: c = alpha op(a) op(b) + beta c, all column by column.
template <class T>
struct Gemm {
  cublasOperation_t transpose_a, transpose_b;
  std::int64_t m, n, k;
  const T *alpha, *a;
  std::int64_t lda, stride_a;
  const T* b;
  std::int64_t ldb, stride_b;
  const T* beta;
  T* c;
  std::int64_t ldc, stride_c, batch;

  std::int64_t columns_of_a() const { return transpose_a == CUBLAS_OP_N ? k : m; }
  std::int64_t columns_of_b() const { return transpose_b == CUBLAS_OP_N ? n : k; }
  std::int64_t rows_of_a() const { return transpose_a == CUBLAS_OP_N ? m : k; }
  std::int64_t rows_of_b() const { return transpose_b == CUBLAS_OP_N ? k : n; }

  void check() const {
    require(m >= 0 && n >= 0 && k >= 0 && batch >= 0, CUBLAS_STATUS_INVALID_VALUE);
    require(lda >= std::max<std::int64_t>(1, rows_of_a()) && ldb >= std::max<std::int64_t>(1, rows_of_b()) &&
                ldc >= std::max<std::int64_t>(1, m),
            CUBLAS_STATUS_INVALID_VALUE);
    require(alpha != nullptr && beta != nullptr, CUBLAS_STATUS_INVALID_VALUE);
    for (const std::int64_t size : {m, n, k, lda, ldb, ldc})
      require(size <= std::numeric_limits<int>::max(), CUBLAS_STATUS_NOT_SUPPORTED);
  }

  void run(T alpha_value, T beta_value) const {
    if (m == 0 || n == 0) return;
    for (std::int64_t i = 0; i < batch; ++i) {
      const T *ai = a + i * stride_a, *bi = b + i * stride_b;
      T* ci = c + i * stride_c;
      require_matrix(ai, rows_of_a(), columns_of_a(), lda, "the first factor of a product");
      require_matrix(bi, rows_of_b(), columns_of_b(), ldb, "the second factor of a product");
      require_matrix(ci, m, n, ldc, "a product");
      multiply(alpha_value, ai, bi, beta_value, ci);
    }
  }

  static void require_matrix(const T* matrix, std::int64_t rows, std::int64_t columns, std::int64_t stride,
                             const char* what) {
    if (rows == 0 || columns == 0) return;
    const std::int64_t values = stride * (columns - 1) + rows;
    require_device(matrix, std::size_t(values) * sizeof(T), what, cudaErrorIllegalAddress);
  }

  void multiply(T alpha_value, const T* ai, const T* bi, T beta_value, T* ci) const {
    const auto ta = transpose_a == CUBLAS_OP_N ? CblasNoTrans : CblasTrans;
    const auto tb = transpose_b == CUBLAS_OP_N ? CblasNoTrans : CblasTrans;
    if constexpr (sizeof(T) == sizeof(float)) {
      cblas_sgemm(CblasColMajor, ta, tb, int(m), int(n), int(k), alpha_value, ai, int(lda), bi, int(ldb),
                  beta_value, ci, int(ldc));
    } else {
      cblas_dgemm(CblasColMajor, ta, tb, int(m), int(n), int(k), alpha_value, ai, int(lda), bi, int(ldb),
                  beta_value, ci, int(ldc));
    }
  }
};

template <class T>
cublasStatus_t submit_gemm(cublasHandle_t handle, const Gemm<T>& gemm) {
  return with_handle(handle, [&] {
    gemm.check();
    // A shared workspace would be used by replays that run at the same time.
    require(handle->own_workspace || !find(handle->stream)->capture, CUBLAS_STATUS_ALLOC_FAILED);
    if (handle->pointers == CUBLAS_POINTER_MODE_DEVICE) {
      submit(handle->stream, [gemm] {
        require_device(gemm.alpha, sizeof(T), "alpha", cudaErrorIllegalAddress);
        require_device(gemm.beta, sizeof(T), "beta", cudaErrorIllegalAddress);
        gemm.run(*gemm.alpha, *gemm.beta);
      });
    } else {
      submit(handle->stream, [gemm, alpha = *gemm.alpha, beta = *gemm.beta] { gemm.run(alpha, beta); });
    }
  });
}

struct Status {
  cublasStatus_t code;
  const char *name, *text;
};
constexpr Status statuses[] = {
    {CUBLAS_STATUS_SUCCESS, "CUBLAS_STATUS_SUCCESS", "success"},
    {CUBLAS_STATUS_NOT_INITIALIZED, "CUBLAS_STATUS_NOT_INITIALIZED", "the library was not initialized"},
    {CUBLAS_STATUS_ALLOC_FAILED, "CUBLAS_STATUS_ALLOC_FAILED", "the resource allocation failed"},
    {CUBLAS_STATUS_INVALID_VALUE, "CUBLAS_STATUS_INVALID_VALUE",
     "an unsupported value or parameter was passed to the function"},
    {CUBLAS_STATUS_EXECUTION_FAILED, "CUBLAS_STATUS_EXECUTION_FAILED",
     "the function failed to launch on the GPU"},
    {CUBLAS_STATUS_NOT_SUPPORTED, "CUBLAS_STATUS_NOT_SUPPORTED",
     "the functionality requested is not supported"},
};

}  // namespace

const char* cublasGetStatusName(cublasStatus_t status) {
  for (const Status& known : statuses)
    if (known.code == status) return known.name;
  return "unknown status";
}

const char* cublasGetStatusString(cublasStatus_t status) {
  for (const Status& known : statuses)
    if (known.code == status) return known.text;
  return "unknown status";
}

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  return blas_call([&] {
    handles().push_back(std::make_unique<cublasContext>(cublasContext{current_device()}));
    *handle = handles().back().get();
  });
}

cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  return with_handle(handle, [&] {
    const auto same = [&](const auto& other) { return other.get() == handle; };
    handles().erase(std::find_if(handles().begin(), handles().end(), same));
  });
}

cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  return with_handle(handle, [&] {
    find(stream);
    handle->stream = stream;
    handle->own_workspace = false;
  });
}

cublasStatus_t cublasGetStream(cublasHandle_t handle, cudaStream_t* stream) {
  return with_handle(handle, [&] { *stream = handle->stream; });
}

cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, std::size_t bytes) {
  return with_handle(handle, [&] {
    require(reinterpret_cast<std::uintptr_t>(workspace) % 256 == 0, CUBLAS_STATUS_INVALID_VALUE);
    require_device(workspace, bytes, "the workspace", cudaErrorInvalidValue);
    handle->own_workspace = bytes > 0;
  });
}

cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode) {
  return with_handle(handle, [&] { handle->math = mode; });
}

cublasStatus_t cublasGetMathMode(cublasHandle_t handle, cublasMath_t* mode) {
  return with_handle(handle, [&] { *mode = handle->math; });
}

cublasStatus_t cublasSetPointerMode(cublasHandle_t handle, cublasPointerMode_t mode) {
  return with_handle(handle, [&] { handle->pointers = mode; });
}

cublasStatus_t cublasGetPointerMode(cublasHandle_t handle, cublasPointerMode_t* mode) {
  return with_handle(handle, [&] { *mode = handle->pointers; });
}

#define CUDA_EMULATOR_GEMM(name, T, Int)                                                                   \
  cublasStatus_t name(cublasHandle_t handle, cublasOperation_t transpose_a, cublasOperation_t transpose_b, \
                      Int m, Int n, Int k, const T* alpha, const T* a, Int lda, const T* b, Int ldb,       \
                      const T* beta, T* c, Int ldc) {                                                      \
    return submit_gemm<T>(                                                                                 \
        handle, {transpose_a, transpose_b, m, n, k, alpha, a, lda, 0, b, ldb, 0, beta, c, ldc, 0, 1});     \
  }
#define CUDA_EMULATOR_BATCHED_GEMM(name, T, Int)                                                           \
  cublasStatus_t name(cublasHandle_t handle, cublasOperation_t transpose_a, cublasOperation_t transpose_b, \
                      Int m, Int n, Int k, const T* alpha, const T* a, Int lda, long long stride_a,        \
                      const T* b, Int ldb, long long stride_b, const T* beta, T* c, Int ldc,               \
                      long long stride_c, Int batch) {                                                     \
    return submit_gemm<T>(handle, {transpose_a, transpose_b, m, n, k, alpha, a, lda, stride_a, b, ldb,     \
                                   stride_b, beta, c, ldc, stride_c, batch});                              \
  }

CUDA_EMULATOR_GEMM(cublasSgemm, float, int)
CUDA_EMULATOR_GEMM(cublasDgemm, double, int)
CUDA_EMULATOR_GEMM(cublasSgemm_64, float, std::int64_t)
CUDA_EMULATOR_GEMM(cublasDgemm_64, double, std::int64_t)
CUDA_EMULATOR_BATCHED_GEMM(cublasSgemmStridedBatched, float, int)
CUDA_EMULATOR_BATCHED_GEMM(cublasDgemmStridedBatched, double, int)
CUDA_EMULATOR_BATCHED_GEMM(cublasSgemmStridedBatched_64, float, std::int64_t)
CUDA_EMULATOR_BATCHED_GEMM(cublasDgemmStridedBatched_64, double, std::int64_t)
