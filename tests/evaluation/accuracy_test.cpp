#include "tenbin/evaluation/accuracy.h"

#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/cuda/runtime.h"
#include "tenbin/evaluation/confusion_matrix.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {
constexpr float NaN = std::numeric_limits<float>::quiet_NaN();
}  // namespace

TEST_CASE("accuracy of logits", "[gpu]") {
  const Array y = {{2.f, 1.f}, {0.f, 3.f}, {1.f, 1.f}, {0.f, 1.f}};  // 0 1 0 1
  on_every_device([&](Device device) {
    const auto on_device = [&](const Array& logits, const Array& t) {
      return accuracy(logits.to(device), t.to(device));
    };
    CHECK(on_device(y, Array{0, 1, 1, 0}) == 0.5);
    CHECK(on_device(y, Array({0, 1, 0, 0}, Dtype::int64)) == 0.75);
    CHECK(on_device(y, Array({0, 1, 1, 0}, Dtype::uint8)) == 0.5);
    CHECK(on_device(Array{{{1.0, 5.0}, {4.0, 3.0}}}, Array{{1, 1}}) == 0.5);
    // One of them on the CPU.
    CHECK(accuracy(y.to(device), Array{0, 1, 1, 0}) == 0.5);
    CHECK(accuracy(y, Array{0, 1, 1, 0}.to(device)) == 0.5);
  });
}

TEST_CASE("accuracy of scores with trailing axes of length 1, as in Chainer", "[gpu]") {
  const Array y = {{2.f, 1.f}, {0.f, 3.f}, {1.f, 1.f}, {0.f, 1.f}};  // 0 1 0 1
  const Array dense = {{{1.0, 5.0}, {4.0, 3.0}}};                    // 1 0
  on_every_device([&](Device device) {
    const Array t = Array{0, 1, 1, 0}.to(device);
    CHECK(accuracy(y.reshape({4, 2, 1}).to(device), t) == 0.5);
    CHECK(accuracy(y.reshape({4, 2, 1, 1}).to(device), t) == 0.5);
    CHECK(accuracy(y.reshape({4, 2, 1, 1}).to(device), t.reshape({4, 1})) == 0.5);
    CHECK(accuracy(dense.reshape({1, 2, 2, 1}).to(device), Array{{1, 1}}.to(device)) == 0.5);
  });
  CHECK(ConfusionMatrix(Array{0, 1, 1, 0}, y.reshape({4, 2, 1})).accuracy() == 0.5);
  CHECK_THROWS_WITH(accuracy(y.reshape({2, 2, 2}), Array{0, 1}),
                    "accuracy: y must be float32 or float64 scores (N, C, ...) for t (N, ...), got "
                    "float32(2, 2, 2) for t int32(2)");
}

TEST_CASE("accuracy_score counts predicted labels that are right", "[gpu]") {
  on_every_device([](Device device) {
    const auto on_device = [&](const Array& t, const Array& y, const AccuracyScoreOptions& options = {}) {
      return accuracy_score(t.to(device), y.to(device), options);
    };
    CHECK(on_device(Array({0, 1, 1}, Dtype::uint8), Array{0, 1, 0}) == 2.0 / 3);
    CHECK(on_device(Array{-7, 9}, Array({-7, 9}, Dtype::int64)) == 1.0);  // labels may be any numbers
    CHECK(on_device(Array{{0, 2}, {1, 1}}, Array{{0, 1}, {1, 1}}) == 0.75);
    CHECK(on_device(Array{0, -1, 1, 1}, Array{0, 5, 1, 0}) == 2.0 / 3);
    CHECK(on_device(Array{0, 1, 7}, Array{0, 0, 7}, {.ignore_label = 7}) == 0.5);
    CHECK(on_device(Array{-1, -1}, Array{0, 1}) == 0);
    CHECK(on_device(Array::zeros({0}, Dtype::int32), Array::zeros({0}, Dtype::int32)) == 0);
    const Array weight = Array{1., 2., 4., 8.}.to(device);
    CHECK(on_device(Array{0, 1, 0, -1}, Array{0, 0, 0, 0}, {.sample_weight = weight}) == 5.0 / 7);
    CHECK(accuracy_score(Array{0, 1}.to(device), Array{0, 0}) == 0.5);
  });
}

