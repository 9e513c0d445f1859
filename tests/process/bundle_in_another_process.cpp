// A model that one process saves predicts the same bits in another:
//   bundle_in_another_process save FILE    # and print the bits of the predictions
//   bundle_in_another_process load FILE
#include <cstdio>
#include <cstring>
#include <string>

#include "tenbin/tenbin.h"

using namespace tenbin;

namespace {

Table table(std::uint64_t seed) {
  random::Generator random(seed);
  constexpr std::size_t rows = 200;
  Column kind{"kind", Array::zeros({rows}, Dtype::int32), {"a", "b", "c"}};
  Column label{"class", Array::zeros({rows}, Dtype::int32), {"legit", "fraud"}};
  for (std::size_t i = 0; i < rows; ++i) {
    kind.values.data<std::int32_t>()[i] = static_cast<std::int32_t>(random.integer(4)) - 1;
    label.values.data<std::int32_t>()[i] = random.integer(10) == 0 ? 1 : 0;
  }
  return Table({{"x", random.normal({rows}, 0, 1, Dtype::float64)}, kind, label}, 2);
}

Bundle trained() {
  const Table data = table(1);
  TablePipeline prep = TablePipeline().impute().one_hot().scale({.scaling = Scaling::quantile});
  const Dataset train = prep.fit(data).transform(data);
  random::seed(1);
  Bundle bundle{.pipeline = prep, .network = MLP({prep.n_features(), 50, 2})};
  const Array logits = bundle.network(Variable(Array(train.x))).data();
  bundle.calibration = Calibration(TemperatureScaling()).fit(logits, train.t);
  bundle.decision = tune_threshold(train.t, bundle.calibration(logits), objective::f_beta());
  return bundle;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) throw Error("usage: bundle_in_another_process save|load FILE");
  if (argv[1] == std::string("save")) save_bundle(argv[2], trained());
  const Predictor predictor =
      argv[1] == std::string("save") ? Predictor(trained()) : Predictor::load(argv[2]);
  const Predictions p = predictor(table(2));
  for (std::size_t i = 0; i < p.probabilities.size(); ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, p.probabilities.data<float>() + i, sizeof bits);
    std::printf("%08x %s\n", bits, p.decision(i / 2).c_str());
  }
} catch (const Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
