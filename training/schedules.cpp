#include "tenbin/training/schedules.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/error.h"

namespace tenbin::schedules {

namespace {

constexpr double pi = 3.14159265358979323846;

void require(bool valid, const char* schedule, const char* argument, const char* expected, double value) {
  if (!valid) throw Error("schedules::", schedule, ": ", argument, " must be ", expected, ", got ", value);
}

void require_duration(const char* schedule, double duration) {
  require(std::isfinite(duration) && duration > 0, schedule, "duration", "finite and > 0", duration);
}

// From `from` to `to` while `part` goes from 0 to 1.
double by_cosine(double from, double to, double part) {
  return to + (from - to) * (1 + std::cos(pi * part)) / 2;
}

}  // namespace

Schedule constant() {
  return [](double) { return 1.0; };
}

Schedule exponential(double rate) {
  require(std::isfinite(rate) && rate > 0, "exponential", "rate", "finite and > 0", rate);
  return [=](double t) { return std::pow(rate, t); };
}

Schedule step(double gamma, double period) {
  require(std::isfinite(gamma), "step", "gamma", "finite", gamma);
  require(std::isfinite(period) && period > 0, "step", "period", "finite and > 0", period);
  return [=](double t) { return std::pow(gamma, std::floor(t / period)); };
}

Schedule multistep(double gamma, std::vector<double> times) {
  require(std::isfinite(gamma), "multistep", "gamma", "finite", gamma);
  for (const double time : times) require(std::isfinite(time), "multistep", "times", "finite", time);
  return [gamma, times = std::move(times)](double t) {
    const auto passed = std::count_if(times.begin(), times.end(), [&](double time) { return t >= time; });
    return std::pow(gamma, static_cast<double>(passed));
  };
}

Schedule linear(double start, double end, double duration, double begin) {
  require(std::isfinite(start), "linear", "start", "finite", start);
  require(std::isfinite(end), "linear", "end", "finite", end);
  require_duration("linear", duration);
  require(std::isfinite(begin), "linear", "begin", "finite", begin);
  return [=](double t) {
    const double part = std::clamp((t - begin) / duration, 0.0, 1.0);
    return part < 1 ? start + (end - start) * part : end;
  };
}

Schedule polynomial(double power, double duration) {
  require(std::isfinite(power) && power > 0, "polynomial", "power", "finite and > 0", power);
  require_duration("polynomial", duration);
  return [=](double t) { return std::pow(std::max(0.0, 1 - t / duration), power); };
}

Schedule cosine(double duration, double end) {
  require_duration("cosine", duration);
  require(std::isfinite(end), "cosine", "end", "finite", end);
  return [=](double t) { return t < duration ? by_cosine(1, end, t / duration) : end; };
}

Schedule cosine_restarts(double duration, double multiple, double end) {
  require_duration("cosine_restarts", duration);
  require(std::isfinite(multiple) && multiple >= 1, "cosine_restarts", "multiple", "finite and >= 1",
          multiple);
  require(std::isfinite(end), "cosine_restarts", "end", "finite", end);
  return [=](double t) {
    double length = duration;
    if (multiple == 1) {
      t = std::fmod(t, duration);
    } else {
      for (; t >= length; length *= multiple) t -= length;
    }
    return by_cosine(1, end, t / length);
  };
}

Schedule inverse(double gamma, double power) {
  require(std::isfinite(gamma) && gamma >= 0, "inverse", "gamma", "finite and >= 0", gamma);
  require(std::isfinite(power), "inverse", "power", "finite", power);
  return [=](double t) { return std::pow(1 + gamma * t, -power); };
}

Schedule warm_up(double duration, Schedule after, double start) {
  require_duration("warm_up", duration);
  require(std::isfinite(start), "warm_up", "start", "finite", start);
  return [=, after = std::move(after)](double t) {
    return t < duration ? (start + (1 - start) * t / duration) * after(0) : after(t - duration);
  };
}

Schedule one_cycle(double duration, double rise, double start, double end) {
  require_duration("one_cycle", duration);
  require(rise > 0 && rise < 1, "one_cycle", "rise", "in (0, 1)", rise);
  require(std::isfinite(start), "one_cycle", "start", "finite", start);
  require(std::isfinite(end), "one_cycle", "end", "finite", end);
  return [=](double t) {
    const double top = rise * duration;
    if (t < top) return by_cosine(start, 1, t / top);
    return t < duration ? by_cosine(1, end, (t - top) / (duration - top)) : end;
  };
}

Schedule clipped(Schedule schedule, double lower, double upper) {
  if (!(lower <= upper))
    throw Error("schedules::clipped: lower must not be above upper, got ", lower, " and ", upper);
  return [=, schedule = std::move(schedule)](double t) { return std::clamp(schedule(t), lower, upper); };
}

}  // namespace tenbin::schedules
