#include "tenbin/comparison/detail/fold_data.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

#include "tenbin/comparison/detail/network_training.h"
#include "tenbin/core/file.h"
#include "tenbin/datasets/class_counts.h"
#include "tenbin/datasets/k_fold.h"
#include "tenbin/evaluation/proper_scores.h"
#include "tenbin/functions/activation/softmax.h"
#include "tenbin/training/predict.h"

namespace tenbin::detail {

namespace {

// The rows of a split of some of a table's rows, as rows of the table.
std::vector<std::size_t> rows_at(const std::vector<std::size_t>& rows, const std::vector<std::size_t>& at) {
  std::vector<std::size_t> chosen;
  chosen.reserve(at.size());
  for (const std::size_t i : at) chosen.push_back(rows[i]);
  return chosen;
}

std::vector<std::shared_ptr<FoldData>> make_inner_folds(FoldData& fold, RowRecord& record) {
  const auto rarest = std::min_element(fold.counts.begin(), fold.counts.end());
  const std::size_t smallest = *rarest;
  if (smallest < 2)
    throw Error(
        "class \"",
        printable(fold.source->table.classes()[static_cast<std::size_t>(rarest - fold.counts.begin())]),
        "\" has ", smallest, " training row(s) in a fold; inner folds need 2");
  const std::size_t n_folds = std::min(fold.source->inner_folds, smallest);
  std::vector<std::shared_ptr<FoldData>> inner;
  for (const Split& split : stratified_k_fold(fold.train.t, n_folds, fold.seed)) {
    inner.push_back(make_fold(*fold.source,
                              {rows_at(fold.split.train, split.train), rows_at(fold.split.train, split.test)},
                              fold.seed, record, fold.chosen));
    inner.back()->after_pass = fold.after_pass;
  }
  return inner;
}

bool is_finite(const Array& p) {
  const float* const values = p.data<float>();
  return std::all_of(values, values + p.size(), [](float value) { return std::isfinite(value); });
}

// The search for a network on the inner folds.
class NetworkChoice {
 public:
  NetworkChoice(FoldData& fold, RowRecord& record)
      : search_(fold.source->search), device_(fold.source->device), n_class_(fold.counts.size()) {
    for (const std::shared_ptr<FoldData>& inner : inner_folds(fold, record)) {
      record.fitted("network", inner->split.train);
      record.measured("network", inner->split.train, inner->split.test);
      folds_.push_back({inner.get(), inner->train.to(device_), inner->test.to(device_)});
    }
  }

  ChosenNetwork run() {
    const double decay = best_decay();
    for (std::size_t i = 1; i < search_.hidden.size(); ++i) try_candidate(search_.hidden[i], decay);
    ChosenNetwork chosen;
    chosen.network = best([](const NetworkCandidate&) { return true; })->settings;
    const NetworkCandidate* const linear =
        best([](const NetworkCandidate& candidate) { return candidate.settings.hidden == 0; });
    chosen.logistic = linear != nullptr ? linear->settings : settings(0, chosen.network.weight_decay);
    chosen.candidates = std::move(candidates_);
    return chosen;
  }

 private:
  struct InnerRows {
    const FoldData* fold;
    Dataset train;
    Dataset valid;
  };

  NetworkSettings settings(std::size_t hidden, double decay) const {
    return {hidden, decay, search_.max_epochs, search_.max_epochs, search_.batch_size, search_.alpha};
  }

  template <class Condition>
  const NetworkCandidate* best(Condition condition) const {
    const NetworkCandidate* found = nullptr;
    for (const NetworkCandidate& candidate : candidates_)
      if (condition(candidate) && (found == nullptr || candidate.log_loss < found->log_loss))
        found = &candidate;
    return found;
  }

  // From the middle of the decays to where the log loss no longer decreases.
  double best_decay() {
    const std::vector<double>& decays = search_.weight_decay;
    const std::size_t middle = (decays.size() - 1) / 2;
    std::size_t best = middle;
    double lowest = try_candidate(search_.hidden[0], decays[middle]);
    const auto improves = [&](std::size_t at) {
      const double loss = try_candidate(search_.hidden[0], decays[at]);
      if (loss >= lowest) return false;
      lowest = loss;
      best = at;
      return true;
    };
    for (std::size_t at = middle + 1; at < decays.size() && improves(at); ++at) continue;
    if (best == middle)
      for (std::size_t at = middle; at > 0 && improves(at - 1); --at) continue;
    return decays[best];
  }

