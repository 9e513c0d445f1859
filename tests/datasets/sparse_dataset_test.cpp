#include "tenbin/datasets/sparse_dataset.h"

#include "tenbin/datasets/batch_source.h"
#include "tenbin/datasets/libsvm.h"
#include "tenbin/datasets/minibatches.h"
#include "tenbin/datasets/split.h"
#include "tenbin/functions/loss/softmax_cross_entropy.h"
#include "tenbin/links/mlp.h"
#include "tenbin/optimizers/sgd.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"
#include "tenbin/training/predict.h"
#include "tenbin/training/updater.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// 23 samples of 9 features, of which every sixth is not 0.
Array samples() {
  std::vector<float> x(23 * 9);
  for (std::size_t i = 0; i < x.size(); i += 6) x[i] = static_cast<float>(i % 13) - 6.5f;
  return Array(x, {23, 9});
}
Array labels() {
  std::vector<std::int32_t> t;
  for (int i = 0; i < 23; ++i) t.push_back(i % 3);
  return Array(t);
}

struct Both {
  explicit Both(Device device = {}) : dense(samples().to(device), labels().to(device)) {
    sparse = SparseDataset(CsrMatrix::from_dense(dense.x), dense.t);
  }
  Dataset dense;
  SparseDataset sparse;
};

// The batches of two passes.
template <class Batches>
std::vector<std::pair<std::vector<double>, std::vector<double>>> passes(const Batches& batches) {
  std::vector<std::pair<std::vector<double>, std::vector<double>>> all;
  for (int pass = 0; pass < 2; ++pass)
    for (auto [x, t] : batches) {
      if constexpr (std::is_same_v<std::decay_t<decltype(x)>, CsrMatrix>) {
        all.emplace_back(values(x.to_dense()), values(t));
      } else {
        all.emplace_back(values(x), values(t));
      }
    }
  return all;
}

}  // namespace

TEST_CASE("SparseDataset: subset, to and what does not fit", "[gpu]") {
  on_every_device([](Device device) {
    SparseDataset data = Both().sparse;
    data.classes = {"a", "b", "c"};
    const SparseDataset moved = data.to(device);
    CHECK(moved.size() == 23);
    CHECK(moved.x.device() == device);
    const SparseDataset part = moved.subset({22, 0, 3});
    const Dataset dense = Both().dense.subset({22, 0, 3});
    CHECK(values(part.x.to_dense()) == values(dense.x));
    CHECK(values(part.t) == values(dense.t));
    CHECK(part.classes == data.classes);
  });
  const SparseDataset data = Both().sparse;
  CHECK_THROWS_WITH(data.subset({0, 23}),
                    "SparseDataset::subset: index 23 at position 1 is out of range for 23 samples");
  CHECK_THROWS_WITH(
      SparseDataset(data.x, Array{0, 1}),
      "SparseDataset: x and t must have equally many rows on one device, got float32(23, 9), 35 "
      "stored and int32(2)");
  CHECK(SparseDataset().size() == 0);
  const Split split = stratified_split(data.t, 0.3, 1);
  CHECK(split.test == stratified_split(Both().dense, 0.3, 1).test);
}

TEST_CASE("Minibatches of sparse rows are those of the dense rows", "[gpu]") {
  on_every_device([](Device device) {
    const Both data(device);
    for (const MinibatchesOptions& options :
         {MinibatchesOptions{.batch_size = 5, .seed = 7}, MinibatchesOptions{.batch_size = 23, .seed = 1},
          MinibatchesOptions{.batch_size = 4, .shuffle = false},
          MinibatchesOptions{.batch_size = 5, .seed = 3, .epoch = 2, .drop_last = true}}) {
      CHECK(passes(Minibatches(data.sparse, options)) == passes(Minibatches(data.dense, options)));
      const std::vector<std::size_t> rows{3, 3, 22, 0, 7, 1};
      CHECK(passes(Minibatches(data.sparse, rows, options)) ==
            passes(Minibatches(data.dense, rows, options)));
    }
    const auto batch = Minibatches(data.sparse, {.batch_size = 6})[0];
    CHECK(batch.x.shape() == Shape{6, 9});
    CHECK(batch.x.device() == device);
  });
  const Both data;
  CHECK_THROWS_WITH(Minibatches(data.sparse, {.transform = [](Arrays batch, auto&) { return batch; }}),
                    "Minibatches: a transform changes arrays, and the samples are sparse: float32(23, 9), 35 "
                    "stored");
  CHECK_THROWS_WITH(Minibatches(data.sparse, {23}, {}),
                    "Minibatches: row 23 at position 0 is out of range for 23 samples");
}

TEST_CASE("Prefetch of sparse rows gives the same batches", "[threads]") {
  const Both data;
  const MinibatchesOptions options{.batch_size = 5, .seed = 7};
  CHECK(passes(Prefetch(Minibatches(data.sparse, options))) == passes(Minibatches(data.dense, options)));
}

