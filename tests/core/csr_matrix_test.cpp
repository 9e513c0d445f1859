#include "tenbin/core/csr_matrix.h"

#include <limits>
#include <sstream>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// [[0, 2, 0],
//  [0, 0, 0],
//  [1, 0, 3]]
CsrMatrix sample() { return {Array{2.f, 1.f, 3.f}, Array{1, 0, 2}, Array{0, 1, 1, 3}, {3, 3}}; }

std::string text(const CsrMatrix& matrix) {
  std::ostringstream out;
  out << matrix;
  return out.str();
}

using Values = std::vector<double>;

}  // namespace

TEST_CASE("CsrMatrix: its parts, and the dense array") {
  const CsrMatrix x = sample();
  CHECK(x.shape() == Shape{3, 3});
  CHECK(x.nnz() == 3);
  CHECK(x.dtype() == Dtype::float32);
  CHECK(x.indices().dtype() == Dtype::int32);
  CHECK(x.indptr().dtype() == Dtype::int64);
  CHECK(x.nbytes() == 3 * 4 + 3 * 4 + 4 * 8);
  CHECK(values(x.to_dense()) == Values{0, 2, 0, 0, 0, 0, 1, 0, 3});
  CHECK(text(x) == "float32(3, 3), 3 stored");
  CHECK(text(CsrMatrix()) == "none");
  CHECK_FALSE(CsrMatrix());
  const CsrMatrix wide(Array{2.0}, Array({4}, Dtype::int64), Array({0, 1}, Dtype::int64), {1, 5});
  CHECK(wide.indices().dtype() == Dtype::int32);
  CHECK(wide.astype(Dtype::float32).to_dense().dtype() == Dtype::float32);
  CHECK(values(wide.astype(Dtype::float32).to_dense()) == Values{0, 0, 0, 0, 2});
}

TEST_CASE("CsrMatrix shares its arrays with copies and slices") {
  const CsrMatrix x = sample();
  const CsrMatrix copy = x;
  CHECK(copy.data().shares_memory_with(x.data()));
  const CsrMatrix part = x.slice(1, 3);
  CHECK(part.data().shares_memory_with(x.data()));
  CHECK(values(part.to_dense()) == Values{0, 0, 0, 1, 0, 3});
  CHECK(values(part.indptr()) == Values{0, 0, 2});
  CHECK(x.astype(Dtype::float32).data().shares_memory_with(x.data()));
  CHECK(x.slice(2, 2).shape() == Shape{0, 3});
  CHECK(values(part.slice(1, 2).to_dense()) == Values{1, 0, 3});
}

TEST_CASE("CsrMatrix: rows in any order, on every device", "[gpu]") {
  on_every_device([](Device device) {
    const CsrMatrix x = sample().to(device);
    CHECK(x.device() == device);
    const CsrMatrix picked = x.rows({2, 0, 1, 2});
    CHECK(picked.device() == device);
    CHECK(values(picked.to_dense()) == Values{1, 0, 3, 0, 2, 0, 0, 0, 0, 1, 0, 3});
    CHECK(picked.to_dense().device() == device);
    CHECK(values(picked.slice(1, 4).rows({2, 0}).to_dense()) == Values{1, 0, 3, 0, 2, 0});
    CHECK(x.rows(std::vector<std::size_t>{}).shape() == Shape{0, 3});
    CHECK(x.rows({1, 1}).nnz() == 0);
    CHECK(values(x.to(Device::cpu()).to_dense()) == values(sample().to_dense()));
    // On a GPU, the indptr is read back if it is not known on the CPU.
    const CsrMatrix rebuilt = detail::CsrParts::matrix(detail::CsrParts::of(x));
    CHECK(rebuilt.shape() == x.shape());
    CHECK(values(rebuilt.rows({2}).to_dense()) == Values{1, 0, 3});
    CHECK(values(CsrMatrix(x.data(), x.indices(), x.indptr(), x.shape()).to_dense()) ==
          values(sample().to_dense()));
  });
}

TEST_CASE("CsrMatrix::from_dense stores what is not zero", "[gpu]") {
  on_every_device([](Device device) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const CsrMatrix x = CsrMatrix::from_dense(Array{{0.0, nan, -0.0}, {0.0, 0.0, -4.0}}.to(device));
    CHECK(x.device() == device);
    CHECK(x.dtype() == Dtype::float64);
    CHECK(values(x.indices()) == Values{1, 2});
    CHECK(values(x.indptr()) == Values{0, 1, 2});
    CHECK(std::isnan(values(x.data())[0]));
    CHECK(values(x.data())[1] == -4);
  });
}

