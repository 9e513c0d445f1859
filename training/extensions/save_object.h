// SaveObject, which saves a model or another object: Chainer's snapshot_object.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "tenbin/links/link.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/training/extension.h"

namespace tenbin {

/// Saves an object to a file of the trainer's directory whenever its trigger fires: every epoch by default.
/// (Chainer: `snapshot_object`.) `{iteration}` and `{epoch}` in the file name become these numbers.
///
///     trainer.extend(SaveObject(model, "model_{epoch}.npz"), {.trigger = AtEpochs({10, 20})});
///     trainer.extend(SaveObject(model, "best.npz"), {.trigger = MaxValue("validation/main/ap")});
///
/// object: a Link, of which a handle is kept, or a reference to an object that `save_npz` can save and that
/// outlives the trainer.
class SaveObject : public Extension {
 public:
  SaveObject(const Link& link, std::string file)
      : SaveObject([link](const std::string& path) { save_npz(path, link); }, std::move(file)) {}
  template <class Object,
            class = std::enable_if_t<detail::IsState<Object>::value && !std::is_base_of_v<Link, Object>>>
  SaveObject(Object& object, std::string file)
      : SaveObject([&object](const std::string& path) { save_npz(path, object); }, std::move(file)) {}

  std::string name() const override { return "SaveObject"; }
  bool only_writes() const override { return true; }
  void operator()(Trainer& trainer) override;

 private:
  SaveObject(std::function<void(const std::string& path)> save, std::string file)
      : save_(std::move(save)), file_(std::move(file)) {}

  std::function<void(const std::string& path)> save_;
  std::string file_;
};

}  // namespace tenbin
