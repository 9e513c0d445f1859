#include "tenbin/examples/remedies/methods.h"

#include <algorithm>
#include <cmath>

#include "tenbin/calibration/prior_correction.h"
#include "tenbin/calibration/threshold.h"
#include "tenbin/datasets/class_weight.h"
#include "tenbin/datasets/k_fold.h"
#include "tenbin/evaluation/accuracy.h"
#include "tenbin/evaluation/confusion_matrix.h"
#include "tenbin/functions/loss/focal_loss.h"
#include "tenbin/functions/loss/logit_adjustment.h"
#include "tenbin/resampling/random_sampler.h"
#include "tenbin/resampling/smote.h"
#include "tenbin/xtensor.h"

namespace tenbin::examples {

namespace {

constexpr std::size_t n_inner_folds = 3;

using Counts = std::vector<std::size_t>;

std::size_t smallest(const Counts& counts) { return *std::min_element(counts.begin(), counts.end()); }

Loss cross_entropy(Array class_weight = {}) {
  return [class_weight](const Variable& logits, const Array& t) {
    return softmax_cross_entropy(logits, t, {.class_weight = class_weight});
  };
}

Loss focal() {
  return [](const Variable& logits, const Array& t) { return softmax_focal_loss(logits, t, {.gamma = 2}); };
}

Loss logit_adjusted(const Counts& counts) {
  return [prior = log_prior(counts)](const Variable& logits, const Array& t) {
    return logit_adjusted_cross_entropy(logits, t, prior);
  };
}

// The number of neighbours, at most what the smallest class allows.
Dataset with_smote(const Dataset& train, const Counts& counts, std::uint64_t seed) {
  return smote(train, {.k_neighbors = std::min<std::size_t>(5, smallest(counts) - 1), .seed = seed});
}

Array column(const Array& p, std::size_t c) {
  return from_xtensor(xt::view(adapt<float, 2>(p), xt::all(), c));
}

// 1 where the label is c.
Array is_class(const Array& t, std::size_t c) {
  return from_xtensor(
      xt::cast<std::int32_t>(xt::equal(adapt<std::int32_t>(t), static_cast<std::int32_t>(c))));
}

// The class frequencies as the probabilities of every row.
Array constant_probabilities(const Counts& counts, std::size_t n_rows) {
  const std::vector<float> prior = class_prior(counts).to_vector<float>();
  std::vector<float> p;
  for (std::size_t i = 0; i < n_rows; ++i) p.insert(p.end(), prior.begin(), prior.end());
  return Array(p, {n_rows, counts.size()});
}

// A rule that chooses the class from probabilities, tuned for balanced accuracy: for two classes a threshold
// on the probability of the rare one, for more classes the strength tau of the prior correction.
class TunedDecision {
 public:
  TunedDecision(const Array& t, const Array& p, const Counts& counts) : counts_(counts) {
    rare_ = static_cast<std::size_t>(std::min_element(counts.begin(), counts.end()) - counts.begin());
    if (counts.size() == 2) {
      threshold_ =
          tune_threshold(is_class(t, rare_), column(p, rare_), objective::balanced_accuracy()).threshold;
    } else {
      tune_tau(t, p);
    }
  }

  Array operator()(const Array& p) const { return counts_.size() == 2 ? by_threshold(p) : by_tau(p, tau_); }

 private:
  void tune_tau(const Array& t, const Array& p) {
    constexpr int most_quarters = 8;
    double best = -1;
    for (int quarter = 0; quarter <= most_quarters; ++quarter) {
      const double tau = quarter / 4.0;
      const double value =
          ConfusionMatrix(t, by_tau(p, tau), {.n_class = counts_.size()}).balanced_accuracy();
      if (value <= best) continue;
      best = value;
      tau_ = tau;
    }
  }

  Array by_threshold(const Array& p) const {
    Array classes = predict_with_threshold(column(p, rare_), threshold_);
    std::int64_t* c = classes.data<std::int64_t>();
    if (rare_ == 0)
      for (std::size_t i = 0; i < classes.size(); ++i) c[i] = 1 - c[i];
    return classes;
  }

  // argmax log p_c - tau log pi_c
  Array by_tau(const Array& p, double tau) const {
    const std::vector<double> prior = class_prior(counts_).to_vector<double>();
    std::vector<double> actual;
    for (const double share : prior) actual.push_back(std::pow(share, 1 - tau));
    return argmax(correct_prior(p, Array(prior), Array(actual)));
  }

