#include "ingest/external_table_writer.h"

#include <utility>

#include "amethyst/options.h"
#include "base/containment.h"
#include "base/error.h"
#include "base/readable.h"
#include "key/merge_operators.h"

namespace amethyst::ingest {

namespace {

constexpr size_t kBlockBytesMin = 512;
constexpr size_t kBlockBytesMax = size_t{1} << 20;

Result<sstable::TableOptions> TableOptionsOf(const FamilyOptions& family) {
  const Options defaults;
  if (family.comparator == nullptr) return base::InvalidArgument("comparator is null");
  sstable::TableOptions options{
      .block_bytes = family.block_bytes.value_or(defaults.block_bytes),
      .compression = family.compression.value_or(defaults.compression),
      .filter_false_positive_rate = family.filter_false_positive_rate.value_or(defaults.filter_false_positive_rate),
      .order = key::Order(family.comparator),
      .family = {}};
  if (options.block_bytes < kBlockBytesMin || options.block_bytes > kBlockBytesMax) {
    return base::InvalidArgument("block_bytes is {}; it must be {} to {}", options.block_bytes, kBlockBytesMin,
                                 kBlockBytesMax);
  }
  if (!(options.filter_false_positive_rate > 0 && options.filter_false_positive_rate <= 1)) {
    return base::InvalidArgument("filter_false_positive_rate is {}; it must be over 0 and up to 1",
                                 options.filter_false_positive_rate);
  }
  if (options.compression > Compression::kZstd) return base::InvalidArgument("compression is not a codec");
  if (family.ttl.count() < 0) return base::InvalidArgument("ttl is negative");
  return options;
}

uint64_t WallSeconds(io::Environment& environment) {
  return static_cast<uint64_t>(environment.clock().WallTime().count() / 1000);
}

}  // namespace

Result<std::unique_ptr<ExternalTableWriter>> ExternalTableWriter::Create(std::shared_ptr<io::Environment> environment,
                                                                         const std::string& path,
                                                                         const FamilyOptions& family) {
  AMETHYST_ASSIGN(const sstable::TableOptions options, TableOptionsOf(family));
  AMETHYST_ASSIGN(const bool exists, environment->files().Exists(path));
  if (exists) return base::InvalidArgument("{}: exists already; a table is written to a new file", path);
  AMETHYST_ASSIGN(auto file, environment->files().Create(path));
  return std::unique_ptr<ExternalTableWriter>(
      new ExternalTableWriter(std::move(environment), std::move(file), family, options));
}

ExternalTableWriter::ExternalTableWriter(std::shared_ptr<io::Environment> environment,
                                         std::unique_ptr<io::WritableFile> file, FamilyOptions family,
                                         const sstable::TableOptions& options)
    : environment_(std::move(environment)),
      path_(file->path()),
      family_(std::move(family)),
      order_(options.order),
      table_(std::move(file), options, WallSeconds(*environment_)) {}

ExternalTableWriter::~ExternalTableWriter() {
  if (finished_ && failed_) return;
  base::DoIfPossible([this] { static_cast<void>(environment_->files().Remove(path_)); });
}

Status ExternalTableWriter::CheckUsable() const {
  AMETHYST_TRY(failed_);
  if (finished_) return base::InvalidArgument("{}: the table is finished", path_);
  return {};
}

Status ExternalTableWriter::Refuse(std::string_view key) const {
  return base::InvalidArgument("{}: keys must ascend, one entry a key: \"{}\" comes behind \"{}\"", path_,
                               base::Shortened(key, base::kKeyColumnsMax),
                               base::Shortened(table_.last_key(), base::kKeyColumnsMax));
}

Status ExternalTableWriter::Add(key::EntryKind kind, std::string_view key, std::string_view value) {
  AMETHYST_TRY(CheckUsable());
  if (key.size() > kKeyBytesMax) [[unlikely]] {
    return base::InvalidArgument("a key of {} bytes is over the limit of {}", key.size(), kKeyBytesMax);
  }
  if (table_.entries() > 0 && !order_.Less(table_.last_key(), key)) [[unlikely]]
    return Refuse(key);
  if (value.size() > key::kMergedBytesMax) [[unlikely]] {
    return base::InvalidArgument("a value of {} bytes is over the limit of {}", value.size(), key::kMergedBytesMax);
  }
  if (!key::Decides(kind)) [[unlikely]] {
    if (family_.merge_operator == nullptr) {
      return base::InvalidArgument("{}: there is no merge operator for an operand; give one in the options", path_);
    }
    AMETHYST_TRY(key::CheckOperand(*family_.merge_operator, key::ValueOf(kind, value)));
    if (external_.merge_operator.empty()) external_.merge_operator = family_.merge_operator->Name();
  }
  Status added = table_.Add({key, key::Tag(key::SequenceNumber{}, kind), value});
  if (!added) [[unlikely]]
    failed_ = added;
  return added;
}

Status ExternalTableWriter::AddRangeDelete(const key::Range& range) {
  AMETHYST_TRY(CheckUsable());
  for (const auto& bound : {range.begin, range.end}) {
    if (!bound || bound->size() <= kKeyBytesMax) continue;
    return base::InvalidArgument("a key of {} bytes is over the limit of {}", bound->size(), kKeyBytesMax);
  }
  if (range.begin && range.end) {
    const int order = order_.Compare(*range.begin, *range.end);
    if (order > 0) {
      return base::InvalidArgument("a range delete ends before it begins: \"{}\" comes behind \"{}\"",
                                   base::Readable(*range.begin), base::Readable(*range.end));
    }
    if (order == 0) return {};
  }
  key::AppendRange(&external_.range_deletes.emplace_back(), range);
  return {};
}

Result<sstable::TableInfo> ExternalTableWriter::Finish() {
  AMETHYST_TRY(CheckUsable());
  if (table_.entries() == 0) {
    return base::InvalidArgument("{}: a table needs an entry; delete ranges alone by DB::DeleteRange", path_);
  }
  finished_ = true;
  table_.SetSurroundings({.lineage = {}, .limits = {}, .external = external_});
  Result<sstable::TableInfo> info = table_.Finish();
  failed_ = info ? environment_->files().SyncDirectory(io::ParentDirectory(path_)) : std::unexpected(info.error());
  AMETHYST_TRY(failed_);
  return info;
}

uint64_t ExternalTableWriter::NowMs() const { return static_cast<uint64_t>(environment_->clock().WallTime().count()); }

uint64_t ExternalTableWriter::DefaultExpiryMs() const {
  return family_.ttl.count() == 0 ? key::kNeverMs : NowMs() + static_cast<uint64_t>(family_.ttl.count());
}

}  // namespace amethyst::ingest