  // The log loss of a candidate at its best epoch.
  double try_candidate(std::size_t hidden, double decay) {
    NetworkCandidate candidate{settings(hidden, decay), std::numeric_limits<double>::infinity()};
    std::deque<NetworkTraining> trainings;
    for (const InnerRows& rows : folds_)
      trainings.emplace_back(rows.train, n_class_, candidate.settings, NetworkFitOptions{}, rows.fold->seed,
                             rows.fold->orders);
    const std::size_t max_epochs = search_.max_epochs;
    std::size_t best_epoch = 0;
    for (std::size_t epoch = 1; epoch <= max_epochs; ++epoch) {
      for (std::size_t i = 0; i < trainings.size(); ++i) {
        trainings[i].run_pass();
        folds_[i].fold->passed();
      }
      if (!search_.early_stopping && epoch < max_epochs) continue;
      const double loss = log_loss_of(trainings);
      if (loss < candidate.log_loss) {
        candidate.log_loss = loss;
        best_epoch = epoch;
      } else if (epoch - best_epoch >= search_.patience) {
        break;
      }
    }
    candidate.settings.epochs = best_epoch == 0 ? max_epochs : best_epoch;
    candidates_.push_back(candidate);
    return candidate.log_loss;
  }

  // Over all rows that the inner folds measure on; infinite if a training has diverged.
  double log_loss_of(const std::deque<NetworkTraining>& trainings) const {
    double sum = 0;
    std::size_t rows = 0;
    LogLossOptions options;
    options.normalize = false;
    for (std::size_t i = 0; i < folds_.size(); ++i) {
      const MLP& model = trainings[i].model();
      const auto probabilities = [&](const Variable& x) { return softmax(model(x)); };
      const Array p = predict(ModelFunction(probabilities), folds_[i].valid.x).to(Device::cpu());
      if (!is_finite(p)) return std::numeric_limits<double>::infinity();
      sum += log_loss(folds_[i].fold->test.t, p, options);
      rows += folds_[i].valid.size();
    }
    return sum / static_cast<double>(rows);
  }

  const NetworkSearch& search_;
  Device device_;
  std::size_t n_class_;
  std::vector<InnerRows> folds_;
  std::vector<NetworkCandidate> candidates_;
};

}  // namespace

std::shared_ptr<FoldData> make_fold(const FoldSource& source, Split split, std::uint64_t seed,
                                    RowRecord& record, std::shared_ptr<ChosenNetwork> chosen) {
  auto fold = std::make_shared<FoldData>();
  fold->source = &source;
  fold->split = std::move(split);
  fold->seed = seed;
  fold->chosen = chosen ? std::move(chosen) : std::make_shared<ChosenNetwork>();
  fold->pipeline = source.pipeline;
  fold->pipeline.fit(source.table, fold->split.train);
  record.fitted("preprocessing", fold->split.train);
  fold->train = fold->pipeline.transform(source.table, fold->split.train);
  fold->one_hot = fold->pipeline.one_hot_features();
  fold->counts = class_counts(fold->train.t, source.table.classes().size());
  fold->orders = std::make_shared<EpochOrders>(fold->train.size(), seed);
  fold->train_contents = RowContents(fold->train.x, fold->split.train);
  if (fold->split.test.empty()) return fold;
  fold->test = fold->pipeline.transform(source.table, fold->split.test);
  fold->test_contents = RowContents(fold->test.x, fold->split.test).without(fold->train_contents);
  return fold;
}

const std::vector<std::shared_ptr<FoldData>>& inner_folds(FoldData& fold, RowRecord& record) {
  const std::lock_guard<std::mutex> lock(fold.mutex);
  if (fold.inner.empty()) {
    fold.inner = make_inner_folds(fold, record);
  } else {
    for (const auto& inner : fold.inner) record.fitted("preprocessing", inner->split.train);
  }
  return fold.inner;
}

void record_training(const FoldData& fold, const Dataset& rows, const std::string& step, RowRecord& record) {
  if (rows.x.shares_memory_with(fold.train.x) && rows.size() == fold.train.size()) {
    record.fitted(step, fold.split.train);
    return;
  }
  const Array x = rows.x.to(Device::cpu());
  record.fitted(step, fold.train_contents.ids_in(x));
  const std::vector<std::size_t> leaked = fold.test_contents.ids_in(x);
  record.fitted(step, leaked);
  record.measured(step, leaked, leaked);
}

void choose_network(FoldData& fold, RowRecord& record) {
  const NetworkSearch& search = fold.source->search;
  if (search.hidden.size() == 1 && search.weight_decay.size() == 1 && !search.early_stopping) {
    const NetworkSettings only = {search.hidden[0],  search.weight_decay[0], search.max_epochs,
                                  search.max_epochs, search.batch_size,      search.alpha};
    fold.chosen->network = fold.chosen->logistic = only;
    fold.chosen->logistic.hidden = 0;
    return;
  }
  *fold.chosen = NetworkChoice(fold, record).run();
}

}  // namespace tenbin::detail