TEST_CASE("accuracy and accuracy_score refuse each other's arguments, in either order") {
  const Array y = {{2.f, 1.f}, {0.f, 3.f}};
  const Array labels = {0, 1};
  const std::string scores = "accuracy: y must be float32 or float64 scores (N, C, ...) for t (N, ...), got ";
  CHECK_THROWS_WITH(accuracy(labels, labels),
                    scores + "int32(2) for t int32(2): predicted labels go to accuracy_score(t, y)");
  CHECK_THROWS_WITH(accuracy(labels, y), "accuracy: t must be int32, int64 or uint8, got float32(2, 2)");
  CHECK_THROWS_WITH(
      accuracy_score(labels, y),
      "accuracy_score: y must be integer, predicted labels of t's shape, got float32(2, 2) for t "
      "int32(2): scores go to accuracy(y, t)");
  CHECK_THROWS_WITH(accuracy_score(y, labels),
                    "accuracy_score: t must be int32, int64 or uint8, got float32(2, 2)");
  CHECK_THROWS_WITH(accuracy_score(labels, Array{0, 1, 1}),
                    "accuracy_score: y must be integer, predicted labels of t's shape, got int32(3) for t "
                    "int32(2)");
  CHECK_THROWS_WITH(
      accuracy_score(labels, Array()),
      "accuracy_score: y must be integer, predicted labels of t's shape, got none for t int32(2)");
  // One-hot labels, and the column of a sigmoid.
  CHECK_THROWS_WITH(accuracy(y, Array{{1, 0}, {0, 1}}),
                    scores +
                        "float32(2, 2) for t int32(2, 2): one-hot rows become labels by "
                        "argmax(t.astype(Dtype::float32))");
  CHECK_THROWS_WITH(
      accuracy(Array{{0.2}, {0.9}}, labels),
      "accuracy: t[1] = 1 is not a class in [0, 1), y has one column: for those of a sigmoid pass "
      "(N, 2): 1 - p, p; or labels by predict_with_threshold");
}

TEST_CASE("labels of -1 and 1 are not taken for one class with ignored rows", "[gpu]") {
  const std::string text =
      ": t has the labels -1 and 1 only, and -1 is the default of ignore_label: map -1 to 0 (labels are "
      "0 to "
      "C - 1), or pass ignore_label = -1 to ignore those rows";
  const Array y_on_cpu = {{2.f, 1.f}, {0.f, 3.f}, {1.f, 2.f}};
  const Array three = Array::zeros({3, 3});
  on_every_device([&](Device device) {
    const Array y = y_on_cpu.to(device);
    const Array t = Array{-1, 1, 1}.to(device);
    CHECK_THROWS_WITH(accuracy(y, t), "accuracy" + text);
    CHECK(accuracy(y, t, -1) == 1);
    CHECK(accuracy(three.to(device), t) == 0);  // with three classes, 1 is an ordinary label
    CHECK(accuracy(y, Array{-1, 0, 1}.to(device)) == 0.5);
    CHECK(accuracy(y, Array{1, 1, 1}.to(device)) == 2.0 / 3);
    CHECK_THROWS_WITH(accuracy_score(t, t), "accuracy_score" + text);
    CHECK_THROWS_WITH(accuracy_score(t, t, {.sample_weight = Array{1., 1., 1.}}), "accuracy_score" + text);
    CHECK(accuracy_score(t, t, {.ignore_label = -1}) == 1);
  });
}

TEST_CASE("accuracy_score of more labels than a block has threads", "[gpu]") {
  random::Generator rng(1);
  const std::size_t count = 1000;
  std::vector<int> truth, guess;
  std::size_t right = 0, counted = 0;
  for (std::size_t i = 0; i < count; ++i) {
    truth.push_back(static_cast<int>(rng.integer(4)) - 1);
    guess.push_back(static_cast<int>(rng.integer(3)));
    counted += truth[i] == -1 ? 0 : 1;
    right += truth[i] == guess[i] ? 1 : 0;
  }
  on_every_device([&](Device device) {
    CHECK(accuracy_score(Array(truth).to(device), Array(guess).to(device)) ==
          static_cast<double>(right) / static_cast<double>(counted));
  });
}

TEST_CASE("accuracy leaves out ignored positions", "[gpu]") {
  const Array y = {{2.f, 1.f}, {0.f, 3.f}, {1.f, 1.f}};
  on_every_device([&](Device device) {
    const auto on_device = [&](const Array& t, std::int64_t ignore_label = -1) {
      return accuracy(y.to(device), t.to(device), ignore_label);
    };
    CHECK(on_device(Array{0, -1, 1}) == 0.5);
    CHECK(on_device(Array{0, 255, 1}, 255) == 0.5);
    CHECK(on_device(Array{0, 1, 1}, 1) == 1.0);  // an ignored label inside the range
    CHECK(on_device(Array{-1, -1, -1}) == 0.0);
    CHECK(accuracy(Array::zeros({0, 2}).to(device), Array::zeros({0}, Dtype::int32).to(device)) == 0.0);
  });
}

