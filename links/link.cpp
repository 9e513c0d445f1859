#include "tenbin/links/link.h"

#include <algorithm>
#include <unordered_map>

namespace tenbin {

namespace detail {

namespace {

struct DeepCopyMemo {
  struct CopiedVariable {
    Variable original;  // kept, so that nothing else takes its address
    Variable copy;
  };
  struct CopiedRegistry {
    std::shared_ptr<LinkRegistry> original;
    std::shared_ptr<LinkRegistry> copy;
  };
  std::unordered_map<const Array*, CopiedVariable> variables;  // by the address of the node's data
  std::unordered_map<const LinkRegistry*, CopiedRegistry> registries;
};

thread_local DeepCopyMemo* open_memo = nullptr;

}  // namespace

DeepCopyScope::DeepCopyScope() : outermost_(open_memo == nullptr) {
  if (outermost_) open_memo = new DeepCopyMemo;
}

DeepCopyScope::~DeepCopyScope() {
  if (outermost_) delete std::exchange(open_memo, nullptr);
}

// A copy is remembered as its own copy: it may be copied on within the scope, from one member to the next.
Variable copied(const Variable& variable) {
  if (open_memo == nullptr || !variable) return variable;
  auto& memo = open_memo->variables;
  const auto known = memo.find(&variable.data());
  if (known != memo.end()) return known->second.copy;
  Variable copy(variable.data().copy(), variable.requires_grad());
  if (!variable.name().empty()) copy.set_name(variable.name());
  memo.emplace(&variable.data(), DeepCopyMemo::CopiedVariable{variable, copy});
  memo.emplace(&copy.data(), DeepCopyMemo::CopiedVariable{copy, copy});
  return copy;
}

std::shared_ptr<LinkRegistry> copied(const std::shared_ptr<LinkRegistry>& registry) {
  if (open_memo == nullptr || !registry) return registry;
  auto& memo = open_memo->registries;
  const auto known = memo.find(registry.get());
  if (known != memo.end()) return known->second.copy;
  auto copy = std::make_shared<LinkRegistry>(*registry);
  memo.emplace(registry.get(), DeepCopyMemo::CopiedRegistry{registry, copy});
  memo.emplace(copy.get(), DeepCopyMemo::CopiedRegistry{copy, copy});
  return copy;
}

}  // namespace detail

namespace {

bool is_same(const Variable& a, const Variable& b) { return &a.data() == &b.data(); }

bool has(const std::vector<Parameter>& parameters, const Parameter& parameter) {
  return std::any_of(parameters.begin(), parameters.end(),
                     [&](const Parameter& other) { return is_same(other, parameter); });
}

}  // namespace

Link::Link(std::string kind) : registry_(std::make_shared<detail::LinkRegistry>()) {
  registry_->kind = std::move(kind);
}

const std::string& Link::kind() const { return registry_->kind; }

void Link::require_free(const std::string& name) const {
  if (name.empty() || name.find('/') != std::string::npos)
    throw Error(kind(), ": a name must not be empty or contain '/', got '", name, "'");
  const auto has_name = [&](const auto& entry) { return entry.first == name; };
  if (std::any_of(registry_->params.begin(), registry_->params.end(), has_name) ||
      std::any_of(registry_->children.begin(), registry_->children.end(), has_name))
    throw Error(kind(), ": the name '", name, "' is taken");
}

Parameter Link::param(const std::string& name, Array data, bool requires_grad) {
  Parameter parameter(std::move(data), requires_grad);
  parameter.set_name(name);
  return param(name, parameter);
}

Parameter Link::param(const std::string& name, const Parameter& parameter) {
  require_free(name);
  if (!parameter) throw Error(kind(), ": the parameter '", name, "' is an empty Variable");
  registry_->params.emplace_back(name, parameter);
  return parameter;
}

bool Link::contains(const Link& other) const {
  return registry_ == other.registry_ ||
         std::any_of(registry_->children.begin(), registry_->children.end(),
                     [&](const auto& child) { return child.second.contains(other); });
}

void Link::add_child(const std::string& name, const Link& child) {
  require_free(name);
  if (child.contains(*this)) throw Error(kind(), ": the link '", name, "' contains the link it is put into");
  registry_->children.emplace_back(name, child);
}

std::vector<Parameter> Link::params() const {
  std::vector<Parameter> all;
  visit([&](const Parameter& parameter) {
    if (parameter.requires_grad() && !has(all, parameter)) all.push_back(parameter);
  });
  return all;
}

NamedParameters Link::namedparams() const {
  NamedParameters all;
  visit_named([&](const std::string& path, const Parameter& parameter) {
    if (parameter.requires_grad()) all.emplace_back(path, parameter);
  });
  return all;
}

void Link::cleargrads() const {
  visit([](const Variable& parameter) { Variable(parameter).cleargrad(); });
}

Link& Link::to(Device device) {
  visit([&](const Variable& parameter) {
    if (!parameter.data() || parameter.device() == device) return;
    Variable moved = parameter;
    Array data = moved.data().to(device);
    Array grad = moved.grad().to(device);
    moved.cleargrad();
    moved.set_data(std::move(data));
    moved.set_grad(std::move(grad));
  });
  return *this;
}

std::size_t Link::count_params() const {
  std::size_t count = 0;
  for (const Parameter& parameter : params()) count += parameter.size();
  return count;
}

void Link::copyparams(const Link& other) {
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
  // Where the parameters are that have data: the others join them.
  const auto initialised =
      std::find_if(to.begin(), to.end(), [](const auto& entry) { return static_cast<bool>(entry.second); });
  std::size_t i = 0;
  visit([&](const Variable& parameter) {
    const Array& values = from[i].second;
    Array here = to[i++].second;
    if (here) {
      here.assign(values.astype(here.dtype()).to(here.device()));
    } else if (values) {
      const Device device = initialised == to.end() ? values.device() : initialised->second.device();
      Variable(parameter).set_data(values.copy().to(device));
    }
  });
}

NamedArrays Link::state_arrays() const {
  NamedArrays all;
  visit_named(
      [&](const std::string& path, const Parameter& parameter) { all.emplace_back(path, parameter.data()); });
  return all;
}

void Link::print(std::ostream& out, const std::string& path) const {
  out << path << (path.empty() ? "" : ": ") << kind();
  std::size_t count = 0;
  const char* separator = "  ";
  for (const auto& [name, parameter] : registry_->params) {
    out << std::exchange(separator, ", ") << name << ' ';
    if (!parameter.is_initialized()) {
      out << "uninitialised";
      continue;
    }
    out << parameter.data();
    if (parameter.requires_grad()) count += parameter.size();
  }
  if (!registry_->params.empty()) out << "  " << count;
  out << '\n';
  for (const auto& [name, child] : registry_->children) {
    std::string child_path = path;
    if (!child_path.empty()) child_path += '/';
    child.print(out, child_path += name);
  }
}

std::ostream& operator<<(std::ostream& out, const Link& link) {
  detail::TextStream text;
  link.print(text, "");
  text << "total " << link.count_params();
  return out << text.str();
}

}  // namespace tenbin
