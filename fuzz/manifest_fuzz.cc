// Any bytes as a manifest, as CURRENT, and as the payload of a record whose checksum is right: an error or edits that
// encode to themselves, never more.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "catalog/manifest.h"

namespace {

using namespace amethyst;

constexpr auto CheckRoundTrip = [](const tree::VersionEdit& edit) -> Status {
  std::string bytes;
  edit.AppendTo(&bytes);
  const Result<tree::VersionEdit> again = tree::VersionEdit::FromBytes(bytes);
  AMETHYST_ASSERT(again.has_value() && *again == edit);
  return {};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const catalog::ManifestIdentity identity{.database_uid = {.low = 1, .high = 2}, .number = key::FileNumber{3}};
  static_cast<void>(catalog::ParseManifest(input, "input", identity.number, CheckRoundTrip));
  static_cast<void>(catalog::ParseCurrent(input, "input"));
  // Past the header's checksum, and past the record's.
  const std::string header = catalog::EncodeManifestHeader(identity);
  static_cast<void>(catalog::ParseManifest(header + std::string(input), "input", identity.number, CheckRoundTrip));
  const std::string head = header + catalog::EncodeManifestMark(identity, 1);
  const std::string whole = head + catalog::EncodeManifestRecord(identity, head.size(), 0, input);
  const auto report = catalog::ParseManifest(whole, "input", identity.number, CheckRoundTrip);
  AMETHYST_ASSERT(report.has_value() == tree::VersionEdit::FromBytes(input).has_value());
  return 0;
}
