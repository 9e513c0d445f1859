// Walks the graph with lists, not by recursion: a graph may be deeper than the stack.
#include "tenbin/links/dump_graph.h"

#include <unordered_map>
#include <vector>

#include "tenbin/core/file.h"
#include "tenbin/core/function.h"
#include "tenbin/core/text.h"
#include "tenbin/links/link.h"

namespace tenbin {

namespace {

using Names = std::unordered_map<const void*, std::string>;

// The paths of the parameters; a shared parameter has all of its paths.
Names names_in(const Link& model) {
  Names names;
  model.visit_named([&](const std::string& path, const Parameter& parameter) {
    std::string& name = names[parameter.id()];
    name += (name.empty() ? "" : " = ") + path;
  });
  return names;
}

// A text between quotation marks. A name's own control characters are escaped by `printable`, so that a line
// break is one of this file.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + '"';
}

class Dot {
 public:
  Dot(const Variable& variable, Names names) : names_(std::move(names)) {
    text_ << "digraph computation {\n  rankdir=TB;\n";
    add_variable(variable);
    for (std::size_t i = 0; i < functions_.size(); ++i) add_inputs(i);
    text_ << "}\n";
  }

  std::string text() const { return text_.str(); }

 private:
  std::size_t add_variable(const Variable& variable) {
    const auto [found, is_new] = variables_.emplace(variable.id(), variables_.size());
    const std::size_t index = found->second;
    if (!is_new) return index;
    text_ << "  v" << index << " [shape=ellipse, label=" << quoted(label(variable)) << "];\n";
    if (Function* const creator = variable.creator()) {
      const std::size_t function = add_function(*creator);
      text_ << "  f" << function << " -> v" << index << ";\n";
    }
    return index;
  }

  std::size_t add_function(Function& function) {
    const auto [found, is_new] = function_indices_.emplace(&function, functions_.size());
    if (is_new) {
      functions_.push_back(&function);
      text_ << "  f" << found->second << " [shape=box, label=" << quoted(printable(function.name()))
            << "];\n";
    }
    return found->second;
  }

  void add_inputs(std::size_t function) {
    for (const Variable& input : functions_[function]->inputs()) {
      const std::size_t index = add_variable(input);
      text_ << "  v" << index << " -> f" << function << ";\n";
    }
  }

  std::string label(const Variable& variable) const {
    const auto found = names_.find(variable.id());
    const std::string& name = found != names_.end() ? found->second : variable.name();
    return (name.empty() ? "" : printable(name) + '\n') + detail::text_of(variable.dtype(), variable.shape());
  }

  Names names_;
  detail::TextStream text_;
  std::unordered_map<const void*, std::size_t> variables_;
  std::unordered_map<const Function*, std::size_t> function_indices_;
  std::vector<Function*> functions_;  // by index; those whose inputs are still to be added are at the end
};

std::string dot_of(const Variable& variable, Names names) {
  if (!variable) throw Error("graph_to_dot: expected a variable, got an empty one");
  return Dot(variable, std::move(names)).text();
}

}  // namespace

std::string graph_to_dot(const Variable& variable) { return dot_of(variable, {}); }

std::string graph_to_dot(const Variable& variable, const Link& model) {
  return dot_of(variable, names_in(model));
}

void dump_graph(const Variable& variable, const std::string& path) {
  write_file(path, graph_to_dot(variable));
}

void dump_graph(const Variable& variable, const std::string& path, const Link& model) {
  write_file(path, graph_to_dot(variable, model));
}

}  // namespace tenbin
