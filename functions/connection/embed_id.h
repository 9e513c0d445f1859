// A table of vectors, looked up by id.
#pragma once

#include <optional>

#include "tenbin/core/function.h"

namespace tenbin {

class EmbedIDFunction : public Function {
 public:
  explicit EmbedIDFunction(std::optional<std::int64_t> ignore_label) : ignore_label_(ignore_label) {}
  std::string name() const override { return "embed_id"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  // The error on both devices: at once on the CPU, at the next read on a GPU.
  [[noreturn]] static void out_of_range(std::int64_t id, std::int64_t position, std::size_t rows);

  std::optional<std::int64_t> ignore_label_;
  Shape W_shape_;
  Array rows_;  // int64: the ids, and for ignored ones a row that W does not have
};

/// The rows of W with the given ids, y[i, ...] = W[x[i, ...]]. An id that occurs several times gets the sum
/// of the gradients. An id equal to `ignore_label` gives zeros, and no gradient. (Chainer: `F.embed_id`. With
/// negative indices, which count from the end: `get_rows`.)
///
/// x: any shape, int32 or int64; W: (rows, D), float32 or float64; y: the shape of x followed by D.
///
/// Errors: an id outside [0, rows) that is not `ignore_label`, naming its position, its value and the number
/// of rows; for ids on a GPU it is thrown by the next read from the device.
///
///     Variable vectors = embed_id(Array{3, 0, 3}, W);     // float32(10, 4) to float32(3, 4)
inline Variable embed_id(const Variable& x, const Variable& W,
                         std::optional<std::int64_t> ignore_label = std::nullopt) {
  return apply<EmbedIDFunction>({x, W}, ignore_label);
}

}  // namespace tenbin
