// amethystd as a program: its arguments, its configuration file, from start to end.
// Thread safety: one thread.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace amethyst::server {

// What a process leaves behind: 0 after a clean end, 2 for wrong arguments, 3 for what went wrong later. A second
// signal to end kills it: 128 and its number, as shells tell.
[[nodiscard]] int RunProgram(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
                             bool err_is_terminal = false);

}  // namespace amethyst::server
