// The bodies of ElementwiseRule and ElementwiseHook, for .cpp files that are compiled twice
// (functions/detail/back_end.h). Internal.
#pragma once

#include <type_traits>

#include "tenbin/core/without_cuda.h"
#include "tenbin/functions/detail/back_end.h"
#include "tenbin/optimizers/elementwise_rule.h"
#include "tenbin/optimizers/optimizer_hooks.h"

#ifdef TENBIN_KERNELS
#include "tenbin/cuda/update.cuh"
#define TENBIN_UPDATE update_gpu
#define TENBIN_RUN run_gpu
#else
#include "tenbin/cpu/update.h"
#define TENBIN_UPDATE update_cpu
#define TENBIN_RUN run_cpu
#endif

namespace tenbin {

// A captured step calls this before every replay, so it reads `t()` instead of the argument.
template <class Rule>
void ElementwiseRule<Rule>::TENBIN_UPDATE(FlatParameters& p, std::int64_t) {
  visit_floating(p.data.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto& rule = static_cast<const Rule&>(*this);
    const auto step = back_end::step_value([&rule] { return rule.template step<T>(rule.t() + 1); });
    using Step = decltype(rule.template step<T>(1));
    const std::size_t states = p.states.size();
    if constexpr (std::is_invocable_v<Step, T&, T&>)
      if (states == 0) back_end::update_each<T>(step, p.data, p.grad);
    if constexpr (std::is_invocable_v<Step, T&, T&, T&>)
      if (states == 1) back_end::update_each<T>(step, p.data, p.grad, p.states[0]);
    if constexpr (std::is_invocable_v<Step, T&, T&, T&, T&>)
      if (states == 2) back_end::update_each<T>(step, p.data, p.grad, p.states[0], p.states[1]);
    if constexpr (std::is_invocable_v<Step, T&, T&, T&, T&, T&>)
      if (states == 3) back_end::update_each<T>(step, p.data, p.grad, p.states[0], p.states[1], p.states[2]);
  });
}

template <class Hook>
void ElementwiseHook<Hook>::TENBIN_RUN(FlatParameters& p) {
  visit_floating(p.grad.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto& hook = static_cast<const Hook&>(*this);
    const auto step = back_end::step_value([&hook] { return hook.template step<T>(); });
    if constexpr (std::is_invocable_v<decltype(hook.template step<T>()), T&, T&>) {
      back_end::update_each<T>(step, p.grad, p.data);
    } else {
      back_end::update_each<T>(step, p.grad);
    }
  });
}

TENBIN_WITHOUT_CUDA(
    template <class Rule>
    void ElementwiseRule<Rule>::update_gpu(FlatParameters&, std::int64_t) { detail::no_cuda(name()); }

    template <class Hook>
    void ElementwiseHook<Hook>::run_gpu(FlatParameters&) { detail::no_cuda(name()); })

}  // namespace tenbin
