#include "tenbin/training/detail/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace tenbin::detail {

std::size_t terminal_columns(int descriptor) {
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const term = std::getenv("TERM");
  if ((no_color != nullptr && *no_color != '\0') || term == nullptr || term == std::string("dumb")) return 0;
  if (::isatty(descriptor) == 0) return 0;
  winsize size{};
  const bool is_known = ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : 80;
}

}  // namespace tenbin::detail
