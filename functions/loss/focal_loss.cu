#include "tenbin/functions/loss/focal_loss.h"

#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/functions/loss/formulas.h"
#include "tenbin/functions/loss/loss_sums.cuh"

namespace tenbin {

namespace {

using detail::LossSums;
using gpu::Index;

// Invalid labels have been reported by the cross entropy; here they count as ignored.
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
    // Selected, not multiplied by 0: l may be infinite.
    const double loss = weight == 0 ? 0 : weight * static_cast<double>(detail::focal(l[p], gamma).value);
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
    // A factor of 0 leaves the position out, as in forward: the slope may be NaN.
    const double slope = scale == 0 ? 0 : static_cast<double>(detail::focal(l[p], gamma).slope);
    gl[p] = static_cast<T>(scale * slope);
  }
};

}  // namespace

Arrays FocalLoss::forward_gpu(const Arrays& xs) {
  retain_inputs({0});
  const Array& l = xs[0];
  gpu::Context& context = gpu::Context::of(l);
  options_.class_weight = gpu::constant(options_.class_weight, l.device(), l.dtype());
  options_.sample_weight = options_.sample_weight.astype(l.dtype()).to(l.device());
  weights_ = Array::empty(l.shape(), Dtype::float64, l.device());
  totals_ = detail::new_totals(l);
  const bool reduces = options_.reduce != Reduce::no;
  Array loss = Array::empty(reduces ? Shape{} : l.shape(), l.dtype(), l.device());
  visit_floating(l.dtype(), [&](auto zero) {
    using T = decltype(zero);
    detail::LossEnd<T> end{};
    end.reduce = options_.reduce;
    end.normalize = options_.normalize;
    end.batch_size = l.ndim() == 0 ? 1 : static_cast<Index>(l.shape()[0]);
    end.loss = reduces ? loss.data<T>() : nullptr;
    end.totals = detail::totals_of(totals_);
    end.class_weight = detail::data_or_null<T>(options_.class_weight);
    end.n_class = static_cast<Index>(options_.class_weight.size());
    end.sample_weight = detail::data_or_null<T>(options_.sample_weight);
    end.slot = context.fault();
    end.wrong_class_weight = gpu::finite_fault(name(), "class_weight", options_.class_weight.shape(), true);
    end.wrong_sample_weight =
        gpu::finite_fault(name(), "sample_weight", options_.sample_weight.shape(), true);
    visit_integer(xs[1].dtype(), [&](auto label_zero) {
      using Label = decltype(label_zero);
      ForwardPosition<T, Label> position{};
      position.l = l.data<T>();
      position.t = xs[1].data<Label>();
      position.ignore_label = detail::ignored(options_.ignore_label);
      position.gamma = static_cast<T>(options_.gamma);
      position.class_weight = end.class_weight;
      position.n_class = end.n_class;
      position.sample_weight = end.sample_weight;
      position.weights = weights_.data<double>();
      position.each_loss = reduces ? nullptr : loss.data<T>();
      detail::launch_loss(context, gpu::Lanes<1>(), l.size(), position, end);
    });
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