TEST_CASE("an Updater trains with sparse rows as with dense ones", "[gpu]") {
  on_every_device([](Device device) {
    const Both data;
    const auto trained = [&](const auto& set, const auto& make_loss, const UpdaterOptions& options) {
      random::seed(1);
      MLP model({9, 4, 3});
      model.to(device);
      SGD optimizer({.lr = 0.1});
      optimizer.setup(model);
      Updater updater(Minibatches(set, {.batch_size = 5, .seed = 1}), optimizer, make_loss(model), options);
      Observation observation;
      for (int i = 0; i < 7; ++i) updater.update(observation);
      CHECK(updater.epoch() == (options.accumulate == 1 ? 1 : 2));
      return values(model[0].W.data());
    };
    const auto dense_loss = [](const MLP& model) {
      return [&](const Array& x, const Array& t) { return softmax_cross_entropy(model(x), t); };
    };
    const auto sparse_loss = [](const MLP& model) {
      return [&](const CsrMatrix& x, const Array& t) { return softmax_cross_entropy(model(x), t); };
    };
    for (const std::size_t accumulate : {1u, 2u}) {  // the last batch has 3 rows, whose weight is smaller
      const UpdaterOptions options{.accumulate = accumulate, .device = device};
      check_close(trained(data.sparse, sparse_loss, options), trained(data.dense, dense_loss, options), 1e-5,
                  1e-5);
    }
    CHECK_THROWS_WITH(trained(data.dense, sparse_loss, {.device = device}),
                      "Updater: the loss takes a CsrMatrix and an Array, and the batches are not of a "
                      "SparseDataset");
  });
}

TEST_CASE("an Updater does not capture a step on sparse rows", "[gpu]") {
  on_every_device([](Device device) {
    const Both data;
    MLP model({9, 3});
    model.to(device);
    SGD optimizer;
    optimizer.setup(model);
    const auto loss = [&](const CsrMatrix& x, const Array& t) { return softmax_cross_entropy(model(x), t); };
    Updater updater(Minibatches(data.sparse, {.seed = 1}), optimizer, loss,
                    {.capture = true, .device = device});
    Observation observation;
    if (device.is_cpu()) {  // where nothing is captured
      updater.update(observation);
      CHECK(updater.iteration() == 1);
      return;
    }
    CHECK_THROWS_WITH(
        updater.update(observation),
        "Updater: a step on sparse rows cannot be captured, since the number of their values differs "
        "from batch to batch; leave `capture` out");
    CHECK(updater.iteration() == 0);
  });
}

TEST_CASE("a batch source of sparse rows continues where its state was saved") {
  const Both data;
  const auto source = [&] { return batch_source(Minibatches(data.sparse, {.batch_size = 5, .seed = 1})); };
  const auto first = source();
  first->next();
  const ScratchDirectory directory;
  save_npz(directory / "state.npz", *first);
  const auto second = source();
  load_npz(directory / "state.npz", *second);
  const Arrays a = first->next(), b = second->next();
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(values(a[i]) == values(b[i]));
}

TEST_CASE("predict of sparse rows", "[gpu]") {
  on_every_device([](Device device) {
    const Both data(device);
    MLP model({9, 4, 3});
    model.to(device);
    const auto expected = values(predict(model, data.dense.x));
    check_close(values(predict(model, data.sparse.x, {.batch_size = 10})), expected, 1e-6, 1e-6);
    const auto twice = [&](const CsrMatrix& x) { return model(x).data(); };
    check_close(values(predict(twice, data.sparse.x)), expected, 1e-6, 1e-6);
    CHECK(predict(model, data.sparse.x.slice(0, 0)).shape() == Shape{0, 3});
  });
  CHECK_THROWS_WITH(predict(MLP({9, 3}), CsrMatrix()), "predict: expected rows, got an empty CsrMatrix");
  CHECK_THROWS_WITH(predict(MLP({9, 3}), Both().sparse.x, {.batch_size = 0}),
                    "predict: expected a batch_size above 0, got 0");
}

TEST_CASE("load_libsvm_sparse reads what load_libsvm reads", "[libsvm]") {
  const ScratchDirectory directory;
  const std::string path = directory / "data.txt";
  write_bytes(path, "+1 2:0.5 7:-3 # first\n\n-1 1:0\n+1\n-1 qid:3 7:1e3\n");
  const SparseDataset sparse = load_libsvm_sparse(path);
  const Table table = load_libsvm(path);
  CHECK(values(sparse.x.to_dense()) == values(table.dataset().x));
  CHECK(values(sparse.t) == values(table.dataset().t));
  CHECK(sparse.t.dtype() == Dtype::int32);
  CHECK(sparse.classes == table.classes());
  CHECK(sparse.x.nnz() == 4);  // with the 0 that the file names
  CHECK(load_libsvm_sparse(path, {.n_features = 10, .dtype = Dtype::float64}).x.shape() == Shape{4, 10});
  CHECK(load_libsvm_sparse(path, {.positive = "-1"}).classes == std::vector<std::string>{"1", "-1"});
  write_bytes(path, "1 1000000000:1\n");  // no dense row of 4 GB
  CHECK(load_libsvm_sparse(path).x.shape() == Shape{1, 1'000'000'000});
  write_bytes(path, "1 2147483648:1\n");
  CHECK_THROWS_WITH(load_libsvm_sparse(path),
                    path + ": expected at most 2147483647 features, got 2147483648");
  write_bytes(path, "1 2:1 2:1\n");
  CHECK_THROWS_WITH(load_libsvm_sparse(path), path + ":1:7: index 2 does not ascend");
  write_bytes(path, "# nothing\n");
  CHECK_THROWS_WITH(load_libsvm_sparse(path), path + ": there are no samples");
  CHECK_THROWS_WITH(load_libsvm_sparse(path, {.dtype = Dtype::int32}),
                    "load_libsvm_sparse: expected float32 or float64, got int32");
}
