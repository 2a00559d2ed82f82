#include "sstable/table_reader.h"

#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "base/epoch.h"
#include "base/error.h"
#include "filter/bloom_filter.h"
#include "sstable/table_cursor.h"

namespace amethyst::sstable {
namespace {

// A filter's frame: the view, made once, then from the next line on the filter's bytes that it looks into.
constexpr size_t kFilterViewBytes = 64;
static_assert(sizeof(filter::BloomFilterView) <= kFilterViewBytes);
static_assert(std::is_trivially_destructible_v<filter::BloomFilterView>);

const filter::BloomFilterView& FilterIn(const cache::Frame* frame) {
  return *reinterpret_cast<const filter::BloomFilterView*>(frame->payload());
}

Result<std::string> ReadPart(const TableFile& file, const BlockHandle& handle) {
  std::string raw;
  AMETHYST_TRY(file.Read(handle, [&](size_t bytes) {
    raw.resize(bytes);
    return raw.data();
  }));
  raw.resize(handle.raw_bytes);
  return raw;
}

Result<Footer> ReadFooter(const io::RandomAccessFile& file, uint64_t file_bytes) {
  if (file_bytes < kFooterBytes) {
    return base::Corruption("{}: {} bytes are too short for a table", file.path(), file_bytes);
  }
  std::string bytes(kFooterBytes, '\0');
  AMETHYST_TRY(io::ReadExactly(file, file_bytes - kFooterBytes, bytes));
  auto footer = Footer::FromBytes(bytes, file_bytes);
  if (!footer) return base::MakeError(footer.error().code(), "{}: {}", file.path(), footer.error().message());
  return footer;
}

Status CheckIdentity(const std::string& path, const TableInfo& expected, const TableInfo& found) {
  if (expected.file_bytes != found.file_bytes) {
    return base::Corruption("{}: expected {} bytes, found {}", path, expected.file_bytes, found.file_bytes);
  }
  if (expected.uid != found.uid) {
    return base::Corruption("{}: another table: uid expected {:016x}{:016x} found {:016x}{:016x}", path,
                            expected.uid.high, expected.uid.low, found.uid.high, found.uid.low);
  }
  if (expected.digest != found.digest) {
    return base::Corruption("{}: digest expected {:016x} found {:016x}", path, expected.digest, found.digest);
  }
  if (expected != found) return base::Corruption("{}: properties are not those that were expected", path);
  return {};
}

// Says nothing about the file's bytes: the next call may fare better.
bool PassesByItself(const Error& error) {
  return error.code() == ErrorCode::kNoSpace || error.code() == ErrorCode::kClosed || base::IsOutOfDescriptors(error);
}

}  // namespace

std::string_view OrderName(const key::Order& order) { return order.comparator()->Name(); }

Result<std::unique_ptr<TableReader>> TableReader::Open(std::shared_ptr<io::RandomAccessFile> file,
                                                       const TableInfo& info, key::Order order,
                                                       cache::BlockCache& cache) {
  const std::string path = file->path();
  AMETHYST_ASSIGN(std::unique_ptr<TableReader> reader, OpenUnknown(std::move(file), order, cache));
  AMETHYST_TRY(CheckIdentity(path, info, reader->info()));
  return reader;
}

Result<std::unique_ptr<TableReader>> TableReader::OpenUnknown(std::shared_ptr<io::RandomAccessFile> file,
                                                              key::Order order, cache::BlockCache& cache) {
  AMETHYST_ASSIGN(const uint64_t file_bytes, file->Size());
  AMETHYST_ASSIGN(const Footer footer, ReadFooter(*file, file_bytes));
  const TableFile blocks(std::move(file), footer.uid, file_bytes);

  AMETHYST_ASSIGN(const std::string property_bytes, ReadPart(blocks, footer.properties));
  auto properties = Properties::FromBytes(property_bytes);
  if (!properties) return blocks.At(footer.properties.offset, properties.error());
  if (properties->order_name != OrderName(order)) {
    return base::InvalidArgument("{}: written in order '{}', opened in order '{}'", blocks.path(),
                                 properties->order_name, OrderName(order));
  }
  properties->info.uid = footer.uid;
  properties->info.file_bytes = file_bytes;
  properties->info.digest = footer.digest;

  std::unique_ptr<TableReader> reader(new TableReader(footer, *std::move(properties)));
  reader->lru_ = cache.policy() == CachePolicy::kLru;
  // The sketch steers choices only: what is wrong with it is Verify's business.
  if (const auto sketch_bytes = ReadPart(blocks, footer.sketch)) {
    std::string_view bytes = *sketch_bytes;
    reader->sketch_ = filter::KeySketch::ReadFrom(&bytes);
  }
  AMETHYST_ASSIGN(const std::string top, ReadPart(blocks, footer.top_index));
  auto tree = BlockTree::Make(blocks, order, cache, top);
  if (!tree) return blocks.At(footer.top_index.offset, tree.error());
  reader->tree_ = *std::move(tree);
  return reader;
}

TableReader::~TableReader() {
  if (tree_ != nullptr) tree_->cache().Evict(filter_slot_);
}

void TableReader::PrefetchFilter(uint64_t key_hash) const {
  AMETHYST_DCHECK(base::InEpoch());
  const cache::Frame* const frame = filter_slot_.Peek();
  if (frame != nullptr) FilterIn(frame).Prefetch(key_hash);
}

inline void TableReader::RecordHit(cache::Frame* frame) const {
  if (lru_) [[unlikely]] {
    tree_->cache().RecordHit(frame);
  } else {
    frame->Touch();
  }
}

inline Lookup TableReader::FindIn(cache::Frame* frame, const key::LookupKey& lookup, bool* goes_on) const {
  const Block& block = *BlockTree::BlockIn(frame);
  const uint32_t at = block.Find(lookup.key, lookup.read, tree_->order());
  if (at == block.count()) {
    *goes_on = block.continues() && block.KeyEquals(block.count() - 1, lookup.key);
    return {};
  }
  const key::Tag tag = block.tag(at);
  if (tag.kind() == key::EntryKind::kDelete) return {.state = LookupState::kDelete, .tag = tag};
  return {.state = LookupState::kPut, .tag = tag, .value = block.value(at), .frame = frame};
}

inline bool TableReader::EnterPage(Search* search) const {
  cache::Frame* const frame = tree_->top().slot(search->page_index).Peek();
  if (frame == nullptr) {
    search->answer.state = LookupState::kNotResident;
    return false;
  }
  search->page = BlockTree::PageIn(frame);
  search->page->Prefetch();
  RecordHit(frame);
  return true;
}

inline bool TableReader::EnterBlock(Search* search) const {
  cache::Frame* const frame = search->page->slot(search->block_index).Peek();
  if (frame == nullptr) {
    search->page->PrefetchEntry(search->block_index);  // For Find, which will read it.
    search->answer.state = LookupState::kNotResident;
    return false;
  }
  BlockTree::BlockIn(frame)->Prefetch();
  RecordHit(frame);
  search->block = frame;
  return true;
}

bool TableReader::FindPage(const key::LookupKey& lookup, Search* search) const {
  AMETHYST_DCHECK(base::InEpoch());
  if (HasFilter()) {
    cache::Frame* const frame = filter_slot_.Peek();
    if (frame == nullptr) {
      search->answer.state = LookupState::kNotResident;
      return false;
    }
    RecordHit(frame);
    if (!FilterIn(frame).MayContain(lookup.hash)) {
      search->answer.filter_said_no = true;
      return false;
    }
  }
  search->page_index = tree_->top().Find(lookup.key, tree_->order());
  return search->page_index < tree_->top().count() && EnterPage(search);
}

bool TableReader::FindBlock(const key::LookupKey& lookup, Search* search) const {
  search->block_index = search->page->Find(lookup.key, tree_->order());
  if (search->block_index == search->page->count()) [[unlikely]] {
    search->answer.state = LookupState::kNotResident;  // No page ends before its separator: let Find look at it.
    return false;
  }
  return EnterBlock(search);
}

void TableReader::PrefetchEntry(const key::LookupKey& lookup, const Search& search) {
  BlockTree::BlockIn(search.block)->PrefetchEntry(lookup.key);
}

void TableReader::Finish(const key::LookupKey& lookup, Search* search) const {
  for (;;) {
    bool goes_on = false;
    search->answer = FindIn(search->block, lookup, &goes_on);
    if (!goes_on) [[likely]]
      return;
    // The key's older versions are in the next block.
    if (++search->block_index == search->page->count()) {
      if (++search->page_index == tree_->top().count() || !EnterPage(search)) return;
      search->block_index = 0;
    }
    if (!EnterBlock(search)) return;
  }
}

Lookup TableReader::FindResident(const key::LookupKey& lookup) const {
  Search search;
  if (FindPage(lookup, &search) && FindBlock(lookup, &search)) Finish(lookup, &search);
  return search.answer;
}

Result<cache::FrameRef> TableReader::ReadFilterFrame() const {
  cache::FrameRef frame;
  const TableFile& file = tree_->file();
  char* bytes = nullptr;
  AMETHYST_TRY(file.Read(footer_.filter, [&](size_t room) {
    frame = tree_->cache().NewFrame(cache::FrameKind::kFilter, cache::IdentityOf(file.uid(), footer_.filter.offset),
                                    kFilterViewBytes + room);
    bytes = frame->payload() + kFilterViewBytes;
    return bytes;
  }));
  const auto view = filter::BloomFilterView::FromBytes({bytes, footer_.filter.raw_bytes});
  if (!view) return file.At(footer_.filter.offset, view.error());
  new (frame->payload()) filter::BloomFilterView(*view);
  return frame;
}

Result<cache::FrameRef> TableReader::LoadFilter() const {
  AMETHYST_ASSERT(HasFilter());
  AMETHYST_ASSIGN(Loaded loaded, tree_->Load(filter_slot_, nullptr, Keep::kYes, [this] { return ReadFilterFrame(); }));
  return std::move(loaded.frame);
}

Result<bool> TableReader::FilterExcludes(const key::LookupKey& lookup, bool fill_cache) const {
  if (!HasFilter()) return false;
  cache::FrameRef frame = PinResident(filter_slot_);
  if (!frame) {
    if (!fill_cache) return false;  // The block is cheaper to read than the whole filter for one answer.
    AMETHYST_ASSIGN(frame, LoadFilter());
  }
  return !FilterIn(frame.get()).MayContain(lookup.hash);
}

Result<bool> TableReader::FilterExcludes(const key::LookupKey& lookup, bool fill_cache,
                                         std::optional<Error>* lost) const {
  Result<bool> excluded = FilterExcludes(lookup, fill_cache);
  if (excluded || PassesByItself(excluded.error())) return excluded;
  *lost = std::move(excluded).error();
  return false;
}

// The table could be read, its filter could not: it is given up. The first who finds out tells.
std::optional<Error> TableReader::GiveUpFilter(std::optional<Error> lost) const {
  if (!lost || has_filter_.exchange(false, std::memory_order_relaxed)) return lost;
  return std::nullopt;
}

Result<PinnedLookup> TableReader::Find(const key::LookupKey& lookup, bool fill_cache) const {
  AMETHYST_DCHECK(!base::InEpoch());
  std::optional<Error> lost;
  AMETHYST_ASSIGN(const bool excluded, FilterExcludes(lookup, fill_cache, &lost));
  if (excluded) return PinnedLookup{.lookup = {.filter_said_no = true}, .pin = {}, .filter_lost = {}};
  const IndexPage& top = tree_->top();
  for (uint32_t page_index = top.Find(lookup.key, tree_->order()); page_index < top.count(); ++page_index) {
    AMETHYST_ASSIGN(const Loaded page, tree_->LoadPage(page_index, KeepIf(fill_cache)));
    const IndexPage& children = *BlockTree::PageIn(page.frame.get());
    for (uint32_t i = children.Find(lookup.key, tree_->order()); i < children.count(); ++i) {
      AMETHYST_ASSIGN(Loaded block, tree_->LoadBlock(page.frame.get(), i, KeepIf(fill_cache)));
      bool goes_on = false;
      const Lookup found = FindIn(block.frame.get(), lookup, &goes_on);
      if (!goes_on) {
        return PinnedLookup{
            .lookup = found, .pin = std::move(block.frame), .filter_lost = GiveUpFilter(std::move(lost))};
      }
    }
  }
  return PinnedLookup{.lookup = {}, .pin = {}, .filter_lost = GiveUpFilter(std::move(lost))};
}

std::unique_ptr<key::Cursor> TableReader::NewCursor(const CursorOptions& options) const {
  return std::make_unique<TableCursor>(*tree_, options);
}

Result<uint64_t> TableReader::ApproximateOffset(std::string_view key) const {
  const IndexPage& top = tree_->top();
  const uint64_t data_end = top.entry(0).handle.offset;
  const uint32_t page_index = top.Find(key, tree_->order());
  if (page_index == top.count()) return data_end;
  AMETHYST_ASSIGN(const Loaded page, tree_->LoadPage(page_index, Keep::kYes));
  const IndexPage& children = *BlockTree::PageIn(page.frame.get());
  const uint32_t block = children.Find(key, tree_->order());
  return block == children.count() ? data_end : children.entry(block).handle.offset;
}

}  // namespace amethyst::sstable
