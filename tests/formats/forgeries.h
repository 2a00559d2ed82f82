// Each thing that docs/format/reserved.md reserves, in the form in which a build that has it would write it: what the
// test here holds this build to, and tools/old_builds an earlier one.
//
// One line a thing, in forgeries.cc. A build that learns one changes the line's kRefuses to kKnows, and the row of the
// document with it; tests/formats/reserved_test.py holds the two to each other. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "formats/forged_database.h"

namespace amethyst::formats {

// What this build does with it.
enum class Here : uint8_t {
  kRefuses,  // kNotSupported, naming it.
  kIgnores,  // Reads everything right.
  kKnows,    // It is in use; what it means is tested elsewhere.
};

// What a build of before is to do with it.
enum class Before : uint8_t {
  kRefuses,
  kIgnores,
  kEither,  // No build writes it in this form: shows why.
};

struct Forgery {
  std::string where;  // And the number: the row of the document.
  uint32_t number = 0;
  std::string form;  // Where it stands, if it may stand in several places.
  Here here{};
  Before before{};
  Stage stage{};      // Of the database that is forged.
  std::string named;  // What the refusal says.
  std::function<void(ForgedDatabase&)> forge;
};

[[nodiscard]] const std::vector<Forgery>& Forgeries();

}  // namespace amethyst::formats
