// Assertions: for what cannot happen whatever bytes come from disk or from a user.
//
// AMETHYST_ASSERT is checked in every build and is for what is cheap; AMETHYST_DCHECK is for hot
// paths and is checked where NDEBUG is not defined. A failed check prints where and aborts.
#pragma once

namespace amethyst::base {

[[noreturn]] void AssertionFailed(const char* condition, const char* file, int line);

}  // namespace amethyst::base

#define AMETHYST_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::amethyst::base::AssertionFailed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define AMETHYST_DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#else
#define AMETHYST_DCHECK(condition) AMETHYST_ASSERT(condition)
#endif
