#include "tenbin/links/deep_copy.h"

#include <unordered_map>
#include <unordered_set>

#include "tenbin/links/registry.h"

namespace tenbin::detail {

namespace {

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

}  // namespace

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
  copy->is_frozen = registration->is_frozen;
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

}  // namespace tenbin::detail