TEST_CASE("CsrMatrix without rows, without columns, without values") {
  for (const Shape& shape : {Shape{0, 0}, Shape{0, 4}, Shape{3, 0}, Shape{3, 4}}) {
    CAPTURE(shape);
    const CsrMatrix x = CsrMatrix::from_dense(Array::zeros(shape));
    CHECK(x.nnz() == 0);
    CHECK(x.shape() == shape);
    CHECK(x.to_dense().shape() == shape);
    CHECK(x.slice(0, 0).shape() == Shape{0, shape[1]});
    const CsrMatrix again(x.data(), x.indices(), x.indptr(), shape);
    CHECK(again.shape() == shape);
  }
  const CsrMatrix zero(Array{0.f}, Array{1}, Array{0, 1}, {1, 2});  // a stored 0
  CHECK(zero.nnz() == 1);
  CHECK(values(zero.to_dense()) == Values{0, 0});
}

TEST_CASE("CsrMatrix names what does not fit") {
  const Array data{2.f, 1.f, 3.f}, indices{1, 0, 2}, indptr{0, 1, 1, 3};
  const auto refuses = [](const Array& d, const Array& i, const Array& p, const Shape& shape,
                          const std::string& what) { CHECK_THROWS_WITH(CsrMatrix(d, i, p, shape), what); };
  refuses(data, indices, indptr, {9}, "CsrMatrix: the shape must be (rows, columns), got (9)");
  refuses(Array{2, 1, 3}, indices, indptr, {3, 3},
          "CsrMatrix: data must be float32 or float64 (nnz), got int32(3)");
  refuses({}, indices, indptr, {3, 3}, "CsrMatrix: data must be float32 or float64 (nnz), got none");
  refuses(data, Array{1.f, 0.f, 2.f}, indptr, {3, 3},
          "CsrMatrix: indices must be int32 or int64 (nnz), got float32(3)");
  refuses(data, Array{1, 0}, indptr, {3, 3},
          "CsrMatrix: data and indices differ in length: float32(3) and int32(2)");
  refuses(data, indices, indptr, {4, 3},
          "CsrMatrix: indptr must be int32 or int64 (rows + 1) for the shape (4, 3), got int32(4)");
  refuses(data, indices, Array::zeros({0}, Dtype::int64), {0, 3},
          "CsrMatrix: indptr must be int32 or int64 (rows + 1) for the shape (0, 3), got int64(0)");
  refuses(data, indices, Array{1, 1, 1, 3}, {3, 3}, "CsrMatrix: indptr must begin with 0, got 1");
  refuses(data, indices, Array{0, 2, 1, 3}, {3, 3},
          "CsrMatrix: indptr must not descend: row 1 begins at 2 and ends at 1");
  refuses(data, indices, Array{0, 1, 1, 2}, {3, 3},
          "CsrMatrix: indptr must end with the number of values, 3, got 2");
  refuses(data, indices, Array{0, 1, 1, 4}, {3, 3},
          "CsrMatrix: indptr must end with the number of values, 3, got 4");
  refuses(data, Array{1, 0, 3}, indptr, {3, 3},
          "CsrMatrix: index 3 at position 2, in row 2, is out of range for 3 columns");
  refuses(data, Array{-1, 0, 2}, indptr, {3, 3},
          "CsrMatrix: index -1 at position 0, in row 0, is out of range for 3 columns");
  refuses(data, Array({std::int64_t{1} << 32, std::int64_t{0}, std::int64_t{2}}), indptr, {3, 3},
          "CsrMatrix: index 4294967296 at position 0, in row 0, is out of range for 3 columns");
  refuses(data, Array{1, 2, 2}, indptr, {3, 3},
          "CsrMatrix: the indices of a row must ascend: 2 at position 2, in row 2, follows 2");
  refuses(data, indices, indptr, {3, std::size_t{1} << 31},
          "CsrMatrix: at most 2147483647 columns, got 2147483648");
  CHECK_THROWS_WITH(CsrMatrix::from_dense(Array{1.f}),
                    "CsrMatrix::from_dense: expected float32 or float64 (rows, columns), got float32(1)");
  CHECK_THROWS_WITH(CsrMatrix::from_dense(Array({{1}})),
                    "CsrMatrix::from_dense: expected float32 or float64 (rows, columns), got int32(1, 1)");
  const CsrMatrix x = sample();
  CHECK_THROWS_WITH(x.rows({0, 3}), "CsrMatrix::rows: index 3 at position 1 is out of range for 3 rows");
  CHECK_THROWS_WITH(x.slice(2, 4), "CsrMatrix::slice: no rows [2, 4) in float32(3, 3), 3 stored");
  CHECK_THROWS_WITH(x.astype(Dtype::int32), "CsrMatrix::astype: expected float32 or float64, got int32");
  CHECK_THROWS_WITH(CsrMatrix().to_dense(), "CsrMatrix::to_dense: the matrix is empty");
  CHECK_THROWS_WITH(CsrMatrix().rows({0}), "CsrMatrix::rows: the matrix is empty");
}
