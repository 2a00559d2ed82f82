#include "repair/salvage_sources.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "base/readable.h"
#include "tree/file_names.h"
#include "wal/batch_encoding.h"
#include "wal/segment_reader.h"

namespace amethyst::repair {

bool TableSource::Next() {
  while (block_ == nullptr || next_ == block_->count()) {
    block_ = nullptr;
    const auto step = table_->Next();
    if (!step) return false;
    if (!step->problem.empty()) TellLoss(*step);
    if (!step->is_page || !step->problem.empty()) after_ = step->description.separator;
    block_ = step->block;
    next_ = 0;
  }
  key_ = block_->key(next_++);
  return true;
}

bool TableSource::MayHaveLost(std::string_view key) const {
  return std::ranges::any_of(
      lost_, [key](const LostRange& range) { return (!range.after || *range.after <= key) && key <= range.to; });
}

void TableSource::TellLoss(const sstable::TableSalvage::Step& step) {
  lost_.push_back({.after = after_, .to = step.description.separator});
  dropped_.push_back(fmt::format("{}: {} {} from {} to {}: {}", origin().name, step.description.entries,
                                 step.is_page ? "entries of an index page" : "entries of a block",
                                 after_ ? base::Shortened(*after_, base::kKeyColumnsMax) : "the first key",
                                 base::Shortened(step.description.separator, base::kKeyColumnsMax), step.problem));
}

void SalvagedRangeDeletes::Add(const key::Range& range, key::SequenceNumber sequence) {
  const auto kept = [this](std::optional<std::string_view> bound) {
    return bound ? std::optional<std::string_view>(keys_.emplace_back(*bound)) : std::nullopt;
  };
  all_.push_back({{.begin = kept(range.begin), .end = kept(range.end)}, sequence});
}

void NewestEntries::Add(std::string_view key, key::Tag tag, std::string_view value) {
  AMETHYST_ASSERT(!started_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) {
    entries_.emplace(key, Newest{.tag = tag, .value = std::string(value)});
  } else if (found->second.tag < tag) {
    found->second = {.tag = tag, .value = std::string(value)};
  }
}

bool NewestEntries::Next() {
  at_ = started_ ? std::next(at_) : entries_.begin();
  started_ = true;
  return at_ != entries_.end();
}

namespace {

// One segment, as far as it goes; `cut`: where a later segment says that it ends.
class SegmentSalvage {
 public:
  SegmentSalvage(const io::RandomAccessFile& file, wal::SegmentReader reader, const wal::SegmentHeader& header,
                 std::optional<uint64_t> cut, LogEntries* entries, std::vector<std::string>* dropped)
      : file_(file),
        reader_(std::move(reader)),
        next_ordinal_(static_cast<uint32_t>(header.cut.next_ordinal)),
        end_(std::min(cut.value_or(reader_.file_bytes()), reader_.file_bytes())),
        entries_(*entries),
        dropped_(*dropped) {}

  Result<uint64_t> Run() {
    uint64_t offset = wal::kSegmentHeaderBytes;
    while (offset + wal::kRecordHeaderBytes <= end_) {
      AMETHYST_ASSIGN(const wal::SegmentReader::Reading reading, reader_.Read(offset));
      const wal::RecordHeader& header = reading.record.header;
      if (reading.found == wal::SegmentReader::Found::kRecord) {
        TakeBatch(offset, reading.record);
      } else if (reading.found == wal::SegmentReader::Found::kUnknownKind) {
        dropped_.push_back(fmt::format("{}: record at {}: {}", file_.path(), offset, reading.why));
      }
      if (IsWhole(reading)) {
        next_ordinal_ = header.ordinal_low + 1;
        offset += header.padded_bytes();
        continue;
      }
      AMETHYST_ASSIGN(const uint64_t next, FindNext(offset));
      const bool plain_end = next == end_ && reading.found == wal::SegmentReader::Found::kEnd;
      if (!plain_end) {
        dropped_.push_back(fmt::format("{}: what lies from {} to {}: {}", file_.path(), offset, next,
                                       reading.why.empty() ? "no record, but there is one behind it" : reading.why));
      }
      offset = next;
    }
    return batches_;
  }

 private:
  static bool IsWhole(const wal::SegmentReader::Reading& reading) {
    return reading.found == wal::SegmentReader::Found::kRecord ||
           reading.found == wal::SegmentReader::Found::kUnknownKind;
  }

