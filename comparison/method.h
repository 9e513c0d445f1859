// Methods against class imbalance: what one is given, what it returns, and the list that users extend.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/calibration/calibration.h"
#include "tenbin/calibration/decision.h"
#include "tenbin/links/network.h"

namespace tenbin {

class TrainingContext;

/// What a method has trained: a Bundle without its pipeline.
struct TrainedClassifier {
  Network network = {};          ///< from prepared rows (N, D) to logits (N, K)
  Calibration calibration = {};  ///< softmax, unless given
  Decision decision = {};        ///< the largest probability, unless given
  /// For a model that is not a network: from prepared rows to probabilities, float32 (N, K). If it is set,
  /// network and calibration are not used, and the classifier cannot be saved.
  std::function<Array(const Array& x)> probabilities = {};

  /// The probabilities of prepared rows, float32 (N, K). Errors: there is no model; its result is of another
  /// shape, or its rows are not probabilities: finite, not below 0, with a sum that differs from 1 by at most
  /// 0.001.
  Array predict_proba(const Array& x, std::size_t n_class) const;
};

/// The values of a method's own settings, by name.
///
///     const double gamma = settings["gamma"];
class MethodSettings {
 public:
  MethodSettings() = default;
  MethodSettings(std::initializer_list<std::pair<const std::string, double>> values) : values_(values) {}

  /// Errors: there is no such setting.
  double operator[](const std::string& name) const;
  void set(const std::string& name, double value) { values_[name] = value; }
  const std::map<std::string, double>& values() const { return values_; }
  bool empty() const { return values_.empty(); }
  /// `beta 0.99, k 5`.
  std::string to_string() const;

 private:
  std::map<std::string, double> values_;
};

/// A setting of a method. If the comparison tunes, `candidates` are tried on inner folds of the training
/// rows, in all combinations with those of the method's other settings, and the one of the highest balanced
/// accuracy is used; ties go to the first.
struct MethodSetting {
  std::string name;
  double value;  ///< without tuning
  std::vector<double> candidates = {};
};

/// Trains on the rows that the context gives. It must depend on its arguments alone, and may be called by
/// several threads at once. An Error means that the method is not possible for these data: it is left out of
/// the comparison, with the message as the reason.
using TrainMethod =
    std::function<TrainedClassifier(const TrainingContext& context, const MethodSettings& settings)>;

struct ComparisonMethod {
  std::string name;
  TrainMethod train;
  std::vector<MethodSetting> settings = {};
  std::string about = {};  ///< a sentence about it, for reports
};

/// A list of methods with different names, in the order of the comparison.
///
///     ComparisonMethods methods = standard_methods();
///     methods.add("square roots", [](const TrainingContext& context, const MethodSettings&) {
///       const Array w = inverse_sqrt_class_weight(context.counts());
///       return TrainedClassifier{context.fit({.loss = weighted_cross_entropy(w)})};
///     });
///     const ComparisonResult result = compare(table, methods.select({"plain", "square roots"}));
class ComparisonMethods {
 public:
  ComparisonMethods() = default;
  ComparisonMethods(std::initializer_list<ComparisonMethod> methods);

  /// Errors: the name is empty or taken; the function is empty; a setting has no name, or that of another.
  ComparisonMethods& add(ComparisonMethod method);
  ComparisonMethods& add(const std::string& name, TrainMethod train,
                         std::vector<MethodSetting> settings = {});

  /// Those with the given names, in that order. Errors: as for `operator[]`.
  ComparisonMethods select(const std::vector<std::string>& names) const;
  /// Errors: there is no such method; the message lists the names.
  const ComparisonMethod& operator[](const std::string& name) const;
  bool contains(const std::string& name) const;
  std::vector<std::string> names() const;

  std::size_t size() const { return methods_.size(); }
  std::vector<ComparisonMethod>::const_iterator begin() const { return methods_.begin(); }
  std::vector<ComparisonMethod>::const_iterator end() const { return methods_.end(); }

 private:
  std::vector<ComparisonMethod> methods_;
};

/// All methods of the library:
///
///     majority                    the class frequencies as the probabilities of every row
///     logistic regression         softmax cross entropy, without hidden units
///     plain                       softmax cross entropy
///     plain + tuned threshold     the same model; the threshold that is best for balanced accuracy on inner
///                                 folds; of more than two classes the tau of argmax log p_c - tau log pi_c
///     post-hoc logit adjustment   the same model and the same rule, tau 1 (Menon et al., ICLR 2021)
///     class weights               N / (K n_c)
///     effective number            class weights after Cui et al. (CVPR 2019); beta is tuned
///     weights + prior correction  the model of "class weights", its probabilities brought back to the
///                                 class frequencies of the training rows
///     over-sampling               of all classes to the largest one's count
///     under-sampling              of all classes to the smallest one's count
///     class-balanced sampling     every row of a batch is of each class with the same probability
///     SMOTE                       to the largest one's count, in the encoded columns; k is tuned
///     SMOTE-NC                    the same, which keeps categories whole; k is tuned
///     Borderline-SMOTE            from rows in danger only; k is tuned
///     ENN                         edited nearest neighbours: drops rows that disagree with their neighbours
///     Tomek links                 drops the rows of large classes that are in a Tomek link
///     focal loss                  Lin et al. (ICCV 2017); gamma is tuned
///     logit adjustment            while training (Menon et al., ICLR 2021); tau is tuned
///     balanced softmax            Ren et al. (NeurIPS 2020): the same with tau 1
///     LDAM-DRW                    margins, and weights in the second half (Cao et al., NeurIPS 2019)
ComparisonMethods standard_methods();

}  // namespace tenbin
