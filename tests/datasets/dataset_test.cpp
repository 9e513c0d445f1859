#include "tenbin/datasets/dataset.h"

#include "tenbin/datasets/minibatches.h"
#include "tenbin/resampling/cleaning.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("a Dataset gathers rows in the order asked for", "[gpu]") {
  on_every_device([](Device device) {
    const Dataset data = Dataset(Array{{1.f, 2.f}, {3.f, 4.f}, {5.f, 6.f}}, Array{7, 8, 9}).to(device);
    const Dataset part = data.subset({2, 0, 2});
    CHECK(part.size() == 3);
    CHECK(part.x.device() == device);
    CHECK(part.t.device() == device);
    CHECK(part.x.shape() == Shape{3, 2});
    CHECK(part.x.to_vector<float>() == std::vector<float>{5, 6, 1, 2, 5, 6});
    CHECK(part.t.dtype() == Dtype::int32);
    CHECK(part.t.to_vector<int>() == std::vector<int>{9, 7, 9});
    CHECK_FALSE(part.x.shares_memory_with(data.x));
  });
}

TEST_CASE("a Dataset of images, of a slice, of nothing", "[gpu]") {
  on_every_device([](Device device) {
    const Array images = Array::arange(24, Dtype::uint8).reshape({4, 2, 3}).to(device);
    const Dataset data(images.slice(1, 4), Array::arange(3).to(device));
    const Dataset part = data.subset({1});
    CHECK(part.x.shape() == Shape{1, 2, 3});
    CHECK(part.x.to_vector<int>() == std::vector<int>{12, 13, 14, 15, 16, 17});
    CHECK(data.subset({}).x.shape() == Shape{0, 2, 3});
    const Dataset no_columns = Dataset(Array::zeros({2, 0}), Array::zeros({2})).to(device);
    CHECK(no_columns.subset({1, 1, 0}).x.shape() == Shape{3, 0});
  });
  CHECK(Dataset().size() == 0);
}

TEST_CASE("a Dataset moves between devices with its options and marks", "[gpu]") {
  on_every_device([](Device device) {
    Dataset data(Array{{1.f}, {2.f}}, Array{7, 8});
    data.resampled_by = "smote";
    const Dataset moved = data.to(device);
    CHECK(moved.x.device() == device);
    CHECK(moved.t.device() == device);
    CHECK(moved.resampled_by == std::string("smote"));
    CHECK(moved.to(Device::cpu()).x.to_vector<float>() == std::vector<float>{1, 2});
    CHECK(data.to(Device::cpu()).x.shares_memory_with(data.x));
    if (device.is_cpu()) return;
    CHECK_THROWS_WITH(
        Dataset(moved.x, data.t),
        "Dataset: x and t must have equally many rows on one device, got float32(2, 1)@cuda:0 and int32(2)");
  });
}

TEST_CASE("a Dataset has structured bindings, and remembers that it was resampled") {
  Dataset data(Array{{1.f}, {2.f}}, Array{7, 8});
  auto [x, t] = data;
  CHECK(x.shares_memory_with(data.x));
  CHECK(t.shares_memory_with(data.t));
  x = Array{3.f};
  CHECK(data.x.size() == 2);
  auto& [same_x, same_t] = data;
  CHECK(&same_x == &data.x);
  CHECK(&same_t == &data.t);

  CHECK(data.subset({1, 0}).resampled_by == nullptr);
  CHECK(data.subset({1, 1}).resampled_by == std::string("Dataset::subset"));
  data.resampled_by = "smote";
  CHECK(data.subset({1, 1}).resampled_by == std::string("smote"));
  CHECK(data.subset({}).resampled_by == std::string("smote"));
}

TEST_CASE("a Dataset checks its rows and its indices") {
  CHECK_THROWS_WITH(
      Dataset(Array{{1.f}, {2.f}}, Array{1}),
      "Dataset: x and t must have equally many rows on one device, got float32(2, 1) and int32(1)");
  CHECK_THROWS_WITH(Dataset(Array::scalar(1), Array{1}),
                    "Dataset: x and t must have equally many rows on one device, got float32() and int32(1)");
  CHECK_THROWS_WITH(Dataset(Array{1}, Array()),
                    "Dataset: x and t must have equally many rows on one device, got int32(1) and none");
  Dataset data(Array{1.f, 2.f}, Array{0, 1});
  CHECK_THROWS_WITH(data.subset({1, 2}),
                    "Dataset::subset: index 2 at position 1 is out of range for 2 samples");
  data.t = Array{0};
  CHECK_THROWS_WITH(
      data.subset({1}),
      "Dataset: x and t must have equally many rows on one device, got float32(2) and int32(1)");
}

TEST_CASE("labels of -1 and 1 are refused, since -1 is ignored") {
  const Array x = Array::zeros({4, 2});
  for (const Dtype dtype : {Dtype::int32, Dtype::int64})
    CHECK_THROWS_WITH(Dataset(x, Array({-1, 1, 1, -1}, dtype)),
                      std::string("Dataset: t = ") + to_string(dtype) +
                          "(4) has the labels -1 and 1 only, and losses and metrics ignore -1: pass "
                          "labels_from_signs(t), which makes them 0 and 1, or {.ignore_label = -1} to ignore "
                          "those rows");
  CHECK(Dataset(x, Array{-1, 1, 1, -1}, {.ignore_label = -1}).size() == 4);
  CHECK(Dataset(x, Array{-1, 0, 1, 1}).size() == 4);
  CHECK(Dataset(x, Array{1, 1, 1, 1}).size() == 4);
  CHECK(Dataset(x, Array{-1, -1, -1, -1}).size() == 4);
  CHECK(Dataset(x, Array{-1, 2, 1, 1}).size() == 4);
  CHECK(Dataset(x, Array{-1.f, 1.f, 1.f, -1.f}).size() == 4);
  CHECK(Dataset(x, Array({1, 255, 1, 255}, Dtype::uint8)).size() == 4);
  CHECK(Dataset(Array::zeros({0, 2}), Array::zeros({0}, Dtype::int32)).size() == 0);

  // Parts of a data set that was accepted are not checked again.
  const Dataset data(x, Array{0, -1, 1, 1});
  CHECK(data.subset({1, 2, 3}).size() == 3);
  CHECK(data.subset({1, 2, 3}).to(Device::cpu()).subset({0, 1}).size() == 2);
  for (auto [rows, t] : Minibatches(data.subset({1, 2, 3}), {.shuffle = false})) CHECK(t.size() == 3);
  CHECK(remove_tomek_links(data.subset({1, 2, 3})).size() > 0);
}

TEST_CASE("labels_from_signs maps -1 and 1 to classes 0 and 1", "[gpu]") {
  on_every_device([](Device device) {
    const Array t = Array({-1, 1, 1}, Dtype::int64).to(device);
    const Array classes = labels_from_signs(t);
    CHECK(classes.dtype() == Dtype::int64);
    CHECK(classes.device() == device);
    CHECK(classes.to_vector<int>() == std::vector<int>{0, 1, 1});
    CHECK(t.to_vector<int>() == std::vector<int>{-1, 1, 1});
    CHECK(labels_from_signs(Array({{-1}, {1}}, Dtype::int32)).shape() == Shape{2, 1});
    CHECK_THROWS_WITH(labels_from_signs(Array({1, 0}, Dtype::int32).to(device)),
                      "labels_from_signs: expected -1 and 1, got 0 at position 1");
  });
  CHECK_THROWS_WITH(labels_from_signs(Array{1.f}),
                    "labels_from_signs: t must be int32 or int64, got float32(1)");
}
