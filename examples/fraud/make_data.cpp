// Made-up card payments, one fraud in 200, for the job that train.cpp and predict.cpp do:
//
//     fraud_make_data        # writes fraud.csv and tomorrow.csv into the current folder
//
// fraud.csv has 50,000 payments: numbers, categories, dates, missing values. tomorrow.csv has 10,000 more, as
// they come from another system: a column is missing, one is new, and some categories were never seen.
#include <tenbin/tenbin.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

using namespace tenbin;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// Categories with their probabilities and what each adds to the logarithm of the odds of fraud.
struct Choices {
  std::vector<std::string> names;
  std::vector<double> shares;
  std::vector<double> odds;

  int draw(double uniform) const {
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
      if (uniform < shares[i]) return static_cast<int>(i);
      uniform -= shares[i];
    }
    return static_cast<int>(names.size()) - 1;
  }
};

const Choices countries = {{"DE", "FR", "NL", "PL", "IT", "ES", "NG", "BR"},
                           {.34, .2, .14, .12, .1, .06, .03, .01},
                           {0, 0, 0, .3, .2, .2, 1.2, 1.6}};
const Choices merchants = {{"grocery", "fuel", "restaurant", "travel", "electronics", "gift cards"},
                           {.42, .2, .2, .08, .08, .02},
                           {-1, -.5, -.5, .4, 1.4, 2.6}};
const Choices devices = {{"chip", "phone", "web", "manual entry"}, {.55, .25, .19, .01}, {-2, -.5, 1, 2.2}};
const Choices new_countries = {{"DE", "FR", "XK", "KP"}, {.8, .17, .02, .01}, {0, 0, .5, .5}};

// 2026-01-01 00:00:00 and later, a payment every 400 seconds.
std::string time_of(std::size_t second_of_year) {
  constexpr int days_of_month[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  auto day = static_cast<int>(second_of_year / 86400);
  const auto second = static_cast<int>(second_of_year % 86400);
  int year = 2026, month = 0;
  while (day >= days_of_month[month]) {
    day -= days_of_month[month];
    month = (month + 1) % 12;
    if (month == 0) ++year;
  }
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d", year, month + 1, day + 1, second / 3600,
                second / 60 % 60, second % 60);
  return text;
}

Table payments(std::size_t rows, std::uint64_t seed, const Choices& from, std::size_t first_second) {
  random::Generator random(seed);
  const Array uniform = random.uniform({6, rows}, 0, 1, Dtype::float64);
  const Array normal = random.normal({5, rows}, 0, 1, Dtype::float64);
  const auto u = [&](std::size_t k, std::size_t i) { return uniform.data<double>()[k * rows + i]; };
  const auto z = [&](std::size_t k, std::size_t i) { return normal.data<double>()[k * rows + i]; };

  Column id{"id", Array::zeros({rows}, Dtype::float64)}, when{"when", Array::zeros({rows}, Dtype::int32)};
  Column amount{"amount", Array::zeros({rows}, Dtype::float64)};
  Column days{"account_days", Array::zeros({rows}, Dtype::float64)};
  Column recent{"payments_last_hour", Array::zeros({rows}, Dtype::float64)};
  Column distance{"km_from_home", Array::zeros({rows}, Dtype::float64)};
  Column country{"country", Array::zeros({rows}, Dtype::int32), from.names};
  Column merchant{"merchant", Array::zeros({rows}, Dtype::int32), merchants.names};
  Column device{"device", Array::zeros({rows}, Dtype::int32), devices.names};
  Column label{"class", Array::zeros({rows}, Dtype::int32), {"legit", "fraud"}};

  std::vector<double> risk(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t second = first_second + i * 400 + static_cast<std::size_t>(u(0, i) * 400);
    const std::size_t hour = second / 3600 % 24;
    const int c = from.draw(u(1, i)), m = merchants.draw(u(2, i)), d = devices.draw(u(3, i));
    const double log_amount = 3.2 + z(0, i), log_days = 6 + 1.2 * z(1, i), log_km = 1.5 + 1.6 * z(2, i);
    const double last_hour = std::floor(std::exp(.8 * z(3, i)));
    const bool at_night = hour < 6;
    risk[i] = countries.odds[0] + from.odds[static_cast<std::size_t>(c)] +
              merchants.odds[static_cast<std::size_t>(m)] + devices.odds[static_cast<std::size_t>(d)] +
              1.4 * (log_amount - 3.2) - .9 * (log_days - 6) + .8 * (log_km - 1.5) +
              .5 * std::min(last_hour, 6.) + (at_night ? 1.5 : 0) + (at_night && d == 2 ? 1.5 : 0) +
              .6 * z(4, i);

    id.values.data<double>()[i] = static_cast<double>(100000 + first_second / 400 + i);
    when.values.data<std::int32_t>()[i] = static_cast<std::int32_t>(i);
    when.categories.push_back(time_of(second));
    amount.values.data<double>()[i] = std::round(std::exp(log_amount) * 100) / 100;
    days.values.data<double>()[i] = u(4, i) < .08 ? missing : std::floor(std::exp(log_days));
    recent.values.data<double>()[i] = last_hour;
    distance.values.data<double>()[i] = u(5, i) < .15 ? missing : std::round(std::exp(log_km) * 10) / 10;
    country.values.data<std::int32_t>()[i] = c;
    merchant.values.data<std::int32_t>()[i] = m;
    device.values.data<std::int32_t>()[i] = u(5, i) > .97 ? -1 : d;
  }
  // The riskiest one in 200 are fraud.
  std::vector<double> sorted = risk;
  const std::size_t n_fraud = rows / 200;
  std::nth_element(sorted.begin(), sorted.end() - static_cast<std::ptrdiff_t>(n_fraud), sorted.end());
  const double limit = sorted[rows - n_fraud];
  for (std::size_t i = 0; i < rows; ++i) label.values.data<std::int32_t>()[i] = risk[i] >= limit ? 1 : 0;
  return Table({id, when, amount, days, recent, distance, country, merchant, device, label}, 9);
}

}  // namespace

int main() try {
  write_csv(payments(50000, 1, countries, 0), "fraud.csv");
  std::vector<Column> columns =
      payments(10000, 2, new_countries, 50000 * 400).without({"payments_last_hour"}).columns();
  std::rotate(columns.begin() + 1, columns.begin() + 4, columns.end() - 1);
  columns.insert(columns.begin() + 2, Column{"terminal", columns[0].values});
  write_csv(Table(columns, columns.size() - 1), "tomorrow.csv");
} catch (const Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
