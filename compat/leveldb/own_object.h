// Whether an object that a program hands over is one that this library made, and whose functions it has.
//
// dynamic_cast does not do: programs may be compiled without run-time type information, which their classes then lack.
// What each object has is its table of virtual functions, first in memory (the Itanium C++ ABI).
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace amethyst::compat {

using VirtualFunction = const void*;

[[nodiscard]] inline const VirtualFunction* VirtualFunctionsOf(const void* object) {
  const VirtualFunction* functions;
  std::memcpy(&functions, object, sizeof(functions));
  return functions;
}

// `object` as a T if it is exactly one; T can be made of nothing.
template <typename T, typename Interface>
[[nodiscard]] T* OwnObject(Interface* object) {
  static const T prototype;
  const auto* const interface = static_cast<const Interface*>(&prototype);
  const bool own = object != nullptr && VirtualFunctionsOf(object) == VirtualFunctionsOf(interface);
  return own ? static_cast<T*>(object) : nullptr;
}

// What calling `function`, a pointer to a virtual member function, on the object runs.
template <typename Function>
[[nodiscard]] VirtualFunction ImplementationOf(const void* object, Function function) {
  uintptr_t offset_and_flag;  // In bytes; the lowest bit says virtual, where it is not elsewhere.
  std::memcpy(&offset_and_flag, &function, sizeof(offset_and_flag));
  return VirtualFunctionsOf(object)[(offset_and_flag & ~uintptr_t{1}) / sizeof(VirtualFunction)];
}

}  // namespace amethyst::compat
