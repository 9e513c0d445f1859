#include <algorithm>
#include <cmath>

#include "tenbin/calibration/prior_correction.h"
#include "tenbin/calibration/threshold.h"
#include "tenbin/comparison/detail/coded_rows.h"
#include "tenbin/comparison/detail/measure.h"
#include "tenbin/comparison/training_context.h"
#include "tenbin/datasets/class_prior.h"
#include "tenbin/datasets/class_weight.h"
#include "tenbin/datasets/ldam.h"
#include "tenbin/functions/loss/focal_loss.h"
#include "tenbin/functions/loss/ldam_loss.h"
#include "tenbin/functions/loss/logit_adjustment.h"
#include "tenbin/resampling/borderline_smote.h"
#include "tenbin/resampling/cleaning.h"
#include "tenbin/resampling/random_sampler.h"
#include "tenbin/resampling/smote.h"
#include "tenbin/resampling/smote_n.h"
#include "tenbin/resampling/smote_nc.h"
#include "tenbin/resampling/weighted_sampler.h"

namespace tenbin {

namespace {

using Context = TrainingContext;
using Counts = std::vector<std::size_t>;

TrainedClassifier classifier_of(const MLP& model) {
  TrainedClassifier classifier;
  classifier.network = model;
  return classifier;
}

NetworkFitOptions with_loss(TrainingLoss loss) {
  NetworkFitOptions options;
  options.loss = std::move(loss);
  return options;
}

std::size_t smallest(const Counts& counts) { return *std::min_element(counts.begin(), counts.end()); }
std::size_t largest(const Counts& counts) { return *std::max_element(counts.begin(), counts.end()); }

// ---- without a remedy -----------------------------------------------------------------------------------

// A network without hidden units whose weights are 0 and whose biases are the logarithms of the frequencies.
TrainedClassifier majority(const Context& context, const MethodSettings&) {
  const std::size_t columns = context.train().x.shape()[1];
  MLP model({columns, context.n_class()}, {relu, 0, Zero()});
  model[0].b.set_data(log_prior(context.counts()));
  return classifier_of(model);
}

TrainedClassifier logistic_regression(const Context& context, const MethodSettings&) {
  return classifier_of(context.fit(context.logistic(), context.train()));
}

// Several methods start from this model.
TrainedClassifier plain_model(const Context& context) {
  return context.shared("plain", [](const Context& fold) { return classifier_of(fold.fit()); });
}

TrainedClassifier plain(const Context& context, const MethodSettings&) { return plain_model(context); }

// ---- another decision ------------------------------------------------------------------------------------

// argmax p_c / pi_c^tau, as the decision of the least cost.
Decision adjusted_for_prior(const Counts& counts, double tau) {
  const std::vector<double> prior = class_prior(counts).to_vector<double>();
  std::vector<double> cost(counts.size() * counts.size(), 0.0);
  for (std::size_t c = 0; c < counts.size(); ++c)
    cost[c * counts.size() + c] = -std::pow(prior[c] / prior[0], -tau);
  return Decision::expected_cost(Array(cost, {counts.size(), counts.size()}));
}

Decision tuned_tau(const OutOfFold& predicted, const Counts& counts) {
  constexpr int most_quarters = 8;
  Decision best;
  double highest = -1;
  for (int quarter = 0; quarter <= most_quarters; ++quarter) {
    const Decision decision = adjusted_for_prior(counts, quarter / 4.0);
    const double value = detail::balanced_accuracy(predicted.t, decision(predicted.p), counts.size());
    if (value <= highest) continue;
    highest = value;
    best = decision;
  }
  return best;
}

TrainedClassifier tuned_threshold(const Context& context, const MethodSettings&) {
  TrainedClassifier classifier = plain_model(context);
  const OutOfFold predicted = context.out_of_fold("threshold", plain_model);
  if (context.n_class() > 2) {
    classifier.decision = tuned_tau(predicted, context.counts());
    return classifier;
  }
  BinaryFitOptions options;
  options.pos_label = static_cast<std::int64_t>(context.positive());
  classifier.decision = tune_threshold(predicted.t, predicted.p, objective::balanced_accuracy(), options);
  return classifier;
}

TrainedClassifier post_hoc_adjustment(const Context& context, const MethodSettings&) {
  TrainedClassifier classifier = plain_model(context);
  classifier.decision = adjusted_for_prior(context.counts(), 1);
  return classifier;
}

// ---- weights ---------------------------------------------------------------------------------------------

TrainedClassifier weighted_model(const Context& context) {
  return context.shared("class weights", [](const Context& fold) {
    const Array weights = balanced_class_weight(fold.counts());
    return classifier_of(fold.fit(with_loss(weighted_cross_entropy(weights))));
  });
}

TrainedClassifier class_weights(const Context& context, const MethodSettings&) {
  return weighted_model(context);
}

TrainedClassifier effective_number(const Context& context, const MethodSettings& settings) {
  const Array weights = effective_number_class_weight(context.counts(), settings["beta"]);
  return classifier_of(context.fit(with_loss(weighted_cross_entropy(weights))));
}

TrainedClassifier prior_correction(const Context& context, const MethodSettings&) {
  TrainedClassifier classifier = weighted_model(context);
  const Array weights = balanced_class_weight(context.counts());
  classifier.calibration = classifier.calibration.then(
      PriorCorrection(weighted_prior(context.counts(), weights), class_prior(context.counts())));
  return classifier;
}

// ---- other rows ------------------------------------------------------------------------------------------

RandomSampleOptions with_seed(std::uint64_t seed) {
  RandomSampleOptions options;
  options.seed = seed;
  return options;
}

TrainedClassifier over_sampling(const Context& context, const MethodSettings&) {
  return classifier_of(context.fit(random_over_sample(context.train(), with_seed(context.seed()))));
}

TrainedClassifier under_sampling(const Context& context, const MethodSettings&) {
  return classifier_of(context.fit(random_under_sample(context.train(), with_seed(context.seed()))));
}

TrainedClassifier balanced_sampling(const Context& context, const MethodSettings&) {
  NetworkFitOptions options;
  options.sampler = [weights = balanced_sample_weight(context.train().t),
                     seed = context.seed()](std::uint64_t epoch) {
    WeightedSampleOptions sample;
    sample.seed = seed;
    sample.epoch = epoch;
    return weighted_sample(weights, sample);
  };
  return classifier_of(context.fit(options));
}

// Errors: distances between all pairs of rows would take too long. `queries`: the rows whose neighbours are
// looked for, among `candidates`.
void require_distances(const Context& context, std::size_t queries, std::size_t candidates) {
  constexpr double most = 5e11;
  const auto columns = static_cast<double>(context.train().x.shape()[1]);
  if (static_cast<double>(queries) * static_cast<double>(candidates) * columns > most)
    throw Error("nearest neighbours of ", queries, " rows among ", candidates, ", in ", columns,
                " columns, would take too long");
}

// The rows of the largest class that occurs, without which over-sampling would have nothing to do.
std::size_t largest_grown(const Counts& counts) {
  std::size_t most = 0;
  for (const std::size_t count : counts)
    if (count < largest(counts)) most = std::max(most, count);
  return most;
}

// The number of neighbours, as many as the smallest class allows.
std::size_t neighbors_of(const Context& context, const MethodSettings& settings) {
  const auto k = static_cast<std::size_t>(settings["k"]);
  return std::max<std::size_t>(1, std::min(k, smallest(context.counts()) - 1));
}

// A class of one row has no neighbour: its row is repeated.
Dataset with_two_rows(const Context& context, const Dataset& rows) {
  SamplingStrategy::Counts two;
  for (std::size_t c = 0; c < context.n_class(); ++c)
    if (context.counts()[c] == 1) two[static_cast<std::int64_t>(c)] = 2;
  if (two.empty()) return rows;
  RandomSampleOptions options = with_seed(context.seed());
  options.sampling_strategy = two;
  return random_over_sample(rows, options);
}

TrainedClassifier smote_rows(const Context& context, const MethodSettings& settings) {
  require_distances(context, largest_grown(context.counts()), largest_grown(context.counts()));
  SmoteOptions options;
  options.k_neighbors = neighbors_of(context, settings);
  options.seed = context.seed();
  return classifier_of(context.fit(smote(with_two_rows(context, context.train()), options)));
}

// Each class by itself: one without a row in danger stays as it is, as in imbalanced-learn.
TrainedClassifier borderline_rows(const Context& context, const MethodSettings& settings) {
  const Dataset train = with_two_rows(context, context.train());
  require_distances(context, largest_grown(context.counts()), train.size());
  BorderlineSmoteOptions options;
  options.k_neighbors = neighbors_of(context, settings);
  options.m_neighbors = std::min<std::size_t>(10, train.size() - 1);
  std::vector<Synthetic> plan;
  std::string reason;
  for (std::size_t c = 0; c < context.n_class(); ++c) {
    if (context.counts()[c] == largest(context.counts())) continue;
    options.sampling_strategy = {{static_cast<std::int64_t>(c), largest(context.counts())}};
    options.seed = context.seed() + c;
    try {
      const std::vector<Synthetic> more = borderline_smote_plan(train, options);
      plan.insert(plan.end(), more.begin(), more.end());
    } catch (const Error& error) {
      reason = error.what();
    }
  }
  if (plan.empty() && !reason.empty()) throw Error(reason);
  return classifier_of(context.fit(detail::append_synthetic("borderline_smote", train, plan)));
}

Dataset smote_coded(const detail::CodedRows& rows, const Dataset& coded, std::size_t k, std::uint64_t seed) {
  if (rows.has_numbers()) {
    SmoteNCOptions options;
    options.categorical_features = rows.categorical();
    options.k_neighbors = k;
    options.seed = seed;
    return smote_nc(coded, options);
  }
  SmoteNOptions options;
  options.k_neighbors = k;
  options.seed = seed;
  return smote_n(coded, options);
}

TrainedClassifier smote_nc_rows(const Context& context, const MethodSettings& settings) {
  if (context.one_hot().empty()) throw Error("there are no categorical columns");
  require_distances(context, largest_grown(context.counts()), largest_grown(context.counts()));
  const detail::CodedRows rows(context.train(), context.one_hot());
  const Dataset resampled = smote_coded(rows, with_two_rows(context, rows.coded()),
                                        neighbors_of(context, settings), context.seed());
  return classifier_of(context.fit(rows.decoded(resampled)));
}

TrainedClassifier edited_rows(const Context& context, const MethodSettings&) {
  const Dataset& train = context.train();
  require_distances(context, train.size(), train.size());
  EditedNearestNeighboursOptions options;
  options.n_neighbors = std::min<std::size_t>(3, train.size() - 1);
  return classifier_of(context.fit(edited_nearest_neighbours(train, options)));
}

TrainedClassifier without_tomek_links(const Context& context, const MethodSettings&) {
  require_distances(context, context.train().size(), context.train().size());
  return classifier_of(context.fit(remove_tomek_links(context.train())));
}

// ---- another loss ----------------------------------------------------------------------------------------

TrainedClassifier focal(const Context& context, const MethodSettings& settings) {
  FocalLossOptions options;
  options.gamma = settings["gamma"];
  return classifier_of(context.fit(with_loss([options](const Variable& logits, const Array& t, double) {
    return softmax_focal_loss(logits, t, options);
  })));
}

TrainedClassifier logit_adjusted(const Context& context, double tau) {
  return classifier_of(context.fit(
      with_loss([prior = log_prior(context.counts()), tau](const Variable& logits, const Array& t, double) {
        return logit_adjusted_cross_entropy(logits, t, prior, {}, tau);
      })));
}

TrainedClassifier logit_adjustment(const Context& context, const MethodSettings& settings) {
  return logit_adjusted(context, settings["tau"]);
}

TrainedClassifier balanced_softmax(const Context& context, const MethodSettings&) {
  return logit_adjusted(context, 1);
}

TrainedClassifier ldam_drw(const Context& context, const MethodSettings&) {
  // The paper starts the weights when the learning rate falls, at 80% of its training. Here it falls at 60%
  // of the longest training, and a shorter one would hardly see the weights.
  constexpr double start_of_weights = 0.5;
  const Array margin = ldam_margin(context.counts());
  const Array weights = effective_number_class_weight(context.counts());
  return classifier_of(
      context.fit(with_loss([margin, weights](const Variable& logits, const Array& t, double progress) {
        SoftmaxCrossEntropyOptions options;
        if (progress >= start_of_weights) options.class_weight = weights;
        return ldam_loss(logits, t, margin, options, 1);
      })));
}

ComparisonMethod method(const char* name, const char* about, TrainMethod train,
                        std::vector<MethodSetting> settings = {}) {
  ComparisonMethod made;
  made.name = name;
  made.about = about;
  made.train = std::move(train);
  made.settings = std::move(settings);
  return made;
}

}  // namespace

ComparisonMethods standard_methods() {
  const MethodSetting k = {"k", 5, {5, 3, 10}};
  return {
      method("majority", "Predicts the frequencies of the classes, whatever the row.", majority),
      method("logistic regression", "Cross entropy, no hidden units.", logistic_regression),
      method("plain", "Cross entropy.", plain),
      method("plain + tuned threshold", "The plain model, with a threshold chosen on inner folds.",
             tuned_threshold),
      method("post-hoc logit adjustment",
             "The plain model; the class of the largest ratio of probability to frequency.",
             post_hoc_adjustment),
      method("class weights", "Cross entropy, every class with the same total weight.", class_weights),
      method("effective number", "Cross entropy, weighted by effective numbers of rows.", effective_number,
             {{"beta", 0.999, {0.999, 0.99, 0.9999}}}),
      method("weights + prior correction",
             "The model of class weights, its probabilities corrected for the frequencies of the classes.",
             prior_correction),
      method("over-sampling", "Repeats rows of small classes at random.", over_sampling),
      method("under-sampling", "Leaves out rows of large classes at random.", under_sampling),
      method("class-balanced sampling", "Draws every batch with all classes equally likely.",
             balanced_sampling),
      method("SMOTE", "Adds rows between neighbouring rows of small classes.", smote_rows, {k}),
      method("SMOTE-NC", "SMOTE that gives new rows whole categories.", smote_nc_rows, {k}),
      method("Borderline-SMOTE", "SMOTE from rows near the border to other classes.", borderline_rows, {k}),
      method("ENN", "Leaves out rows of large classes whose neighbours are of another class.", edited_rows),
      method("Tomek links", "Leaves out rows of large classes that touch a row of another class.",
             without_tomek_links),
      method("focal loss", "Gives rows that are classified well less weight.", focal,
             {{"gamma", 2, {2, 0.5, 1, 5}}}),
      method("logit adjustment", "Adds the logarithms of the class frequencies to the logits in training.",
             logit_adjustment, {{"tau", 1, {1, 0.5, 1.5}}}),
      method("balanced softmax", "Logit adjustment of strength 1.", balanced_softmax),
      method("LDAM-DRW",
             "Larger margins for small classes; class weights in the second half of the training.", ldam_drw),
  };
}

}  // namespace tenbin
