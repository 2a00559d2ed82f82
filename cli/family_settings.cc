#include "cli/family_settings.h"

#include <fmt/format.h>

#include <charconv>

#include "amethyst/options.h"
#include "cli/moments.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

std::optional<double> ParseRate(std::string_view text) {
  double rate = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, rate);
  return error == std::errc() && stop == end ? std::optional(rate) : std::nullopt;
}

std::unexpected<std::string> Wrong(std::string_view option, std::string_view expected, std::string_view found) {
  return std::unexpected(fmt::format("{} is {}, not {}", option, expected, Shortened(found, 40)));
}

}  // namespace

std::optional<Compression> ParseCompression(std::string_view name) {
  if (name == "none") return Compression::kNone;
  if (name == "lz4") return Compression::kLz4;
  if (name == "zstd") return Compression::kZstd;
  return std::nullopt;
}

std::expected<std::shared_ptr<const MergeOperator>, std::string> ParseMergeOperator(std::string_view name) {
  if (auto built_in = BuiltInMergeOperator(name)) return built_in;
  return Wrong("--merge", "int64.add, uint64.add, bit.or, max, min, append or append:SEPARATOR", name);
}

std::expected<FamilyOptions, std::string> FamilyOptionsOf(const Arguments& arguments) {
  FamilyOptions options;
  if (const auto name = arguments.Value("--merge")) {
    auto merge_operator = ParseMergeOperator(*name);
    if (!merge_operator) return std::unexpected(merge_operator.error());
    options.merge_operator = *std::move(merge_operator);
  }
  if (const auto text = arguments.Value("--ttl")) {
    const auto ttl = ParseDuration(*text);
    if (!ttl) return std::unexpected(fmt::format("--ttl: {}", ttl.error()));
    options.ttl = *ttl;
  }
  if (const auto name = arguments.Value("--compression")) {
    options.compression = ParseCompression(*name);
    if (!options.compression) return Wrong("--compression", "none, lz4 or zstd", *name);
  }
  if (const auto size = arguments.Value("--block-size")) {
    options.block_bytes = ParseSize(*size);
    if (!options.block_bytes) return Wrong("--block-size", "a size as 4096 or 64K", *size);
  }
  if (const auto rate = arguments.Value("--filter-rate")) {
    options.filter_false_positive_rate = ParseRate(*rate);
    if (!options.filter_false_positive_rate) return Wrong("--filter-rate", "a number over 0 up to 1", *rate);
  }
  return options;
}

}  // namespace amethyst::cli
