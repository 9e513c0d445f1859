#include "tenbin/training/updater.h"

#include <vector>

#include "tenbin/core/detail/accelerator.h"
#include "tenbin/cuda/captured_step.h"
#include "tenbin/training/checkpoint.h"

namespace tenbin {

namespace detail {

void require_array_count(std::size_t expected, std::size_t got) {
  if (expected != got)
    throw Error("Updater: the loss takes ", expected, expected == 1 ? " array" : " arrays", ", a batch has ",
                got);
}

std::pair<CsrMatrix, Array> sparse_batch(const Arrays& batch) {
  if (batch.size() != CsrParts::count + 1 || !CsrParts::are_in(batch))
    throw Error(
        "Updater: the loss takes a CsrMatrix and an Array, and the batches are not of a SparseDataset");
  return {CsrParts::matrix(batch), batch.back()};
}

}  // namespace detail

namespace {

// The last array of a batch of sparse rows, too, has their number.
std::size_t rows_of(const Arrays& batch) {
  return batch.empty() || batch.back().ndim() == 0 ? 0 : batch.back().shape()[0];
}

}  // namespace

struct Updater::State {
  std::unique_ptr<BatchSource> batches;
  Optimizer* optimizer;
  LossFunction loss;
  UpdaterOptions options;
  std::string prefix;
  std::string loss_key;
  std::int64_t iteration = 0;
  double previous_epoch_detail = 0;

  // With `capture`: what the step reports when its C++ code runs; and what the captured step reports, in the
  // memory of its graph, which a replay writes.
  Observation reported;
  bool has_run = false;
  std::vector<std::pair<std::string, Array>> captured_reports;
  std::unique_ptr<CapturedStep<std::function<Array(const Arrays&)>>> captured_step;

  Arrays next_batch() {
    Arrays batch = batches->next();
    if (options.device)
      for (Array& array : batch) array = array.to(*options.device);
    return batch;
  }

  std::vector<std::function<void(const Variable&)>> loss_visitors;  // empty after they were called

  void show_loss(const Variable& value) {
    if (loss_visitors.empty()) return;
    for (const auto& visit : std::exchange(loss_visitors, {})) visit(value);
  }

  // Errors: the first backward has reached no parameter of the optimizer's model.
  void require_gradients() const {
    if (iteration != 0) return;
    bool has_gradient = false;
    optimizer->target().visit([&](const Parameter& parameter) {
      has_gradient = has_gradient || (parameter.requires_grad() && parameter.grad());
    });
    if (!has_gradient)
      throw Error(
          "Updater: no parameter of the optimizer's model has a gradient after backward: is the loss that of "
          "another model?");
  }

  // Backward of the loss, times `scale`. The gradients are added to those that there are.
  Variable loss_and_gradient(const Arrays& batch, double scale) {
    Variable value = loss(batch);
    if (!value) return value;
    show_loss(value);
    if (scale != 1) value.set_grad(Array::full(value.shape(), scale, value.dtype(), value.device()));
    value.backward();
    return value;
  }

  void plain_step(const Arrays& batch, Observation& observation) {
    const auto rows = static_cast<double>(rows_of(batch));
    const ReportScope scope(observation, prefix, rows);
    Variable value = loss(batch);
    if (!value) return;
    show_loss(value);
    optimizer->target().cleargrads();
    value.backward();
    require_gradients();
    optimizer->update();
    observation.set(loss_key, value.data(), rows);
  }

  void accumulated_step(Observation& observation) {
    std::vector<Arrays> parts;
    double rows = 0;
    do {
      parts.push_back(next_batch());
      rows += static_cast<double>(rows_of(parts.back()));
    } while (parts.size() < options.accumulate && !batches->is_new_epoch());
    optimizer->target().cleargrads();
    detail::Means means;
    for (const Arrays& part : parts) {
      const auto part_rows = static_cast<double>(rows_of(part));
      Observation of_part;
      {
        const ReportScope scope(of_part, prefix, part_rows);
        const Variable value = loss_and_gradient(part, rows == 0 ? 1 : part_rows / rows);
        if (!value) throw Error("Updater: a loss whose gradients are accumulated must return its value");
        of_part.set(loss_key, value.data(), part_rows);
      }
      means.add(of_part);
    }
    require_gradients();
    optimizer->update();
    for (const auto& [key, value] : means.values()) observation.set(key, value, rows);
  }

