// get_device: a device by its name.
#pragma once

#include <string>

#include "tenbin/core/device.h"

namespace tenbin {

/// The device `cpu`, `cuda`, which is `cuda:0`, or `cuda:N`, for options of a program. (Chainer:
/// `get_device`; PyTorch: `torch.device`.) Errors: another name; this machine, or this build, does not have
/// the device.
///
///     model.to(get_device("cuda:1"));
Device get_device(const std::string& name);

}  // namespace tenbin
