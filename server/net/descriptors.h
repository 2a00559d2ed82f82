// How many descriptors the system lets the process have: each connection takes one. Thread safety: any thread.
#pragma once

#include <cstdint>

namespace amethyst::server {

// Takes as many as the process may have without more rights, and returns how many that are.
uint64_t TakeAllDescriptors();

}  // namespace amethyst::server
