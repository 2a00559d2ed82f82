// Commands drawn from a seed, over all types of data: what a workload of the server's torture suites sends.
//
// Keys are few, so that commands meet what others left: mostly of the type that they are for, now and then of another
// one, which refuses them. Elements and fields are few as well, and values differ in length, so that collections are
// written whole in one entry at first and one by one later.
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace amethyst::torture {

class DrawnCommands {
 public:
  using Words = std::vector<std::string>;
  // `random` outlives this.
  explicit DrawnCommands(base::Random& random) : random_(random) {}

  // What the functions of DrawScript() need.
  [[nodiscard]] static Words LoadLibrary();
  // One that may change something, and does not block.
  [[nodiscard]] Words Draw();
  // A script or function that calls two of the above, or calls one and then fails, as one command.
  [[nodiscard]] Words DrawScript();

 private:
  [[nodiscard]] Words DrawString();
  [[nodiscard]] Words DrawBits();
  [[nodiscard]] Words DrawHash();
  [[nodiscard]] Words DrawList();
  [[nodiscard]] Words DrawSet();
  [[nodiscard]] Words DrawSortedSet();
  [[nodiscard]] Words DrawStream();
  [[nodiscard]] Words DrawAny();
  [[nodiscard]] Words DrawWhole();
  // A key of that type, or, one time in eight, of any.
  [[nodiscard]] std::string Key(char type);
  [[nodiscard]] std::string AnyKey();
  [[nodiscard]] std::string Member();
  [[nodiscard]] std::string Number(uint64_t below);
  [[nodiscard]] std::string Value();
  [[nodiscard]] std::string One(std::initializer_list<std::string_view> of);

  base::Random& random_;
};

}  // namespace amethyst::torture
