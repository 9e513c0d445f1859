#include "tenbin/training/extensions/keep_best.h"

#include <cmath>

#include "tenbin/core/text.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/training/checkpoint.h"
#include "tenbin/training/trainer.h"

namespace tenbin {

namespace detail {

void KeptModel::keep() {
  NamedArrays kept;
  for (const auto& [path, array] : model_.state_arrays())
    kept.emplace_back(path, array.device().is_cpu() ? array.copy() : array.to(Device::cpu()));
  values_ = std::move(kept);
}

// By way of another link, since a link knows what depends on its parameters.
void KeptModel::restore() {
  const Link kept = copy(model_);
  NamedArrays arrays = kept.state_arrays();
  if (arrays.size() != values_.size())
    throw Error("KeepBest: the best model has ", values_.size(), " arrays, the model has ", arrays.size(),
                " now: it was changed");
  for (std::size_t i = 0; i < arrays.size(); ++i)
    arrays[i].second.assign(values_[i].second.to(arrays[i].second.device()));
  model_.copyparams(kept);
}

std::function<void()> KeptModel::prepare_load(StateReader& reader) {
  NamedArrays loaded;
  std::string missing;
  for (const auto& [path, array] : model_.state_arrays()) {
    Array values = reader.read_if_there(path);
    if (!values) {
      missing = path;
      continue;
    }
    if (array) reader.require_like(path, array, values);
    loaded.emplace_back(path, std::move(values));
  }
  if (!missing.empty() && !loaded.empty()) reader.fail(missing, "the best model has no such parameter");
  return [this, loaded = std::move(loaded)]() mutable { values_ = std::move(loaded); };
}

}  // namespace detail

KeepBest::KeepBest(const Link& model, std::string key, KeepBestOptions options)
    : options_(std::move(options)),
      kept_(model),
      best_(key, detail::better_value("KeepBest", key, options_.mode), options_.check) {}

void KeepBest::operator()(Trainer& trainer) {
  if (!best_.observe(trainer) || !best_.improve()) return;
  iteration_ = trainer.iteration();
  kept_.keep();
  if (!options_.file.empty() && trainer.is_first()) save_npz(trainer.path_of(options_.file), kept_.values());
}

void KeepBest::finalize(Trainer& trainer) {
  if (options_.restore && !trainer.has_failed() && !kept_.is_empty()) kept_.restore();
}

void KeepBest::serialize(Checkpoint& state) {
  state.section("best", best_);
  state.add("iteration", iteration_).add("model", kept_);
}

EarlyStopping::EarlyStopping(std::string monitor, EarlyStoppingOptions options)
    : restore_best_(options.restore_best),
      patience_(options.patience),
      trigger_(
          std::move(monitor), [](const Trainer&) { return false; }, std::move(options)) {}

void EarlyStopping::prepare(Trainer& trainer) {
  if (restore_best_ && !best_) best_.emplace(trainer.optimizer().target());
}

void EarlyStopping::initialize(Trainer& trainer) { stop_if_exhausted(trainer); }

void EarlyStopping::operator()(Trainer& trainer) {
  trigger_(trainer);
  if (best_ && trigger_.has_improved()) best_->keep();
  stop_if_exhausted(trainer);
}

void EarlyStopping::stop_if_exhausted(Trainer& trainer) {
  if (!trigger_.is_exhausted()) return;
  const detail::BestValue& value = trigger_.value();
  trainer.stop(
      std::isnan(value.best())
          ? detail::text_of("EarlyStopping: ", value.key(), " has been nan for ", patience_, " checks")
          : detail::text_of("EarlyStopping: ", value.key(), " has not improved on ", value.best(), " for ",
                            patience_, " checks"));
}

void EarlyStopping::finalize(Trainer& trainer) {
  if (best_ && !trainer.has_failed() && !best_->is_empty()) best_->restore();
}

void EarlyStopping::serialize(Checkpoint& state) {
  state.section("trigger", trigger_);
  if (best_) state.add("model", *best_);
}

}  // namespace tenbin
