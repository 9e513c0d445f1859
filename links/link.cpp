#include "tenbin/links/link.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "tenbin/core/text.h"
#include "tenbin/serializers/npz.h"

namespace tenbin {

Link::Link(std::string kind) : registry_(std::make_shared<detail::LinkRegistry>()) {
  registry_->kind = std::move(kind);
}

void Link::throw_moved_from(const char* call) {
  throw Error("Link::", call, ": the link has been moved from");
}

const std::string& Link::kind() const { return registry("kind").kind; }

Link Link::holder_of(const Link& link) {
  Link holder("holder");
  holder.registry_->children.push_back({"", link.registry_});
  detail::add_owner(link.registry_->owners, holder.registry_);
  return holder;
}

Link Link::held() const { return Link(registry_->children[0].link); }

Link& Link::assign(Link&& other, bool is_copy) {
  if (registry_ && other.registry_ && registry_ != other.registry_) {
    if (!replace_in_owners(other, is_copy)) detail::ReplacedHandles::add(this, registry_);
    registry_->replaced_by = other.registry_;
  }
  registry_ = std::move(other.registry_);
  if (!detail::ReplacedHandles::are_empty()) detail::ReplacedHandles::move(&other, this);
  return *this;
}

// If this handle is the last one outside the links that it is registered in, replaces it there by `other`. A
// link that is registered elsewhere and moved here replaces it in some of them only, see owners_to_change. A
// link is also not put inside itself, if it is a wrapper of the old one: `model.head = Wrapped(model.head);`.
// False if it does not, because there are other handles.
bool Link::replace_in_owners(const Link& other, bool is_copy) const {
  const auto others = detail::owners_of(detail::places_of(other.registry_));
  const auto changed = detail::owners_to_change(registry_->owners, others);
  auto places = detail::places_of(registry_);
  if (places.empty()) return true;
  if (registry_.use_count() != static_cast<long>(places.size()) + 1) return changed.empty();
  const auto stays = [&](const auto& place) {
    const bool only_moves = !is_copy && !others.empty() && !detail::contains(changed, place.first);
    return only_moves || detail::is_inside(*place.first, *other.registry_);
  };
  places.erase(std::remove_if(places.begin(), places.end(), stays), places.end());
  for (const auto& [owner, child] : places) detail::add_owner(other.registry_->owners, owner);
  for (const auto& [owner, child] : places) child->link = other.registry_;
  return true;
}

std::string Link::replaced_member(std::size_t bytes) const {
  if (detail::ReplacedHandles::are_empty()) return "";
  const auto* const begin = reinterpret_cast<const char*>(this);
  for (const auto& [handle, registered] : detail::ReplacedHandles::between(begin, begin + bytes)) {
    const detail::LinkRegistry* const now = static_cast<const Link*>(handle)->registry_.get();
    std::string path, found;
    bool is_registered = false;
    detail::LinkWalk walk(*registry_, &path);
    do {
      is_registered = is_registered || &*walk == now;
      if (&*walk == registered.get()) found = path.substr(0, path.size() - 1);
    } while (walk.next());
    if (!is_registered && !found.empty()) return found;
  }
  return "";
}

void Link::require_free(const std::string& name) const {
  if (name.empty() || name.find('/') != std::string::npos)
    throw Error(kind(), ": a name must not be empty or contain '/', got '", name, "'");
  if (registry_->names.count(name) != 0) throw Error(kind(), ": the name '", name, "' is taken");
}

Parameter Link::param(const std::string& name, Array data, bool requires_grad) {
  Parameter parameter(std::move(data), requires_grad);
  parameter.set_name(name);
  return add_param(name, parameter, nullptr);
}

Parameter Link::param(const std::string& name, const LazyShape& lazy, bool requires_grad) {
  Parameter parameter(Array(), requires_grad);
  parameter.set_name(name);
  return add_param(name, parameter, &lazy);
}

Parameter Link::param(const std::string& name, const Parameter& parameter) {
  return add_param(name, parameter, nullptr);
}

// Here and in add_child, everything that can throw comes before the first change.
Parameter Link::add_param(const std::string& name, const Parameter& parameter, const LazyShape* lazy) {
  auto& own = registry("param");
  require_free(name);
  if (!parameter) throw Error(kind(), ": the parameter '", name, "' is an empty Variable");
  if (!parameter.registration_) parameter.registration_ = std::make_shared<detail::Registration>();
  detail::LinkRegistry::Param entry{name, parameter, lazy != nullptr, lazy == nullptr ? LazyShape() : *lazy};
  detail::add_owner(entry.parameter.registration_->owners, registry_);
  detail::make_room(own.params);
  own.names.insert(name);
  own.params.push_back(std::move(entry));
  return own.params.back().parameter;
}

void Link::add_child(const std::string& name, const Link& child) {
  auto& own = registry("link");
  require_free(name);
  if (!child) throw Error(kind(), ": the link '", name, "' has been moved from");
  detail::require_no_cycle(own, name, *child.registry_);
  detail::LinkRegistry::Child entry{name, child.registry_};
  detail::add_owner(child.registry_->owners, registry_);
  detail::make_room(own.children);
  own.names.insert(name);
  own.children.push_back(std::move(entry));
}

void Link::replace_child(const std::string& name, const Link& child) {
  auto& own = registry("relink");
  const auto place = std::find_if(own.children.begin(), own.children.end(),
                                  [&](const auto& entry) { return entry.name == name; });
  if (place == own.children.end()) throw Error(kind(), ": there is no link '", name, "' to replace");
  if (!child) throw Error(kind(), ": the link '", name, "' has been moved from");
  detail::require_no_cycle(own, name, *child.registry_);
  detail::add_owner(child.registry_->owners, registry_);
  place->link = child.registry_;
}

void Link::rethrow_with_path(const Error& error) const {
  const std::string path = registry_ ? detail::path_of(registry_) : "";
  if (path.empty()) throw;
  throw Error(path, ": ", error.what());
}

bool Link::is_ready() const { return registry("operator()").is_ready.load(std::memory_order_acquire); }

void Link::initialize_once(const std::function<void()>& initialize) const {
  auto& own = registry("operator()");
  const std::lock_guard<std::mutex> lock(own.initialization);
  initialize();
  own.is_ready.store(true, std::memory_order_release);
}

std::vector<Parameter> Link::params() const {
  registry("params");
  std::vector<Parameter> all;
  std::unordered_set<const Array*> seen;  // by address of the node's data
  visit([&](const Parameter& parameter) {
    if (parameter.is_trainable() && seen.insert(&parameter.data()).second) all.push_back(parameter);
  });
  return all;
}

NamedParameters Link::namedparams() const {
  registry("namedparams");
  NamedParameters all;
  visit_named([&](const std::string& path, const Parameter& parameter) {
    if (parameter.is_trainable()) all.emplace_back(path, parameter);
  });
  return all;
}

void Link::disable_update() const {
  registry("disable_update");
  visit([](const Parameter& parameter) { parameter.disable_update(); });
}

void Link::enable_update() const {
  registry("enable_update");
  visit([](const Parameter& parameter) { parameter.enable_update(); });
}

bool Link::update_enabled() const {
  registry("update_enabled");
  bool enabled = false;
  visit([&](const Parameter& parameter) { enabled = enabled || parameter.update_enabled(); });
  return enabled;
}

void Link::cleargrads() const {
  registry("cleargrads");
  visit([](const Variable& parameter) { Variable(parameter).cleargrad(); });
}

Link& Link::to(Device device) {
  registry("to");
  visit([&](const Variable& parameter) {
    if (!parameter.data() || parameter.device() == device) return;
    Variable moved = parameter;
    Array data = moved.data().to(device);
    Array grad = moved.grad().to(device);
    moved.set_data(std::move(data));  // drops the gradient
    moved.set_grad(std::move(grad));
  });
  detail::LinkWalk walk(*registry_);
  do walk->device = device;
  while (walk.next());
  return *this;
}

std::size_t Link::count_params() const {
  registry("count_params");
  std::size_t count = 0;
  for (const Parameter& parameter : params()) count += parameter.size();
  return count;
}

void Link::copyparams(const Link& other) {
  registry("copyparams");
  if (!other) throw Error("Link::copyparams: the source has been moved from");
  const NamedArrays to = state_arrays();
  const NamedArrays from = other.state_arrays();
  if (to.size() != from.size())
    throw Error("copyparams: ", to.size(), " parameters here, ", from.size(), " in the source");
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i].first != from[i].first)
      throw Error("copyparams: '", to[i].first, "' here is '", from[i].first, "' in the source");
    const bool fits = from[i].second && to[i].second.shape() == from[i].second.shape();
    if (to[i].second && !fits)
      throw Error("copyparams: '", to[i].first, "' is ", to[i].second, " here and ", from[i].second,
                  " in the source");
  }
  // The device of the parameters that have data; the others are created there.
  const auto initialised =
      std::find_if(to.begin(), to.end(), [](const auto& entry) { return static_cast<bool>(entry.second); });
  std::size_t i = 0;
  visit([&](const Parameter& parameter) {
    const Array& values = from[i].second;
    Array here = to[i++].second;
    if (here) {
      here.assign(values.astype(here.dtype()).to(here.device()));
      parameter.registration_->mark_replaced();
    } else if (values) {
      const Device device = initialised == to.end() ? values.device() : initialised->second.device();
      Variable(parameter).set_data(values.copy().to(device));
    }
  });
}

