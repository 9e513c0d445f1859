// Models and optimizers saved by Chainer: after loading, predictions and training agree with Chainer's.
#include "tenbin/tenbin.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

struct Net : Chain {
  Linear l1 = link("l1", Linear(8, 16));
  Linear l2 = link("l2", Linear(16, 16));
  Linear l3 = link("l3", Linear(16, 3));
  Variable operator()(const Variable& x) const { return l3(relu(l2(relu(l1(x))))); }
};

// Named as in Chainer's L.Classifier.
struct Classifier : Chain {
  Net predictor = link("predictor", Net());
};

std::string data(const std::string& name) { return std::string(TENBIN_TEST_DATA) + "/serializers/" + name; }

void check_predicts(const std::string& model, const std::string& logits) {
  CAPTURE(model);
  const NpzReader expected(data("mlp_expected.npz"));
  Net net;
  load_npz(data(model), net);
  check_close(values(net(expected.read("x")).data()), values(expected.read(logits)), 1e-6, 1e-5);
}

}  // namespace

TEST_CASE("golden: models saved by Chainer give Chainer's predictions") {
  check_predicts("mlp_8_16_3_init.npz", "logits_init");
  check_predicts("mlp_8_16_3.npz", "logits");
  check_predicts("mlp_8_16_3_stored.npz", "logits");
  check_predicts("mlp_8_16_3_after5more.npz", "logits_after5more");
}

TEST_CASE("golden: Adam resumes from Chainer's state") {
  const NpzReader expected(data("mlp_expected.npz"));
  Classifier model;
  Adam optimizer({.alpha = 0.01});
  optimizer.setup(model);
  load_npz(data("mlp_8_16_3.npz"), model.predictor);
  load_npz(data("adam_8_16_3.npz"), optimizer);
  CHECK(optimizer.t() == 25);

  const Array x = expected.read("x"), t = expected.read("t");
  std::vector<double> losses;
  for (int step = 0; step < 5; ++step) {
    Variable loss =
        softmax_cross_entropy(model.predictor(x), t, {.class_weight = expected.read("class_weight")});
    losses.push_back(loss.item());
    model.cleargrads();
    loss.backward();
    optimizer.update();
  }
  check_close(losses, values(expected.read("losses_next5")), 1e-6, 1e-5);
  check_close(values(model.predictor(x).data()), values(expected.read("logits_after5more")), 5e-6, 1e-5);
  Net after;
  load_npz(data("mlp_8_16_3_after5more.npz"), after);
  for (std::size_t i = 0; i < after.params().size(); ++i)
    check_close(values(model.predictor.params()[i].data()), values(after.params()[i].data()), 5e-6, 1e-5);
}
