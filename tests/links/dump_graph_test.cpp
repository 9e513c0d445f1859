// The graph as Graphviz's text.
#include "tenbin/links/dump_graph.h"

#include "tenbin/core/function.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/functions/math/sum.h"
#include "tenbin/links/linear.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/core/custom_function.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

struct Model : Chain {
  Linear l1 = link("l1", Linear(2, 3));
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("a graph in Graphviz's language") {
  Model model;
  const Variable x(Array{{1.f, 2.f}}, false);
  Variable loss = sum(relu(model.l1(x)));
  loss.set_name("loss");
  CHECK(graph_to_dot(loss, model) ==
        "digraph computation {\n"
        "  rankdir=TB;\n"
        "  v0 [shape=ellipse, label=\"loss\\nfloat32()\"];\n"
        "  f0 [shape=box, label=\"sum\"];\n"
        "  f0 -> v0;\n"
        "  v1 [shape=ellipse, label=\"float32(1, 3)\"];\n"
        "  f1 [shape=box, label=\"relu\"];\n"
        "  f1 -> v1;\n"
        "  v1 -> f0;\n"
        "  v2 [shape=ellipse, label=\"float32(1, 3)\"];\n"
        "  f2 [shape=box, label=\"linear\"];\n"
        "  f2 -> v2;\n"
        "  v2 -> f1;\n"
        "  v3 [shape=ellipse, label=\"float32(1, 2)\"];\n"
        "  v3 -> f2;\n"
        "  v4 [shape=ellipse, label=\"l1/W\\nfloat32(3, 2)\"];\n"
        "  v4 -> f2;\n"
        "  v5 [shape=ellipse, label=\"l1/b\\nfloat32(3)\"];\n"
        "  v5 -> f2;\n"
        "}\n");
  // The names of set_name: a Linear's parameters are W and b.
  CHECK_THAT(graph_to_dot(loss), ContainsSubstring("v4 [shape=ellipse, label=\"W\\nfloat32(3, 2)\"]"));
}

TEST_CASE("a variable that is used twice is drawn once, a leaf has no function, labels are escaped") {
  Variable x(Array{1.0});
  x.set_name("a \"b\" \\ c\nd");
  CHECK(graph_to_dot(x * x) ==
        "digraph computation {\n"
        "  rankdir=TB;\n"
        "  v0 [shape=ellipse, label=\"float64(1)\"];\n"
        "  f0 [shape=box, label=\"mul\"];\n"
        "  f0 -> v0;\n"
        "  v1 [shape=ellipse, label=\"a \\\"b\\\" \\\\ c\\\\x0ad\\nfloat64(1)\"];\n"
        "  v1 -> f0;\n"
        "  v1 -> f0;\n"
        "}\n");
  CHECK(count(graph_to_dot(x), "->") == 0);
  CHECK_THROWS_WITH(graph_to_dot(Variable()), "graph_to_dot: expected a variable, got an empty one");
}

TEST_CASE("both outputs of a function, and a parameter with two paths") {
  const auto split = [](Custom&, const Arrays& xs) { return Arrays{xs[0].copy(), xs[0].copy()}; };
  const auto pass = [](Custom&, const Arrays&, const Arrays& gys) { return Arrays{gys[0]}; };
  Chain model;
  const Parameter w = model.param("w", Array{1.0});
  model.param("tied", w);
  const Variables halves = call("split", {w}, split, pass);
  const std::string text = graph_to_dot(halves[0] + halves[1], model);
  CHECK(count(text, "label=\"split\"") == 1);
  CHECK(count(text, "f1 -> v") == 2);
  CHECK(count(text, "label=\"w = tied\\nfloat64(1)\"") == 1);
}

TEST_CASE("a graph that is deeper than the stack") {
  Variable y(Array{1.0});
  constexpr std::size_t depth = 200000;
  for (std::size_t i = 0; i < depth; ++i) y = relu(y);
  CHECK(count(graph_to_dot(y), "label=\"relu\"") == depth);
}

TEST_CASE("a graph as a file") {
  const ScratchDirectory scratch;
  const Variable y = relu(Variable(Array{1.0}));
  dump_graph(y, scratch / "graph.dot");
  CHECK(read_bytes(scratch / "graph.dot") == graph_to_dot(y));
  Model model;
  dump_graph(y, scratch / "graph.dot", model);
  CHECK(scratch.count() == 1);
  CHECK_THROWS_WITH(dump_graph(y, scratch / "missing/graph.dot"), ContainsSubstring("missing/graph.dot: "));
  CHECK_THROWS_WITH(dump_graph(Variable(), scratch / "new.dot"),
                    "graph_to_dot: expected a variable, got an empty one");
  CHECK(scratch.count() == 1);
}
