#include "tenbin/links/network.h"

#include <map>
#include <mutex>
#include <vector>

#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/links/batch_normalization.h"
#include "tenbin/links/detail/initial_values.h"
#include "tenbin/links/dropout.h"
#include "tenbin/links/embed_id.h"
#include "tenbin/links/layer_normalization.h"
#include "tenbin/links/linear.h"
#include "tenbin/links/mlp.h"

namespace tenbin {

namespace {

// The registered kinds by name. Any number of threads may use it.
class LinkKinds {
 public:
  LinkKinds()
      : kinds_{{"BatchNormalization", detail::kind_of<BatchNormalization>()},
               {"Dropout", detail::kind_of<Dropout>()},
               {"EmbedID", detail::kind_of<EmbedID>()},
               {"LayerNormalization", detail::kind_of<LayerNormalization>()},
               {"Linear", detail::kind_of<Linear>()},
               {"MLP", detail::kind_of<MLP>()},
               {"Sequential", detail::kind_of<Sequential>()}} {}

  void add(const std::string& name, detail::LinkKind kind) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (name.empty()) throw Error("register_link: the name is empty");
    const auto [found, is_new] = kinds_.emplace(name, kind);
    if (!is_new && *found->second.type != *kind.type)
      throw Error("register_link: \"", printable(name), "\" is the name of another link");
  }

  detail::LinkKind get(const std::string& name) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = kinds_.find(name);
    if (found != kinds_.end()) return found->second;
    std::vector<std::string> names;
    for (const auto& [each, kind] : kinds_) names.push_back(printable(each));
    throw Error("Network: no link is registered as \"", printable(name), "\"; there are ",
                detail::joined(names), "; register_link adds one");
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, detail::LinkKind> kinds_;
};

LinkKinds& link_kinds() {
  static LinkKinds kinds;
  return kinds;
}

}  // namespace

void detail::register_link_kind(const std::string& name, LinkKind kind) {
  link_kinds().add(name, std::move(kind));
}

detail::LinkKind detail::link_kind(const std::string& name) { return link_kinds().get(name); }

void detail::require_registered(const LinkConfig& config, const std::type_info& type) {
  if (*link_kind(config.kind()).type != type)
    throw Error("Network: the link calls itself \"", printable(config.kind()),
                "\", which is registered for another type");
}

Network Network::from_config(const LinkConfig& config) {
  const detail::SkipInitialValues skip;
  return detail::link_kind(config.kind()).make(config);
}

void Network::require(const char* call) const {
  if (!link_) throw Error("Network::", call, ": the network is empty");
}

Variable Network::operator()(const Variable& x) const {
  require("operator()");
  return call_(x);
}

LinkConfig Network::get_config() const {
  require("config");
  return config_();
}

const Link& Network::link() const {
  require("link");
  return *link_;
}

}  // namespace tenbin
