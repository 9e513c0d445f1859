// PyTorch's C++ frontend, eager, as Debian packages it: the training step and the loss. Speaks with the
// driver as peer.py does.
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "tenbin/serializers/npz.h"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

torch::Tensor to_tensor(const tenbin::Array& array) {
  const std::vector<std::int64_t> shape(array.shape().begin(), array.shape().end());
  const auto dtype = array.dtype() == tenbin::Dtype::int32 ? torch::kInt32 : torch::kFloat32;
  return torch::from_blob(const_cast<void*>(array.raw_data()), shape, dtype).clone();
}

// `steps` steps from the same start.
struct Block {
  std::int64_t steps;
  double expected_loss;
  std::function<void()> reset;
  std::function<double()> work;  // returns the last loss
};

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
    return {file.read("steps").item<std::int64_t>(), file.read("expected_loss").item(), std::move(reset),
            std::move(work)};
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
  const auto problem = std::make_shared<Problem>(path);
  const auto steps = problem->file.read("steps").item<std::int64_t>();
  return problem->block([] {},
                        [=] {
                          torch::Tensor x = problem->x;
                          x.requires_grad_();
                          torch::Tensor loss;
                          for (std::int64_t i = 0; i < steps; ++i) {
                            x.mutable_grad() = torch::Tensor();
                            loss = torch::nn::functional::cross_entropy(x, problem->t, problem->options());
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

double time_one(const Block& block) {
  block.reset();
  const Clock::time_point start = Clock::now();
  const double loss = block.work();
  const double seconds = seconds_since(start) / static_cast<double>(block.steps);
  if (!(std::abs(loss - block.expected_loss) <= 1e-3 * std::abs(block.expected_loss)))
    throw std::runtime_error("the loss is " + std::to_string(loss) + ", expected " +
                             std::to_string(block.expected_loss) + ": this is other work");
  return seconds;
}

}  // namespace

int main() {
  torch::set_num_threads(std::atoi(std::getenv("TENBIN_NUM_THREADS")));
  std::cout << R"({"name": "libtorch )" << TORCH_VERSION << R"("})" << std::endl;
  std::map<std::string, Block> blocks;
  std::string workload;
  for (double seconds = 0; std::cin >> workload >> seconds;) try {
      if (blocks.count(workload) == 0) blocks.emplace(workload, make(workload));
      const Block& block = blocks.at(workload);
      time_one(block);  // warms up
      std::string times;
      for (const Clock::time_point start = Clock::now(); times.empty() || seconds_since(start) < seconds;)
        times += (times.empty() ? "" : ", ") + std::to_string(time_one(block) * 1e9) + "e-9";
      std::cout << "{\"seconds\": [" << times << "]}" << std::endl;
    } catch (const std::exception& error) {
      std::string text = error.what();
      text = text.substr(0, text.find('\n'));
      std::replace(text.begin(), text.end(), '"', '\'');
      std::cout << "{\"error\": \"" << text << "\"}" << std::endl;
    }
}
