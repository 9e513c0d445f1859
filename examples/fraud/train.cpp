// Trains on the payments in fraud.csv, and saves the model as fraud.npz.
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
  optimizer.setup(model);
  const auto loss = [&](const Variable& x, const Array& t) { return softmax_cross_entropy(model(x), t); };
  Trainer trainer(Updater(Minibatches(train, {.batch_size = 256}), optimizer, loss));
  trainer.extend(Evaluator(valid, model, {}, {.loss = loss}));
  trainer.extend(EarlyStopping("validation/main/loss", {.patience = 5, .restore_best = true}));
  trainer.run();

  Bundle bundle{.pipeline = prep, .network = model, .made = Provenance::of(table)};
  const Array z = predict(model, valid.x);
  bundle.calibration = Calibration(PlattScaling()).fit(z, valid.t);
  bundle.decision = tune_threshold(valid.t, bundle.calibration(z), objective::precision_at_recall(0.9));
  bundle.made.scores = Predictor(bundle)(table.rows(split.test)).scores();
  save_bundle("fraud.npz", bundle);
  std::cout << to_json(bundle.made.scores) << '\n';
} catch (const Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
