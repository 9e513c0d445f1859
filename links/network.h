// Network: a model of any type that can be saved with its structure and built again in another program.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "tenbin/links/link.h"
#include "tenbin/links/link_config.h"
#include "tenbin/links/sequential.h"

namespace tenbin {

class Network;

namespace detail {

// How links of one kind are built from their description.
struct LinkKind {
  const std::type_info* type;
  std::function<Network(const LinkConfig&)> make;
  std::function<void(Sequential&, const LinkConfig&)> append_to;
};

// Errors: the name is empty or is that of another type.
void register_link_kind(const std::string& name, LinkKind kind);

// Errors: no link is registered by that name; the message lists the names.
LinkKind link_kind(const std::string& name);

// Errors: the kind of `config` is not registered, or for another type.
void require_registered(const LinkConfig& config, const std::type_info& type);

}  // namespace detail

/// A model of any type that describes itself: a Linear, MLP, Sequential, or a link of your own that is
/// registered (`register_link`). A handle, like the link that it is made from. Any number of threads may call
/// it at the same time, under NoBackprop and TestMode.
///
///     Network network = model;                                   // an MLP
///     Network same = Network::from_config(network.get_config());
///     load_npz("weights.npz", same.link());
class Network {
 public:
  Network() = default;
  /// Errors: the link, or one inside it, is not registered, or is a function that has no name.
  template <class L, class = std::enable_if_t<std::is_base_of_v<Link, L>>>
  Network(L link)  // NOLINT(google-explicit-constructor)
      : Network(link.get_config(), typeid(L)) {
    static_assert(std::is_invocable_r_v<Variable, const L&, const Variable&>,
                  "a Network must be callable with one Variable");
    const auto shared = std::make_shared<L>(std::move(link));
    call_ = [shared](const Variable& x) -> Variable { return (*shared)(x); };
    config_ = [shared] { return shared->get_config(); };
    link_ = shared;
  }

  /// Builds a network that was described by `config`. Its parameters are uninitialised until they are loaded;
  /// the random numbers of this thread are not used. Errors: a kind that is not registered in this program; a
  /// value that is missing or out of range.
  static Network from_config(const LinkConfig& config);

  explicit operator bool() const { return static_cast<bool>(link_); }

  /// Errors: the network is empty; those of the link.
  Variable operator()(const Variable& x) const;
  /// How it is built. Errors: the network is empty.
  LinkConfig get_config() const;
  /// Its parameters. Errors: the network is empty.
  const Link& link() const;

 private:
  Network(const LinkConfig& config, const std::type_info& type) { detail::require_registered(config, type); }
  void require(const char* call) const;

  std::function<Variable(const Variable&)> call_;
  std::function<LinkConfig()> config_;
  std::shared_ptr<const Link> link_;
};

namespace detail {

template <class L>
LinkKind kind_of() {
  return {
      &typeid(L), [](const LinkConfig& config) { return Network(L::from_config(config)); },
      [](Sequential& sequential, const LinkConfig& config) { sequential.append(L::from_config(config)); }};
}

}  // namespace detail

/// Gives a link of your own a name, so that it can be saved with its structure. It needs two functions:
///
///     struct FraudNet : Chain {
///       explicit FraudNet(std::size_t n_in) : n_in(n_in) {}
///       std::size_t n_in;
///       Linear l1 = link("l1", Linear(n_in, 64)), l2 = link("l2", Linear(64, 2));
///       Variable operator()(const Variable& x) const { return l2(relu(l1(x))); }
///
///       LinkConfig get_config() const { return LinkConfig("FraudNet").set("n_in", n_in); }
///       static FraudNet from_config(const LinkConfig& config) { return FraudNet(config.size("n_in")); }
///     };
///     const bool registered = register_link<FraudNet>("FraudNet");
///
/// The program that loads the model must register it, too. Returns true. Errors: the name is empty or taken
/// by another type.
template <class L>
bool register_link(const std::string& name) {
  detail::register_link_kind(name, detail::kind_of<L>());
  return true;
}

}  // namespace tenbin
