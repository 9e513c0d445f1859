#include "tenbin/functions/loss/sigmoid_cross_entropy.h"

#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/functions/loss/formulas.h"
#include "tenbin/functions/loss/loss_sums.cuh"

namespace tenbin {

namespace {

using detail::LossSums;
using detail::LossTotals;
using gpu::Index;

// The elements: logits, labels, and what those with label 1 weigh.
template <class T, class Label>
struct Elements {
  const T* x;
  const Label* t;
  Index ignore_label;
  const T* pos_weight;  // null: ones
  Index weight_count;   // one, or one per class along axis 1
  Index inner;

  // An invalid label counts as ignored.
  __device__ bool is_valid(Index i) const {
    const Index label = t[i];
    return label != ignore_label && (label == 0 || label == 1);
  }
  __device__ bool is_wrong(Index i) const { return !is_valid(i) && t[i] != ignore_label; }
  __device__ T weight(Index i) const {
    return t[i] == 1 && pos_weight != nullptr ? pos_weight[i / inner % weight_count] : T{1};
  }
};

template <class T, class Label>
struct ForwardElement {
  Elements<T, Label> elements;
  T* each_loss;  // null unless Reduce::no

  template <class Group>
  __device__ void operator()(Group, Index i, LossSums& total) const {
    const bool valid = elements.is_valid(i);
    const T weight = valid ? elements.weight(i) : T{0};
    double loss = 0;
    if (weight != T{0}) {
      const T logit = elements.x[i];
      loss = static_cast<double>(weight) *
             static_cast<double>(detail::softplus(elements.t[i] == 1 ? -logit : logit));
    }
    total.loss += loss;
    total.valid += valid ? 1 : 0;
    if (elements.is_wrong(i)) total.wrong_label = gpu::Smaller()(total.wrong_label, i);
    if (each_loss != nullptr) each_loss[i] = static_cast<T>(loss);
  }

  __device__ Index label(Index i) const { return elements.t[i]; }
};

template <class T, class Label>
struct BackwardElement {
  Elements<T, Label> elements;
  const LossTotals* totals;
  const T* gy;
  bool gy_of_each;
  T* gx;

  __device__ void operator()(Index i) const {
    if (!elements.is_valid(i)) {
      gx[i] = T{0};
      return;
    }
    const double outer = static_cast<double>(gy[gy_of_each ? i : 0]) * totals->coefficient;
    const T scale = static_cast<T>(outer) * elements.weight(i);
    const T logit = elements.x[i];
    if (scale == T{0}) {
      gx[i] = T{0};
    } else {
      const T slope = elements.t[i] == 1 ? -detail::sigmoid(-logit) : detail::sigmoid(logit);
      gx[i] = detail::fits<T>(static_cast<double>(scale))
                  ? scale * slope
                  : detail::scaled(slope, outer, static_cast<double>(elements.weight(i)));
    }
  }
};

// Calls `f` with the elements in their own types.
template <class F>
void visit_elements(const Arrays& xs, const SigmoidCrossEntropyOptions& options, F f) {
  const Array& x = xs[0];
  Index inner = 1;
  for (std::size_t axis = 2; axis < x.ndim(); ++axis) inner *= static_cast<Index>(x.shape()[axis]);
  const auto weight_count = static_cast<Index>(options.pos_weight ? options.pos_weight.size() : 1);
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    visit_integer(xs[1].dtype(), [&](auto label_zero) {
      using Label = decltype(label_zero);
      f(Elements<T, Label>{x.data<T>(), xs[1].data<Label>(), detail::ignored(options.ignore_label),
                           detail::data_or_null<T>(options.pos_weight), weight_count,
                           std::max<Index>(inner, 1)});
    });
  });
}

}  // namespace

Arrays SigmoidCrossEntropy::forward_gpu(const Arrays& xs) {
  const Array& x = xs[0];
  gpu::Context& context = gpu::Context::of(x);
  options_.pos_weight = gpu::constant(options_.pos_weight, x.device(), x.dtype());
  const bool reduces = options_.reduce != Reduce::no;
  Array loss = Array::empty(reduces ? Shape{} : x.shape(), x.dtype(), x.device());
  totals_ = detail::new_totals(x);
  visit_elements(xs, options_, [&](const auto& elements) {
    using T = std::remove_const_t<std::remove_pointer_t<decltype(elements.x)>>;
    using Label = std::remove_const_t<std::remove_pointer_t<decltype(elements.t)>>;
    detail::LossEnd<T> end{};
    end.reduce = options_.reduce;
    end.normalize = options_.normalize ? Normalize::valid_count : Normalize::batch_size;
    end.batch_size = x.ndim() == 0 ? 1 : static_cast<Index>(x.shape()[0]);
    end.loss = reduces ? loss.data<T>() : nullptr;
    end.totals = detail::totals_of(totals_);
    end.class_weight = elements.pos_weight;
    end.n_class = elements.weight_count;
    end.slot = context.fault();
    end.wrong_class_weight = gpu::finite_fault(name(), "pos_weight", options_.pos_weight.shape(), true);
    end.wrong_label = detail::binary_label_fault(*this, detail::ignored(options_.ignore_label));
    const ForwardElement<T, Label> element{elements, reduces ? nullptr : loss.data<T>()};
    detail::launch_loss(context, gpu::Lanes<1>(), x.size(), element, end);
  });
  return {loss};
}

Arrays SigmoidCrossEntropy::backward_gpu(const Arrays& xs, const Arrays& gys) {
  Array gx = new_gradient(0, xs[0]);
  visit_elements(xs, options_, [&](const auto& elements) {
    using T = std::remove_const_t<std::remove_pointer_t<decltype(elements.x)>>;
    using Label = std::remove_const_t<std::remove_pointer_t<decltype(elements.t)>>;
    gpu::for_each(gpu::Context::of(xs[0]), xs[0].size(),
                  BackwardElement<T, Label>{elements, detail::totals_of(std::as_const(totals_)),
                                            gys[0].data<T>(), options_.reduce == Reduce::no, gx.data<T>()});
  });
  return {gx, Array()};
}

}  // namespace tenbin
