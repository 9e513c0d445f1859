#include "tenbin/functions/loss/detail/batch_loss.h"

namespace tenbin::detail {

namespace {

Shard& shard() {
  if (Shard* const current = Shard::current()) return *current;
  throw Error("backward: this loss is that of a shard of a batch, and belongs to the step that computed it");
}

}  // namespace

Arrays BatchLoss::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  const double loss = xs[0].item(), divisor = divisor_.value_or(1);
  double sums[2] = {divisor == 0 ? 0 : divisor * loss, divisor};
  shard().sum("loss of a batch", sums, 2);
  total_ = divisor_ ? sums[1] : 1;
  const double value = total_ == 0 ? 0 : sums[0] / total_;
  return {Array::full(xs[0].shape(), value, xs[0].dtype(), xs[0].device())};
}

Arrays BatchLoss::backward_cpu(const Arrays&, const Arrays& gys) {
  const Array& gy = gys[0];
  double total = gy.item();
  shard().sum("gradient of the loss of a batch", &total, 1);
  const double share = total_ == 0 ? 0 : divisor_.value_or(1) / total_;
  return {Array::full(gy.shape(), total * share, gy.dtype(), gy.device())};
}

}  // namespace tenbin::detail
