// LinkRegistry, the state that all handles of a link share: its parameters and links by name. Internal.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "tenbin/links/parameter.h"

namespace tenbin::detail {

struct LinkRegistry {
  struct Param {
    std::string name;
    Parameter parameter;
    bool is_lazy;  // part of its shape is not known
    LazyShape lazy;
  };
  struct Child {
    std::string name;
    std::shared_ptr<LinkRegistry> link;
  };

  LinkRegistry() = default;
  LinkRegistry(const LinkRegistry&) = delete;
  LinkRegistry& operator=(const LinkRegistry&) = delete;
  ~LinkRegistry();

  std::string kind;
  std::vector<Param> params;
  std::vector<Child> children;
  std::unordered_set<std::string> names;  // of parameters and children
  Owners owners;
  Device device;  // the device that `to` moved it to
  // The link that was last assigned to a handle of this one. If that was a whole model, its members are
  // assigned next.
  std::weak_ptr<LinkRegistry> replaced_by;
  std::mutex initialization;
  std::atomic<bool> is_ready{false};
  std::shared_ptr<LinkRegistry> next_pending_delete;  // see the destructor
};

// Iterates over the links of a tree, each before those inside it, in the order of registration. Not
// recursive, since links may be nested deeply.
class LinkWalk {
 public:
  // `path`, if not null, is kept at the path of the current link, followed by a '/'.
  explicit LinkWalk(LinkRegistry& root, std::string* path = nullptr) : path_(path) { enter(root); }

  LinkRegistry& operator*() const { return *levels_.back().registry; }
  LinkRegistry* operator->() const { return levels_.back().registry; }
  // False after the last one.
  bool next() {
    for (; !levels_.empty(); levels_.pop_back()) {
      Level& level = levels_.back();
      if (path_ != nullptr) path_->resize(level.path_length);
      if (level.next_child == level.registry->children.size()) continue;
      const LinkRegistry::Child& child = level.registry->children[level.next_child++];
      if (path_ != nullptr) (*path_ += child.name) += '/';
      enter(*child.link);
      return true;
    }
    return false;
  }

 private:
  struct Level {
    LinkRegistry* registry;
    std::size_t next_child;
    std::size_t path_length;
  };

  void enter(LinkRegistry& registry) {
    levels_.push_back({&registry, 0, path_ == nullptr ? 0 : path_->size()});
  }

  std::string* path_;
  SmallVector<Level, 8> levels_;
};

// ---- where an object is registered ------------------------------------------------------------------------

using RegistryPointer = std::shared_ptr<LinkRegistry>;

// Reserves memory, so that the next push_back does not throw.
template <class T>
void make_room(std::vector<T>& values) {
  if (values.size() == values.capacity()) values.reserve(2 * values.size() + 1);
}

std::vector<RegistryPointer> living(const Owners& owners);

// Expired owners are removed when the list is full, so that it does not grow as links are created and
// destroyed.
void add_owner(Owners& owners, const RegistryPointer& owner);

// The places where a link is registered: the links that contain it, and the entries there.
std::vector<std::pair<RegistryPointer, LinkRegistry::Child*>> places_of(const RegistryPointer& registry);

// The owners of `places`.
template <class Place>
std::vector<RegistryPointer> owners_of(const std::vector<std::pair<RegistryPointer, Place*>>& places) {
  std::vector<RegistryPointer> owners;
  for (const auto& place : places) owners.push_back(place.first);
  return owners;
}

bool contains(const std::vector<RegistryPointer>& registries, const RegistryPointer& registry);

// The owners in `owners` in which the assigned object replaces the old one; `others` are the owners that the
// assigned object already has. An owner keeps its entry where the assignment only moves an object:
// - within a link: a variable that is reused, `l = link("l1", Linear(4, 4));`, or an element of a vector of
//   layers that is moved to another index;
// - as a member of a model that moves as a whole: the old model stays complete;
// - from optimizer to optimizer, when models are swapped between them.
std::vector<RegistryPointer> owners_to_change(const Owners& owners,
                                              const std::vector<RegistryPointer>& others);

// Handles that were assigned another link although the old one had further handles, which stays registered
// then. Each is listed by its address as long as it exists, with the link that it was: Optimizer::setup looks
// for those inside its model. Any number of threads may copy and destroy handles.
class ReplacedHandles {
 public:
  static bool are_empty() { return count_.load(std::memory_order_relaxed) == 0; }
  static void add(const void* handle, const RegistryPointer& registered);
  static void remove(const void* handle) noexcept;
  // `to` is a handle of the same link as `from`.
  static void move(const void* from, const void* to) noexcept;
  static void copy(const void* from, const void* to);
  // The handles from `begin` to `end`, with the links that they were.
  static std::vector<std::pair<const void*, RegistryPointer>> between(const void* begin, const void* end);

 private:
  static std::atomic<std::size_t> count_;
};

// Whether `inner` is `outer` or is contained in it.
bool is_inside(const LinkRegistry& inner, const LinkRegistry& outer);

// Errors: the link `child` contains `owner`.
void require_no_cycle(const LinkRegistry& owner, const std::string& name, const LinkRegistry& child);

// The path of a link, such as `body/l1`, through the first link that contains it; empty if it is not
// registered.
std::string path_of(RegistryPointer registry);

}  // namespace tenbin::detail
