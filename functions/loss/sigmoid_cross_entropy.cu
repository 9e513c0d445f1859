// Not one body for both devices: here one pass adds up the terms and finds invalid labels, whose error is
// deferred. The CPU checks the labels first and throws at once. The formulas are shared
// (detail/binary_elements.h).
#include "tenbin/functions/loss/sigmoid_cross_entropy.h"

#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/functions/loss/detail/binary_elements.h"
#include "tenbin/functions/loss/detail/loss_sums.cuh"

namespace tenbin {

namespace {

using detail::LossSums;
using detail::LossTotals;
using gpu::Index;

template <class Elements>
struct ForwardElement {
  using T = typename Elements::Scalar;

  Elements elements;
  T* each_loss;  // null unless Reduce::no

  template <class Group>
  __device__ void operator()(Group, Index index, LossSums& total) const {
    const auto i = static_cast<std::size_t>(index);
    const double loss = elements.loss(i);
    total.loss += loss;
    total.valid += elements.is_valid(i) ? 1 : 0;
    if (elements.is_wrong(i)) total.wrong_label = gpu::Smaller()(total.wrong_label, index);
    if (each_loss != nullptr) each_loss[i] = static_cast<T>(loss);
  }

  __device__ Index label(Index i) const { return elements.t[i]; }
};

template <class Elements>
struct BackwardElement {
  using T = typename Elements::Scalar;

  Elements elements;
  const LossTotals* totals;
  const T* gy;
  bool gy_of_each;
  T* gx;

  __device__ void operator()(Index index) const {
    const auto i = static_cast<std::size_t>(index);
    const double outer = static_cast<double>(gy[gy_of_each ? i : 0]) * totals->coefficient;
    gx[i] = elements.gradient(i, static_cast<T>(outer) * elements.weight(i), outer);
  }
};

}  // namespace

Arrays SigmoidCrossEntropy::forward_gpu(const Arrays& xs) {
  const Array& x = xs[0];
  options_.pos_weight = accelerator::constant(options_.pos_weight, x.device(), x.dtype());
  const bool reduces = options_.reduce != Reduce::no;
  Array loss = Array::empty(reduces ? Shape{} : x.shape(), x.dtype(), x.device());
  totals_ = detail::new_totals(x);
  const detail::LossOptions loss_options{options_.reduce,
                                         options_.normalize ? Normalize::valid_count : Normalize::batch_size,
                                         "pos_weight", options_.pos_weight, Array()};
  detail::visit_elements(xs, options_.pos_weight, options_.ignore_label, [&](const auto& elements) {
    using Elements = std::decay_t<decltype(elements)>;
    using T = typename Elements::Scalar;
    const auto epilogue =
        detail::make_loss_epilogue<T>(*this, loss_options, x, loss, totals_,
                                      detail::invalid_binary_label_error(name(), elements.ignore_label));
    const ForwardElement<Elements> element{elements, reduces ? nullptr : loss.data<T>()};
    detail::launch_loss(gpu::Context::of(x), gpu::Lanes<1>(), x.size(), element, epilogue);
  });
  return {loss};
}

Arrays SigmoidCrossEntropy::backward_gpu(const Arrays& xs, const Arrays& gys) {
  Array gx = new_gradient(0, xs[0]);
  detail::visit_elements(xs, options_.pos_weight, options_.ignore_label, [&](const auto& elements) {
    using Elements = std::decay_t<decltype(elements)>;
    using T = typename Elements::Scalar;
    gpu::for_each(gpu::Context::of(xs[0]), xs[0].size(),
                  BackwardElement<Elements>{elements, detail::totals_of(std::as_const(totals_)),
                                            gys[0].data<T>(), options_.reduce == Reduce::no, gx.data<T>()});
  });
  return {gx, Array()};
}

}  // namespace tenbin
