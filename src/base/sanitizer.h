// Which sanitizer this is compiled with, the same under GCC (which defines a macro) and Clang (which has a feature):
// AMETHYST_THREAD_SANITIZER and AMETHYST_ADDRESS_SANITIZER are each 0 or 1. Thread safety: none needed, constants.
#pragma once

#if defined(__has_feature)
#define AMETHYST_HAS_FEATURE(feature) __has_feature(feature)
#else
#define AMETHYST_HAS_FEATURE(feature) 0
#endif

#if defined(__SANITIZE_THREAD__) || AMETHYST_HAS_FEATURE(thread_sanitizer)
#define AMETHYST_THREAD_SANITIZER 1
#else
#define AMETHYST_THREAD_SANITIZER 0
#endif

#if defined(__SANITIZE_ADDRESS__) || AMETHYST_HAS_FEATURE(address_sanitizer)
#define AMETHYST_ADDRESS_SANITIZER 1
#else
#define AMETHYST_ADDRESS_SANITIZER 0
#endif
