#include "tenbin/tests/function_test.h"

#include <cstdlib>
#include <cstring>
#include <limits>

#include "tenbin/core/config.h"
#include "tenbin/cuda/runtime.h"
#include "tenbin/functions/gradient_check.h"
#include "tenbin/tests/gpu_tag.h"
#include "tenbin/tests/schedules.h"

namespace tenbin::testing {

std::vector<Device> devices() {
  if (!has_gpu_tag()) FAIL("this case computes on every device: give it the tag [gpu]");
  std::vector<Device> all{Device::cpu()};
  if (gpu::is_available()) {
    all.push_back(Device::cuda(0));
  } else if (const char* required = std::getenv("TENBIN_REQUIRE_GPU");
             required != nullptr && *required == '1') {
    FAIL("TENBIN_REQUIRE_GPU=1, and there is no GPU");
  }
  return all;
}

void on_every_device(const std::function<void(Device)>& test) {
  for (const Device device : devices()) {
    for (std::size_t schedule = 0; schedule < schedule_count(device); ++schedule) {
      CAPTURE(device, schedule);
      set_schedule(schedule);
      test(device);
    }
  }
  set_schedule(0);
}

Array uniform(const Shape& shape, double low, double high) {
  static random::Generator generator(20240607);
  return generator.uniform(shape, low, high, Dtype::float64);
}

void check_close(const std::vector<double>& actual, const std::vector<double>& expected, double atol,
                 double rtol) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const bool equal = actual[i] == expected[i] || (std::isnan(actual[i]) && std::isnan(expected[i]));
    const bool close = std::abs(actual[i] - expected[i]) <= atol + rtol * std::abs(expected[i]);
    if (equal || close) continue;
    CAPTURE(i, actual[i], expected[i], atol, rtol);
    FAIL_CHECK("values differ");
  }
  SUCCEED();
}

namespace {

Array cast(const Array& array, Dtype dtype) {
  return is_floating(array.dtype()) ? array.astype(dtype) : array;
}

// Also of NaN.
bool same_bits(const Array& a, const Array& b) {
  const Array host_a = a.to(Device::cpu());
  const Array host_b = b.to(Device::cpu());
  return a.nbytes() == b.nbytes() &&
         (a.nbytes() == 0 || std::memcmp(host_a.raw_data(), host_b.raw_data(), a.nbytes()) == 0);
}

// Leaves for the inputs, each with its own memory.
Variables leaves(const Arrays& inputs, Dtype dtype, Device device) {
  Variables xs;
  for (const Array& input : inputs) xs.push_back(Variable(cast(input, dtype).copy().to(device)));
  return xs;
}

void check_on(const FunctionTest& test, Device device, Dtype dtype) {
  const double epsilon = dtype == Dtype::float32 ? 2e-6 : 0;
  const double atol = test.atol + epsilon * 2;
  const double rtol = test.rtol + epsilon * 5;

  const Variables xs = leaves(test.inputs, dtype, device);
  Arrays before;
  for (const Variable& x : xs) before.push_back(x.data().copy());

  random::seed(1);
  Variable y = test.forward(xs);
  REQUIRE(y.dtype() == dtype);
  REQUIRE(y.device() == device);
  if (test.expected) {
    Arrays seen;  // the inputs of the function, rounded to its dtype
    for (const Array& array : before) seen.push_back(cast(array.to(Device::cpu()), Dtype::float64));
    check_close(values(y.data()), test.expected(seen), atol, rtol);
  }

  const Array gy = cast(uniform(y.shape()), dtype).to(device);  // not ones: symmetric gradients hide errors
  y.set_grad(gy);
  y.backward();
  for (std::size_t i = 0; i < xs.size(); ++i) {
    INFO("input " << i);
    CHECK(values(xs[i].data()) == values(before[i]));
    if (!xs[i].requires_grad()) {
      CHECK_FALSE(xs[i].grad());
      continue;
    }
    REQUIRE(xs[i].grad());
  }

  {
    INFO("backward against central differences");
    Arrays inputs;
    for (const Array& input : test.inputs) inputs.push_back(input.to(device));
    random::seed(1);
    CHECK_NOTHROW(check_gradients(
        test.forward, inputs,
        {.atol = test.atol, .rtol = test.rtol, .dtype = dtype, .reference_device = Device::cpu()}));
  }

  for (std::size_t schedule = 0; schedule < schedule_count(device); ++schedule) {
    INFO("repeated, it gives the same bits; schedule " << schedule);
    set_schedule(schedule);
    const Variables again = leaves(test.inputs, dtype, device);
    random::seed(1);
    Variable z = test.forward(again);
    CHECK(same_bits(z.data(), y.data()));
    z.set_grad(gy);
    z.backward();
    for (std::size_t i = 0; i < xs.size(); ++i)
      if (xs[i].grad()) CHECK(same_bits(again[i].grad(), xs[i].grad()));
  }
  set_schedule(0);
  {
    INFO("under NoBackprop nothing is recorded");
    const NoBackprop off;
    const Variable z = test.forward(xs);
    CHECK(z.creator() == nullptr);
    CHECK_FALSE(z.requires_grad());
  }
}

void check_empty_batch(const FunctionTest& test, Device device, Dtype dtype) {
  Arrays inputs;
  const std::size_t batch = test.inputs[0].ndim() == 0 ? 0 : test.inputs[0].shape()[0];
  for (const Array& input : test.inputs) {
    const bool has_batch = input.ndim() > 0 && input.shape()[0] == batch;
    inputs.push_back(has_batch ? input.slice(0, 0) : input);
  }
  const Variables xs = leaves(inputs, dtype, device);
  Variable y = test.forward(xs);
  y.set_grad(Array::ones(y.shape(), dtype, device));
  y.backward();
  for (const Variable& x : xs) {
    if (!x.requires_grad()) continue;
    REQUIRE(x.grad());
    CHECK(x.grad().shape() == x.shape());
    for (const double g : values(x.grad())) CHECK(std::isfinite(g));
  }
}

}  // namespace

void check_function(const FunctionTest& test) {
  for (const Device device : devices()) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
      CAPTURE(device, dtype);
      check_on(test, device, dtype);
      if (!test.skip_empty_batch && test.inputs[0].ndim() > 0) check_empty_batch(test, device, dtype);
    }
  }
}

}  // namespace tenbin::testing