TEST_CASE("accuracy refuses what does not fit", "[gpu]") {
  const Array y_on_cpu = {{2.f, 1.f}, {0.f, 3.f}};
  on_every_device([&](Device device) {
    const Array y = y_on_cpu.to(device);
    CHECK_THROWS_WITH(accuracy(y, Array{0, 2}.to(device)), "accuracy: t[1] = 2 is not a class in [0, 2)");
    CHECK_THROWS_WITH(accuracy(y, Array{0, -3}.to(device)), "accuracy: t[1] = -3 is not a class in [0, 2)");
    CHECK_THROWS_WITH(accuracy(y, Array{-1, 7}.to(device), 255),
                      "accuracy: t[0] = -1 is not a class in [0, 2)");
  });
  CHECK_THROWS_WITH(accuracy(y_on_cpu, Array{0.f, 1.f}),
                    "accuracy: t must be int32, int64 or uint8, got float32(2); did you mean "
                    "t.astype(Dtype::int32)?");
  CHECK_THROWS_WITH(accuracy_score(Array{0.f, 1.f}, Array{0, 1}),
                    "accuracy_score: t must be int32, int64 or uint8, got float32(2); did you mean "
                    "t.astype(Dtype::int32)?");
  CHECK_THROWS_WITH(
      accuracy(y_on_cpu, Array{0, 1, 1}),
      "accuracy: y must be float32 or float64 scores (N, C, ...) for t (N, ...), got float32(2, 2) for t "
      "int32(3)");
  CHECK_THROWS_WITH(
      accuracy(Array{0, 1}, Array{{0, 1}}),
      "accuracy: y must be float32 or float64 scores (N, C, ...) for t (N, ...), got int32(2) for t "
      "int32(1, 2)");
}

TEST_CASE("accuracy and ConfusionMatrix refuse scores of NaN unless the label is ignored", "[gpu]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string refused = ": y[3] is nan: a row with nan has no largest score";
  const Array y_on_cpu = {{2.f, 1.f}, {0.f, 3.f}, {NaN, NaN}, {1.f, NaN}, {NaN, 1.f}};
  const Array dense_on_cpu = {{{0., 1., 2., 3.}, {4., 3., 2., nan}}};  // (1, 2, 4)
  on_every_device([&](Device device) {
    const Array y = y_on_cpu.to(device);
    const Array dense = dense_on_cpu.to(device);
    for (const Dtype dtype : {Dtype::int32, Dtype::int64, Dtype::uint8}) {
      const std::int64_t ignored = dtype == Dtype::uint8 ? 255 : -1;
      const auto label = static_cast<int>(ignored);
      const Array t_on_cpu = Array{0, 1, label, 1, 1}.astype(dtype);
      const Array clean_on_cpu = Array{0, 0, label, label, label}.astype(dtype);
      for (const Device labels_on : {Device::cpu(), device}) {
        const Array t = t_on_cpu.to(labels_on);
        const Array clean = clean_on_cpu.to(labels_on);
        CHECK_THROWS_WITH(accuracy(y, t, ignored), "accuracy" + refused);
        CHECK_THROWS_WITH(ConfusionMatrix(t, y, {.ignore_label = ignored}), "ConfusionMatrix" + refused);
        CHECK(accuracy(y, clean, ignored) == 0.5);
        CHECK(ConfusionMatrix(clean, y, {.ignore_label = ignored}).total() == 2);
      }
    }
    const Array t = Array{{1, 1, 0, 1}}.to(device);
    CHECK_THROWS_WITH(accuracy(dense, t), "accuracy" + refused);
    CHECK_THROWS_WITH(ConfusionMatrix(t, dense), "ConfusionMatrix" + refused);
    CHECK(accuracy(dense, Array{{1, 1, 0, -1}}.to(device)) == 1);
    // An invalid label is reported before NaN.
    CHECK_THROWS_WITH(accuracy(y, Array{0, 1, 1, 1, 5}.to(device)),
                      "accuracy: t[4] = 5 is not a class in [0, 2)");
  });
  ConfusionMatrix matrix({.n_class = 2});
  CHECK_THROWS_AS(matrix.add(Array{0, 1, 1, 1, 1}, y_on_cpu), Error);
  CHECK(matrix.total() == 0);
  // Predicted labels may have any value: -1 does not mean NaN there.
  CHECK(accuracy_score(Array{0, 1}, Array{-1, 1}) == 0.5);
  CHECK_THROWS_WITH(ConfusionMatrix(Array{0, 1}, Array{-1, 1}),
                    "ConfusionMatrix: y[0] = -1 is not a class in [0, 2)");
}

