// PyTorch's C++ frontend, eager, as packaged by Debian: the training step and the loss. Uses the protocol of
// peer.h.
#include <torch/torch.h>

#include <algorithm>
#include <functional>
#include <string>

#include "peer.h"
#include "tenbin/serializers/npz.h"

namespace {

using peer::Block;

torch::Tensor to_tensor(const tenbin::Array& array) {
  const std::vector<std::int64_t> shape(array.shape().begin(), array.shape().end());
  const auto dtype = array.dtype() == tenbin::Dtype::int32 ? torch::kInt32 : torch::kFloat32;
  return torch::from_blob(const_cast<void*>(array.raw_data()), shape, dtype).clone();
}

struct Problem {
  tenbin::NpzReader file;
  torch::Tensor x, t, weight;

  explicit Problem(const std::string& path)
      : file(path),
        x(to_tensor(file.read("x"))),
        t(to_tensor(file.read("t")).to(torch::kInt64)),
        weight(to_tensor(file.read("class_weight"))) {}

  torch::nn::functional::CrossEntropyFuncOptions options() const {
    return torch::nn::functional::CrossEntropyFuncOptions().weight(weight);
  }
  Block block(std::function<void()> reset, std::function<double()> work) const {
    return {static_cast<std::size_t>(file.read("steps").item<std::int64_t>()),
            file.read("expected_loss").item(), std::move(reset), std::move(work)};
  }
};

Block training_step(const std::string& path) {
  const auto problem = std::make_shared<Problem>(path);
  torch::nn::Sequential model;
  std::vector<torch::Tensor> initial;
  for (std::size_t i = 0; problem->file.contains("W" + std::to_string(i)); ++i) {
    if (i > 0) model->push_back(torch::nn::ReLU());
    initial.push_back(to_tensor(problem->file.read("W" + std::to_string(i))));
    initial.push_back(to_tensor(problem->file.read("b" + std::to_string(i))));
    const torch::Tensor& W = initial[2 * i];
    model->push_back(torch::nn::Linear(W.size(1), W.size(0)));
  }
  const double alpha = problem->file.read("alpha").item();
  const auto optimizer = std::make_shared<std::unique_ptr<torch::optim::Adam>>();
  const auto reset = [=] {
    const torch::NoGradGuard off;
    const std::vector<torch::Tensor> parameters = model->parameters();
    for (std::size_t i = 0; i < initial.size(); ++i) parameters[i].data().copy_(initial[i]);
    *optimizer = std::make_unique<torch::optim::Adam>(parameters, torch::optim::AdamOptions(alpha));
  };
  const auto steps = problem->file.read("steps").item<std::int64_t>();
  return problem->block(reset, [=]() mutable {
    torch::Tensor loss;
    for (std::int64_t i = 0; i < steps; ++i) {
      loss = torch::nn::functional::cross_entropy(model->forward(problem->x), problem->t, problem->options());
      (*optimizer)->zero_grad();
      loss.backward();
      (*optimizer)->step();
    }
    return loss.item<double>();
  });
}

Block loss_alone(const std::string& path) {
  namespace F = torch::nn::functional;
  const auto problem = std::make_shared<Problem>(path);
  const bool is_binary = problem->x.size(1) == 1;
  const torch::Tensor t = is_binary ? problem->t.to(torch::kFloat32) : problem->t;
  const auto binary = F::BinaryCrossEntropyWithLogitsFuncOptions().pos_weight(problem->weight);
  const auto steps = problem->file.read("steps").item<std::int64_t>();
  return problem->block([] {},
                        [=] {
                          torch::Tensor x = problem->x;
                          x.requires_grad_();
                          torch::Tensor loss;
                          for (std::int64_t i = 0; i < steps; ++i) {
                            x.mutable_grad() = torch::Tensor();
                            loss = is_binary ? F::binary_cross_entropy_with_logits(x, t, binary)
                                             : F::cross_entropy(x, t, problem->options());
                            loss.backward();
                          }
                          return loss.item<double>();
                        });
}

Block make(const std::string& workload) {
  std::string name = workload;
  std::replace(name.begin(), name.end(), '/', '-');
  const std::string path = std::string(std::getenv("TENBIN_BENCH_DATA")) + '/' + name + ".npz";
  if (workload.rfind("step/", 0) == 0) return training_step(path);
  if (workload.rfind("loss/", 0) == 0) return loss_alone(path);
  throw std::runtime_error("Unsupported: not written for libtorch");
}

}  // namespace

int main() {
  torch::set_num_threads(std::atoi(std::getenv("TENBIN_NUM_THREADS")));
  peer::serve(std::string("libtorch ") + TORCH_VERSION, make);
}
