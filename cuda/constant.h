// Numbers that a script gives to a function as options, such as class weights: how they get to the device,
// and how they are checked there. Plain C++.
#pragma once

#include <string>

#include "tenbin/core/array.h"

namespace tenbin::gpu {

/// `values` on `device` as `dtype`; none stays none. While a step is being captured, values from the CPU are
/// copied there and then, into memory that the graph keeps: every replay sees the numbers of the recording.
Array constant(const Array& values, Device device, Dtype dtype);

/// Has a kernel look at `values`, floating and on a device, as they are in `dtype`. The next read on the CPU
/// throws `ldam_loss: margin must be finite and not negative, got -1 at 2` if they are not.
void require_finite(const std::string& function, const char* argument, const Array& values, Dtype dtype,
                    bool not_negative);

}  // namespace tenbin::gpu
