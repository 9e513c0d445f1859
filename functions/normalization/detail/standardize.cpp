#include "tenbin/functions/normalization/detail/standardize.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/detail/shard.h"
#include "tenbin/functions/detail/arithmetic.h"
#include "tenbin/functions/detail/back_end.h"

namespace tenbin::detail {

namespace {

struct Square {
  template <class T>
  constexpr T operator()(T x) const {
    return x * x;
  }
};

struct InverseRoot {
  double eps;
  template <class T>
  constexpr T operator()(T variance) const {
    return 1 / std::sqrt(variance + static_cast<T>(eps));
  }
};

struct ScaleAndShift {
  template <class T>
  constexpr T operator()(T x_hat, T gamma, T beta) const {
    return gamma * x_hat + beta;
  }
};

struct InputGradient {
  template <class T>
  constexpr T operator()(T g, T x_hat, T mean_of_g, T mean_of_g_x_hat, T inv_std) const {
    return inv_std * (g - mean_of_g - x_hat * mean_of_g_x_hat);
  }
};

struct Decay {
  double decay;
  double factor;  // of the new value
  template <class T>
  constexpr T operator()(T running, T now) const {
    return static_cast<T>(decay) * running + static_cast<T>((1 - decay) * factor) * now;
  }
};

void decay_to(Array& running, const Array& now, double decay, double factor) {
  const Array next = back_end::map(Decay{decay, factor}, running.astype(Dtype::float64), now);
  running.assign(next.astype(running.dtype()));
}

}  // namespace

Arrays Standardize::TENBIN_FORWARD(const Arrays& xs) {
  const Array& x = xs[0];
  retain_inputs({1});
  const Array exact = x.astype(Dtype::float64);
  const Array mean = mean_of_all(back_end::mean_to(exact, shapes_.statistics), x);
  const Array centered = back_end::map(Subtract(), exact, back_end::broadcast_to(mean, x.shape()));
  const Array variance =
      mean_of_all(back_end::mean_to(back_end::map(Square(), centered), shapes_.statistics), x);
  const Array inv_std = back_end::map(InverseRoot{eps_}, variance);
  x_hat_ = back_end::map(Multiply(), centered, back_end::broadcast_to(inv_std, x.shape())).astype(x.dtype());
  inv_std_ = inv_std.astype(x.dtype());
  const auto repeated = [&](const Array& parameter) {
    return back_end::broadcast_to(parameter.reshape(shapes_.parameters), x.shape());
  };
  const Array y = back_end::map(ScaleAndShift(), x_hat_, repeated(xs[1]), repeated(xs[2]));
  const bool keeps_statistics = Shard::current() == nullptr || Shard::current()->keeps_statistics();
  if (running_.mean && count_ > 0 && keeps_statistics) {
    const double n = count_;
    const Shape& shape = running_.mean.shape();
    decay_to(running_.mean, mean.reshape(shape), running_.decay, 1);
    decay_to(running_.var, variance.reshape(shape), running_.decay, n / std::max(n - 1, 1.0));
  }
  return {y};
}

Arrays Standardize::TENBIN_BACKWARD(const Arrays& xs, const Arrays& gys) {
  const Array& gy = gys[0];
  const Shape& shape = gy.shape();
  const auto parameter_gradient = [&](std::size_t i, const Array& terms) {
    return needs_grad(i) ? back_end::sum_to(terms, shapes_.parameters).reshape(xs[1].shape()) : Array();
  };
  const Array ggamma = needs_grad(1) ? parameter_gradient(1, back_end::map(Multiply(), gy, x_hat_)) : Array();
  const Array gbeta = parameter_gradient(2, gy);
  if (!needs_grad(0)) return {Array(), ggamma, gbeta};

  const auto repeated = [&](const Array& array) { return back_end::broadcast_to(array, shape); };
  const Array g = back_end::map(Multiply(), gy, repeated(xs[1].reshape(shapes_.parameters)));
  const Array mean_of_g = mean_of_all(back_end::mean_to(g, shapes_.statistics), gy);
  const Array mean_of_g_x_hat =
      mean_of_all(back_end::mean_to(back_end::map(Multiply(), g, x_hat_), shapes_.statistics), gy);
  return {back_end::map(InputGradient(), g, x_hat_, repeated(mean_of_g), repeated(mean_of_g_x_hat),
                        repeated(inv_std_)),
          ggamma, gbeta};
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

double Standardize::count(const Array& x) const {
  return static_cast<double>(x.size()) / static_cast<double>(element_count(shapes_.statistics));
}

Array Standardize::mean_of_all(const Array& mean, const Array& x) {
  count_ = count(x);
  return spans_batch_ ? mean_of_shards(name_, mean, count_) : mean;
}

void require_eps(const char* function, double eps) {
  if (!(eps > 0) || !std::isfinite(eps))
    throw Error(function, ": eps must be positive and finite, got ", eps);
}

void require_floating_x(const char* function, const Array& x) {
  if (!is_floating(x.dtype())) throw Error(function, ": x must be float32 or float64, got ", x);
}

void require_like_gamma(const char* function, const char* argument, const Array& array, const Array& gamma) {
  if (array.shape() != gamma.shape() || array.dtype() != gamma.dtype())
    throw Error(function, ": ", argument, " must be ", gamma, " like gamma, got ", array);
}

TENBIN_NO_GPU(Standardize);

#endif

}  // namespace tenbin::detail
