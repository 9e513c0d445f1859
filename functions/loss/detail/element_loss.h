// A loss of each element on the CPU: its terms and their gradient in one pass. loss_sums.cuh has the same for
// kernels. Internal.
//
// `Elements` have labels t, is_valid(i), weight(i), two_weights(), and terms(i): the loss of element i with
// weight 1, and its derivative. See binary_elements.h and focal_elements.h.
#pragma once

#include <algorithm>

#include "tenbin/core/small_vector.h"
#include "tenbin/cpu/level.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/functions/loss/detail/weighted_sums.h"

namespace tenbin::detail {

template <class Elements>
using Scalar = typename Elements::Scalar;

// The number of valid elements, and their weights; the loss is 0.
template <class Elements>
Sums count_elements(const Elements& elements, std::size_t count, const Scalar<Elements>* sample_weight) {
  Sums sums;
  for (std::size_t i = 0; i < count; ++i) {
    if (!elements.is_valid(i)) continue;
    sums.weight += weight_or_one(sample_weight, i) * static_cast<double>(elements.weight(i));
    ++sums.valid;
  }
  return sums;
}

// The weights of the elements from `first` on; 0: ignored. If there are two, in a loop without branches.
template <class Elements>
void element_weights(const Elements& elements, std::size_t first, std::size_t count,
                     Scalar<Elements>* weights) {
  using T = Scalar<Elements>;
  const TwoWeights<T> two = elements.two_weights();
  if (!two.are_all) {
    for (std::size_t i = 0; i < count; ++i) weights[i] = weight_or_zero(elements, first + i);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const T weight = elements.t[first + i] == 0 ? two.of_zero : two.of_others;
    weights[i] = elements.is_valid(first + i) ? weight : T{0};
  }
}

// Some elements, in loops that are vectorised.
template <class T>
class ElementChunk {
 public:
  static constexpr std::size_t size = 256;

  template <class Elements>
  ElementChunk(const Elements& elements, std::size_t first, std::size_t count)
      : first_(first), count_(count) {
    element_weights(elements, first, count, weight_);
    for (std::size_t i = 0; i < count; ++i) {
      const Terms<T> terms = elements.terms(first + i);
      value_[i] = terms.value;
      slope_[i] = terms.slope;
    }
  }

  // The sum of the losses, which are stored unless `losses` is null.
  double losses(const Scale<T>& scale, T* losses) const {
    double loss[size];
    multiply(value_, scale, loss);
    for (std::size_t i = 0; losses != nullptr && i < count_; ++i)
      losses[first_ + i] = static_cast<T>(loss[i]);
    return add_up(loss, count_);
  }

  void gradients(const Scale<T>& scale, T* gx) const {
    double gradient[size];
    multiply(slope_, scale, gradient);
    for (std::size_t i = 0; i < count_; ++i) gx[first_ + i] = static_cast<T>(gradient[i]);
  }

 private:
  void multiply(const T* term, const Scale<T>& scale, double* product) const {
    scale.fill(first_, count_, product);
    for (std::size_t i = 0; i < count_; ++i)
      product[i] = weighted(static_cast<double>(term[i]), product[i], static_cast<double>(weight_[i]));
  }

  std::size_t first_;
  std::size_t count_;
  T weight_[size];
  T value_[size];
  T slope_[size];
};

template <class T>
constexpr std::size_t chunk_count(std::size_t count) {
  return (count + ElementChunk<T>::size - 1) / ElementChunk<T>::size;
}

// Calls `f(chunk, index)` for all elements, on several threads if there are many.
template <class Elements, class F>
void for_each_chunk(const Elements& elements, std::size_t count, const F& f) {
  using Chunk = ElementChunk<Scalar<Elements>>;
  constexpr std::size_t worthwhile = 64;
  parallel_ranges(chunk_count<Scalar<Elements>>(count), worthwhile, [&](std::size_t begin, std::size_t end) {
    cpu::at_level([&] {
      for (std::size_t i = begin; i < end; ++i)
        f(Chunk(elements, i * Chunk::size, std::min(Chunk::size, count - i * Chunk::size)), i);
    });
  });
}

// The sum of the losses, of which each is multiplied by `unit`. `losses`, `gx`: null, or where every loss,
// and every gradient for gy = 1, is stored.
template <class Elements>
double add_up_elements(const Elements& elements, std::size_t count, const Scalar<Elements>* sample_weight,
                       double unit, double coefficient, Scalar<Elements>* losses, Scalar<Elements>* gx) {
  using T = Scalar<Elements>;
  const Scale<T> of_losses{unit, sample_weight}, of_gradients{coefficient, sample_weight};
  SmallVector<double, 64> sums;
  sums.resize(chunk_count<T>(count));
  for_each_chunk(elements, count, [&](const ElementChunk<T>& chunk, std::size_t i) {
    sums[i] = chunk.losses(of_losses, losses);
    if (gx != nullptr) chunk.gradients(of_gradients, gx);
  });
  return add_up(sums.data(), sums.size());
}

// The gradient for any gy: a number, or one for each element.
template <class Elements>
void element_gradients(const Elements& elements, std::size_t count, const Scalar<Elements>* sample_weight,
                       double coefficient, const Scalar<Elements>* gy, bool gy_of_each,
                       Scalar<Elements>* gx) {
  using T = Scalar<Elements>;
  const Scale<T> scale{coefficient, sample_weight, gy, gy_of_each};
  for_each_chunk(elements, count,
                 [&](const ElementChunk<T>& chunk, std::size_t) { chunk.gradients(scale, gx); });
}

}  // namespace tenbin::detail
