// The page and what it shows in one file, which a browser opens from the disk. Thread safety: pure function.
#pragma once

#include <string>
#include <string_view>

namespace amethyst::page {

// `state`: Watcher::ReportText. The modules, styles and the state stand within the file, and nothing is fetched.
[[nodiscard]] std::string MakeReport(std::string_view state);

}  // namespace amethyst::page
