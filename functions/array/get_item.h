// Entries and slices of axes, with the rules of Python.
#pragma once

#include <optional>
#include <type_traits>
#include <variant>

#include "tenbin/core/function.h"
#include "tenbin/core/lines.h"

namespace tenbin {

/// A part of an axis, as `start:stop:step` in Python: negative numbers count from the end, and what lies
/// outside the axis is left out. `std::nullopt` leaves a number out.
///
///     Slice()                             // :
///     Slice(1, 3)                         // 1:3
///     Slice(2, std::nullopt)              // 2:
///     Slice(std::nullopt, std::nullopt, -1)   // ::-1
class Slice {
 public:
  Slice() = default;
  Slice(std::optional<std::int64_t> start, std::optional<std::int64_t> stop, std::int64_t step = 1)
      : start_(start), stop_(stop), step_(step) {}
  /// The whole axis.
  static Slice all() { return {}; }

  /// The entries of an axis of this length.
  struct Entries {
    std::size_t first;
    std::size_t count;
    std::int64_t step;
  };
  /// Errors: a step of 0.
  Entries of(std::size_t length) const;

 private:
  std::optional<std::int64_t> start_;
  std::optional<std::int64_t> stop_;
  std::int64_t step_ = 1;
};

/// In `get_item`: all axes that the other indices leave.
struct Ellipsis {};
inline constexpr Ellipsis ellipsis{};

/// In `get_item`: a new axis of length 1.
struct NewAxis {};
inline constexpr NewAxis newaxis{};

class GetItem : public Function {
 public:
  /// An entry of an axis, which removes the axis; a Slice; `ellipsis`; `newaxis`.
  class Index {
   public:
    template <class Int, class = std::enable_if_t<std::is_integral_v<Int>>>
    Index(Int entry) : value_(static_cast<std::int64_t>(entry)) {}  // NOLINT(google-explicit-constructor)
    Index(const Slice& slice) : value_(slice) {}                    // NOLINT(google-explicit-constructor)
    Index(Ellipsis value) : value_(value) {}                        // NOLINT(google-explicit-constructor)
    Index(NewAxis value) : value_(value) {}                         // NOLINT(google-explicit-constructor)

   private:
    friend class GetItem;
    std::variant<std::int64_t, Slice, Ellipsis, NewAxis> value_;
  };
  using Indices = SmallVector<Index, 4>;

  explicit GetItem(Indices indices) : indices_(std::move(indices)) {}
  std::string name() const override { return "get_item"; }
  void check(const Arrays& xs) const override { view_of(xs[0]); }
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  View view_of(const Array& x) const;

  Indices indices_;
  View view_;
  Shape x_shape_;
};

/// Entries and slices of the axes of x, from the first axis on; axes without an index stay as they are. An
/// entry that is not picked has the gradient 0. (Chainer: `F.get_item`. Rows by an array of indices:
/// `get_rows`.)
///
/// x: any dtype; y: the same, an axis less for each integer. Adjacent elements are not copied: y then shares
/// the memory of x.
///
/// Errors: more indices than axes, two ellipses, an integer that is out of range, a step of 0.
///
///     get_item(x, {Slice(1, 3), Slice::all(), 2});        // Python: x[1:3, :, 2]
///     get_item(x, {ellipsis, Slice(std::nullopt, std::nullopt, -1)});     // x[..., ::-1]
inline Variable get_item(const Variable& x, std::initializer_list<GetItem::Index> indices) {
  return apply<GetItem>({x}, GetItem::Indices(indices));
}

}  // namespace tenbin
