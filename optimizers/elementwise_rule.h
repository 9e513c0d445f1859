// Update rules that treat each element by itself: a rule is one formula, for the CPU and the GPU.
#pragma once

#include "tenbin/optimizers/optimizer.h"

namespace tenbin {

/// The base of a rule whose formula updates one element of a parameter, given the element of the gradient and
/// those of the states, one reference for each of `state_names`:
///
///     template <class T>
///     struct MomentumSGDStep {
///       T lr, momentum;
///       constexpr void operator()(T& w, const T& g, T& v) const { ... }
///     };
///
///     class MomentumSGD : public ElementwiseRule<MomentumSGD> {
///       ...
///       friend class ElementwiseRule<MomentumSGD>;
///       template <class T>
///       MomentumSGDStep<T> step(std::int64_t t) const { ... }  // of update number t, counted from 1
///     };
///
/// `lr` is the name of the learning rate; a rule that calls it differently overrides `learning_rate`. For
/// groups, see `group` of MomentumSGD.
///
/// The .cpp file of the rule includes optimizers/detail/elementwise_bodies.h, has the line `template class
/// ElementwiseRule<MomentumSGD>;` and is listed among UPDATE_RULES in CMakeLists.txt: it is compiled for the
/// CPU and for the GPU.
template <class Rule>
class ElementwiseRule : public Optimizer {
 protected:
  void update_cpu(FlatParameters& parameters, std::int64_t t) override;
  void update_gpu(FlatParameters& parameters, std::int64_t t) override;
};

}  // namespace tenbin
