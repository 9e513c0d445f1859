#include "tenbin/resampling/detail/screen.h"

#include <limits>

#include "tenbin/cpu/parallel.h"

namespace tenbin::detail {

namespace {

// Eight floats in a register; without AVX the compiler uses two registers.
constexpr std::size_t lanes = 8;
using Lanes [[gnu::vector_size(lanes * sizeof(float)), gnu::aligned(alignof(float)), gnu::may_alias]] = float;
using Mask [[gnu::vector_size(lanes * sizeof(float))]] = std::int32_t;

const Lanes& load(const float* p) { return *reinterpret_cast<const Lanes*>(p); }

// The bounds of one row: one register for each third of the panel.
struct BoundsOfRow {
  Lanes l0, l1, l2;

  BoundsOfRow(float half_norm, const float* half_norms)
      : l0(load(half_norms) + half_norm),
        l1(load(half_norms + lanes) + half_norm),
        l2(load(half_norms + 2 * lanes) + half_norm) {}

  void subtract_product(float a, const Lanes& b0, const Lanes& b1, const Lanes& b2) {
    l0 -= a * b0;
    l1 -= a * b1;
    l2 -= a * b2;
  }

  void mark_near(float reach_a, const float* reach_b, Mask& near) const {
    near |= (l0 <= reach_a) | (l0 <= load(reach_b));
    near |= (l1 <= reach_a) | (l1 <= load(reach_b + lanes));
    near |= (l2 <= reach_a) | (l2 <= load(reach_b + 2 * lanes));
  }

  void store(float* out) const {
    reinterpret_cast<Lanes&>(out[0]) = l0;
    reinterpret_cast<Lanes&>(out[lanes]) = l1;
    reinterpret_cast<Lanes&>(out[2 * lanes]) = l2;
  }
};

bool any(const Mask& mask) {
  std::int32_t all = 0;
  for (std::size_t l = 0; l < lanes; ++l) all |= mask[l];
  return all != 0;
}

}  // namespace

Panels::Panels(const Array& x, const std::vector<std::size_t>& rows, const Frame& frame)
    : count_((rows.size() + panel_rows - 1) / panel_rows),
      columns_(frame.center.size()),
      values_(Array::empty({count_, columns_, panel_rows})),
      half_norms_(Array::empty({count_, panel_rows})) {
  visit_floating(x.dtype(), [&](auto zero) { pack(x.data<decltype(zero)>(), rows, frame); });
}

template <class T>
void Panels::pack(const T* x, const std::vector<std::size_t>& rows, const Frame& frame) {
  // With eps = 2^-24, each of n subtractions rounds by up to eps (|a|^2 + |b|^2), and the values, norms and
  // products before them by less than 4 times that: the error of the bound is below (n + 4) eps (|a|^2 +
  // |b|^2). Reducing the norms subtracts (n + 16) eps (|a|^2 + |b|^2).
  const double n = static_cast<double>(columns_);
  const double shrink = 1 - (n + 16) * 0x1p-23;
  const double underflow = n * 1e-36;  // underflow of values below float32's smallest
  float* const values = values_.data<float>();
  float* const half_norms = half_norms_.data<float>();
  tenbin::parallel_for(count_, [&](std::size_t panel) {
    for (std::size_t r = 0; r < panel_rows; ++r) {
      const std::size_t position = panel * panel_rows + r;
      float* const out = values + panel * columns_ * panel_rows + r;
      double norm = 0;
      for (std::size_t c = 0; c < columns_; ++c) {
        const double value =
            position < rows.size()
                ? (static_cast<double>(x[rows[position] * columns_ + c]) - frame.center[c]) * frame.scale
                : 0;
        out[c * panel_rows] = static_cast<float>(value);
        norm += value * value;
      }
      half_norms[position] = position < rows.size() ? static_cast<float>(norm / 2 * shrink - underflow)
                                                    : std::numeric_limits<float>::infinity();
    }
  });
}

bool screen(const Panels& a, std::size_t i, std::size_t first, const Panels& b, std::size_t j,
            const float* reach_a, const float* reach_b, Bounds& bounds) {
  const float* pa = a.values(i) + first;
  const float* pb = b.values(j);
  const float* const norm_a = a.half_norms(i) + first;
  const float* const norm_b = b.half_norms(j);
  BoundsOfRow r0(norm_a[0], norm_b), r1(norm_a[1], norm_b), r2(norm_a[2], norm_b), r3(norm_a[3], norm_b);
  for (std::size_t c = a.columns(); c > 0; --c, pa += panel_rows, pb += panel_rows) {
    const Lanes b0 = load(pb), b1 = load(pb + lanes), b2 = load(pb + 2 * lanes);
    r0.subtract_product(pa[0], b0, b1, b2);
    r1.subtract_product(pa[1], b0, b1, b2);
    r2.subtract_product(pa[2], b0, b1, b2);
    r3.subtract_product(pa[3], b0, b1, b2);
  }
  Mask near = {};
  r0.mark_near(reach_a[0], reach_b, near);
  r1.mark_near(reach_a[1], reach_b, near);
  r2.mark_near(reach_a[2], reach_b, near);
  r3.mark_near(reach_a[3], reach_b, near);
  if (!any(near)) return false;
  r0.store(bounds.values[0]);
  r1.store(bounds.values[1]);
  r2.store(bounds.values[2]);
  r3.store(bounds.values[3]);
  return true;
}

}  // namespace tenbin::detail
