// Not one body for both devices: here one pass computes weights, terms and sums, and the errors of weights
// are deferred. The CPU throws at once, and repeats the sums if one overflows. The formulas are shared
// (detail/formulas.h).
#include "tenbin/functions/loss/focal_loss.h"

#include "tenbin/core/detail/labels.h"
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/functions/loss/detail/formulas.h"
#include "tenbin/functions/loss/detail/loss_sums.cuh"

namespace tenbin {

namespace {

using detail::LossSums;
using gpu::Index;

// The cross entropy has reported invalid labels; here they are ignored.
template <class T, class Label>
struct ForwardPosition {
  const T* l;
  const Label* t;
  Index ignore_label;
  T gamma;
  const T* class_weight;  // null, or n_class of them
  Index n_class;
  const T* sample_weight;
  double* weights;
  T* each_loss;  // null unless Reduce::no

  template <class Group>
  __device__ void operator()(Group, Index p, LossSums& total) const {
    const T sample = detail::sample_weight_at(sample_weight, p, total);
    const Index label = t[p];
    const bool is_class = label >= 0 && (class_weight == nullptr || label < n_class);
    const bool valid = is_class && label != ignore_label;
    double weight = 0;
    if (valid) weight = class_weight == nullptr ? 1 : static_cast<double>(class_weight[label]);
    weight *= static_cast<double>(sample);
    const double loss = detail::weighted_focal(weight, l[p], gamma);
    weights[p] = weight;
    total.loss += loss;
    total.weight += weight;
    total.valid += valid ? 1 : 0;
    if (each_loss != nullptr) each_loss[p] = static_cast<T>(loss);
  }

  __device__ Index label(Index p) const { return t[p]; }
};

template <class T>
struct BackwardPosition {
  const T* l;
  T gamma;
  const double* weights;
  const detail::LossTotals* totals;
  const T* gy;
  bool gy_of_each;
  T* gl;

  __device__ void operator()(Index p) const {
    const double scale = static_cast<double>(gy[gy_of_each ? p : 0]) * totals->coefficient * weights[p];
    gl[p] = static_cast<T>(detail::focal_gradient(scale, l[p], gamma));
  }
};

}  // namespace

Arrays FocalLoss::forward_gpu(const Arrays& xs) {
  retain_inputs({0});
  const Array& l = xs[0];
  options_.class_weight = accelerator::constant(options_.class_weight, l.device(), l.dtype());
  options_.sample_weight = options_.sample_weight.astype(l.dtype()).to(l.device());
  weights_ = Array::empty(l.shape(), Dtype::float64, l.device());
  totals_ = detail::new_totals(l);
  const bool reduces = options_.reduce != Reduce::no;
  Array loss = Array::empty(reduces ? Shape{} : l.shape(), l.dtype(), l.device());
  const detail::LossOptions loss_options{options_.reduce, options_.normalize, "class_weight",
                                         options_.class_weight, options_.sample_weight};
  detail::visit_scores_and_labels(l, xs[1], [&](auto zero, auto label_zero) {
    using T = decltype(zero);
    using Label = decltype(label_zero);
    const auto epilogue = detail::make_loss_epilogue<T>(*this, loss_options, l, loss, totals_);
    const ForwardPosition<T, Label> position{l.data<T>(),
                                             xs[1].data<Label>(),
                                             detail::ignored_label(options_.ignore_label),
                                             static_cast<T>(options_.gamma),
                                             epilogue.class_weight,
                                             epilogue.n_class,
                                             epilogue.sample_weight,
                                             weights_.data<double>(),
                                             reduces ? nullptr : loss.data<T>()};
    detail::launch_loss(gpu::Context::of(l), gpu::Lanes<1>(), l.size(), position, epilogue);
  });
  return {loss};
}

Arrays FocalLoss::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const Array& l = xs[0];
  Array gl = Array::empty_like(l);
  visit_floating(l.dtype(), [&](auto zero) {
    using T = decltype(zero);
    gpu::for_each(
        gpu::Context::of(l), l.size(),
        BackwardPosition<T>{l.data<T>(), static_cast<T>(options_.gamma),
                            std::as_const(weights_).data<double>(), detail::totals_of(std::as_const(totals_)),
                            gys[0].data<T>(), options_.reduce == Reduce::no, gl.data<T>()});
  });
  return {gl, Array()};
}

}  // namespace tenbin
