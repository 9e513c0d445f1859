// DumpGraph: the graph of the training loss as a drawing.
#pragma once

#include <string>

#include "tenbin/training/extension.h"

namespace tenbin {

/// Writes the graph behind the loss of the first training step to a file in the trainer's directory, in the
/// language of Graphviz, with the paths of the parameters; see `dump_graph`. (Chainer: `DumpGraph`.)
///
///     trainer.extend(DumpGraph());    // dot -Tsvg result/graph.dot > graph.svg
///
/// It is written before backward, so also if the first step fails there. A resumed run does not write it
/// again. Errors: a loss that returns nothing.
class DumpGraph : public Extension {
 public:
  explicit DumpGraph(std::string file = "graph.dot") : file_(std::move(file)) {}
  std::string name() const override { return "DumpGraph"; }
  bool only_writes() const override { return true; }
  void operator()(Trainer& trainer) override;
  Trigger default_trigger() const override { return Once(); }
  void initialize(Trainer& trainer) override;

 private:
  std::string file_;
  bool is_written_ = false;
};

}  // namespace tenbin
