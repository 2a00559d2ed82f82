#include "amethyst/table_writer.h"

#include <utility>

#include "amethyst/options.h"
#include "base/containment.h"
#include "base/error.h"
#include "ingest/external_table_writer.h"
#include "io/system_environment.h"
#include "key/moment.h"

namespace amethyst {

using base::Contained;

namespace {

constexpr uint64_t kYear10000Ms = 253'402'300'800'000;

// An entry that lives until `expires_ms`.
Status AddUntil(ingest::ExternalTableWriter& table, key::EntryKind kind, std::string_view key, std::string_view value,
                uint64_t expires_ms) {
  if (expires_ms == key::kNeverMs) return table.Add(kind, key, value);
  if (expires_ms >= kYear10000Ms) return base::InvalidArgument("an expiry after the year 9999; kNever is for ever");
  std::string stored;
  key::AppendExpiring(&stored, expires_ms, value);
  return table.Add(key::ExpiringOf(kind), key, stored);
}

Status AddExpiring(ingest::ExternalTableWriter& table, key::EntryKind kind, std::string_view key,
                   std::string_view value, const Expiry& expiry) {
  if (expiry.at) return AddUntil(table, kind, key, value, key::MillisecondsOf(*expiry.at));
  if (expiry.after.count() == 0) return AddUntil(table, kind, key, value, table.DefaultExpiryMs());
  if (expiry.after.count() < 0)
    return base::InvalidArgument("ttl is {} ms; it must not be negative", expiry.after.count());
  return AddUntil(table, kind, key, value, table.NowMs() + static_cast<uint64_t>(expiry.after.count()));
}

}  // namespace

TableWriter::TableWriter(std::unique_ptr<ingest::ExternalTableWriter> impl) : impl_(std::move(impl)) {}
TableWriter::TableWriter(TableWriter&&) noexcept = default;
TableWriter& TableWriter::operator=(TableWriter&&) noexcept = default;
TableWriter::~TableWriter() = default;

Result<TableWriter> TableWriter::Create(const std::filesystem::path& path, const TableWriterOptions& options) {
  return Contained([&]() -> Result<TableWriter> {
    auto environment = options.environment ? options.environment : io::DefaultEnvironment();
    AMETHYST_ASSIGN(auto impl,
                    ingest::ExternalTableWriter::Create(std::move(environment), path.string(), options.family));
    return TableWriter(std::move(impl));
  });
}

Status TableWriter::Put(std::string_view key, std::string_view value) {
  return Contained([&] { return AddUntil(*impl_, key::EntryKind::kPut, key, value, impl_->DefaultExpiryMs()); });
}

Status TableWriter::Put(std::string_view key, std::string_view value, const Expiry& expiry) {
  return Contained([&] { return AddExpiring(*impl_, key::EntryKind::kPut, key, value, expiry); });
}

Status TableWriter::Delete(std::string_view key) {
  return Contained([&] { return impl_->Add(key::EntryKind::kDelete, key, {}); });
}

Status TableWriter::Merge(std::string_view key, std::string_view operand) {
  return Contained([&] { return AddUntil(*impl_, key::EntryKind::kOperand, key, operand, impl_->DefaultExpiryMs()); });
}

Status TableWriter::Merge(std::string_view key, std::string_view operand, const Expiry& expiry) {
  return Contained([&] { return AddExpiring(*impl_, key::EntryKind::kOperand, key, operand, expiry); });
}

Status TableWriter::DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end) {
  return Contained([&] { return impl_->AddRangeDelete({.begin = begin, .end = end}); });
}

Result<TableSummary> TableWriter::Finish() {
  return Contained([&]() -> Result<TableSummary> {
    const uint64_t range_deletes = impl_->range_deletes();
    AMETHYST_ASSIGN(sstable::TableInfo info, impl_->Finish());
    return TableSummary{.entries = info.entries,
                        .range_deletes = range_deletes,
                        .file_bytes = info.file_bytes,
                        .smallest = std::move(info.smallest),
                        .largest = std::move(info.largest)};
  });
}

}  // namespace amethyst