TEST_CASE("the first NaN that is not ignored is named, at any position", "[gpu]") {
  for (const std::size_t n_class : {2u, 33u, 1025u}) {
    CAPTURE(n_class);
    constexpr std::size_t rows = 700;  // more than a block has threads
    Array y_on_cpu = random::Generator(5).normal({rows, n_class});
    std::vector<int> labels(rows, 1);
    labels[0] = 0;
    labels[20] = -1;
    for (const std::size_t row : {20u, 555u, 644u})
      y_on_cpu.data<float>()[row * n_class + row % n_class] = NaN;
    on_every_device([&](Device device) {
      CHECK_THROWS_WITH(accuracy(y_on_cpu.to(device), Array(labels).to(device)),
                        ContainsSubstring("accuracy: y[555] is nan"));
    });
  }
}

TEST_CASE("one-hot labels are named as such, of every integer dtype and on every device", "[gpu]") {
  const Array t_on_cpu = {{1, 0}, {0, 1}, {0, 1}};
  const Array y_on_cpu = {{2.f, 1.f}, {0.f, 3.f}, {1.f, 2.f}};
  const std::string hint = ": one-hot rows become labels by argmax(t.astype(Dtype::float32))";
  on_every_device([&](Device device) {
    const Array y = y_on_cpu.to(device);
    for (const Dtype dtype : {Dtype::int32, Dtype::int64, Dtype::uint8}) {
      const Array t = t_on_cpu.astype(dtype).to(device);
      const std::string got = std::string(to_string(dtype)) + "(3, 2)";
      CHECK_THROWS_WITH(accuracy(y, t), ContainsSubstring(hint));
      CHECK_THROWS_WITH(
          ConfusionMatrix(t, y),
          ContainsSubstring("ConfusionMatrix: y must be logits (N, C, ...) or integer classes") &&
              ContainsSubstring(got) && ContainsSubstring(hint));
      const Array other = Array{{2, 0}, {0, 1}, {0, 1}}.astype(dtype).to(device);  // neither one-hot nor a
                                                                                   // valid shape
      CHECK_THROWS_WITH(ConfusionMatrix(other, y), ContainsSubstring("ConfusionMatrix: y must be logits") &&
                                                       !ContainsSubstring("one-hot"));
      for (const char* function : {"ConfusionMatrix", "accuracy_score"}) {
        const bool is_score = function[0] == 'a';
        const auto run = [&](const Array& labels, const Array& predicted) {
          return is_score ? accuracy_score(labels, predicted) : ConfusionMatrix(labels, predicted).accuracy();
        };
        CHECK_THROWS_WITH(run(t, t),
                          ContainsSubstring(std::string(function) + ": t and y must be labels, got ") &&
                              ContainsSubstring(got) && ContainsSubstring(hint));
        CHECK(run(other, t) == 5.0 / 6);  // dense labels
        CHECK(run(t, other) == 5.0 / 6);
        CHECK(run(t.reshape({6}), t.reshape({6})) == 1);  // reshaped, they are labels
        CHECK(run(t.slice(0, 1), t.slice(0, 1)) == 1);    // a single row is not checked
      }
    }
  });
}

TEST_CASE("accuracy of logits on a GPU copies only the counts", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const Array y = random::Generator(3).normal({100, 10}).to(device);
    const Array t = Array::zeros({100}, Dtype::int32, device);
    const std::size_t before = gpu::stats().synchronizations;
    accuracy(y, t);
    CHECK(gpu::stats().synchronizations == before + 1);
    argmax(y);
    CHECK(gpu::stats().synchronizations == before + 1);
  });
}

TEST_CASE("accuracy compares every class with the largest so far") {
  // (1, 3, 2): at both positions class 1 is the largest, and class 2 larger than class 0.
  const Array y = {{{0.f, 1.f}, {5.f, 6.f}, {3.f, 4.f}}};
  CHECK(accuracy(y, Array{{1, 1}}) == 1);
  CHECK(argmax(y).to_vector<int>() == std::vector<int>{1, 1});
}
