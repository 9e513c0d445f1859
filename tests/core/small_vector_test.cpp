// SmallVector: inline and on the heap, self-insertion, copies, moves, exceptions.
#include "tenbin/core/small_vector.h"

#include <memory>
#include <stdexcept>

#include "tenbin/tests/catch.h"

using tenbin::SmallVector;

namespace {

// Counts the live objects, and can throw when copied.
struct Tracked {
  explicit Tracked(int value_) : value(value_) { ++alive; }
  Tracked(const Tracked& other) : value(other.value) {
    if (value == refused) throw std::runtime_error("refused");
    ++alive;
  }
  Tracked(Tracked&& other) noexcept : value(std::exchange(other.value, -1)) { ++alive; }
  Tracked& operator=(const Tracked&) = default;
  Tracked& operator=(Tracked&&) = default;
  ~Tracked() { --alive; }

  int value;
  inline static int alive = 0;
  inline static int refused = -2;
};

template <std::size_t N>
SmallVector<Tracked, N> counted(int count) {
  SmallVector<Tracked, N> list;
  for (int i = 0; i < count; ++i) list.emplace_back(i);
  return list;
}

template <class List>
bool holds_counted(const List& list, int count) {
  if (list.size() != static_cast<std::size_t>(count)) return false;
  for (int i = 0; i < count; ++i)
    if (list[static_cast<std::size_t>(i)].value != i) return false;
  return true;
}

}  // namespace

TEMPLATE_TEST_CASE_SIG("a SmallVector grows, copies and moves", "", ((std::size_t N), N), 0, 1, 3) {
  for (const int count : {0, 1, 2, 3, 4, 9}) {
    CAPTURE(N, count);
    {
      SmallVector<Tracked, N> list = counted<N>(count);
      CHECK(holds_counted(list, count));

      SmallVector<Tracked, N> copied = list;
      CHECK(holds_counted(copied, count));
      CHECK(holds_counted(list, count));

      SmallVector<Tracked, N> moved = std::move(list);
      CHECK(holds_counted(moved, count));
      CHECK(list.empty());  // NOLINT(bugprone-use-after-move): it is usable again
      list.emplace_back(0);
      CHECK(holds_counted(list, 1));

      for (const int other : {0, 2, 7}) {
        SmallVector<Tracked, N> target = counted<N>(other);
        target = moved;
        CHECK(holds_counted(target, count));
        target = counted<N>(other);
        CHECK(holds_counted(target, other));
      }
      SmallVector<Tracked, N>& self = moved;
      moved = self;
      CHECK(holds_counted(moved, count));
      moved = std::move(self);
      CHECK(holds_counted(moved, count));
      CHECK(Tracked::alive == 2 * count + 1);
    }
    CHECK(Tracked::alive == 0);
  }
}

TEST_CASE("a SmallVector takes its own elements") {
  SmallVector<Tracked, 2> list = counted<2>(2);
  list.push_back(list[1]);  // at the inline capacity
  list.push_back(list[0]);
  list.emplace_back(list[2]);  // at the capacity on the heap
  CHECK(list.size() == 5);
  CHECK(list[2].value == 1);
  CHECK(list[3].value == 0);
  CHECK(list[4].value == 1);
  list.push_back(std::move(list[4]));
  CHECK(list.back().value == 1);
}

TEST_CASE("a SmallVector that fails to be built or copied leaks nothing") {
  {
    const SmallVector<Tracked, 2> list = counted<2>(6);
    SmallVector<Tracked, 2> target = counted<2>(4);
    Tracked::refused = 4;
    CHECK_THROWS_WITH((SmallVector<Tracked, 2>(list)), "refused");
    CHECK(Tracked::alive == 10);
    CHECK_THROWS_WITH(target = list, "refused");
    CHECK(holds_counted(target, 4));
    CHECK_THROWS_WITH(target.push_back(list[4]), "refused");
    CHECK(holds_counted(target, 4));
    Tracked::refused = -2;
  }
  CHECK(Tracked::alive == 0);
}

TEST_CASE("a SmallVector is changed in size") {
  SmallVector<int, 2> list = {1, 2, 3};
  list.resize(5);
  CHECK(list == SmallVector<int, 2>{1, 2, 3, 0, 0});
  list.resize(1);
  CHECK(list == SmallVector<int, 2>{1});
  CHECK(list != SmallVector<int, 2>{2});
  CHECK(list != SmallVector<int, 2>{1, 1});
  list.pop_back();
  CHECK(list.empty());
  CHECK_THROWS_WITH(list.at(0), "index 0 is out of range for a list of 0");
  SmallVector<std::unique_ptr<int>, 1> pointers;  // elements that cannot be copied
  for (int i = 0; i < 3; ++i) pointers.push_back(std::make_unique<int>(i));
  CHECK(*pointers.at(2) == 2);
  CHECK(*pointers.front() == 0);
}
