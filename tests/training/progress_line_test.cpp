#include "tenbin/training/progress_line.h"

#include <algorithm>
#include <sstream>

#include "tenbin/tests/catch.h"

using tenbin::ProgressLine;

TEST_CASE("a ProgressLine prints a plain line every tenth of the way") {
  std::ostringstream out;
  ProgressLine bar(1000, out, 0);
  for (std::size_t i = 1; i <= 1000; ++i) bar.update(i, i == 1000 ? "done" : "");
  bar.finish();
  const std::string text = out.str();
  CHECK(std::count(text.begin(), text.end(), '\n') == 10);
  CHECK_THAT(text, ContainsSubstring("\n20%  ETA 0:0"));
  CHECK_THAT(text, ContainsSubstring("  done\n"));
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("a ProgressLine of zero steps, and one that stops early") {
  std::ostringstream nothing;
  ProgressLine(0, nothing, 0).finish();
  CHECK(nothing.str() == "100%  in 0:00\n");
  std::ostringstream early;
  ProgressLine bar(8, early, 0);
  bar.update(3);
  bar.finish();
  CHECK_THAT(early.str(), ContainsSubstring("37%  ETA 0:0"));
}

TEST_CASE("a ProgressLine redraws one line on a terminal") {
  std::ostringstream out;
  ProgressLine bar(4, out, 80);
  bar.update(1, "loss 1.5");
  CHECK_THAT(out.str(), ContainsSubstring("\r[#######                       ]  25%  ETA 0:0"));
  CHECK_THAT(out.str(), ContainsSubstring("  loss 1.5\x1b[K"));
  bar.update(9, "loss 0.5");  // beyond the end
  bar.finish();
  CHECK_THAT(out.str(), ContainsSubstring("\r[##############################] 100%  in 0:0"));
  CHECK_THAT(out.str(), ContainsSubstring("  loss 0.5\x1b[K\n"));
}

TEST_CASE("a ProgressLine does not redraw at every update") {
  std::ostringstream out;
  ProgressLine bar(100000, out, 80);
  for (std::size_t i = 1; i <= 100000; ++i) bar.update(i);
  const std::string text = out.str();
  CHECK(std::count(text.begin(), text.end(), '\r') < 1000);
}

TEST_CASE("a ProgressLine never reaches the last column") {
  std::ostringstream out;
  ProgressLine bar(2, out, 20);
  bar.update(1);
  CHECK(out.str() == "\r[###############   \x1b[K");
}

TEST_CASE("a ProgressLine is not cut within a character") {
  const std::string text = "M\u00fcller \U0001F600\U0001F600";
  const std::string head = "\r[###############               ]  50%  ETA 0:00  ";
  const auto line = [&](std::size_t columns) {
    std::ostringstream out;
    ProgressLine bar(2, out, columns);
    bar.update(1, text);
    return out.str();
  };
  // 49 columns before the text, 7 of "Mueller ", 2 of each emoji, and the last one stays free.
  CHECK(line(80) == head + text + "\x1b[K");
  CHECK(line(61) == head + text + "\x1b[K");
  CHECK(line(60) == head + "M\u00fcller \U0001F600\x1b[K");
  CHECK(line(52) == head + "M\u00fc\x1b[K");
  CHECK(line(51) == head + "M\x1b[K");
}
