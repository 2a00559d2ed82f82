#include "sstable/table_salvage.h"

#include <algorithm>
#include <utility>

#include "base/coding.h"
#include "base/error.h"
#include "compress/codec.h"
#include "filter/bloom_filter.h"

namespace amethyst::sstable {

Result<std::unique_ptr<TableSalvage>> TableSalvage::Open(std::shared_ptr<io::RandomAccessFile> file, key::Order order,
                                                         cache::BlockCache& cache) {
  AMETHYST_ASSIGN(const uint64_t file_bytes, file->Size());
  std::unique_ptr<TableSalvage> salvage(new TableSalvage(std::move(file), order, file_bytes));
  if (file_bytes >= kHeaderBytes) {
    char bytes[kHeaderBytes];
    AMETHYST_TRY(io::ReadExactly(*salvage->file_, 0, bytes));
    salvage->header_ = Header::FromBytes({bytes, sizeof bytes});
  }
  if (!salvage->header_) salvage->problems_.emplace_back("header at 0: not that of a table");
  if (file_bytes < kFooterBytes) {
    salvage->problems_.push_back(
        fmt::format("{} bytes are too short for a table, which ends in a footer of {}", file_bytes, kFooterBytes));
    return salvage;
  }
  std::string bytes(kFooterBytes, '\0');
  AMETHYST_TRY(io::ReadExactly(*salvage->file_, file_bytes - kFooterBytes, bytes));
  auto footer = Footer::FromBytes(bytes, file_bytes);
  if (!footer) {
    salvage->problems_.push_back(fmt::format("footer at {}: {}", file_bytes - kFooterBytes, footer.error().message()));
    return salvage;
  }
  salvage->footer_ = *footer;
  salvage->ReadParts(cache);
  return salvage;
}

std::optional<std::string> TableSalvage::ReadPart(const TableFile& file, const BlockHandle& handle,
                                                  std::string_view name) {
  if (handle.stored_bytes == 0) return std::nullopt;
  std::string raw;
  const Status read = file.Read(handle, [&](size_t bytes) {
    raw.resize(bytes);
    return raw.data();
  });
  if (!read) {
    problems_.push_back(fmt::format("{}: {}", name, read.error().message()));
    return std::nullopt;
  }
  raw.resize(handle.raw_bytes);
  return raw;
}

void TableSalvage::ReadParts(cache::BlockCache& cache) {
  const TableFile file(file_, footer_->uid, file_bytes_);
  if (const auto bytes = ReadPart(file, footer_->properties, "properties")) {
    auto properties = Properties::FromBytes(*bytes);
    if (properties) {
      properties->info.uid = footer_->uid;
      properties->info.file_bytes = file_bytes_;
      properties->info.digest = footer_->digest;
      properties_ = *std::move(properties);
    } else {
      problems_.push_back(fmt::format("properties: {}", properties.error().message()));
    }
  }
  if (const auto bytes = ReadPart(file, footer_->sketch, "key sketch")) {
    std::string_view rest = *bytes;
    sketch_ = filter::KeySketch::ReadFrom(&rest);
    if (!sketch_) problems_.emplace_back("key sketch: not a sketch");
  }
  if (const auto bytes = ReadPart(file, footer_->filter, "filter")) {
    const auto view = filter::BloomFilterView::FromBytes(*bytes);
    filter_is_good_ = view.has_value();
    if (!view) problems_.push_back(fmt::format("filter: {}", view.error().message()));
  }
  const auto top = ReadPart(file, footer_->top_index, "top index");
  if (!top) return;
  auto tree = BlockTree::Make(file, order_, cache, *top);
  if (tree) {
    tree_ = *std::move(tree);
  } else {
    problems_.push_back(fmt::format("top index: {}", tree.error().message()));
  }
}

TableSalvage::Step TableSalvage::DescribeChild(const IndexPage& parent, uint32_t child) const {
  const IndexEntry entry = parent.entry(child);
  Step step;
  step.description = {.handle = entry.handle,
                      .codec = {},
                      .entries = entry.entries,
                      .live = entry.live,
                      .max_sequence = entry.max_sequence(),
                      .separator = parent.separator(child),
                      .inclusive = entry.inclusive(),
                      .continues = entry.continues()};
  return step;
}

std::optional<TableSalvage::Step> TableSalvage::Next() {
  if (page_ != nullptr && next_block_ < page_->count()) {
    Step step = DescribeChild(*page_, next_block_);
    ReadBlock(page_->entry(next_block_++), &step);
    return step;
  }
  page_ = nullptr;
  if (tree_ == nullptr || next_page_ == tree_->top().count()) return std::nullopt;
  Step step = DescribeChild(tree_->top(), next_page_);
  step.is_page = true;
  next_block_ = 0;
  const auto page = tree_->ReadPage(tree_->top().entry(next_page_++).handle, &page_memory_);
  if (page) {
    page_ = *page;
  } else {
    step.problem = page.error().message();
  }
  return step;
}

void TableSalvage::ReadBlock(const IndexEntry& entry, Step* step) {
  const uint64_t stored_bytes = entry.handle.stored_bytes + kTrailerBytes;
  if (entry.handle.offset > file_bytes_ || stored_bytes > file_bytes_ - entry.handle.offset) {
    step->problem =
        fmt::format("{}: block at {} ends behind the file's {} bytes", file_->path(), entry.handle.offset, file_bytes_);
    return;
  }
  stored_.resize(stored_bytes);
  if (const Status read = io::ReadExactly(*file_, entry.handle.offset, stored_); !read) {
    step->problem = read.error().message();
    return;
  }
  const auto block = tree_->DecodeBlock(entry, stored_, &block_memory_);
  if (!block) {
    step->problem = block.error().message();
    return;
  }
  step->block = *block;
  step->description.codec = compress::CodecName(static_cast<compress::Codec>(stored_[entry.handle.stored_bytes]));
}

namespace {

// Blocks are small, except one of a large value.
constexpr uint64_t kScanBytesMax = uint64_t{4} << 20;
// What bytes made to look like the end of a block again and again may cost.
constexpr uint64_t kHashedBytesMax = uint64_t{1} << 30;

// The handle of the block that begins at `bytes`, which lie at `offset`.
std::optional<BlockHandle> MeasureBlock(std::string_view bytes, const base::Location& location) {
  uint64_t hashed_bytes = 0;
  for (size_t stored = 1; stored + kTrailerBytes <= bytes.size() && hashed_bytes < kHashedBytesMax; ++stored) {
    const char* const trailer = bytes.data() + stored;
    const auto codec = static_cast<uint8_t>(*trailer);
    if (!compress::IsKnownCodec(codec)) continue;
    const auto raw = base::LoadFixed<uint32_t>(trailer + 1);
    const bool plain = codec == static_cast<uint8_t>(compress::Codec::kNone);
    if (plain ? raw != stored : raw <= stored || raw > kRawBytesMax) continue;
    const std::string_view block = bytes.substr(0, stored + kTrailerBytes);
    hashed_bytes += block.size();
    if (base::Checksum(block.substr(0, block.size() - 8), location) != StoredChecksum(block)) continue;
    return BlockHandle{.offset = location.offset, .stored_bytes = static_cast<uint32_t>(stored), .raw_bytes = raw};
  }
  return std::nullopt;
}

// Whether `block` is an index page: its first child is the file's first block.
bool IsFirstIndexPage(const Block& block, const BlockHandle& first) {
  if (block.value(0).size() != sizeof(IndexEntry)) return false;
  return base::LoadFixed<IndexEntry>(block.value(0).data()).handle == first;
}

}  // namespace

Result<uint64_t> ScanBlocks(const std::shared_ptr<io::RandomAccessFile>& file, const base::Uid& uid,
                            const key::Order& order, base::FunctionRef<void(const Block&)> visit) {
  AMETHYST_ASSIGN(const uint64_t file_bytes, file->Size());
  const TableFile decoder(file, uid, file_bytes);
  std::optional<BlockHandle> first;
  std::string bytes;
  AlignedBuffer memory;
  std::string raw;
  for (uint64_t offset = kHeaderBytes;;) {
    if (offset > file_bytes) return file_bytes;
    bytes.resize(std::min(kScanBytesMax, file_bytes - offset));
    AMETHYST_TRY(io::ReadExactly(*file, offset, bytes));
    const auto handle = MeasureBlock(bytes, {.owner = uid, .offset = offset});
    if (!handle) return offset;
    const Status decoded = decoder.Decode(
        *handle, std::string_view(bytes).substr(0, handle->stored_bytes + kTrailerBytes), [&](size_t room) {
          raw.resize(room);
          return raw.data();
        });
    const uint32_t count = decoded ? Block::CountOf(raw) : 0;
    if (count == 0 || !Block::IsPlausible(count, raw.size())) return offset;
    char* const room = memory.Room(Block::BytesFor(count, raw.size(), order));
    std::ranges::copy(raw, Block::RawIn(room, count, order));
    const auto block = Block::Make(room, count, raw.size(), order);
    if (!block || (first && IsFirstIndexPage(**block, *first))) return offset;
    if (!first) first = handle;
    visit(**block);
    offset = handle->end();
  }
}

}  // namespace amethyst::sstable
