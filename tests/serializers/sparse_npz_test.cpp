#include "tenbin/serializers/sparse_npz.h"

#include <cstring>

#include "tenbin/serializers/npz.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

const std::string data = TENBIN_TEST_DATA "/serializers/";
using Values = std::vector<double>;

// What `save_sparse_npz` writes, with one part replaced.
struct Parts {
  Array indices{1, 0, 2}, indptr{0, 1, 1, 3}, shape{3, 3}, values{2.f, 1.f, 3.f};
  std::string format = "csr";
};

std::string error(const Parts& parts) {
  const ScratchDirectory directory;
  const std::string path = directory / "x.npz";
  detail::save_npz(
      path,
      {{"indices", parts.indices}, {"indptr", parts.indptr}, {"shape", parts.shape}, {"data", parts.values}},
      {{"format", parts.format}}, true);
  try {
    load_sparse_npz(path);
  } catch (const Error& e) {
    return std::string(e.what()).substr(path.size() + 2);
  }
  return "no error";
}

}  // namespace

TEST_CASE("load_sparse_npz reads what SciPy saved") {
  const CsrMatrix x = load_sparse_npz(data + "scipy_csr.npz");
  CHECK(x.shape() == Shape{4, 5});
  CHECK(x.dtype() == Dtype::float32);
  CHECK(values(x.to_dense()) == Values{0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 5});
  // int16 values, indices that do not ascend and occur twice.
  const CsrMatrix unsorted = load_sparse_npz(data + "scipy_csr_unsorted.npz");
  CHECK(unsorted.dtype() == Dtype::float64);
  CHECK(unsorted.nnz() == 3);
  CHECK(values(unsorted.to_dense()) == Values{2, 0, 0, 5, 0, 24, 0, 0});
}

TEST_CASE("load_sparse_npz refuses another format") {
  CHECK_THROWS_WITH(
      load_sparse_npz(data + "scipy_csc.npz"),
      data + "scipy_csc.npz: format: expected 'csr', got 'csc': convert the matrix by its tocsr()");
  CHECK_THROWS_WITH(load_sparse_npz(data + "mlp_8_16_3.npz"),
                    data +
                        "mlp_8_16_3.npz: format: there is no such key; the file has l1/W, l1/b, l2/W, l2/b, "
                        "l3/W, l3/b");
}

TEST_CASE("save_sparse_npz: the same parts are read, bit for bit", "[gpu]") {
  on_every_device([](Device device) {
    const ScratchDirectory directory;
    const std::string path = directory / "x.npz";
    for (const bool compression : {true, false})
      for (const Dtype dtype : {Dtype::float32, Dtype::float64})
        for (const Shape& shape : {Shape{0, 0}, Shape{0, 3}, Shape{2, 0}, Shape{3, 2}}) {
          CAPTURE(compression, dtype, shape);
          Array dense = Array::zeros(shape, dtype);
          if (dense.size() > 0) dense = uniform(shape).astype(dtype);
          const CsrMatrix x = CsrMatrix::from_dense(dense);
          save_sparse_npz(path, x.to(device), compression);
          const CsrMatrix read = load_sparse_npz(path);
          CHECK(read.shape() == x.shape());
          CHECK(read.dtype() == x.dtype());
          CHECK(values(read.indptr()) == values(x.indptr()));
          CHECK(values(read.indices()) == values(x.indices()));
          REQUIRE(read.data().nbytes() == x.data().nbytes());
          CHECK(std::memcmp(read.data().raw_data(), x.data().raw_data(), x.data().nbytes()) == 0);
        }
  });
  CHECK_THROWS_WITH(save_sparse_npz("x.npz", CsrMatrix()), "x.npz: the matrix is empty");
}

TEST_CASE("save_sparse_npz writes SciPy's keys") {
  const ScratchDirectory directory;
  save_sparse_npz(directory / "x.npz", CsrMatrix::from_dense(Array{{0.f, 1.f}}));
  const NpzReader file(directory / "x.npz");
  CHECK(file.keys() == std::vector<std::string>{"indices", "indptr", "shape", "data", "format"});
  CHECK(file.read_text("format") == "csr");
  CHECK(values(file.read("shape")) == Values{1, 2});
  CHECK_THROWS_WITH(file.read("format"), directory / "x.npz" + ": format: dtype '|S3' is not supported");
  CHECK_THROWS_WITH(
      file.read_text("shape"),
      directory / "x.npz" + ": shape: expected a text such as '|S3' without axes, got '<i8' (2)");
}

TEST_CASE("load_sparse_npz trusts no part of a file") {
  CHECK(error({}) == "no error");
  CHECK(error({.format = "coo"}) == "format: expected 'csr', got 'coo': convert the matrix by its tocsr()");
  CHECK(error({.indices = Array{1.f, 0.f, 2.f}}) ==
        "indices: expected integers with one axis, got float32(3)");
  CHECK(error({.indices = Array({{1, 0, 2}})}) ==
        "indices: expected integers with one axis, got int32(1, 3)");
  CHECK(error({.indices = Array{1, 0}}) ==
        "CsrMatrix: data and indices differ in length: float32(3) and int64(2)");
  CHECK(error({.indices = Array{1, 0, 3}}) ==
        "CsrMatrix: index 3 at position 2, in row 2, is out of range for 3 columns");
  CHECK(error({.indices = Array{1, 2, -1}}) ==
        "CsrMatrix: index -1 at position 1, in row 2, is out of range for 3 columns");
  CHECK(error({.indptr = Array{0, 1, 1, 4}}) ==
        "CsrMatrix: indptr must end with the number of values, 3, got 4");
  CHECK(error({.indptr = Array{0, 2, 1, 3}}) ==
        "CsrMatrix: indptr must not descend: row 1 begins at 2 and ends at 1");
  CHECK(error({.indptr = Array{0, 3}}) ==
        "CsrMatrix: indptr must be int32 or int64 (rows + 1) for the shape (3, 3), got int64(2)");
  CHECK(error({.shape = Array{3}}) == "shape: expected (rows, columns), got [3]");
  CHECK(error({.shape = Array{3, -1}}) == "shape: expected (rows, columns), got [3, -1]");
  CHECK(error({.values = Array({{2.f, 1.f, 3.f}})}) ==
        "CsrMatrix: data must be float32 or float64 (nnz), got float32(1, 3)");
}
