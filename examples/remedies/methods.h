// The methods against class imbalance, each giving predictions for a test part that it has not seen.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tenbin/examples/remedies/classifier.h"
#include "tenbin/examples/remedies/comparison_data.h"

namespace tenbin::examples {

struct Prediction {
  std::string method;
  Array p;        ///< probabilities, float32 (N, K)
  Array classes;  ///< int64 (N): the argmax of p, unless the method has its own rule
};

/// The names of the methods, in the order of `predict_with_methods`.
const std::vector<std::string>& method_names();
/// The method that all others are compared with.
inline constexpr const char* baseline = "plain";

/// The predictions of all methods for the test part of a split, each made from the training part alone.
///
///     majority                    the most frequent class, and the class frequencies as probabilities
///     plain                       softmax cross entropy
///     plain + tuned threshold     the same model; the cut that is best for balanced accuracy in an inner
///                                 cross-validation of the training part: for two classes a threshold, for
///                                 more the tau of argmax log p_c - tau log pi_c
///     class weights               N / (K n_c)
///     effective number            class weights after Cui et al. (CVPR 2019), beta 0.999
///     over-sampling               of all classes to the largest one's count
///     under-sampling              of all classes to the smallest one's count
///     SMOTE                       to the largest one's count, in the encoded columns
///     focal loss                  gamma 2 (Lin et al., ICCV 2017)
///     logit adjustment            while training (Menon et al., ICLR 2021)
///     weights + prior correction  the model of "class weights", its probabilities brought back to the
///                                 frequencies of the training part
///
/// `on_trained` is called after each of the `n_trainings()` trainings.
std::vector<Prediction> predict_with_methods(const Dataset& train, const Dataset& test,
                                             const ComparisonData& data, const TrainingOptions& training,
                                             std::uint64_t seed,
                                             const std::function<void(const std::string& what)>& on_trained);
std::size_t n_trainings();

}  // namespace tenbin::examples
