#include "sstable/table_reader.h"

#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "base/epoch.h"
#include "base/error.h"
#include "filter/bloom_filter.h"
#include "sstable/block.h"
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
  TableInfo all_of_it = found;
  all_of_it.clean_through = expected.clean_through;  // The manifest alone knows these.
  all_of_it.written_s = expected.written_s;
  if (expected != all_of_it) return base::Corruption("{}: properties are not those that were expected", path);
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
  AMETHYST_ASSIGN(std::unique_ptr<TableReader> reader, OpenUnknown(std::move(file), order, cache, info.sequence_base));
  AMETHYST_TRY(CheckIdentity(path, info, reader->info()));
  return reader;
}

Result<std::unique_ptr<TableReader>> TableReader::OpenUnknown(std::shared_ptr<io::RandomAccessFile> file,
                                                              key::Order order, cache::BlockCache& cache,
                                                              key::SequenceNumber sequence_base) {
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
  if (!properties->info.AddToSequences(sequence_base)) {
    return blocks.At(footer.properties.offset,
                     Error(ErrorCode::kCorruption, "a sequence number is too great for the table's base"));
  }

  std::unique_ptr<TableReader> reader(new TableReader(footer, *std::move(properties)));
  reader->lru_ = cache.policy() == CachePolicy::kLru;
  // The sketch steers choices only: what is wrong with it is Verify's business.
  if (const auto sketch_bytes = ReadPart(blocks, footer.sketch)) {
    std::string_view bytes = *sketch_bytes;
    reader->sketch_ = filter::KeySketch::ReadFrom(&bytes);
  }
  AMETHYST_ASSIGN(const std::string top, ReadPart(blocks, footer.top_index));
  auto tree = BlockTree::Make(blocks, order, cache, top, sequence_base);
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
  AMETHYST_ASSERT(footer_.filter.stored_bytes != 0);  // Another thread may just have given it up.
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

// In memory already: borrowed, for as long as the caller's epoch lasts.
class TableReader::Resident {
 public:
  explicit Resident(const TableReader& table) : table_(table), tree_(*table.tree_) {}

  [[nodiscard]] bool PassesFilter(const key::LookupKey& lookup, Search* search) const {
    cache::Frame* const frame = table_.filter_slot_.Peek();
    if (frame == nullptr) {
      search->answer.state = LookupState::kNotResident;
      return false;
    }
    RecordHit(frame);
    search->answer.filter_said_no = !FilterIn(frame).MayContain(lookup.hash);
    return !search->answer.filter_said_no;
  }
  [[nodiscard]] bool EnterPage(Search* search) const {
    cache::Frame* const frame = tree_.top().slot(search->page_index).Peek();
    if (frame == nullptr) {
      search->page = nullptr;
      return IsMissing(search);
    }
    search->page = BlockTree::PageIn(frame);
    search->page->Prefetch();
    RecordHit(frame);
    return true;
  }
  [[nodiscard]] bool EnterBlock(Search* search) const {
    cache::Frame* const frame = search->page->slot(search->block_index).Peek();
    if (frame == nullptr) {
      search->page->PrefetchEntry(search->block_index);  // For Find, which will read it.
      return IsMissing(search);
    }
    search->block = BlockTree::BlockIn(frame);
    search->block->Prefetch();
    RecordHit(frame);
    return true;
  }

 private:
  // A page or a block: the filter has been asked.
  static bool IsMissing(Search* search) {
    search->answer.state = LookupState::kNotResident;
    search->answer.may_exist = true;
    return false;
  }
  // Tells the cache.
  void RecordHit(cache::Frame* frame) const {
    if (table_.lru_) [[unlikely]] {
      tree_.cache().RecordHit(frame);
    } else {
      frame->Touch();
    }
  }

  const TableReader& table_;
  const BlockTree& tree_;
};

// Read if need be, and pinned.
class TableReader::Loading {
 public:
  Loading(const TableReader& table, bool fill_cache) : table_(table), fill_cache_(fill_cache) {}

  [[nodiscard]] bool PassesFilter(const key::LookupKey& lookup, Search* search) {
    const Result<bool> excluded = table_.FilterExcludes(lookup, fill_cache_, &filter_lost_);
    if (!excluded) return Fails(excluded.error());
    search->answer.filter_said_no = *excluded;
    return !*excluded;
  }
  [[nodiscard]] bool EnterPage(Search* search) {
    Result<Loaded> loaded = table_.tree_->LoadPage(search->page_index, KeepIf(fill_cache_));
    if (!loaded) return Fails(std::move(loaded).error());
    page_ = std::move(loaded->frame);
    search->page = BlockTree::PageIn(page_.get());
    return true;
  }
  [[nodiscard]] bool EnterBlock(Search* search) {
    Result<Loaded> loaded = table_.tree_->LoadBlock(page_.get(), search->block_index, KeepIf(fill_cache_));
    if (!loaded) return Fails(std::move(loaded).error());
    block_ = std::move(loaded->frame);
    search->block = BlockTree::BlockIn(block_.get());
    return true;
  }

  // What the search came to.
  [[nodiscard]] Result<PinnedLookup> Take(const Lookup& answer) && {
    AMETHYST_TRY(std::move(status_));
    return PinnedLookup{
        .lookup = answer, .pin = std::move(block_), .filter_lost = table_.GiveUpFilter(std::move(filter_lost_))};
  }

 private:
  bool Fails(Error error) {
    status_ = std::unexpected(std::move(error));
    return false;
  }

  const TableReader& table_;
  const bool fill_cache_;
  cache::FrameRef page_;
  cache::FrameRef block_;
  std::optional<Error> filter_lost_;
  Status status_;
};

inline bool TableReader::LookIntoBlock(const key::LookupKey& lookup, Search* search) const {
  const Block& block = *search->block;
  const uint32_t at = block.Find(lookup.key, lookup.read, tree_->order());
  if (at == block.count()) return !(block.continues() && block.KeyEquals(block.count() - 1, lookup.key));
  search->answer.state = LookupState::kFound;
  search->answer.tag = block.tag(at);
  search->answer.value = block.value(at);
  return true;
}

template <typename Reach>
inline bool TableReader::FindPage(const key::LookupKey& lookup, Reach& reach, Search* search) const {
  if (HasFilter() && !reach.PassesFilter(lookup, search)) return false;
  search->page_index = tree_->top().Find(lookup.key, tree_->order());
  return search->page_index < tree_->top().count() && reach.EnterPage(search);
}

template <typename Reach>
inline bool TableReader::FindBlock(const key::LookupKey& lookup, Reach& reach, Search* search) const {
  for (;;) {
    search->block_index = search->page->Find(lookup.key, tree_->order());
    if (search->block_index < search->page->count()) [[likely]]
      return reach.EnterBlock(search);
    // The page ends before its own separator: then the key is in the next one, if anywhere.
    if (++search->page_index == tree_->top().count() || !reach.EnterPage(search)) return false;
  }
}

template <typename Reach>
inline void TableReader::Finish(const key::LookupKey& lookup, Reach& reach, Search* search) const {
  while (!LookIntoBlock(lookup, search)) [[unlikely]] {
    // The key's older versions are in the next block.
    if (++search->block_index < search->page->count()) {
      if (!reach.EnterBlock(search)) return;
    } else {
      if (++search->page_index == tree_->top().count() || !reach.EnterPage(search)) return;
      if (!FindBlock(lookup, reach, search)) return;
    }
  }
}

bool TableReader::FindPage(const key::LookupKey& lookup, Search* search) const {
  AMETHYST_DCHECK(base::InEpoch());
  const Resident reach(*this);
  return FindPage(lookup, reach, search);
}

bool TableReader::FindBlock(const key::LookupKey& lookup, Search* search) const {
  const Resident reach(*this);
  return FindBlock(lookup, reach, search);
}

void TableReader::PrefetchEntry(const key::LookupKey& lookup, const Search& search) {
  search.block->PrefetchEntry(lookup.key);
}

void TableReader::Finish(const key::LookupKey& lookup, Search* search) const {
  const Resident reach(*this);
  Finish(lookup, reach, search);
}

TableReader::Piece TableReader::MissingPiece(const Search& search) const {
  AMETHYST_DCHECK(search.answer.state == LookupState::kNotResident);
  if (search.page != nullptr) return {.handle = search.page->entry(search.block_index).handle};
  if (HasFilter() && filter_slot_.Peek() == nullptr) {
    return {.kind = cache::FrameKind::kFilter, .handle = footer_.filter};
  }
  return {.kind = cache::FrameKind::kIndex,
          .page_index = search.page_index,
          .handle = tree_->top().entry(search.page_index).handle};
}

bool TableReader::Load(const Piece& piece) const {
  AMETHYST_DCHECK(piece.kind != cache::FrameKind::kData);
  if (piece.kind == cache::FrameKind::kFilter) return LoadFilter().has_value();
  return tree_->LoadPage(piece.page_index, Keep::kYes).has_value();
}

Lookup TableReader::FindResident(const key::LookupKey& lookup) const {
  AMETHYST_DCHECK(base::InEpoch());
  const Resident reach(*this);
  Search search;
  if (FindPage(lookup, reach, &search) && FindBlock(lookup, reach, &search)) Finish(lookup, reach, &search);
  return search.answer;
}

Result<PinnedLookup> TableReader::Find(const key::LookupKey& lookup, bool fill_cache) const {
  AMETHYST_DCHECK(!base::InEpoch());
  Loading reach(*this, fill_cache);
  Search search;
  if (FindPage(lookup, reach, &search) && FindBlock(lookup, reach, &search)) Finish(lookup, reach, &search);
  AMETHYST_ASSERT(search.answer.state != LookupState::kNotResident);
  return std::move(reach).Take(search.answer);
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
