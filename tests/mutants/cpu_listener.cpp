// Linked into the tests by run_cpu.py: reports which bugs every test reaches.
//
// A line for each test: seconds, whether it passed, its file, the numbers of the bugs, its name.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "catch.h"

namespace {

using Clock = std::chrono::steady_clock;

class Reporter : public TestListener {
 public:
  using TestListener::TestListener;

  void testCaseStarting(const Catch::TestCaseInfo&) override {
    start_ = Clock::now();
    if (tenbin_mutants::notes != nullptr)
      std::fill_n(tenbin_mutants::notes, tenbin_mutants::most, static_cast<unsigned char>(0));
  }

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    const char* const path = std::getenv("TENBIN_MUTANT_REPORT");
    if (path == nullptr || tenbin_mutants::notes == nullptr) return;
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    std::FILE* const out = std::fopen(path, "a");
    if (out == nullptr) std::abort();
    std::fprintf(out, "%.4f\t%d\t%s\t", seconds, stats.totals.assertions.failed == 0 ? 1 : 0,
                 stats.testInfo.lineInfo.file);
    for (int number = 0; number < tenbin_mutants::most; ++number)
      if (tenbin_mutants::notes[number] != tenbin_mutants::never)
        std::fprintf(out, "%d%s,", number,
                     tenbin_mutants::notes[number] == tenbin_mutants::no_bug ? "x" : "");
    std::fprintf(out, "\t%s\n", stats.testInfo.name.c_str());
    std::fclose(out);
  }

 private:
  Clock::time_point start_;
};

}  // namespace

CATCH_REGISTER_LISTENER(Reporter)
