// How `copy` of a link copies the parameters and links in it. Internal.
#pragma once

namespace tenbin::detail {

// While one exists, copying a Parameter or a Link in this thread makes a new one with its own values, and
// always the same new one for the same original (like Python's deepcopy memo). Member-wise copying of any
// structure of links is then a deep copy, and sharing within it is kept. The members of a model are copied by
// their own copy constructors, which take no further argument: hence a scope, and not a parameter.
class DeepCopyScope {
 public:
  DeepCopyScope();
  ~DeepCopyScope();
  DeepCopyScope(const DeepCopyScope&) = delete;
  DeepCopyScope& operator=(const DeepCopyScope&) = delete;

  // Errors: a link or a parameter has handles outside the original but none in the copy, so a member of the
  // copy refers to the original.
  void require_members_copied() const;

 private:
  void require_parameters_copied() const;

  bool outermost_;
};

}  // namespace tenbin::detail
