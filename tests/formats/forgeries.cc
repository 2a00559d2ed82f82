#include "formats/forgeries.h"

#include <fmt/format.h>

#include <string_view>

#include "base/coding.h"
#include "base/tagged_fields.h"
#include "support/newer_log.h"

namespace amethyst::formats {
namespace {

using support::EntryOf;

constexpr uint64_t kExpiryMs = 4'000'000'000'000;  // In the year 2096.
constexpr uint32_t kRefusedByOlder = 22;           // The manifest's field that builds of before refuse.

std::string Varint(uint64_t number) {
  std::string bytes;
  base::AppendVarint(&bytes, number);
  return bytes;
}

std::string RequiredField(uint64_t number, std::string_view content = "content") {
  std::string bytes;
  base::AppendField(&bytes, number, base::FieldNeed::kRequired, content);
  return bytes;
}

std::string IgnorableField(uint64_t number, std::string_view content = "content") {
  std::string bytes;
  base::AppendField(&bytes, number, base::FieldNeed::kIgnorable, content);
  return bytes;
}

// What stands behind family and kind in a batch.
std::string BodyOf(uint8_t kind) {
  std::string body;
  if (kind == 3) return Varint(1 + 5) + "new03" + Varint(1 + 5) + "new07";
  base::AppendLengthPrefixed(&body, "new05");
  std::string value;
  if (kind == 4 || kind == 6 || kind == 7) base::AppendFixed(&value, kExpiryMs);
  base::AppendLengthPrefixed(&body, value + "value");
  return body;
}

Forgery EntryInLog(uint8_t kind, Here here) {
  return {"entry kind",
          kind,
          "in the log",
          here,
          Before::kRefuses,
          Stage::kLogged,
          fmt::format("kind {} ", kind),
          [kind](ForgedDatabase& database) {
            database.AppendRecord(1, 1, std::string{0, static_cast<char>(kind)} + BodyOf(kind));
          }};
}

Forgery EntryInTable(uint8_t kind, Here here) {
  return {"entry kind",
          kind,
          "in a table",
          here,
          Before::kRefuses,
          Stage::kFlushed,
          fmt::format("kind {} ", kind),
          [kind](ForgedDatabase& database) { database.SetTable({.last_kind = kind}); }};
}

// The manifest that makes the family known is written, and refused, before any entry of it.
Forgery FamilyInLog(uint32_t family, Here here) {
  return {"entry family",
          family,
          "without manifest field 10",
          here,
          Before::kEither,
          Stage::kLogged,
          fmt::format("family {} ", family),
          [family](ForgedDatabase& database) { database.AppendRecord(1, 1, EntryOf(family, 1, "new05", "value")); }};
}

Forgery Record(uint8_t kind, Here here) {
  return {"record kind",
          kind,
          "in a segment of version 2",
          here,
          Before::kRefuses,
          Stage::kLogged,
          fmt::format("record kind {} ", kind),
          [kind](ForgedDatabase& database) {
            database.SetSegmentVersion(2);
            database.AppendRecord(kind, 0, "content");
          }};
}

Forgery RecordInVersion1(uint8_t kind, Here here) {
  return {"record kind",
          kind,
          "in a segment of version 1",
          here,
          Before::kEither,
          Stage::kLogged,
          fmt::format("record kind {} ", kind),
          [kind](ForgedDatabase& database) { database.AppendRecord(kind, 0, "content"); }};
}

Forgery SegmentVersion(uint32_t version, Here here) {
  const Before before = here == Here::kKnows ? Before::kIgnores : Before::kRefuses;
  return {"segment version",
          version,
          "",
          here,
          before,
          Stage::kLogged,
          fmt::format("version {}", version),
          [version](ForgedDatabase& database) { database.SetSegmentVersion(version); }};
}

// One thing in the table of level 0.
Forgery InTable(std::string where, uint32_t number, Here here, std::string named, const TableForm& form) {
  const Before before = here == Here::kIgnores ? Before::kIgnores : Before::kRefuses;
  return {
      std::move(where), number, "", here, before, Stage::kFlushed, std::move(named), [form](ForgedDatabase& database) {
        database.SetTable(form);
      }};
}

Forgery BlockFlag(uint8_t flag, Here here) {
  return InTable("block flag", flag, here, fmt::format("flags {:#x}", flag), {.block_flags = flag});
}

Forgery BlockColumn(uint8_t id, Here here) {
  return InTable("block column", id, here, fmt::format("column {} ", id),
                 {.block_column = ForgedColumn{.id = id, .required = true, .content = "content"}});
}

Forgery PageColumn(uint8_t id, Here here) {
  Forgery forgery = InTable("block column", id, here, "",
                            {.page_column = ForgedColumn{.id = id, .required = false, .content = "content"}});
  forgery.before = Before::kIgnores;
  return forgery;
}

Forgery SummaryFlag(uint8_t flag, Here here) {
  return InTable("summary flag", flag, here, "", {.summary_flags = flag});
}

Forgery Codec(uint8_t codec, Here here) {
  return InTable("codec", codec, here, fmt::format("codec {} ", codec), {.codec = codec});
}

Forgery RequiredProperty(uint32_t number, Here here) {
  return InTable("property", number, here, fmt::format("field {} ", number), {.properties = RequiredField(number)});
}

Forgery IgnorableProperty(uint32_t number, Here here) {
  Forgery forgery = InTable("property", number, here, "", {.properties = IgnorableField(number)});
  forgery.before = Before::kIgnores;
  return forgery;
}

// In the form in which it is written: with the field that builds of before refuse.
Forgery RequiredInManifest(uint32_t number, Here here) {
  return {"manifest field",
          number,
          "beside field 22",
          here,
          Before::kRefuses,
          Stage::kLogged,
          fmt::format("field {} ", number),
          [number](ForgedDatabase& database) {
            database.AddManifestFields(RequiredField(number) + IgnorableField(kRefusedByOlder, ""));
          }};
}

Forgery RequiredAlone(uint32_t number, Here here) {
  return {"manifest field",
          number,
          "alone",
          here,
          Before::kEither,
          Stage::kLogged,
          fmt::format("field {} ", number),
          [number](ForgedDatabase& database) { database.AddManifestFields(RequiredField(number)); }};
}

// Marked as what builds of before took for "required".
Forgery IgnorableInManifest(uint32_t number, Here here) {
  return {"manifest field", number, "", here, Before::kIgnores, Stage::kLogged, "", [number](ForgedDatabase& database) {
            database.AddManifestFields(IgnorableField(number, ""));
          }};
}

std::vector<Forgery> OfLog() {
  constexpr Here kRefuses = Here::kRefuses;
  return {
      EntryInLog(2, Here::kKnows),
      EntryInLog(3, Here::kKnows),
      EntryInLog(4, Here::kKnows),
      EntryInLog(5, kRefuses),
      EntryInLog(6, Here::kKnows),
      EntryInLog(7, kRefuses),
      EntryInLog(8, kRefuses),
      EntryInLog(15, kRefuses),
      FamilyInLog(1, Here::kKnows),
      Record(3, Here::kKnows),
      Record(4, kRefuses),
      Record(5, kRefuses),
      Record(6, kRefuses),
      Record(7, kRefuses),
      Record(8, Here::kKnows),
      RecordInVersion1(3, Here::kKnows),
      SegmentVersion(2, Here::kKnows),
      SegmentVersion(3, kRefuses),
  };
}

std::vector<Forgery> OfTables() {
  constexpr Here kRefuses = Here::kRefuses;
  constexpr Here kIgnores = Here::kIgnores;
  return {
      EntryInTable(2, Here::kKnows),
      EntryInTable(3, Here::kKnows),
      EntryInTable(4, Here::kKnows),
      EntryInTable(5, kRefuses),
      EntryInTable(6, Here::kKnows),
      EntryInTable(7, kRefuses),
      EntryInTable(8, kRefuses),
      EntryInTable(15, kRefuses),
      BlockFlag(16, kRefuses),
      BlockFlag(32, kRefuses),
      BlockColumn(7, kRefuses),
      BlockColumn(8, kRefuses),
      PageColumn(9, kIgnores),
      PageColumn(10, Here::kKnows),
      SummaryFlag(4, kIgnores),
      SummaryFlag(8, kIgnores),
      InTable("footer handle", 48, kRefuses, "range tombstones are unknown", {.range_tombstones = true}),
      InTable("footer flag", 1, kRefuses, "features 0x1", {.footer_flags = 1}),
      InTable("filter kind", 2, kIgnores, "", {.filter_kind = 2}),
      Codec(3, kRefuses),
      Codec(4, kRefuses),
      IgnorableProperty(17, Here::kKnows),
      IgnorableProperty(18, Here::kKnows),
      IgnorableProperty(19, Here::kKnows),
      IgnorableProperty(20, Here::kKnows),
      RequiredProperty(21, Here::kKnows),
      RequiredProperty(22, Here::kKnows),
      IgnorableProperty(23, Here::kKnows),
      RequiredProperty(24, kRefuses),
      RequiredProperty(25, kRefuses),
      IgnorableProperty(26, kIgnores),
      IgnorableProperty(27, Here::kKnows),
      RequiredProperty(28, kRefuses),
      RequiredProperty(29, Here::kKnows),
      RequiredProperty(30, Here::kKnows),
      IgnorableProperty(31, kIgnores),
  };
}

std::vector<Forgery> OfManifest() {
  constexpr Here kRefuses = Here::kRefuses;
  return {
      RequiredInManifest(10, Here::kKnows), RequiredInManifest(11, Here::kKnows),
      RequiredInManifest(12, Here::kKnows), RequiredInManifest(13, Here::kKnows),
      RequiredInManifest(14, kRefuses),     RequiredInManifest(15, Here::kKnows),
      RequiredInManifest(16, Here::kKnows), IgnorableInManifest(18, Here::kKnows),
      RequiredInManifest(19, Here::kKnows), RequiredInManifest(21, Here::kKnows),
      RequiredAlone(10, Here::kKnows),      IgnorableInManifest(kRefusedByOlder, Here::kKnows),
  };
}

std::vector<Forgery> All() {
  std::vector<Forgery> all = OfLog();
  for (const std::vector<Forgery>& more : {OfTables(), OfManifest()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

const std::vector<Forgery>& Forgeries() {
  static const std::vector<Forgery> forgeries = All();
  return forgeries;
}

}  // namespace amethyst::formats
