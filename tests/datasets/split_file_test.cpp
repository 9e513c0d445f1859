#include "tenbin/datasets/split_file.h"

#include "tenbin/core/random.h"
#include "tenbin/datasets/k_fold.h"
#include "tenbin/resampling/random_sampler.h"
#include "tenbin/resampling/smote.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;

namespace {

Array labels(std::size_t n) {
  Array t = Array::empty({n}, Dtype::int32);
  for (std::size_t i = 0; i < n; ++i) t.data<std::int32_t>()[i] = static_cast<std::int32_t>(i % 3);
  return t;
}

}  // namespace

TEST_CASE("splits are the same after saving and loading") {
  const testing::ScratchDirectory scratch;
  const std::string path = scratch / "folds.npz";
  const Array t = labels(40);
  const std::vector<Split> splits = repeated_stratified_k_fold(t, 4, 3, 1);
  save_splits(path, splits, t);
  // The labels are compared, not their dtype.
  for (const Array& same : {t, t.astype(Dtype::int64), t.astype(Dtype::uint8)}) {
    const std::vector<Split> loaded = load_splits(path, same);
    REQUIRE(loaded.size() == 12);
    for (std::size_t i = 0; i < 12; ++i) {
      CHECK(loaded[i].train == splits[i].train);
      CHECK(loaded[i].test == splits[i].test);
    }
  }
  save_splits(path, {{{2, 0}, {}}}, t);
  CHECK(load_splits(path, t)[0].train == std::vector<std::size_t>{2, 0});
  CHECK(load_splits(path, t)[0].test.empty());
}

TEST_CASE("splits of other labels are refused") {
  const testing::ScratchDirectory scratch;
  const std::string path = scratch / "folds.npz";
  const Array t = labels(40);
  save_splits(path, stratified_k_fold(t, 4, 1), t);
  CHECK_THROWS_WITH(load_splits(path, labels(39)),
                    path + ": the splits belong to other labels: 40 of them, got int64(39)");
  Array other = labels(40);
  std::swap(other.data<std::int32_t>()[0], other.data<std::int32_t>()[1]);
  CHECK_THROWS_WITH(load_splits(path, other),
                    path + ": the splits belong to other labels: the same number, with another checksum");
}

TEST_CASE("a file of splits is not trusted") {
  const testing::ScratchDirectory scratch;
  const std::string path = scratch / "folds.npz";
  const Array t = labels(10);
  save_splits(path, {{{0, 1}, {2}}}, t);
  const Array belongs_to = NpzReader(path).read("labels");
  const auto text = [&](const NamedArrays& arrays) {
    NamedArrays all = arrays;
    all.emplace_back("labels", belongs_to);
    save_npz(path, all);
    try {
      load_splits(path, t);
    } catch (const Error& error) {
      return std::string(error.what()).substr(path.size());
    }
    return std::string("nothing thrown");
  };
  const Array good = Array({0, 1}, Dtype::int64);
  CHECK(text({{"train/0", good}, {"test/0", Array({10}, Dtype::int64)}}) ==
        ": split 0: sample 10 is out of range for 10 labels");
  CHECK(text({{"train/0", good}, {"test/0", Array({-1}, Dtype::int64)}}) ==
        ": split 0: sample 18446744073709551615 is out of range for 10 labels");
  CHECK(text({{"train/0", good}, {"test/0", Array({1}, Dtype::int64)}}) ==
        ": split 0: sample 1 occurs twice");
  CHECK(text({{"train/0", good}, {"test/0", Array({1})}}) ==
        ": test/0: expected int64 with one axis, got int32(1)");
  CHECK(text({{"train/0", good}}) == ": test/0: there is no such key; the file has train/0, labels");
  CHECK(text({}) == ": there are no splits");
  save_npz(path, {{"labels", Array{1.f}}});
  CHECK_THROWS_WITH(load_splits(path, t), path + ": labels: expected int64(2), got float32(1)");
}

TEST_CASE("save_splits checks what it writes") {
  const testing::ScratchDirectory scratch;
  const std::string path = scratch / "folds.npz";
  CHECK_THROWS_WITH(save_splits(path, {}, labels(4)), "save_splits: there are no splits");
  CHECK_THROWS_WITH(save_splits(path, {{{0}, {1}}, {{0}, {4}}}, labels(4)),
                    "save_splits: split 1: sample 4 is out of range for 4 labels");
  CHECK(scratch.count() == 0);
}

TEST_CASE("no split is made after resampling") {
  const Dataset all(random::Generator(1).normal({60, 2}), labels(60));
  const Dataset train = all.subset(stratified_split(all, 0.2, 1).train);
  CHECK(train.resampled_by == nullptr);
  CHECK_NOTHROW(stratified_k_fold(train, 3, 1));

  const Dataset balanced = smote(train, {.sampling_strategy = {{0, 50}}});
  const std::string why =
      ": the data set was resampled by smote, which would put copies or relatives of a row on both sides; "
      "split "
      "first, then resample the training part";
  const Array groups = Array::arange(balanced.size());
  CHECK_THROWS_WITH(stratified_split(balanced, 0.2, 1), "stratified_split" + why);
  CHECK_THROWS_WITH(stratified_k_fold(balanced, 3, 1), "stratified_k_fold" + why);
  CHECK_THROWS_WITH(repeated_stratified_k_fold(balanced, 3, 2, 1), "repeated_stratified_k_fold" + why);
  CHECK_THROWS_WITH(group_k_fold(balanced, groups, 3), "group_k_fold" + why);
  CHECK_THROWS_WITH(stratified_group_k_fold(balanced, groups, 3, 1), "stratified_group_k_fold" + why);
  const testing::ScratchDirectory scratch;
  CHECK_THROWS_WITH(save_splits(scratch / "folds.npz", {{{0}, {1}}}, balanced), "save_splits" + why);
  // Copies and parts keep the mark, and rows repeated by hand set it.
  const Dataset copy = balanced;
  CHECK_THROWS_WITH(stratified_split(copy.subset({0, 1, 2, 3, 4, 5}), 0.5, 1), "stratified_split" + why);
  CHECK_THROWS_WITH(stratified_split(train.subset({0, 1, 2, 3, 4, 0}), 0.5, 1),
                    ContainsSubstring("the data set was resampled by Dataset::subset, which"));
  CHECK_THROWS_WITH(
      stratified_split(train.subset(random_over_sample(train.t, {.sampling_strategy = {{0, 40}}})), 0.2, 1),
      ContainsSubstring("the data set was resampled by Dataset::subset, which"));
  CHECK_THROWS_WITH(stratified_split(random_under_sample(train), 0.2, 1),
                    ContainsSubstring("the data set was resampled by random_under_sample, which"));
  CHECK_NOTHROW(stratified_split(train.subset(stratified_split(train, 0.5, 1).test), 0.5, 1));
}
