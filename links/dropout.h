// Dropout, as a layer.
#pragma once

#include "tenbin/functions/noise/dropout.h"
#include "tenbin/links/link.h"
#include "tenbin/links/link_config.h"

namespace tenbin {

/// `dropout` as a layer without parameters: in training drops elements, under TestMode passes x on.
///
///     Sequential model(Linear(30, 64), relu, Dropout(0.2), Linear(64, 2));
class Dropout : public Link {
 public:
  /// Errors: ratio outside [0, 1).
  explicit Dropout(double ratio = 0.5) : Link("Dropout"), ratio_(ratio) { DropoutFunction valid(ratio); }
  static Dropout from_config(const LinkConfig& config) { return Dropout(config.number("ratio")); }

  Variable operator()(const Variable& x) const {
    return with_path([&] { return dropout(x, ratio_); });
  }

  LinkConfig get_config() const { return LinkConfig("Dropout").set("ratio", ratio_); }

 private:
  double ratio_;
};

}  // namespace tenbin
