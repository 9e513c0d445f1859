// Class weights in one page: two overlapping clouds of points, one point in fifty positive, trained twice.
// An example of the output:
//
//                            accuracy  balanced  rare class found
//     no weights                0.982     0.629             0.260
//     balanced class weights    0.859     0.867             0.875
//
// On a GPU if there is one.
#include <tenbin/tenbin.h>

#include <cstdio>

using namespace tenbin;

struct Net : Chain {
  Linear l1 = link("l1", Linear(2, 16));
  Linear l2 = link("l2", Linear(16, 2));
  Variable operator()(const Variable& x) const { return l2(relu(l1(x))); }
};

Dataset two_clouds(std::size_t size, std::uint64_t seed) {
  Array t = Array::zeros({size}, Dtype::int32);
  for (std::size_t i = 0; i < size; i += 50) t.data<std::int32_t>()[i] = 1;
  const Variable shift = Variable(t.astype(Dtype::float32).reshape({size, 1})) * 1.5;
  return Dataset((random::Generator(seed).normal({size, 2}) + shift).data(), t);
}

Net train(const Dataset& data, const Array& class_weight) {
  random::seed(1);
  Net model;
  model.to(data.x.device());
  Adam optimizer({.alpha = 0.01});
  optimizer.setup(model);
  for (std::uint64_t epoch = 0; epoch < 10; ++epoch)
    for (auto [x, t] : Minibatches(data, {.batch_size = 100, .epoch = epoch})) {
      Variable loss = softmax_cross_entropy(model(x), t, {.class_weight = class_weight});
      model.cleargrads();
      loss.backward();
      optimizer.update();
    }
  return model;
}

int main() try {
  const Device device = gpu::is_available() ? Device::cuda(0) : Device::cpu();
  const Dataset data = two_clouds(10000, 1).to(device), test = two_clouds(10000, 2).to(device);
  std::printf("%-22s %8s %9s %17s\n", "", "accuracy", "balanced", "rare class found");
  for (const bool weighted : {false, true}) {
    const Net model = train(data, weighted ? balanced_class_weight(data.t, 2) : Array());
    const ConfusionMatrix matrix(test.t, model(test.x).data());
    std::printf("%-22s %8.3f %9.3f %17.3f\n", weighted ? "balanced class weights" : "no weights",
                matrix.accuracy(), matrix.balanced_accuracy(), matrix.recall()[1]);
  }
} catch (const Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
