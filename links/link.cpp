#include "tenbin/links/link.h"

#include <algorithm>
#include <unordered_map>

#include "tenbin/serializers/npz.h"

namespace tenbin {

namespace detail {

namespace {

using RegistryPointer = std::shared_ptr<LinkRegistry>;

struct DeepCopyMemo {
  template <class T>
  struct Copied {
    T original;  // kept alive, so that no other object gets its address
    T copy;
  };
  // A copy of a variable or a registration is recorded as its own copy, since it may be copied again within
  // the scope, from one member to the next. So is a copy of a registry, in `registry_copies`.
  std::unordered_map<const Array*, Copied<Variable>> variables;  // by the address of the node's data
  std::unordered_map<const Registration*, Copied<std::shared_ptr<Registration>>> registrations;
  std::unordered_map<const LinkRegistry*, Copied<RegistryPointer>> registries;
  std::unordered_set<const LinkRegistry*> registry_copies;
};

thread_local DeepCopyMemo* open_memo = nullptr;

// Reserves memory, so that the next push_back does not throw.
template <class T>
void make_room(std::vector<T>& values) {
  if (values.size() == values.capacity()) values.reserve(2 * values.size() + 1);
}

std::vector<RegistryPointer> living(const Owners& owners) {
  std::vector<RegistryPointer> all;
  for (const auto& owner : owners)
    if (RegistryPointer registry = owner.lock()) all.push_back(std::move(registry));
  return all;
}

// The places where a link is registered: the links that contain it, and the entries there.
std::vector<std::pair<RegistryPointer, LinkRegistry::Child*>> places_of(const RegistryPointer& registry) {
  std::vector<std::pair<RegistryPointer, LinkRegistry::Child*>> places;
  for (const RegistryPointer& owner : living(registry->owners))
    for (LinkRegistry::Child& child : owner->children)
      if (child.link == registry) places.emplace_back(owner, &child);
  return places;
}

bool is_among(const Owners& owners, const RegistryPointer& registry) {
  return std::any_of(owners.begin(), owners.end(), [&](const auto& owner) {
    return !owner.owner_before(registry) && !registry.owner_before(owner);
  });
}

// The owners of `places`.
template <class Place>
std::vector<RegistryPointer> owners_of(const std::vector<std::pair<RegistryPointer, Place*>>& places) {
  std::vector<RegistryPointer> owners;
  for (const auto& place : places) owners.push_back(place.first);
  return owners;
}

bool contains(const std::vector<RegistryPointer>& registries, const RegistryPointer& registry) {
  return std::find(registries.begin(), registries.end(), registry) != registries.end();
}

bool is_holder(const RegistryPointer& registry) {
  return registry->children.size() == 1 && registry->children[0].name.empty();
}

// The owners in `owners` in which the assigned object replaces the old one; `others` are the owners that the
// assigned object already has. An owner keeps its entry where the assignment only moves an object:
// - within a link: a variable that is reused, `l = link("l1", Linear(4, 4));`, or an element of a vector of
//   layers that is moved to another index;
// - as a member of a model that moves as a whole: the old model stays complete;
// - from optimizer to optimizer, when models are swapped between them.
std::vector<RegistryPointer> owners_to_change(const Owners& owners,
                                              const std::vector<RegistryPointer>& others) {
  std::vector<RegistryPointer> changed;
  for (const RegistryPointer& owner : living(owners)) {
    if (contains(others, owner)) return {};
    const bool only_moves = is_holder(owner) ? std::any_of(others.begin(), others.end(), is_holder)
                                             : contains(others, owner->left_for.lock());
    if (!only_moves) changed.push_back(owner);
  }
  return changed;
}

// Expired owners are removed when the list is full, so that it does not grow as links are created and
// destroyed.
void add_owner(Owners& owners, const RegistryPointer& owner) {
  if (is_among(owners, owner)) return;
  if (owners.size() == owners.capacity())
    owners.erase(std::remove_if(owners.begin(), owners.end(), [](const auto& old) { return old.expired(); }),
                 owners.end());
  owners.push_back(owner);
}

// Whether `inner` is `outer` or is contained in it.
bool is_inside(const LinkRegistry& inner, const LinkRegistry& outer) {
  if (&inner == &outer) return true;
  if (outer.children.empty()) return false;  // the usual case, without a search
  std::unordered_set<const LinkRegistry*> seen{&inner};
  std::vector<const LinkRegistry*> pending{&inner};
  while (!pending.empty()) {
    const LinkRegistry* const now = pending.back();
    pending.pop_back();
    if (now == &outer) return true;
    for (const RegistryPointer& owner : living(now->owners))
      if (seen.insert(owner.get()).second) pending.push_back(owner.get());
  }
  return false;
}

void require_no_cycle(const LinkRegistry& owner, const std::string& name, const LinkRegistry& child) {
  if (is_inside(owner, child))
    throw Error(owner.kind, ": the link '", name, "' contains the link it is put into");
}

}  // namespace

// Nested links are destroyed in a loop, not recursively in each other's destructors.
LinkRegistry::~LinkRegistry() {
  RegistryPointer doomed;
  const auto doom = [&doomed](std::vector<Child>& nested) {
    for (Child& child : nested) {
      if (child.link.use_count() != 1) continue;
      child.link->next_doomed = std::move(doomed);
      doomed = std::move(child.link);
    }
  };
  doom(children);
  while (doomed) {
    const RegistryPointer now = std::move(doomed);
    doomed = std::move(now->next_doomed);
    doom(now->children);
  }
}

DeepCopyScope::DeepCopyScope() : outermost_(open_memo == nullptr) {
  if (outermost_) open_memo = new DeepCopyMemo;
}

DeepCopyScope::~DeepCopyScope() {
  if (outermost_) delete std::exchange(open_memo, nullptr);
}

Variable copied(const Variable& variable) {
  if (open_memo == nullptr || !variable) return variable;
  auto& memo = open_memo->variables;
  const auto known = memo.find(&variable.data());
  if (known != memo.end()) return known->second.copy;
  Variable copy(variable.data().copy(), variable.requires_grad());
  if (!variable.name().empty()) copy.set_name(variable.name());
  memo.insert({&variable.data(), {variable, copy}});
  memo.insert({&copy.data(), {copy, copy}});
  return copy;
}

std::shared_ptr<Registration> copied(const std::shared_ptr<Registration>& registration) {
  if (open_memo == nullptr || !registration) return registration;
  auto& memo = open_memo->registrations;
  const auto known = memo.find(registration.get());
  if (known != memo.end()) return known->second.copy;
  auto copy = std::make_shared<Registration>();  // its owners are added when they are copied
  memo.insert({registration.get(), {registration, copy}});
  memo.insert({copy.get(), {copy, copy}});
  return copy;
}

RegistryPointer copied(const RegistryPointer& registry) {
  if (open_memo == nullptr || !registry) return registry;
  DeepCopyMemo& memo = *open_memo;
  const auto copy_of = [&memo](const RegistryPointer& original) {
    if (memo.registry_copies.count(original.get()) != 0) return original;
    const auto known = memo.registries.find(original.get());
    return known == memo.registries.end() ? nullptr : known->second.copy;
  };
  if (RegistryPointer known = copy_of(registry)) return known;

  std::vector<RegistryPointer> pending{registry}, originals;
  while (!pending.empty()) {
    const RegistryPointer original = std::move(pending.back());
    pending.pop_back();
    if (copy_of(original)) continue;
    const auto copy = std::make_shared<LinkRegistry>();
    copy->kind = original->kind;
    copy->names = original->names;
    copy->device = original->device;
    for (const auto& param : original->params) {
      copy->params.push_back(param);
      add_owner(copy->params.back().parameter.registration_->owners, copy);
    }
    memo.registry_copies.insert(copy.get());
    memo.registries.insert({original.get(), {original, copy}});
    originals.push_back(original);
    for (const auto& child : original->children) pending.push_back(child.link);
  }
  for (const RegistryPointer& original : originals) {
    const RegistryPointer copy = copy_of(original);
    for (const auto& child : original->children) {
      const RegistryPointer child_copy = copy_of(child.link);
      copy->children.push_back({child.name, child_copy});
      add_owner(child_copy->owners, copy);
    }
  }
  return copy_of(registry);
}

namespace {

// `body/l1`, by way of the first link that contains it; empty for a link that is registered nowhere.
std::string path_of(RegistryPointer now) {
  std::string path;
  std::unordered_set<const LinkRegistry*> seen;
  while (seen.insert(now.get()).second) {
    for (const RegistryPointer& owner : living(now->owners)) {
      const auto child = std::find_if(owner->children.begin(), owner->children.end(),
                                      [&](const auto& entry) { return entry.link == now; });
      if (child == owner->children.end() || child->name.empty())
        continue;  // an optimizer's entry has no
                   // name
      path = path.empty() ? child->name : child->name + '/' + path;
      now = owner;
      break;
    }
  }
  return path;
}

}  // namespace

// If something outside the links refers to a link of the original, such as a member, then it must refer to
// that link in the copy.
void DeepCopyScope::require_members_copied() const {
  if (!outermost_) return;
  std::unordered_set<const LinkRegistry*> owners_seen;
  std::unordered_map<const LinkRegistry*, long> handles_inside;  // handles in links and in this scope
  for (const auto& [key, both] : open_memo->registries) {
    for (const RegistryPointer& registry : {both.original, both.copy}) {
      ++handles_inside[registry.get()];
      for (const RegistryPointer& owner : living(registry->owners))
        if (owners_seen.insert(owner.get()).second)
          for (const auto& child : owner->children) ++handles_inside[child.link.get()];
    }
  }
  for (const auto& [key, both] : open_memo->registries) {
    const auto is_held = [&](const RegistryPointer& registry) {
      return registry.use_count() > handles_inside[registry.get()];
    };
    if (is_held(both.original) && !is_held(both.copy))
      throw Error(
          "copy: the copy would use the original's link '", path_of(both.original),
          "', which a member points to, or which is held from outside the model: make it a member by value");
  }
  require_parameters_copied();
}

// The same for parameters, for those that are handles of a Registration.
void DeepCopyScope::require_parameters_copied() const {
  struct Inside {
    long handles = 0;  // handles in links and in this scope
    std::string path;
  };
  std::unordered_map<const Registration*, Inside> inside;
  std::unordered_set<const LinkRegistry*> owners_seen;
  for (const auto& [key, both] : open_memo->registrations) {
    for (const auto& registration : {both.original, both.copy}) {
      ++inside[registration.get()].handles;
      for (const RegistryPointer& owner : living(registration->owners)) {
        if (!owners_seen.insert(owner.get()).second) continue;
        const std::string path = path_of(owner);
        for (const auto& param : owner->params) {
          Inside& found = inside[param.parameter.registration_.get()];
          ++found.handles;
          found.path = path.empty() ? param.name : path + '/' + param.name;
        }
      }
    }
  }
  for (const auto& [key, both] : open_memo->registrations) {
    const auto is_held = [&](const std::shared_ptr<Registration>& registration) {
      return registration.use_count() > inside[registration.get()].handles;
    };
    if (is_held(both.original) && !is_held(both.copy))
      throw Error("copy: the parameter '", inside[both.original.get()].path,
                  "' would be the original's: a member points to it, or it is held from outside the model; "
                  "hold it as a Parameter by value");
  }
}

}  // namespace detail

Parameter& Parameter::assign(Parameter&& other, bool is_copy) {
  if (registration_ && other && registration_ != other.registration_) replace_in_owners(other, is_copy);
  Variable::operator=(std::move(other));
  registration_ = std::move(other.registration_);
  return *this;
}

// Like Link::replace_in_owners.
void Parameter::replace_in_owners(Parameter& other, bool is_copy) {
  using Places = std::vector<std::pair<detail::RegistryPointer, Parameter*>>;
  const auto places_of = [](const std::shared_ptr<detail::Registration>& registration) {
    Places places;
    if (!registration) return places;
    for (const auto& owner : detail::living(registration->owners))
      for (auto& param : owner->params)
        if (param.parameter.registration_ == registration) places.emplace_back(owner, &param.parameter);
    return places;
  };
  const auto others = detail::owners_of(places_of(other.registration_));
  const auto changed = detail::owners_to_change(registration_->owners, others);
  const Places places = places_of(registration_);
  if (places.empty() || registration_.use_count() != static_cast<long>(places.size()) + 1) return;
  const bool is_tied = is_copy && std::any_of(places.begin(), places.end(), [&](const auto& place) {
                         return detail::contains(others, place.first);
                       });
  const auto is_changed = [&](const auto& place) {
    return others.empty() || is_tied || detail::contains(changed, place.first);
  };
  if (std::none_of(places.begin(), places.end(), is_changed)) return;
  const auto registration =
      other.registration_ ? other.registration_ : std::make_shared<detail::Registration>();
  for (const auto& place : places)
    if (is_changed(place)) detail::add_owner(registration->owners, place.first);
  other.registration_ = registration;
  for (const auto& place : places) {
    if (!is_changed(place)) continue;
    static_cast<Variable&>(*place.second) = static_cast<const Variable&>(other);
    place.second->registration_ = registration;
  }
}

std::ostream& operator<<(std::ostream& out, const LazyShape& lazy) {
  out << lazy.dtype << '(';
  const char* separator = "";
  for (const std::size_t length : lazy.shape) {
    out << std::exchange(separator, ", ");
    length == LazyShape::unknown ? out << '?' : out << length;
  }
  return out << ')';
}

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
    replace_in_owners(other, is_copy);
    registry_->left_for = other.registry_;
  }
  registry_ = std::move(other.registry_);
  return *this;
}

