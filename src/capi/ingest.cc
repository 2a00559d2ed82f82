// Tables that are written elsewhere, and taken in.
#include <filesystem>
#include <vector>

#include "amethyst/table_writer.h"
#include "capi/objects.h"

namespace amethyst::capi {

namespace {

constexpr size_t kIngestOptionsBytesFirst = 56;  // Of the first version of the struct.
static_assert(sizeof(amethyst_ingest_options) == kIngestOptionsBytesFirst);

struct TableWriterObject final : HandleObject {
  using Handle = amethyst_table_writer;
  static constexpr HandleKind kKind = HandleKind::kTableWriter;
  static constexpr auto kUse = HandleTable::Use::kAlone;
  static constexpr std::string_view kName = "table writer";

  TableWriterObject(std::shared_ptr<const Comparator> the_order, TableWriter made)
      : order(std::move(the_order)), writer(std::move(made)) {}

  const std::shared_ptr<const Comparator> order;  // Outlives the writer.
  TableWriter writer;
};

// `given` may be null. The bounds are copied.
Result<IngestOptions> IngestOptionsOf(const amethyst_ingest_options* given) {
  IngestOptions options;
  if (given == nullptr) return options;
  AMETHYST_TRY(CheckStruct(given, given->struct_bytes, {.known = sizeof(*given), .least = kIngestOptionsBytesFirst},
                           "ingest_options"));
  if (given->mode < AMETHYST_INGEST_LINK || given->mode > AMETHYST_INGEST_COPY) {
    return base::InvalidArgument("ingest_options: mode is {}, and there is no such mode", given->mode);
  }
  options.mode = static_cast<IngestMode>(given->mode);
  options.in_order = given->in_order != 0;
  options.verify = given->verify != 0;
  if (given->replace == 0) return options;
  AMETHYST_ASSIGN(const std::optional<std::string_view> begin, Bound(given->begin, given->begin_bytes, "begin"));
  AMETHYST_ASSIGN(const std::optional<std::string_view> end, Bound(given->end, given->end_bytes, "end"));
  options.replace = KeyRange{.begin = std::optional<std::string>(begin), .end = std::optional<std::string>(end)};
  return options;
}

// A call with the writer, a key and a value.
template <typename Add>
amethyst_code AddTo(amethyst_table_writer* writer, Result<std::string_view> key, Result<std::string_view> value,
                    char** error, Add add) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(key);
    AMETHYST_TRY(value);
    AMETHYST_ENTER(entered, TableWriterObject, writer);
    return add(entered->writer, *key, *value);
  });
}

}  // namespace

}  // namespace amethyst::capi

using namespace amethyst::capi;  // NOLINT: C functions stand outside every namespace.
using amethyst::Status;
using amethyst::TableWriter;

amethyst_code amethyst_table_writer_create(const char* path, const amethyst_family_options* options,
                                           amethyst_table_writer** writer, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(path, "path"));
    AMETHYST_TRY(Wanted(writer, "writer"));
    std::shared_ptr<const amethyst::Comparator> order;
    AMETHYST_ASSIGN(const amethyst::FamilyOptions family,
                    FamilyOptionsOf(options, [&order](std::shared_ptr<const amethyst::Comparator> given) {
                      order = std::move(given);
                    }));
    AMETHYST_ASSIGN(TableWriter made, TableWriter::Create(path, {.family = family, .environment = nullptr}));
    HandOut(std::make_unique<TableWriterObject>(std::move(order), std::move(made)), writer);
    return {};
  });
}

amethyst_code amethyst_table_writer_put(amethyst_table_writer* writer, const void* key, size_t key_bytes,
                                        const void* value, size_t value_bytes, char** error) {
  return AddTo(writer, Bytes(key, key_bytes, "key"), Bytes(value, value_bytes, "value"), error,
               [](TableWriter& to, std::string_view k, std::string_view v) { return to.Put(k, v); });
}

amethyst_code amethyst_table_writer_put_expiring(amethyst_table_writer* writer, const void* key, size_t key_bytes,
                                                 const void* value, size_t value_bytes, uint64_t expires_at_ms,
                                                 char** error) {
  return AddTo(
      writer, Bytes(key, key_bytes, "key"), Bytes(value, value_bytes, "value"), error,
      [&](TableWriter& to, std::string_view k, std::string_view v) { return to.Put(k, v, ExpiryOf(expires_at_ms)); });
}

amethyst_code amethyst_table_writer_delete(amethyst_table_writer* writer, const void* key, size_t key_bytes,
                                           char** error) {
  return AddTo(writer, Bytes(key, key_bytes, "key"), std::string_view(), error,
               [](TableWriter& to, std::string_view k, std::string_view /*v*/) { return to.Delete(k); });
}

amethyst_code amethyst_table_writer_merge(amethyst_table_writer* writer, const void* key, size_t key_bytes,
                                          const void* operand, size_t operand_bytes, char** error) {
  return AddTo(writer, Bytes(key, key_bytes, "key"), Bytes(operand, operand_bytes, "operand"), error,
               [](TableWriter& to, std::string_view k, std::string_view v) { return to.Merge(k, v); });
}

amethyst_code amethyst_table_writer_delete_range(amethyst_table_writer* writer, const void* begin, size_t begin_bytes,
                                                 const void* end, size_t end_bytes, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ASSIGN(const std::optional<std::string_view> from, Bound(begin, begin_bytes, "begin"));
    AMETHYST_ASSIGN(const std::optional<std::string_view> to, Bound(end, end_bytes, "end"));
    AMETHYST_ENTER(entered, TableWriterObject, writer);
    return entered->writer.DeleteRange(from, to);
  });
}

amethyst_code amethyst_table_writer_finish(amethyst_table_writer* writer, uint64_t* entries, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, TableWriterObject, writer);
    AMETHYST_ASSIGN(const amethyst::TableSummary summary, entered->writer.Finish());
    if (entries != nullptr) *entries = summary.entries;
    return {};
  });
}

amethyst_code amethyst_table_writer_free(amethyst_table_writer* writer) { return Release<TableWriterObject>(writer); }

amethyst_code amethyst_ingest(amethyst_db* db, size_t count, const char* const* paths,
                              const amethyst_ingest_options* options, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(paths, "paths"));
    AMETHYST_ENTER(entered, DatabaseObject, db);
    AMETHYST_TRY(entered->database()->CheckOpen());
    AMETHYST_ASSIGN(amethyst::IngestOptions settings, IngestOptionsOf(options));
    settings.family = entered->family();
    std::vector<std::filesystem::path> files;
    for (size_t i = 0; i < count; ++i) {
      AMETHYST_TRY(Wanted(paths[i], "paths"));
      files.emplace_back(paths[i]);
    }
    return entered->db().Ingest(std::span<const std::filesystem::path>(files), settings);
  });
}
