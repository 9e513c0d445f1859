// A trained table of vectors.
#pragma once

#include <optional>

#include "tenbin/functions/connection/embed_id.h"
#include "tenbin/links/initializers.h"
#include "tenbin/links/link.h"
#include "tenbin/links/link_config.h"

namespace tenbin {

/// Options of EmbedID.
struct EmbedIDOptions {
  Initializer initialW = {};                      ///< empty: Normal(1)
  std::optional<std::int64_t> ignore_label = {};  ///< this id gives zeros
  Dtype dtype = Dtype::float32;                   ///< float32 or float64
};

/// A vector for each category: the rows of a table, looked up by id. (Chainer: `L.EmbedID`.)
///
/// Parameter: W (in_size, out_size).
///
///     EmbedID country(200, 8);
///     Variable h = concat({x, country(codes)});
class EmbedID : public Link {
 public:
  EmbedID(std::size_t in_size, std::size_t out_size, const EmbedIDOptions& options = {});
  static EmbedID from_config(const LinkConfig& config);

  /// `embed_id(x, W, ignore_label)`, on W's device. Errors: those of `embed_id`.
  Variable operator()(const Variable& x) const {
    return with_path([&] { return embed_id(x, W, ignore_label_); });
  }

  LinkConfig get_config() const;

  Parameter W;

 private:
  std::size_t in_size_;
  std::size_t out_size_;
  Dtype dtype_;
  std::optional<std::int64_t> ignore_label_;
};

}  // namespace tenbin
