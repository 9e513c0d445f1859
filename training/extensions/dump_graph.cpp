#include "tenbin/training/extensions/dump_graph.h"

#include "tenbin/links/dump_graph.h"
#include "tenbin/training/trainer.h"

namespace tenbin {

void DumpGraph::initialize(Trainer& trainer) {
  if (trainer.iteration() != 0) return;
  trainer.updater().on_next_loss([this, &trainer](const Variable& loss) {
    dump_graph(loss, trainer.path_of(file_), trainer.optimizer().target());
    is_written_ = true;
  });
}

void DumpGraph::operator()(Trainer& /*trainer*/) {
  if (!is_written_) throw Error("DumpGraph: the loss function returns no loss, whose graph could be written");
}

}  // namespace tenbin
