// From the start of the process to the end of the first step of the quickstart. The driver measures the time
// until the line appears, then reads the memory use of the process, which waits for that.
#include <tenbin/tenbin.h>

#include <cstdio>

using namespace tenbin;

struct Net : Chain {
  Linear l1 = link("l1", Linear(2, 16));
  Linear l2 = link("l2", Linear(16, 2));
  Variable operator()(const Variable& x) const { return l2(relu(l1(x))); }
};

int main() {
  const std::size_t size = 10000;
  Array t = Array::zeros({size}, Dtype::int32);
  for (std::size_t i = 0; i < size; i += 50) t.data<std::int32_t>()[i] = 1;
  const Variable shift = Variable(t.astype(Dtype::float32).reshape({size, 1})) * 1.5;
  const Dataset data((random::Generator(1).normal({size, 2}) + shift).data(), t);

  Net model;
  Adam optimizer({.alpha = 0.01});
  optimizer.setup(model);
  const Array class_weight = balanced_class_weight(data.t, 2);
  for (auto [x, labels] : Minibatches(data, {.batch_size = 100, .epoch = 0})) {
    Variable loss = softmax_cross_entropy(model(x), labels, {.class_weight = class_weight});
    model.cleargrads();
    loss.backward();
    optimizer.update();
    std::printf("%.4f\n", loss.item());
    break;
  }
  std::fflush(stdout);
  std::getchar();
}
