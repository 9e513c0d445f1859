// Makes the odd locale the global one during every test; Catch2's output between tests stays readable.
#define CATCH_CONFIG_EXTERNAL_INTERFACES  // Catch2 2: listeners
#include "tenbin/tests/odd_locale.h"
#include "tenbin/tests/catch.h"

namespace {

class OddLocale : public TestListener {
 public:
  using TestListener::TestListener;
  void testCaseStarting(const Catch::TestCaseInfo&) override {
    std::locale::global(tenbin::testing::odd_locale());
  }
  void testCaseEnded(const Catch::TestCaseStats&) override { std::locale::global(std::locale::classic()); }
};

CATCH_REGISTER_LISTENER(OddLocale)

}  // namespace
