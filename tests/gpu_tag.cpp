#define CATCH_CONFIG_EXTERNAL_INTERFACES  // Catch2 2: listeners
#include "tenbin/tests/gpu_tag.h"

#include <string>

#include "tenbin/tests/catch.h"

namespace tenbin::testing {

namespace {

bool tagged = false;

class ReadsTags : public TestListener {
 public:
  using TestListener::TestListener;
  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    tagged = info.tagsAsString().find("[gpu]") != std::string::npos;
  }
};

CATCH_REGISTER_LISTENER(ReadsTags)

}  // namespace

bool has_gpu_tag() { return tagged; }

}  // namespace tenbin::testing
