#include "tenbin/preprocessing/one_hot_encoder.h"

#include <cmath>
#include <limits>

#include "tenbin/serializers/npz.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;

namespace {

using Values = std::vector<double>;

const double missing = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("OneHotEncoder replaces a column by one column per category") {
  const Array x{{5., 0.5, -1.}, {2., 1.5, -1.}, {5., 2.5, 7.}};
  const OneHotEncoder some(x, {.columns = {2, 0}});
  CHECK(some.n_columns_out() == 5);
  CHECK(some.categories() == std::vector<Values>{{2, 5}, {}, {-1, 7}});
  CHECK(some.transform(x).shape() == Shape{3, 5});
  CHECK(some.transform(x).to_vector<double>() == Values{0, 1, 0.5, 1, 0, 1, 0, 1.5, 1, 0, 0, 1, 2.5, 0, 1});
  const OneHotEncoder all(x);
  CHECK(all.n_columns_out() == 7);
  CHECK(all.transform(x.slice(1, 2)).to_vector<double>() == Values{1, 0, 0, 1, 0, 1, 0});
}

TEST_CASE("OneHotEncoder: an empty list of columns means none, not all") {
  const Array x{{5., 0.5}, {2., 1.5}};
  const std::vector<std::size_t> none;
  for (const OneHotEncoder& encoder :
       {OneHotEncoder(x, {.columns = none}), OneHotEncoder(x, {.columns = {}})}) {
    CHECK(encoder.n_columns_out() == 2);
    CHECK(encoder.transform(x).to_vector<double>() == Values{5, 0.5, 2, 1.5});
    const testing::ScratchDirectory scratch;
    save_npz(scratch / "none.npz", encoder);
    CHECK(OneHotEncoder::load(scratch / "none.npz").transform(x).to_vector<double>() ==
          Values{5, 0.5, 2, 1.5});
  }
  CHECK(OneHotEncoder(x, {.columns = {all_columns}}).n_columns_out() == 4);
  CHECK(OneHotEncoder(x, {.handle_unknown = HandleUnknown::ignore}).n_columns_out() == 4);
}

TEST_CASE("OneHotEncoder keeps to the categories of the training rows") {
  const Array train = Array{{1}, {4}}, test = Array{{4}, {9}, {1}};
  CHECK_THROWS_WITH(OneHotEncoder(train).transform(test),
                    "OneHotEncoder::transform: x[1, 0] = 9 is not a category of the training rows");
  const OneHotEncoder lenient(train, {.handle_unknown = HandleUnknown::ignore});
  CHECK(lenient.transform(test).to_vector<double>() == Values{0, 1, 0, 0, 1, 0});
  CHECK(lenient.transform(test).dtype() == Dtype::float32);
  CHECK(lenient.transform(Array::zeros({0, 1})).shape() == Shape{0, 2});
}

TEST_CASE("OneHotEncoder: a missing value is a category") {
  const Array x{{missing}, {3.}, {missing}, {-0.}, {0.}};
  const OneHotEncoder encoder(x);
  REQUIRE(encoder.categories()[0].size() == 3);
  CHECK(encoder.transform(x).to_vector<double>() == Values{0, 0, 1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0});
  CHECK_THROWS_WITH(OneHotEncoder(Array{{1.}}).transform(x),
                    "OneHotEncoder::transform: x[0, 0] = nan is not a category of the training rows; it is a "
                    "missing value, as is an unseen category after Unknown::missing: HandleUnknown::ignore "
                    "makes it a row of zeros");
}

TEST_CASE("OneHotEncoder takes every dtype") {
  const Array codes = Array({{0, 255}, {7, 255}}, Dtype::uint8);
  for (const Dtype dtype : {Dtype::float32, Dtype::float64, Dtype::int32, Dtype::int64, Dtype::uint8}) {
    const Array x = codes.astype(dtype);
    const Array encoded = OneHotEncoder(x, {.columns = {0}}).transform(x);
    CHECK(encoded.dtype() == (dtype == Dtype::float64 ? Dtype::float64 : Dtype::float32));
    CHECK(encoded.to_vector<double>() == Values{1, 0, 255, 0, 1, 255});
  }
  CHECK_THROWS_WITH(OneHotEncoder(codes).transform(Array({{1, 255}}, Dtype::uint8)),
                    "OneHotEncoder::transform: x[0, 0] = 1 is not a category of the training rows");
}

TEST_CASE("OneHotEncoder is the same after saving and loading") {
  const testing::ScratchDirectory scratch;
  const std::string path = scratch / "encoder.npz";
  const Array x{{5., 0.5, missing}, {2., 1.5, -1.}}, other{{6., 1., -1.}};
  for (const HandleUnknown unknown : {HandleUnknown::error, HandleUnknown::ignore}) {
    const OneHotEncoder encoder(x, {.columns = {0, 2}, .handle_unknown = unknown});
    save_npz(path, encoder);
    const OneHotEncoder loaded = OneHotEncoder::load(path);
    CHECK(loaded.transform(x).to_vector<double>() == encoder.transform(x).to_vector<double>());
    if (unknown == HandleUnknown::error) {
      CHECK_THROWS_WITH(loaded.transform(other), ContainsSubstring("is not a category"));
    } else {
      CHECK(loaded.transform(other).to_vector<double>() == Values{0, 0, 1, 1, 0});
    }
  }
  const Array one = Array({1}, Dtype::int64), zero = Array({0}, Dtype::int64);
  save_npz(path, {{"columns", one}, {"handle_unknown", zero}, {"categories/0", Array{2., 1.}}});
  CHECK_THROWS_WITH(OneHotEncoder::load(path),
                    path + ": categories/0: expected categories in ascending order");
  save_npz(path, {{"columns", one}, {"handle_unknown", zero}});
  CHECK_THROWS_WITH(OneHotEncoder::load(path),
                    path + ": categories/0: there is no such key; the file has columns, handle_unknown");
  save_npz(path, {{"columns", Array{1.f}}, {"handle_unknown", zero}});
  CHECK_THROWS_WITH(OneHotEncoder::load(path),
                    path + ": columns: expected int64 with one axis, got float32(1)");
  save_npz(path, {{"columns", one}, {"handle_unknown", Array({2}, Dtype::int64)}});
  CHECK_THROWS_WITH(OneHotEncoder::load(path), path + ": handle_unknown: expected 0 or 1");
  save_npz(path, {{"columns", Array({2}, Dtype::int64)}, {"handle_unknown", zero}});
  CHECK_THROWS_WITH(OneHotEncoder::load(path), path + ": columns: expected 0 or 1, got 2");
}

TEST_CASE("OneHotEncoder refuses odd arguments") {
  CHECK_THROWS_WITH(OneHotEncoder(Array{1, 2}), "OneHotEncoder: expected rows with two axes, got int32(2)");
  CHECK_THROWS_WITH(OneHotEncoder(Array::zeros({0, 2})),
                    "OneHotEncoder: expected rows with two axes, got float32(0, 2)");
  CHECK_THROWS_WITH(OneHotEncoder(Array{{1, 2}}, {.columns = {2}}),
                    "OneHotEncoder: column 2 is out of range for int32(1, 2)");
  CHECK_THROWS_WITH(OneHotEncoder(Array{{1, 2}}, {.columns = {1, 1}}),
                    "OneHotEncoder: column 1 is named twice");
  CHECK_THROWS_WITH(OneHotEncoder(Array{{1, 2}}).transform(Array{{1}}),
                    "OneHotEncoder::transform: expected 2 columns as fitted, got int32(1, 1)");
}
