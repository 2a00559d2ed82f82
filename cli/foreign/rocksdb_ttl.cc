#include "cli/foreign/rocksdb_ttl.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/coding.h"

namespace amethyst::cli {

namespace {

// RocksDB's own bounds: of May 2013, when it learned of TTL, and the last second of 32 bits.
constexpr uint32_t kTimeMin = 1368146402;
constexpr uint32_t kTimeMax = INT32_MAX;

}  // namespace

std::optional<uint32_t> TtlTimeOf(std::string_view value) {
  if (value.size() < kTtlSuffixBytes) return std::nullopt;
  const uint32_t time = base::LoadFixed<uint32_t>(value.data() + value.size() - kTtlSuffixBytes);
  return time >= kTimeMin && time <= kTimeMax ? std::optional(time) : std::nullopt;
}

bool NamesTtl(std::string_view options_text, std::string_view family) {
  const std::string header = fmt::format("[CFOptions \"{}\"]", family);
  const size_t begin = options_text.find(header);
  if (begin == std::string_view::npos) return false;
  const std::string_view rest = options_text.substr(begin + header.size());
  const std::string_view section = rest.substr(0, rest.find("\n["));
  for (const std::string_view part : {"TtlCompactionFilter", "TtlMergeOperator"}) {
    if (section.find(part) != std::string_view::npos) return true;
  }
  return false;
}

bool RecordsTtl(io::FileSystem& files, const std::string& directory, std::string_view family) {
  const auto names = files.List(directory);
  return names && std::ranges::any_of(*names, [&](const std::string& name) {
           if (!name.starts_with("OPTIONS-")) return false;
           const auto text = io::ReadFile(files, io::JoinPath(directory, name));
           return text && NamesTtl(*text, family);
         });
}

void TtlSuspicion::Add(std::string_view value) {
  ++count_;
  if (!all_end_in_times_) return;
  all_end_in_times_ = TtlTimeOf(value).has_value();
  if (!all_end_in_times_) return;
  const std::string_view suffix = value.substr(value.size() - kTtlSuffixBytes);
  any_unprintable_ |= std::ranges::any_of(suffix, [](char c) { return c < ' ' || c > '~'; });
}

}  // namespace amethyst::cli