  void captured_or_plain_step(const Arrays& batch, Observation& observation) {
    if (detail::CsrParts::are_in(batch) && !batch[0].device().is_cpu())
      throw Error(
          "Updater: a step on sparse rows cannot be captured, since the number of their values differs from "
          "batch to batch; leave `capture` out");
    if (!captured_step)
      captured_step =
          std::make_unique<CapturedStep<std::function<Array(const Arrays&)>>>([this](const Arrays& arrays) {
            plain_step(arrays, reported);
            has_run = !accelerator::is_capturing();
            return Array();
          });
    reported.clear();
    has_run = false;
    (*captured_step)(batch);
    const auto rows = static_cast<double>(rows_of(batch));
    reported.for_each([&](const Observation::Entry& entry) {
      if (!entry.on_device && !has_run)
        throw Error("Updater: a captured step cannot report '", entry.key,
                    "' as a number, which a replay would not compute; report an Array");
      if (!entry.on_device) {
        observation.set(entry.key, entry.value, rows);
      } else if (has_run) {
        observation.set(entry.key, entry.on_device, rows);
      } else {
        captured_reports.emplace_back(entry.key, entry.on_device);
      }
    });
    if (has_run) return;
    for (const auto& [key, array] : captured_reports) observation.set(key, array, rows);
  }
};

Updater::Updater(std::unique_ptr<BatchSource> batches, Optimizer& optimizer, LossFunction loss,
                 const UpdaterOptions& options)
    : state_(std::make_unique<State>()) {
  if (options.accumulate == 0) throw Error("Updater: accumulate must be 1 or more, got 0");
  if (options.accumulate > 1 && options.capture)
    throw Error("Updater: accumulated gradients cannot be captured, got accumulate = ", options.accumulate);
  if (batches->repeats_order())
    throw Error(
        "Updater: the minibatches have an .epoch, so that every epoch would have the same order: leave it "
        "out");
  state_->batches = std::move(batches);
  state_->optimizer = &optimizer;
  state_->loss = std::move(loss);
  state_->options = options;
  state_->prefix = options.name + '/';
  state_->loss_key = state_->prefix + "loss";
}

Updater::Updater(Updater&&) noexcept = default;
Updater& Updater::operator=(Updater&&) noexcept = default;
Updater::~Updater() = default;

void Updater::on_next_loss(std::function<void(const Variable& loss)> visit) {
  state_->loss_visitors.push_back(std::move(visit));
}

void Updater::update(Observation& observation) {
  State& state = *state_;
  state.previous_epoch_detail = epoch_detail();
  if (state.options.accumulate > 1) {
    state.accumulated_step(observation);
  } else if (state.options.capture) {
    state.captured_or_plain_step(state.next_batch(), observation);
  } else {
    state.plain_step(state.next_batch(), observation);
  }
  ++state.iteration;
  if (is_new_epoch()) state.optimizer->new_epoch();
}

std::int64_t Updater::iteration() const { return state_->iteration; }
std::int64_t Updater::epoch() const { return state_->batches->epoch(); }
double Updater::epoch_detail() const { return state_->batches->epoch_detail(); }
double Updater::previous_epoch_detail() const { return state_->previous_epoch_detail; }
bool Updater::is_new_epoch() const { return state_->batches->is_new_epoch(); }
Optimizer& Updater::optimizer() const { return *state_->optimizer; }
const std::string& Updater::name() const { return state_->options.name; }

void Updater::serialize(Checkpoint& state) {
  state.add("batches", *state_->batches)
      .add("iteration", state_->iteration)
      .add("previous_epoch_detail", state_->previous_epoch_detail);
}

}  // namespace tenbin
