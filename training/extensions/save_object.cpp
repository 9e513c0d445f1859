#include "tenbin/training/extensions/save_object.h"

#include "tenbin/training/trainer.h"

namespace tenbin {

namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

}  // namespace

void SaveObject::operator()(Trainer& trainer) {
  const std::string file = replaced(replaced(file_, "{iteration}", std::to_string(trainer.iteration())),
                                    "{epoch}", std::to_string(trainer.epoch()));
  save_(trainer.path_of(file));
}

}  // namespace tenbin
