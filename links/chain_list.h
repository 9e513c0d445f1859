// A list of links of one type.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/links/link.h"

namespace tenbin {

/// A list of links of one type, named "0", "1", ... (Chainer: `ChainList`.) How they are called is up to the
/// class that has the list:
///
///     struct Net : Chain {
///       ChainList<Linear> layers = link("layers", ChainList<Linear>({Linear(30, 64), Linear(64, 2)}));
///       Variable operator()(const Variable& x) const {
///         Variable h = x;
///         for (const Linear& layer : layers) h = tanh(layer(h));
///         return h;
///       }
///     };
///
/// Copying the list copies handles of its links, and of the list's registration: a link that is appended to
/// one copy is registered in all of them, but only that copy has it as an element.
template <class L>
class ChainList : public Link {
 public:
  ChainList(std::initializer_list<L> links = {}, std::string kind = "ChainList") : Link(std::move(kind)) {
    for (const L& each : links) append(each);
  }

  /// Adds a link after the others. Errors: those of `Link::link`.
  ChainList& append(L value) {
    links_.push_back(link(std::to_string(links_.size()), std::move(value)));
    return *this;
  }

  std::size_t size() const { return links_.size(); }
  bool empty() const { return links_.empty(); }
  /// Assigning another link to an element replaces it. Precondition: i is below `size()`.
  L& operator[](std::size_t i) { return links_[i]; }
  const L& operator[](std::size_t i) const { return links_[i]; }
  L& back() { return links_.back(); }
  const L& back() const { return links_.back(); }
  auto begin() { return links_.begin(); }
  auto end() { return links_.end(); }
  auto begin() const { return links_.begin(); }
  auto end() const { return links_.end(); }

 private:
  std::vector<L> links_;
};

}  // namespace tenbin
