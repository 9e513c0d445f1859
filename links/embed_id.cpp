#include "tenbin/links/embed_id.h"

#include "tenbin/links/detail/initial_values.h"

namespace tenbin {

EmbedID::EmbedID(std::size_t in_size, std::size_t out_size, const EmbedIDOptions& options)
    : Link("EmbedID"), ignore_label_(options.ignore_label) {
  W = param("W", detail::initial_values("EmbedID", options.initialW, Normal{1}, {in_size, out_size},
                                        options.dtype));
}

}  // namespace tenbin
