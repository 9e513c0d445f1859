// Layers called one after the other.
#pragma once

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenbin/core/csr_matrix.h"
#include "tenbin/links/layer_function.h"
#include "tenbin/links/link.h"
#include "tenbin/links/link_config.h"

namespace tenbin {

/// Layers called one after the other: links, and functions of one Variable, such as `relu` or a lambda.
/// (Chainer: `Sequential`.)
///
///     Sequential model(Linear(30, 64), relu, Linear(64, 2));
///     Variable y = model(x);
///
/// The links are named "0", "1", ... in their order; functions have no number: the parameters above are 0/W,
/// 0/b, 1/W and 1/b. A function with further arguments, also if they have defaults: `with_arguments`. Where
/// the C library has a function of the same name: `tenbin::tanh`, `tenbin::exp`. The parameters of a link
/// that a lambda captures are not registered.
class Sequential : public Link {
 public:
  static Sequential from_config(const LinkConfig& config);
  template <class... Layers>
  explicit Sequential(Layers... layers) : Link("Sequential") {
    (append(std::move(layers)), ...);
  }

  /// Adds a layer after the others. Errors: those of `Link::link`.
  template <class L>
  Sequential& append(L layer) {
    static_assert(std::is_invocable_r_v<Variable, const L&, const Variable&>,
                  "a layer of a Sequential must be callable with one Variable: bind further arguments, "
                  "with_arguments(leaky_relu, 0.2), or write a lambda");
    if constexpr (std::is_base_of_v<Link, L>) {
      const std::string name = std::to_string(links_);
      layers_.push_back({Call<L>{link(name, std::move(layer))}, name, describe<L>, sparse_call<L>()});
      ++links_;
    } else {
      layers_.push_back({std::move(layer), "", nullptr, nullptr});
    }
    return *this;
  }

  /// The layers called one after the other; x itself if there are none.
  Variable operator()(const Variable& x) const;
  /// The same of sparse rows. Errors: the first layer is not a link that takes them, such as Linear.
  Variable operator()(const CsrMatrix& x) const;

  /// Errors: a layer that is a lambda, or a link without `get_config` (see `register_link`).
  LinkConfig get_config() const;

  /// The number of layers, with the functions.
  std::size_t size() const { return layers_.size(); }

  /// The link that is layer `i`, counted with the functions. Assigning another one replaces it. Errors: there
  /// is no such layer; it is not an L.
  ///
  ///     set_prior_bias(model.get<Linear>(2), class_counts(t, 2));
  ///     model.get<Linear>(2) = Linear(64, 5);
  template <class L>
  L& get(std::size_t i) {
    if (Call<L>* const found = i < layers_.size() ? layers_[i].function.template target<Call<L>>() : nullptr)
      return found->layer;
    throw_no_link(i);
  }
  template <class L>
  const L& get(std::size_t i) const {
    return const_cast<Sequential*>(this)->get<L>(i);
  }

  /// Replaces the link of that name, as `Link::relink`, and the layer. Returns the new link.
  template <class L>
  L relink(const std::string& name, L value) {
    L made = Link::relink(name, std::move(value));
    for (Layer& layer : layers_)
      if (layer.name == name) layer = {Call<L>{made}, name, describe<L>, sparse_call<L>()};
    return made;
  }

 private:
  // A link as a function object, whose type `get` asks for.
  template <class L>
  struct Call {
    L layer;
    Variable operator()(const Variable& x) const { return layer(x); }
  };
  struct Layer {
    LayerFunction function;
    std::string name;                                         // of a link
    LinkConfig (*config)(const LayerFunction&, std::size_t);  // of a link
    // Null: the layer does not take sparse rows.
    Variable (*of_sparse)(const Layer&, const CsrMatrix&);
  };

  // The config of layer `i`, a link.
  template <class L>
  static LinkConfig describe(const LayerFunction& function, std::size_t i) {
    if constexpr (detail::HasConfig<L>::value) {
      return function.template target<Call<L>>()->layer.get_config();
    } else {
      throw_no_config(i);
    }
  }
  [[noreturn]] static void throw_no_config(std::size_t i);

  template <class L>
  static auto sparse_call() -> Variable (*)(const Layer&, const CsrMatrix&) {
    if constexpr (std::is_invocable_r_v<Variable, const L&, const CsrMatrix&>) {
      return [](const Layer& layer, const CsrMatrix& x) -> Variable {
        return layer.function.template target<Call<L>>()->layer(x);
      };
    } else {
      return nullptr;
    }
  }

  [[noreturn]] void throw_no_link(std::size_t i) const;

  std::vector<Layer> layers_;
  std::size_t links_ = 0;
};

}  // namespace tenbin