  Counts counts_;
  std::size_t rare_;
  double threshold_ = 0.5;
  double tau_ = 0;
};

// One split during the comparison: the state that its trainings share.
class FoldContext {
 public:
  FoldContext(const Dataset& train, const Dataset& test, const ComparisonData& data,
              const TrainingOptions& training, std::uint64_t seed,
              const std::function<void(const std::string&)>& on_trained)
      : raw_train_(train),
        fold_(prepare(train, test, data.categorical)),
        data_(data),
        counts_(class_counts(train.t, data.classes.size())),
        training_(training),
        seed_(seed),
        on_trained_(on_trained) {}

  const Dataset& train() const { return fold_.train; }
  const Counts& counts() const { return counts_; }
  std::uint64_t seed() const { return seed_; }
  std::size_t n_test() const { return fold_.test.size(); }

  // The probabilities of the test part, from a model trained on `data`.
  Array trained(const std::string& what, const Dataset& data, const Loss& loss) const {
    return trained(what, data, fold_.test.x, loss, training_.steps(fold_.train.size()));
  }

  // The rule that is best for the predictions of plain models on training rows that they were not trained on.
  TunedDecision tuned_decision() const {
    const std::size_t n_class = data_.classes.size();
    std::vector<float> p;
    std::vector<std::int32_t> t;
    const std::size_t n_folds = std::min(n_inner_folds, smallest(counts_));
    for (const Split& split : stratified_k_fold(raw_train_, n_folds, seed_)) {
      const Fold inner =
          prepare(raw_train_.subset(split.train), raw_train_.subset(split.test), data_.categorical);
      const std::vector<float> out = trained("plain + tuned threshold", inner.train, inner.test.x,
                                             cross_entropy(), training_.steps(inner.train.size()))
                                         .to_vector<float>();
      const std::vector<std::int32_t> labels = inner.test.t.to_vector<std::int32_t>();
      p.insert(p.end(), out.begin(), out.end());
      t.insert(t.end(), labels.begin(), labels.end());
    }
    return TunedDecision(Array(t), Array(p, {t.size(), n_class}), counts_);
  }

 private:
  Array trained(const std::string& what, const Dataset& data, const Array& test_x, const Loss& loss,
                std::size_t steps) const {
    const Classifier model = train_classifier(data, data_.classes.size(), loss, training_, steps, seed_);
    on_trained_(what);
    return model.probabilities(test_x);
  }

  Dataset raw_train_;
  Fold fold_;
  const ComparisonData& data_;
  Counts counts_;
  TrainingOptions training_;
  std::uint64_t seed_;
  const std::function<void(const std::string&)>& on_trained_;
};

Prediction by_argmax(const std::string& method, const Array& p) { return {method, p, argmax(p)}; }

}  // namespace

const std::vector<std::string>& method_names() {
  static const std::vector<std::string> names = {"majority",
                                                 "plain",
                                                 "plain + tuned threshold",
                                                 "class weights",
                                                 "effective number",
                                                 "over-sampling",
                                                 "under-sampling",
                                                 "SMOTE",
                                                 "focal loss",
                                                 "logit adjustment",
                                                 "weights + prior correction"};
  return names;
}

std::size_t n_trainings() { return 8 + n_inner_folds; }

std::vector<Prediction> predict_with_methods(const Dataset& train, const Dataset& test,
                                             const ComparisonData& data, const TrainingOptions& training,
                                             std::uint64_t seed,
                                             const std::function<void(const std::string& what)>& on_trained) {
  const FoldContext context(train, test, data, training, seed, on_trained);
  const Counts& counts = context.counts();
  const Array weights = balanced_class_weight(counts);
  const auto trained = [&](const std::string& method, const Dataset& rows, const Loss& loss) {
    return by_argmax(method, context.trained(method, rows, loss));
  };

  const Prediction plain = trained("plain", context.train(), cross_entropy());
  const Prediction weighted = trained("class weights", context.train(), cross_entropy(weights));
  const Array corrected = correct_prior(weighted.p, weighted_prior(counts, weights), class_prior(counts));
  return {
      by_argmax("majority", constant_probabilities(counts, context.n_test())),
      plain,
      {"plain + tuned threshold", plain.p, context.tuned_decision()(plain.p)},
      weighted,
      trained("effective number", context.train(),
              cross_entropy(effective_number_class_weight(counts, 0.999))),
      trained("over-sampling", random_over_sample(context.train(), {.seed = seed}), cross_entropy()),
      trained("under-sampling", random_under_sample(context.train(), {.seed = seed}), cross_entropy()),
      trained("SMOTE", with_smote(context.train(), counts, seed), cross_entropy()),
      trained("focal loss", context.train(), focal()),
      trained("logit adjustment", context.train(), logit_adjusted(counts)),
      by_argmax("weights + prior correction", corrected),
  };
}

}  // namespace tenbin::examples