namespace {

// Errors: the array from a file does not fit as data of an uninitialised parameter.
void require_fits(const StateReader& reader, const std::string& key, const detail::LinkRegistry::Param& entry,
                  const Array& values) {
  if (!entry.is_lazy) {
    if (entry.parameter.is_trainable() && !is_floating(values.dtype()))
      reader.fail(key, "expected float32 or float64, got ", values);
    return;
  }
  const Shape& shape = entry.lazy.shape;
  bool same = values.dtype() == entry.lazy.dtype && values.ndim() == shape.size();
  for (std::size_t axis = 0; same && axis < shape.size(); ++axis)
    same = shape[axis] == LazyShape::unknown || shape[axis] == values.shape()[axis];
  if (!same) reader.fail(key, "expected ", entry.lazy, ", got ", values);
}

}  // namespace

NamedArrays Link::state_arrays() const {
  registry("state_arrays");
  NamedArrays all;
  visit_named(
      [&](const std::string& path, const Parameter& parameter) { all.emplace_back(path, parameter.data()); });
  return all;
}

std::function<void()> Link::prepare_load(StateReader& reader) const {
  registry("prepare_load");
  struct Found {
    Parameter parameter;
    Array values;
  };
  std::vector<Found> found;
  std::unordered_map<const Array*, Array> first_values;  // of uninitialised parameters, by address of the
                                                         // node's data
  std::string path;
  detail::LinkWalk walk(*registry_, &path);
  do {
    for (const auto& entry : walk->params) {
      const std::string key = path + entry.name;
      const Array& data = entry.parameter.data();
      Array values = reader.read(key);
      if (!values) continue;
      if (data) {
        reader.require_like(key, data, values);
      } else {
        require_fits(reader, key, entry, values);
        const Array& first = first_values.emplace(&data, values).first->second;
        reader.require_like(key, first, values);  // a shared parameter has a key for each of its paths
        values = values.to(walk->device);
      }
      found.push_back({entry.parameter, std::move(values)});
    }
  } while (walk.next());
  return [found = std::move(found)] {
    for (const auto& [parameter, values] : found) {
      if (Array data = parameter.data()) {
        data.assign(values);
        parameter.registration_->mark_replaced();
      } else {
        Variable(parameter).set_data(values);
      }
    }
  };
}

namespace {

void print(std::ostream& out, const std::string& path, const detail::LinkRegistry& link) {
  out << path << (path.empty() ? "" : ": ") << link.kind;
  std::size_t count = 0;
  const char* separator = "  ";
  for (const auto& entry : link.params) {
    out << std::exchange(separator, ", ") << entry.name << ' ';
    if (!entry.parameter.is_initialized()) {
      out << "uninitialised";
      continue;
    }
    out << entry.parameter.data();
    if (!entry.parameter.is_trainable()) continue;
    if (!entry.parameter.update_enabled()) out << " frozen";
    count += entry.parameter.size();
  }
  if (!link.params.empty()) out << "  " << count;
  out << '\n';
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Link& link) {
  detail::TextStream text;
  std::string path;
  detail::LinkWalk walk(link.registry("operator<<"), &path);
  do print(text, path.substr(0, path.size() - (path.empty() ? 0 : 1)), *walk);
  while (walk.next());
  text << "total " << link.count_params();
  return out << text.str();
}

}  // namespace tenbin
