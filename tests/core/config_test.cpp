// The modes of a thread, set for a scope.
#include "tenbin/core/config.h"

#include <thread>

#include "tenbin/core/error.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

TEST_CASE("the modes of a thread are those of training until a guard changes one") {
  const auto check_defaults = [] {
    CHECK(config().enable_backprop);
    CHECK(config().train);
    CHECK_FALSE(config().debug);
    CHECK_FALSE(config().allow_tf32);
  };
  check_defaults();
  {
    const NoBackprop off;
    CHECK_FALSE(config().enable_backprop);
    CHECK(config().train);
  }
  {
    const TestMode test;
    CHECK_FALSE(config().train);
    CHECK(config().enable_backprop);
  }
  {
    const DebugMode debug;
    CHECK(config().debug);
    CHECK_FALSE(config().allow_tf32);
  }
  {
    const AllowTF32 tf32;
    CHECK(config().allow_tf32);
    CHECK_FALSE(config().debug);
    std::thread(check_defaults).join();
  }
  check_defaults();
}

TEST_CASE("modes end with their scope, by an exception too") {
  CHECK(config().enable_backprop);
  CHECK(config().train);
  CHECK_FALSE(config().debug);
  try {
    const NoBackprop no_backprop;
    const TestMode test;
    const DebugMode debug;
    { const NoBackprop nested; }
    CHECK_FALSE(config().enable_backprop);
    CHECK_FALSE(config().train);
    CHECK(config().debug);
    throw Error("out");
  } catch (const Error&) {
  }
  CHECK(config().enable_backprop);
  CHECK(config().train);
  CHECK_FALSE(config().debug);
}

TEST_CASE("modes can be taken to another thread") {
  const NoBackprop no_backprop;
  const DebugMode debug;
  Config plain;
  Config taken;
  Config afterwards;
  std::thread([&, modes = config()] {
    plain = config();
    {
      const UseConfig use(modes);
      taken = config();
      const TestMode test;
    }
    afterwards = config();
  }).join();
  const auto is = [](const Config& modes, bool enable_backprop, bool train, bool debug_mode) {
    return modes.enable_backprop == enable_backprop && modes.train == train && modes.debug == debug_mode &&
           !modes.allow_tf32;
  };
  CHECK(is(plain, true, true, false));
  CHECK(is(taken, false, true, true));
  CHECK(is(afterwards, true, true, false));
  {
    const UseConfig use(Config{});
    CHECK(is(config(), true, true, false));
  }
  CHECK(is(config(), false, true, true));
}
