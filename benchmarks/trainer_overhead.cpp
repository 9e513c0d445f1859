// What a Trainer with LogReport and ProgressBar costs beside the loop by hand: 30-64-64-2, batches of 32.
//
//   trainer_overhead [PAIRS]
//
// Alternates epochs of both, and prints the medians of the times per step and of the ratios of the pairs.
// Both take the same batches with the same options, train with Adam, and end with the same weights.
#include <tenbin/tenbin.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

using namespace tenbin;

namespace {

struct Net : Chain {
  Linear l1 = link("l1", Linear(30, 64));
  Linear l2 = link("l2", Linear(64, 64));
  Linear l3 = link("l3", Linear(64, 2));
  Variable operator()(const Variable& x) const { return l3(relu(l2(relu(l1(x))))); }
};

constexpr std::size_t batch_size = 32;
constexpr std::size_t steps = 1000;  // of an epoch

// A model and its optimizer, the same for both.
struct Side {
  Side() {
    random::seed(1);
    model = Net();
    optimizer.setup(model);
  }
  Net model;
  Adam optimizer;
};

template <class F>
double seconds(F&& f) {
  const auto begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

std::vector<double> values(const Link& model) {
  std::vector<double> all;
  for (const Parameter& parameter : model.params())
    for (const double value : parameter.data().to_vector<double>()) all.push_back(value);
  return all;
}

}  // namespace

int main(int argc, char** argv) try {
  const int pairs = argc > 1 ? std::atoi(argv[1]) : 31;
  set_num_threads(1);
  random::Generator generator(2);
  const Array x = generator.normal({batch_size * steps, 30});
  Array t = Array::zeros({batch_size * steps}, Dtype::int32);
  for (std::size_t i = 0; i < t.size(); i += 20) t.data<std::int32_t>()[i] = 1;
  const Dataset data(x, t);
  const Array weight({1.f, 19.f});

  Side by_hand, trained;
  const Minibatches batches(data, {.batch_size = batch_size, .seed = 3});
  double sum = 0;
  const auto epoch_by_hand = [&] {
    for (auto [rows, labels] : batches) {
      Variable loss = softmax_cross_entropy(by_hand.model(rows), labels, {.class_weight = weight});
      by_hand.model.cleargrads();
      loss.backward();
      by_hand.optimizer.update();
      sum += loss.item();
    }
  };

  const std::string out =
      (std::filesystem::temp_directory_path() / ("tenbin-trainer-" + std::to_string(::getpid()))).string();
  Trainer trainer(Updater(Minibatches(data, {.batch_size = batch_size, .seed = 3}), trained.optimizer,
                          [&](const Array& rows, const Array& labels) {
                            return softmax_cross_entropy(trained.model(rows), labels,
                                                         {.class_weight = weight});
                          }),
                  {.stop = [&](const Trainer& at) { return at.is_new_epoch(); }, .out = out});
  trainer.extend(LogReport({.trigger = Epochs(1000), .file = ""}));
  std::ofstream terminal("/dev/null");
  trainer.extend(ProgressBar(terminal, 80));

  std::vector<double> hand_times, trainer_times, ratios;
  for (int i = 0; i < pairs; ++i) {
    double hand = 0, with_trainer = 0;
    const auto time_hand = [&] { hand = seconds(epoch_by_hand) / steps; };
    const auto time_trainer = [&] { with_trainer = seconds([&] { trainer.run(); }) / steps; };
    if (i % 2 == 0) {
      time_hand();
      time_trainer();
    } else {
      time_trainer();
      time_hand();
    }
    hand_times.push_back(hand);
    trainer_times.push_back(with_trainer);
    ratios.push_back(with_trainer / hand);
  }
  std::filesystem::remove_all(out);
  if (values(by_hand.model) != values(trained.model)) throw Error("the two do not train the same");
  std::cout << "by hand " << 1e6 * median(hand_times) << " us, trainer " << 1e6 * median(trainer_times)
            << " us a step; ratio of the pairs " << median(ratios) << " in " << pairs << " pairs\n";
} catch (const Error& error) {
  std::cerr << "trainer_overhead: " << error.what() << '\n';
  return 1;
}
