// Part of each program that is built for more than the first x86-64: before anything else runs, says what this
// processor lacks, where the program would otherwise end with an illegal instruction.
//
// Compiled for any x86-64. AMETHYST_LEVEL is the level that all else is compiled for, "x86-64-v3" for one.
#include <string.h>
#include <unistd.h>

static void Say(const char* text) {
  if (write(STDERR_FILENO, text, strlen(text)) < 0) _exit(3);
}

// Before the constructors of C++, which have priorities from 65535 on.
__attribute__((constructor(101))) static void CheckProcessor(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports(AMETHYST_LEVEL)) return;
  Say("amethyst: this program is built for processors of level " AMETHYST_LEVEL "; this one lacks");
  if (!__builtin_cpu_supports("sse4.2")) Say(" SSE4.2");
  if (!__builtin_cpu_supports("avx")) Say(" AVX");
  if (!__builtin_cpu_supports("avx2")) Say(" AVX2");
  if (!__builtin_cpu_supports("fma")) Say(" FMA");
  if (!__builtin_cpu_supports("bmi2")) Say(" BMI2");
  Say(" or another part of it\n  the Debian packages run on it, and so does what is built with "
      "-DAMETHYST_CPU=x86-64-v2 (or =x86-64)\n");
  _exit(3);
}
