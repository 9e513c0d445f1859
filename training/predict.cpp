#include "tenbin/training/predict.h"

#include <algorithm>

#include "tenbin/core/config.h"

namespace tenbin {

namespace {

Shape with_rows(Shape shape, std::size_t rows) {
  shape[0] = rows;
  return shape;
}

}  // namespace

Array detail::predict(std::size_t rows, const std::function<Array(std::size_t, std::size_t)>& outputs,
                      const PredictOptions& options) {
  const std::size_t batch_size = options.batch_size;
  if (batch_size == 0) throw Error("predict: expected a batch_size above 0, got 0");
  const NoBackprop no_backprop;
  const TestMode test_mode;
  Array result;
  std::size_t begin = 0;
  do {
    const std::size_t end = begin + std::min(batch_size, rows - begin);
    const Array y = outputs(begin, end);
    if (!y || y.ndim() == 0 || y.shape()[0] != end - begin)
      throw Error("predict: expected ", end - begin, " rows from the model, got ", y);
    if (!result) result = Array::empty(with_rows(y.shape(), rows), y.dtype(), y.device());
    Array part = result.slice(begin, end);
    if (y.shape() != part.shape() || y.dtype() != part.dtype())
      throw Error("predict: expected ", part, " from the model, as in the first batch, got ", y);
    part.assign(y);
    begin = end;
  } while (begin < rows);
  return result;
}

Array predict(const ModelFunction& model, const Array& x, const PredictOptions& options) {
  if (!x || x.ndim() == 0) throw Error("predict: expected rows (N, ...), got ", x);
  const auto outputs = [&](std::size_t begin, std::size_t end) { return model(x.slice(begin, end)); };
  return detail::predict(x.shape()[0], outputs, options);
}

}  // namespace tenbin
