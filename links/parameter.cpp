#include "tenbin/links/parameter.h"

#include <algorithm>

#include "tenbin/links/registry.h"

namespace tenbin {

Parameter& Parameter::assign(Parameter&& other, bool is_copy) {
  if (registration_ && other && registration_ != other.registration_) replace_in_owners(other, is_copy);
  Variable::operator=(std::move(other));
  registration_ = std::move(other.registration_);
  return *this;
}

detail::Registration& Parameter::registration(const char* call) const {
  if (!registration_) throw Error("Parameter::", call, ": ", *this, " is not registered in a link");
  return *registration_;
}

void Parameter::disable_update() const {
  detail::Registration& own = registration("disable_update");
  own.is_frozen = is_trainable();
  node_->requires_grad = false;
}

void Parameter::enable_update() const {
  detail::Registration& own = registration("enable_update");
  if (own.is_frozen) node_->requires_grad = is_floating(dtype());
  own.is_frozen = false;
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

}  // namespace tenbin
