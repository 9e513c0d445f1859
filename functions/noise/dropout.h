// Dropout, as a function.
#pragma once

#include "tenbin/core/function.h"
#include "tenbin/core/random.h"

namespace tenbin {

class DropoutFunction : public Function {
 public:
  /// Errors: ratio outside [0, 1).
  explicit DropoutFunction(double ratio);

  std::string name() const override { return "dropout"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  // The kept elements of x, scaled, and 0 for the others.
  Array mask_cpu(const Array& x) const;
  Array mask_gpu(const Array& x) const;

  double ratio_;
  std::uint32_t threshold_;                      // a word of the draw below it drops its element
  random::Draw draw_;                            // the mask itself is not stored: backward draws it again
  const random::Draw* recorded_draw_ = nullptr;  // in a captured step: on the device, another one per replay
};

/// Dropout: in training sets each element to 0 with probability `ratio`, independently, and multiplies the
/// others by 1 / (1 - ratio), so that the expected value is x; under TestMode returns x itself (Srivastava et
/// al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15, 2014; Chainer:
/// `F.dropout`).
///
/// The mask comes from `random::default_generator()`, one word per element whatever the dtype and the ratio:
/// after `random::seed(s)` it is the same in every run and on every device.
///
/// x: any shape, float32 or float64; y: the same. A dropped NaN or infinity becomes 0.
///
/// Errors: ratio outside [0, 1), also under TestMode.
///
///     Variable h = dropout(relu(l1(x)), 0.2);
Variable dropout(const Variable& x, double ratio = 0.5);

}  // namespace tenbin
