// The graph behind a variable as a drawing, in the language of Graphviz.
#pragma once

#include <string>

#include "tenbin/core/variable.h"

namespace tenbin {

class Link;

/// The functions that have computed a variable, and their inputs and outputs, as text in the language of
/// Graphviz: a box for each function, an ellipse for each variable with its name, dtype and shape. (Chainer:
/// `computational_graph.build_computational_graph(...).dump()`.)
///
/// A variable has the name of `set_name`; with a `model`, its parameters have their paths, `l1/W`. The same
/// graph gives the same text. Variables are numbered backwards from `variable`, which is v0.
///
/// Errors: an empty variable.
///
///     std::cout << graph_to_dot(loss, model);
std::string graph_to_dot(const Variable& variable);
std::string graph_to_dot(const Variable& variable, const Link& model);

/// Writes that text to a file, in one step. Errors: those of `graph_to_dot`; those of the file, which start
/// with its path.
///
///     dump_graph(loss, "graph.dot", model);    // dot -Tsvg graph.dot > graph.svg
void dump_graph(const Variable& variable, const std::string& path);
void dump_graph(const Variable& variable, const std::string& path, const Link& model);

}  // namespace tenbin
