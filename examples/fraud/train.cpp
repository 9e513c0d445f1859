// Trains on the payments in fraud.csv; writes the model, fraud.npz, and a picture of its test, fraud.svg.
#include <tenbin/tenbin.h>

#include <iostream>

using namespace tenbin;

int main() try {
  const Table table = load_csv("fraud.csv", {.label = "class"});
  const ThreeWaySplit split = stratified_split(table.labels(), {.seed = 1});
  TablePipeline prep = TablePipeline().drop({"id"}).dates("when", {DatePart::hour, DatePart::weekday});
  prep.impute().log1p().one_hot().scale().fit(table, split.train);
  const Dataset train = prep.transform(table, split.train), valid = prep.transform(table, split.valid);

  MLP model({prep.n_features(), 32, 2});
  Adam optimizer;
  const auto loss = [&](const Variable& x, const Array& t) { return softmax_cross_entropy(model(x), t); };
  Trainer trainer(Updater(Minibatches(train, {.batch_size = 256}), optimizer.setup(model), loss));
  trainer.extend(Evaluator(valid, model, {}, {.loss = loss}));
  trainer.extend(EarlyStopping("validation/main/loss", {.patience = 5, .restore_best = true}));
  trainer.run();

  const Calibration platt = Calibration(PlattScaling()).fit(predict(model, valid.x), valid.t);
  const auto cut = tune_threshold(valid.t, platt(predict(model, valid.x)), objective::parse("recall >= 0.9"));
  Bundle bundle{prep, model, platt, cut, {}, Provenance::of(table)};
  const Predictions test = Predictor(bundle)(table.rows(split.test));
  std::cout << to_json(bundle.made.scores = test.scores()) << '\n';
  save_bundle("fraud.npz", bundle);
  plot_threshold_sweep(test.t, test.probabilities, {.threshold = cut.threshold}).save("fraud.svg");
  std::cerr << "Precision and recall at every threshold: fraud.svg\n";
} catch (const Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
