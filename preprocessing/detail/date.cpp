#include "tenbin/preprocessing/detail/date.h"

#include "tenbin/core/file.h"
#include "tenbin/datasets/detail/parse_number.h"

namespace tenbin::detail {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in(int year, int month) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool exists(const DateTime& time) {
  return time.year >= 1 && time.month >= 1 && time.month <= 12 && time.day >= 1 &&
         time.day <= days_in(time.year, time.month) && time.hour < 24 && time.minute < 60 && time.second < 60;
}

// Steps through a text.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  char next() const { return text_.empty() ? '\0' : text_.front(); }
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  // A whole number of `fewest` to `most` digits.
  bool number(int fewest, int most, int& value) {
    int count = 0;
    for (value = 0; count < most && is_digit(next()); ++count, text_.remove_prefix(1))
      value = value * 10 + (next() - '0');
    return count >= fewest;
  }
  void skip_digits() {
    while (is_digit(next())) text_.remove_prefix(1);
  }

 private:
  std::string_view text_;
};

// Z, +02:00, +0200 or +02.
bool read_offset(Cursor& text, int& offset) {
  if (text.take('Z')) return true;
  const bool negative = text.next() == '-';
  if (!text.take('-') && !text.take('+')) return false;
  int hours = 0, minutes = 0;
  if (!text.number(2, 2, hours) || hours > 23) return false;
  const bool colon = text.take(':');
  if ((colon || is_digit(text.next())) && (!text.number(2, 2, minutes) || minutes > 59)) return false;
  offset = (hours * 60 + minutes) * (negative ? -60 : 60);
  return true;
}

bool read_iso(Cursor& text, DateTime& time) {
  if (!text.number(4, 4, time.year) || !text.take('-') || !text.number(2, 2, time.month) || !text.take('-') ||
      !text.number(2, 2, time.day))
    return false;
  if (text.at_end()) return true;
  if (!text.take(' ') && !text.take('T')) return false;
  if (!text.number(2, 2, time.hour) || !text.take(':') || !text.number(2, 2, time.minute)) return false;
  if (text.take(':')) {
    if (!text.number(2, 2, time.second)) return false;
    if (text.take('.')) {
      if (!is_digit(text.next())) return false;
      text.skip_digits();
    }
  }
  return text.at_end() || read_offset(text, time.offset);
}

bool read_directive(Cursor& text, char directive, DateTime& time) {
  switch (directive) {
    case 'Y':
      return text.number(4, 4, time.year);
    case 'y':
      if (!text.number(2, 2, time.year)) return false;
      time.year += time.year < 69 ? 2000 : 1900;
      return true;
    case 'm':
      return text.number(1, 2, time.month);
    case 'd':
      return text.number(1, 2, time.day);
    case 'H':
      return text.number(1, 2, time.hour);
    case 'M':
      return text.number(1, 2, time.minute);
    case 'S':
      return text.number(1, 2, time.second);
    case 'z':
      return read_offset(text, time.offset);
    default:
      return text.take('%');
  }
}

bool read_in(const std::string& format, Cursor& text, DateTime& time) {
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      if (!text.take(format[i])) return false;
    } else if (!read_directive(text, format[++i], time)) {
      return false;
    }
  }
  return true;
}

}  // namespace

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years start in March, eras have 400 years.
std::int64_t days_from_civil(int year, int month, int day) {
  const std::int64_t y = year - (month <= 2 ? 1 : 0);
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

std::optional<DateTime> parse_date(std::string_view text, const std::string& format) {
  Cursor cursor(trimmed(text));
  DateTime time;
  const bool is_read = format.empty() ? read_iso(cursor, time) : read_in(format, cursor, time);
  if (!is_read || !cursor.at_end() || !exists(time)) return std::nullopt;
  return time;
}

double part_of(const DateTime& time, DatePart part) {
  const std::int64_t days = days_from_civil(time.year, time.month, time.day);
  const auto weekday = static_cast<int>(((days + 3) % 7 + 7) % 7);  // 1970-01-01 was a Thursday
  switch (part) {
    case DatePart::year:
      return time.year;
    case DatePart::month:
      return time.month;
    case DatePart::day:
      return time.day;
    case DatePart::weekday:
      return weekday;
    case DatePart::hour:
      return time.hour;
    case DatePart::minute:
      return time.minute;
    case DatePart::day_of_year:
      return static_cast<double>(days - days_from_civil(time.year, 1, 1) + 1);
    case DatePart::is_weekend:
      return weekday >= 5 ? 1 : 0;
    case DatePart::timestamp:
      break;
  }
  return static_cast<double>(days * 86400 + time.hour * 3600 + time.minute * 60 + time.second - time.offset);
}

const char* name_of(DatePart part) {
  constexpr const char* names[date_parts] = {"year",   "month",       "day",        "weekday",  "hour",
                                             "minute", "day_of_year", "is_weekend", "timestamp"};
  return names[static_cast<std::size_t>(part)];
}

void require_date_format(const std::string& format) {
  if (format.empty()) return;
  const auto refuse = [&](const std::string& what) {
    throw Error("TablePipeline::dates: the format \"", printable(format), "\" ", what);
  };
  std::string seen;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    const char directive = ++i < format.size() ? format[i] : '\0';
    if (directive == '\0' || std::string_view("YymdHMSz%").find(directive) == std::string_view::npos)
      refuse(std::string("has an unknown directive; there are %Y %y %m %d %H %M %S %z %%"));
    if (directive == '%') continue;
    const char key = directive == 'y' ? 'Y' : directive;
    if (seen.find(key) != std::string::npos) refuse(std::string("has %") + directive + " twice");
    seen += key;
  }
  for (const char key : {'Y', 'm', 'd'})
    if (seen.find(key) == std::string::npos) refuse(std::string("lacks %") + key);
}

}  // namespace tenbin::detail
