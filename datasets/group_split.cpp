#include "tenbin/datasets/group_split.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/detail/labels.h"
#include "tenbin/core/file.h"
#include "tenbin/core/random.h"
#include "tenbin/datasets/detail/groups.h"

namespace tenbin {

namespace {

constexpr const char* function = "group_split";
constexpr std::uint64_t group_stream = 0x67726f757073;

using Indices = std::vector<std::size_t>;

// The sides of a split while groups are assigned to them.
class Sides {
 public:
  // groups: the class counts of every group.
  Sides(const std::vector<Indices>& groups, std::vector<double> shares)
      : shares_(std::move(shares)),
        totals_(groups[0].size()),
        waiting_(groups[0].size() + 1),
        counts_(shares_.size(), Indices(groups[0].size())),
        sizes_(shares_.size()) {
    for (const Indices& group : groups) {
      for (std::size_t c = 0; c < group.size(); ++c) {
        totals_[c] += group[c];
        waiting_[c] += group[c] > 0 ? 1 : 0;
      }
      ++waiting_.back();
    }
  }

  // Assigns the group and returns the side.
  std::size_t add(const Indices& group) {
    const std::vector<bool> allowed = allowed_for(group);
    std::size_t best = 0;
    double least = 0;
    bool found = false;
    for (std::size_t s = 0; s < shares_.size(); ++s) {
      if (!allowed[s]) continue;
      const double cost = cost_of(group, s);
      if (found && cost >= least) continue;
      best = s;
      least = cost;
      found = true;
    }
    for (std::size_t c = 0; c < group.size(); ++c) {
      counts_[best][c] += group[c];
      sizes_[best] += group[c];
      waiting_[c] -= group[c] > 0 ? 1 : 0;
    }
    --waiting_.back();
    return best;
  }

 private:
  double cost_of(const Indices& group, std::size_t s) const {
    double cost = 0;
    for (std::size_t c = 0; c < group.size(); ++c) {
      const auto total = static_cast<double>(totals_[c]);
      const double before = static_cast<double>(counts_[s][c]) / total;
      const double added = static_cast<double>(group[c]) / total;
      cost += added * (2 * before + added) / shares_[s];
    }
    return cost;
  }

  // All sides; if the groups that are left are just enough to give each side one, or one with a class of
  // this group, only the sides that lack it. An empty side is worse than a missing class.
  std::vector<bool> allowed_for(const Indices& group) const {
    std::vector<bool> allowed(shares_.size(), true);
    restrict(allowed, sizes_, waiting_.back());
    for (std::size_t c = 0; c < group.size(); ++c) {
      if (group[c] == 0) continue;
      Indices of_class;
      for (const Indices& side : counts_) of_class.push_back(side[c]);
      restrict(allowed, of_class, waiting_[c]);
    }
    return allowed;
  }

  // Unless no side would be left.
  static void restrict(std::vector<bool>& allowed, const Indices& counts, std::size_t waiting) {
    if (static_cast<std::size_t>(std::count(counts.begin(), counts.end(), std::size_t{0})) < waiting) return;
    std::vector<bool> rest = allowed;
    for (std::size_t s = 0; s < rest.size(); ++s) rest[s] = rest[s] && counts[s] == 0;
    if (std::find(rest.begin(), rest.end(), true) != rest.end()) allowed = rest;
  }

  std::vector<double> shares_;
  Indices totals_;               // samples by class
  Indices waiting_;              // groups still to come, by class; the last entry: all of them
  std::vector<Indices> counts_;  // by side, then class
  Indices sizes_;                // by side
};

}  // namespace

Array SplitGroups::checked(const char* caller) const {
  if (!is_column_) return detail::to_label_vector(caller, "groups", values_);
  const auto refuse_missing = [&](std::size_t row) {
    throw Error(caller, ": the group \"", printable(name_), "\" is missing in ", detail::row_text(row));
  };
  if (is_integer(values_.dtype())) {
    Array codes = values_.astype(Dtype::int64);
    for (std::size_t row = 0; row < codes.size(); ++row)
      if (std::as_const(codes).data<std::int64_t>()[row] < 0) refuse_missing(row);
    return codes;
  }
  const std::vector<double> numbers = values_.to_vector<double>();
  std::vector<double> distinct = numbers;
  for (std::size_t row = 0; row < numbers.size(); ++row)
    if (std::isnan(numbers[row])) refuse_missing(row);
  std::sort(distinct.begin(), distinct.end());
  std::vector<std::int64_t> codes;
  codes.reserve(numbers.size());
  for (const double number : numbers)
    codes.push_back(std::lower_bound(distinct.begin(), distinct.end(), number) - distinct.begin());
  return Array(codes);
}

ThreeWaySplit group_split(const SplitLabels& labels, const SplitGroups& groups,
                          const GroupSplitOptions& options) {
  detail::require_shares(function, options.valid, options.test);
  const Array t = labels.checked(function);
  if (t.size() == 0) throw Error(function, ": there are no samples");
  const std::vector<Indices> samples = detail::samples_by_group(function, t, groups);
  ThreeWaySplit split;
  std::vector<std::pair<const char*, Indices*>> sides = {{"training", &split.train}, {"test", &split.test}};
  std::vector<double> shares = {1 - options.valid - options.test, options.test};
  if (options.valid > 0) {
    sides.emplace_back("validation", &split.valid);
    shares.push_back(options.valid);
  }
  if (samples.size() < sides.size())
    throw Error(function, ": there ", samples.size() == 1 ? "is 1 group, " : "are 2 groups, ", sides.size(),
                " sides need one each");
  const std::vector<Indices> counts = detail::class_counts_of(samples, t);
  Sides assignment(counts, shares);
  for (const std::size_t g : random::substream(options.seed, group_stream).permutation(samples.size())) {
    Indices& side = *sides[assignment.add(counts[g])].second;
    side.insert(side.end(), samples[g].begin(), samples[g].end());
  }
  for (const auto& [name, side] : sides) std::sort(side->begin(), side->end());
  if (options.require_classes)
    detail::require_classes(function, t, {sides.begin(), sides.end()}, {},
                            "it is in too few groups, or try another seed");
  return split;
}

Split group_split(const SplitLabels& labels, const SplitGroups& groups, double test_fraction,
                  std::uint64_t seed) {
  if (!(test_fraction > 0 && test_fraction < 1))
    throw Error(function, ": expected a test_fraction in (0, 1), got ", test_fraction);
  ThreeWaySplit split = group_split(labels, groups, {0, test_fraction, seed, true});
  return {std::move(split.train), std::move(split.test)};
}

}  // namespace tenbin