// If this handle is the last one outside the links that it is registered in, replaces it there by `other`. A
// link that is registered elsewhere and moved here replaces it in some of them only, see owners_to_change. A
// link is also not put inside itself, if it is a wrapper of the old one: `model.head = Wrapped(model.head);`.
void Link::replace_in_owners(const Link& other, bool is_copy) const {
  const auto others = detail::owners_of(detail::places_of(other.registry_));
  const auto changed = detail::owners_to_change(registry_->owners, others);
  auto places = detail::places_of(registry_);
  if (places.empty() || registry_.use_count() != static_cast<long>(places.size()) + 1) return;
  const auto stays = [&](const auto& place) {
    const bool only_moves = !is_copy && !others.empty() && !detail::contains(changed, place.first);
    return only_moves || detail::is_inside(*place.first, *other.registry_);
  };
  places.erase(std::remove_if(places.begin(), places.end(), stays), places.end());
  for (const auto& [owner, child] : places) detail::add_owner(other.registry_->owners, owner);
  for (const auto& [owner, child] : places) child->link = other.registry_;
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

Parameter Link::param(const std::string& name, const LazyShape& lazy) {
  Parameter parameter{Array()};
  parameter.set_name(name);
  return add_param(name, parameter, &lazy);
}

Parameter Link::param(const std::string& name, const Parameter& parameter) {
  return add_param(name, parameter, nullptr);
}

// All that can fail comes first, here and in add_child.
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
    if (parameter.requires_grad() && seen.insert(&parameter.data()).second) all.push_back(parameter);
  });
  return all;
}

NamedParameters Link::namedparams() const {
  registry("namedparams");
  NamedParameters all;
  visit_named([&](const std::string& path, const Parameter& parameter) {
    if (parameter.requires_grad()) all.emplace_back(path, parameter);
  });
  return all;
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
  // The location of those parameters that have data: the others are moved there.
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
    if (entry.parameter.requires_grad() && !is_floating(values.dtype()))
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
    if (entry.parameter.requires_grad()) count += entry.parameter.size();
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
