// What a family is made with, as a command's options say it. Thread safety: pure functions.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/family_options.h"
#include "amethyst/options.h"
#include "cli/arguments.h"

namespace amethyst::cli {

// The built-in merge operator of that name, or which there are.
[[nodiscard]] std::expected<std::shared_ptr<const MergeOperator>, std::string> ParseMergeOperator(
    std::string_view name);

// none, lz4, zstd.
[[nodiscard]] std::optional<Compression> ParseCompression(std::string_view name);

inline constexpr OptionSpec kFamilySettings[] = {
    {.name = "--merge",
     .value = "OPERATOR",
     .help = "what merge does: int64.add uint64.add bit.or max min append append:SEPARATOR"},
    {.name = "--ttl", .value = "DURATION", .help = "how long its entries live that say nothing of their own: 30m, 7d"},
    {.name = "--compression", .value = "CODEC", .help = "none, lz4 or zstd"},
    {.name = "--block-size", .value = "SIZE", .help = "of its data blocks, before compression: 512 to 1M"},
    {.name = "--filter-rate", .value = "RATE", .help = "the share of absent keys that filters let through: 0.01"},
};

// Of the options above, or what is wrong with them.
[[nodiscard]] std::expected<FamilyOptions, std::string> FamilyOptionsOf(const Arguments& arguments);

}  // namespace amethyst::cli
