// predict: the outputs of a model for many rows, in batches.
#pragma once

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

#include "tenbin/core/csr_matrix.h"
#include "tenbin/core/variable.h"

namespace tenbin {

struct PredictOptions {
  std::size_t batch_size = 1024;
};

/// A link, or any function of the rows of x, an Array or a Variable, that returns an Array or a Variable with
/// as many rows.
class ModelFunction {
 public:
  template <class Model, class = std::enable_if_t<!std::is_same_v<std::decay_t<Model>, ModelFunction>>>
  ModelFunction(Model model)  // NOLINT(google-explicit-constructor)
      : outputs_([model = std::move(model)](const Array& rows) mutable -> Array {
          const auto y = [&] {
            if constexpr (std::is_invocable_v<Model&, const Variable&>) {
              return model(Variable(rows, false));
            } else {
              return model(rows);
            }
          }();
          if constexpr (std::is_convertible_v<decltype(y), Array>) {
            return y;
          } else {
            return y.data();
          }
        }) {}

  Array operator()(const Array& rows) const { return outputs_(rows); }

 private:
  std::function<Array(const Array&)> outputs_;
};

/// The outputs of `model` for the rows of x (N, ...), an Array (N, ...) on the model's device: calls it with
/// up to `batch_size` rows at once, in TestMode and without a graph. `model` is a link or any callable that
/// takes a Variable or an Array of rows and returns a Variable or an Array with as many rows. For N = 0, the
/// model is called once with no rows.
///
/// The batch size does not change the bits if the model computes each row by itself. Matrix products may
/// round the last bit of a row differently for another number of rows.
///
/// Errors: a batch_size of 0; x without axes; an output of another number of rows, or whose rows differ in
/// shape or dtype from those of the first batch; those of the model.
///
///     const Array scores = predict(model, test.x);
///     const auto probabilities = [&](const Variable& x) { return softmax(model(x)); };
///     const Array p = predict(probabilities, test.x, {.batch_size = 256});
Array predict(const ModelFunction& model, const Array& x, const PredictOptions& options = {});

namespace detail {

// `outputs(begin, end)` of all rows, batch by batch.
Array predict(std::size_t rows, const std::function<Array(std::size_t, std::size_t)>& outputs,
              const PredictOptions& options);

inline const Array& array_of(const Array& y) { return y; }
inline const Array& array_of(const Variable& y) { return y.data(); }

}  // namespace detail

/// The same for sparse rows: `model` is a link that takes them or any callable that takes a CsrMatrix.
///
///     const Array scores = predict(model, test.x);
template <class Model, class = std::enable_if_t<std::is_invocable_v<const Model&, const CsrMatrix&>>>
Array predict(const Model& model, const CsrMatrix& x, const PredictOptions& options = {}) {
  if (!x) throw Error("predict: expected rows, got an empty CsrMatrix");
  const auto outputs = [&](std::size_t begin, std::size_t end) {
    return Array(detail::array_of(model(x.slice(begin, end))));
  };
  return detail::predict(x.shape()[0], outputs, options);
}

}  // namespace tenbin
