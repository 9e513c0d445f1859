#include "tenbin/links/registry.h"

#include <algorithm>
#include <functional>
#include <map>

namespace tenbin::detail {

namespace {

bool is_among(const Owners& owners, const RegistryPointer& registry) {
  return std::any_of(owners.begin(), owners.end(), [&](const auto& owner) {
    return !owner.owner_before(registry) && !registry.owner_before(owner);
  });
}

bool is_holder(const RegistryPointer& registry) {
  return registry->children.size() == 1 && registry->children[0].name.empty();
}

}  // namespace

std::vector<RegistryPointer> living(const Owners& owners) {
  std::vector<RegistryPointer> all;
  for (const auto& owner : owners)
    if (RegistryPointer registry = owner.lock()) all.push_back(std::move(registry));
  return all;
}

std::vector<std::pair<RegistryPointer, LinkRegistry::Child*>> places_of(const RegistryPointer& registry) {
  std::vector<std::pair<RegistryPointer, LinkRegistry::Child*>> places;
  for (const RegistryPointer& owner : living(registry->owners))
    for (LinkRegistry::Child& child : owner->children)
      if (child.link == registry) places.emplace_back(owner, &child);
  return places;
}

bool contains(const std::vector<RegistryPointer>& registries, const RegistryPointer& registry) {
  return std::find(registries.begin(), registries.end(), registry) != registries.end();
}

std::vector<RegistryPointer> owners_to_change(const Owners& owners,
                                              const std::vector<RegistryPointer>& others) {
  std::vector<RegistryPointer> changed;
  for (const RegistryPointer& owner : living(owners)) {
    if (contains(others, owner)) return {};
    const bool only_moves = is_holder(owner) ? std::any_of(others.begin(), others.end(), is_holder)
                                             : contains(others, owner->replaced_by.lock());
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

std::string path_of(RegistryPointer now) {
  std::string path;
  std::unordered_set<const LinkRegistry*> seen;
  while (seen.insert(now.get()).second) {
    for (const RegistryPointer& owner : living(now->owners)) {
      const auto child = std::find_if(owner->children.begin(), owner->children.end(),
                                      [&](const auto& entry) { return entry.link == now; });
      // The entry of an optimizer has no name.
      if (child == owner->children.end() || child->name.empty()) continue;
      path = path.empty() ? child->name : child->name + '/' + path;
      now = owner;
      break;
    }
  }
  return path;
}

namespace {

struct ReplacedHandlesTable {
  std::mutex mutex;
  std::map<const void*, std::weak_ptr<LinkRegistry>, std::less<>> handles;
};

// Never destroyed: handles that exist at exit are removed later.
ReplacedHandlesTable& replaced_handles() {
  static auto* const table = new ReplacedHandlesTable;
  return *table;
}

}  // namespace

std::atomic<std::size_t> ReplacedHandles::count_{0};

void ReplacedHandles::add(const void* handle, const RegistryPointer& registered) {
  auto& [mutex, handles] = replaced_handles();
  const std::lock_guard<std::mutex> lock(mutex);
  handles[handle] = registered;
  count_ = handles.size();
}

void ReplacedHandles::remove(const void* handle) noexcept {
  auto& [mutex, handles] = replaced_handles();
  const std::lock_guard<std::mutex> lock(mutex);
  handles.erase(handle);
  count_ = handles.size();
}

void ReplacedHandles::move(const void* from, const void* to) noexcept {
  auto& [mutex, handles] = replaced_handles();
  const std::lock_guard<std::mutex> lock(mutex);
  auto node = handles.extract(from);
  if (!node) return;
  node.key() = to;
  handles.erase(to);
  handles.insert(std::move(node));
  count_ = handles.size();
}

// In a DeepCopyScope, the copy of the handle was the copy of the link.
void ReplacedHandles::copy(const void* from, const void* to) {
  auto& [mutex, handles] = replaced_handles();
  RegistryPointer registered;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    const auto found = handles.find(from);
    if (found != handles.end()) registered = found->second.lock();
  }
  if (registered) add(to, copied(registered));
}

std::vector<std::pair<const void*, RegistryPointer>> ReplacedHandles::between(const void* begin,
                                                                              const void* end) {
  std::vector<std::pair<const void*, RegistryPointer>> found;
  auto& [mutex, handles] = replaced_handles();
  const std::lock_guard<std::mutex> lock(mutex);
  for (auto each = handles.lower_bound(begin); each != handles.end() && std::less<>()(each->first, end);
       ++each)
    if (RegistryPointer registered = each->second.lock()) found.emplace_back(each->first, registered);
  return found;
}

// Nested links are destroyed in a loop, not recursively in each other's destructors.
LinkRegistry::~LinkRegistry() {
  RegistryPointer pending;
  const auto take = [&pending](std::vector<Child>& nested) {
    for (Child& child : nested) {
      if (child.link.use_count() != 1) continue;
      child.link->next_pending_delete = std::move(pending);
      pending = std::move(child.link);
    }
  };
  take(children);
  while (pending) {
    const RegistryPointer now = std::move(pending);
    pending = std::move(now->next_pending_delete);
    take(now->children);
  }
}

}  // namespace tenbin::detail
