// Dates and times of day from text, and the numbers that are made of them: proleptic Gregorian calendar,
// without locale and time zones of the system.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tenbin/preprocessing/table_pipeline.h"

namespace tenbin::detail {

struct DateTime {
  int year = 1;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int offset = 0;  // of the local time from UTC, in seconds
};

// Days since 1970-01-01.
std::int64_t days_from_civil(int year, int month, int day);

// The text in `format`, or in ISO 8601 if that is empty: see TablePipeline::dates. nullopt: it is not in the
// format, or there is no such date.
std::optional<DateTime> parse_date(std::string_view text, const std::string& format);

double part_of(const DateTime& time, DatePart part);

// "weekday"
const char* name_of(DatePart part);
inline constexpr int date_parts = 9;

// Errors: a directive that is unknown or given twice; no year, month or day.
void require_date_format(const std::string& format);

}  // namespace tenbin::detail