  // The next whole record behind a bad place, or the end.
  Result<uint64_t> FindNext(uint64_t offset) {
    std::string window;
    uint64_t window_begin = 0;
    const wal::OrdinalRange ordinals{.first = next_ordinal_, .count = (end_ - offset) / wal::kRecordHeaderBytes};
    uint64_t hashed_bytes_left = 4 * reader_.file_bytes() + kWindowBytes;  // Bytes made to claim records are no trap.
    while ((offset += wal::kRecordAlignment) + wal::kRecordHeaderBytes <= end_) {
      if (offset < window_begin || offset + wal::kRecordHeaderBytes > window_begin + window.size()) {
        window_begin = offset;
        window.resize(std::min(kWindowBytes, end_ - offset));
        AMETHYST_TRY(io::ReadExactly(file_, offset, window));
      }
      const wal::RecordHeader header = wal::DecodeRecordHeader(window.data() + (offset - window_begin));
      if (!wal::IsPossible(header, offset, end_, ordinals)) continue;
      if (header.length > hashed_bytes_left) break;
      hashed_bytes_left -= header.length;
      AMETHYST_ASSIGN(const wal::SegmentReader::Reading reading, reader_.Read(offset));
      if (IsWhole(reading)) return offset;
    }
    return end_;
  }

  void TakeBatch(uint64_t offset, const wal::SegmentReader::Record& record) {
    if (record.header.kind != wal::RecordKind::kBatch) return;
    wal::BatchReader reader(record.payload);
    for (wal::BatchEntry entry; reader.Next(&entry);) {
      const key::SequenceNumber sequence = record.header.first + (reader.count() - 1);
      LogEntries::OfFamily& family = entries_.families[key::FamilyId{entry.family}];
      if (entry.kind == key::EntryKind::kRangeDelete) {
        family.range_deletes.Add(entry.Range(), sequence);
        continue;
      }
      NewestEntries& to = sequence <= entries_.flushed ? *family.settled : *family.fresh;
      to.Add(entry.key, key::Tag(sequence, entry.kind), entry.value);
    }
    if (const Status status = reader.status(); !status) {
      dropped_.push_back(fmt::format("{}: batch at {}: {} of {} entries kept: {}", file_.path(), offset, reader.count(),
                                     record.header.count, status.error().message()));
    }
    ++batches_;
  }

  static constexpr uint64_t kWindowBytes = uint64_t{1} << 20;

  const io::RandomAccessFile& file_;
  wal::SegmentReader reader_;
  uint32_t next_ordinal_;  // Of the record behind the last whole one.
  const uint64_t end_;
  LogEntries& entries_;
  std::vector<std::string>& dropped_;
  uint64_t batches_ = 0;
};

// Whether a segment was made ahead of time and never begun: it holds zeros.
bool IsUnused(const io::RandomAccessFile& file) {
  std::string bytes(64 << 10, '\0');
  const auto found = file.ReadAt(0, bytes);
  return found && std::string_view(bytes).substr(0, *found).find_first_not_of('\0') == std::string_view::npos;
}

struct Segment {
  std::unique_ptr<io::RandomAccessFile> file;
  wal::SegmentHeader header;
};

}  // namespace

Result<uint64_t> SalvageLog(io::FileSystem& files, const std::string& directory, const std::vector<std::string>& names,
                            LogEntries* entries, std::vector<std::string>* dropped) {
  std::vector<Segment> segments;
  std::map<key::FileNumber, uint64_t> cuts;
  for (const std::string& name : names) {
    const auto parsed = tree::ParseFileName(name);
    if (!parsed || parsed->type != tree::FileType::kLogSegment) continue;
    auto file = files.Open(io::JoinPath(directory, name));
    char bytes[wal::kSegmentHeaderBytes];
    const Result<size_t> found = file ? (*file)->ReadAt(0, bytes) : std::unexpected(file.error());
    const auto header = found ? wal::DecodeSegmentHeader({bytes, *found}) : std::unexpected(found.error());
    if (!header) {
      if (!file || !IsUnused(**file))
        dropped->push_back(fmt::format("{}: all of it: {}", name, header.error().message()));
      continue;
    }
    if (header->cut.segment != key::FileNumber{}) cuts[header->cut.segment] = header->cut.offset;
    segments.push_back({.file = *std::move(file), .header = *header});
  }
  uint64_t batches = 0;
  for (const Segment& segment : segments) {
    AMETHYST_ASSIGN(wal::SegmentReader reader,
                    wal::SegmentReader::Create(*segment.file, segment.header.database_uid, segment.header.segment));
    const auto cut = cuts.find(segment.header.segment);
    SegmentSalvage salvage(*segment.file, std::move(reader), segment.header,
                           cut == cuts.end() ? std::nullopt : std::optional(cut->second), entries, dropped);
    const Result<uint64_t> taken = salvage.Run();
    if (taken) {
      batches += *taken;
    } else {
      dropped->push_back(fmt::format("{}: the rest: {}", segment.file->path(), taken.error().message()));
    }
  }
  return batches;
}

}  // namespace amethyst::repair
