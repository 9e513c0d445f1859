#include "tenbin/links/linear.h"

#include "tenbin/links/detail/initial_values.h"

namespace tenbin {

namespace {

Array initial(const Initializer& initializer, const Initializer& otherwise, const Shape& shape, Dtype dtype) {
  return detail::initial_values("Linear", initializer, otherwise, shape, dtype);
}

}  // namespace

Linear::Linear(const Shape& W_shape, const LinearOptions& options)
    : Link("Linear"), out_size_(W_shape[0]), options_(options) {
  W = param("W", LazyShape{options.dtype, W_shape});
  if (!options.nobias)
    b = detail::initialized_param(*this, "b", options.initial_bias, Zero(), {out_size_}, options.dtype);
}

Linear::Linear(std::size_t out_size, const LinearOptions& options)
    : Linear(Shape{out_size, LazyShape::unknown}, options) {}

Linear::Linear(std::size_t in_size, std::size_t out_size, const LinearOptions& options)
    : Linear(Shape{out_size, in_size}, options) {
  if (detail::SkipInitialValues::is_active()) return;
  W.set_data(initial(options.initialW, LeCunNormal(), {out_size, in_size}, options.dtype));
}

LinkConfig Linear::get_config() const {
  return LinkConfig("Linear")
      .set("in_size", W.is_initialized() ? W.shape()[1] : 0)
      .set("out_size", out_size_)
      .set("nobias", options_.nobias)
      .set("dtype", options_.dtype);
}

Linear Linear::from_config(const LinkConfig& config) {
  LinearOptions options;
  options.nobias = config.flag("nobias");
  options.dtype = config.dtype("dtype");
  const std::size_t in_size = config.size("in_size"), out_size = config.size("out_size");
  return in_size == 0 ? Linear(out_size, options) : Linear(in_size, out_size, options);
}

template <class X>
void Linear::initialize(const X& x, std::size_t in_size) const {
  if (x.dtype() != options_.dtype) throw Error("Linear: x must be ", options_.dtype, ", got ", x);
  if (b && b.device() != x.device()) throw Error("Linear: x must be on ", b.device(), " like b, got ", x);
  const Array values = initial(options_.initialW, LeCunNormal(), {out_size_, in_size}, options_.dtype);
  Variable(W).set_data(values.to(x.device()));
}

Variable Linear::operator()(const Variable& x, std::size_t n_batch_axes) const {
  return with_path([&] {
    if (!x) throw Error("Linear: x is an empty Variable");
    if (!*this) throw Error("Linear: the link has been moved from");
    const auto initialize_from_x = [&] {
      if (W.is_initialized()) return;
      if (n_batch_axes == 0 || x.ndim() <= n_batch_axes)
        throw Error("Linear: x must have more than n_batch_axes = ", n_batch_axes, " axes, got ", x.data());
      initialize(x.data(), element_count(Shape(x.shape().begin() + n_batch_axes, x.shape().end())));
    };
    if (!is_ready() || !W.is_initialized()) initialize_once(initialize_from_x);
    return linear(x, W, b, n_batch_axes);
  });
}

Variable Linear::operator()(const CsrMatrix& x) const {
  return with_path([&] {
    if (!x) throw Error("Linear: x is an empty CsrMatrix");
    if (!*this) throw Error("Linear: the link has been moved from");
    const auto initialize_from_x = [&] {
      if (!W.is_initialized()) initialize(x, x.shape()[1]);
    };
    if (!is_ready() || !W.is_initialized()) initialize_once(initialize_from_x);
    return linear(x, W, b);
  });
}

}  // namespace tenbin
