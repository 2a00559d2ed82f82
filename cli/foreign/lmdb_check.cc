#include "cli/foreign/lmdb_check.h"

#include <fmt/format.h>

#include <bit>
#include <memory>
#include <string_view>

#include "base/coding.h"
#include "base/error.h"

namespace amethyst::cli {

namespace {

constexpr size_t kHeaderBytes = 16;
constexpr size_t kNodeBytes = 8;
constexpr size_t kDatabaseBytes = 48;
constexpr uint64_t kNoPage = ~uint64_t{0};
constexpr uint32_t kDepthMax = 31;  // Of LMDB's cursors.

enum PageKind : uint16_t { kBranch = 1, kLeaf = 2, kOverflow = 4, kMeta = 8 };
enum NodeFlag : uint16_t { kBigData = 1, kSubData = 2, kDupData = 4 };
enum DatabaseFlag : uint16_t { kDupSort = 4, kIntegerKey = 8 };

template <typename T>
T Field(std::string_view bytes, size_t at) {
  return base::LoadFixed<T>(bytes.data() + at);
}

// LMDB's MDB_db: where a tree of pages begins.
struct Database {
  uint32_t page_bytes;  // Of the environment; in the first database of a meta page alone.
  uint16_t flags;
  uint64_t root;

  explicit Database(std::string_view bytes)
      : page_bytes(Field<uint32_t>(bytes, 0)), flags(Field<uint16_t>(bytes, 4)), root(Field<uint64_t>(bytes, 40)) {}
};

struct Meta {
  Database free_pages;
  Database main;
  uint64_t last_page;
  uint64_t transaction;

  explicit Meta(std::string_view page)
      : free_pages(page.substr(kHeaderBytes + 24)),
        main(page.substr(kHeaderBytes + 24 + kDatabaseBytes)),
        last_page(Field<uint64_t>(page, kHeaderBytes + 24 + 2 * kDatabaseBytes)),
        transaction(Field<uint64_t>(page, kHeaderBytes + 32 + 2 * kDatabaseBytes)) {}
  static constexpr size_t kBytes = kHeaderBytes + 40 + 2 * kDatabaseBytes;
};

struct Node {
  std::string_view bytes;
  uint16_t flags;
  uint16_t key_bytes;
  uint32_t value_bytes;
  uint64_t page_below;
};

class PageCheck {
 public:
  static Result<PageCheck> Open(io::FileSystem& files, const std::string& path) {
    AMETHYST_ASSIGN(std::unique_ptr<io::RandomAccessFile> file, files.Open(path));
    AMETHYST_ASSIGN(const uint64_t bytes, file->Size());
    PageCheck check(path, std::move(file), bytes);
    AMETHYST_ASSIGN(const std::string first, check.ReadAt(0, Meta::kBytes));
    check.page_bytes_ = Meta(first).free_pages.page_bytes;
    if (!std::has_single_bit(check.page_bytes_) || check.page_bytes_ < 512 || check.page_bytes_ > 65536) {
      return check.Damaged(0, fmt::format("it says that pages have {} bytes", check.page_bytes_));
    }
    check.pages_ = bytes / check.page_bytes_;
    return check;
  }

  [[nodiscard]] Result<Meta> ReadMeta(uint64_t page) const {
    AMETHYST_ASSIGN(const std::string bytes, ReadAt(page * page_bytes_, Meta::kBytes));
    const Meta meta(bytes);
    if (Field<uint16_t>(bytes, 10) != kMeta) return Damaged(page, "it is no meta page");
    if (meta.free_pages.page_bytes != page_bytes_) return Damaged(page, "the meta pages do not agree on a page's size");
    if (meta.last_page >= pages_) {
      return Damaged(page, fmt::format("it says that the last page is {}, but there are {}", meta.last_page, pages_));
    }
    return meta;
  }

  // All that the tree of `meta` refers to.
  Status Walk(const Meta& meta) {
    last_page_ = meta.last_page;
    return WalkDatabase(meta.main, true);
  }

 private:
  PageCheck(std::string path, std::unique_ptr<io::RandomAccessFile> file, uint64_t bytes)
      : path_(std::move(path)), file_(std::move(file)), file_bytes_(bytes) {}

  [[nodiscard]] std::unexpected<Error> Damaged(uint64_t page, std::string_view why) const {
    return base::InvalidArgument("{}: it is damaged, page {}: {}", path_, page, why);
  }

  [[nodiscard]] Result<std::string> ReadAt(uint64_t offset, size_t count) const {
    std::string bytes(count, '\0');
    AMETHYST_ASSIGN(const size_t read, file_->ReadAt(offset, bytes));
    if (read == count) return bytes;
    return base::InvalidArgument("{}: it is damaged: it ends at {} bytes", path_, file_bytes_);
  }

  Status WalkDatabase(const Database& database, bool is_main) {
    if (database.root == kNoPage || (database.flags & kDupSort) != 0) return {};
    flags_ = database.flags;
    return WalkPage(database.root, 1, is_main);
  }

  Status WalkPage(uint64_t number, uint32_t depth, bool is_main) {
    if (number < 2 || number > last_page_) return Damaged(number, "there is no such page");
    if (depth > kDepthMax || ++visited_ > pages_) return Damaged(number, "pages refer to each other without end");
    AMETHYST_ASSIGN(const std::string page, ReadAt(number * page_bytes_, page_bytes_));
    const uint16_t kind = Field<uint16_t>(page, 10) & ~uint16_t{0x10};  // LMDB's own mark for pages not yet written.
    const size_t lower = Field<uint16_t>(page, 12);
    const size_t upper = Field<uint16_t>(page, 14);
    const size_t nodes = (lower - kHeaderBytes) / 2;
    if (Field<uint64_t>(page, 0) != number) return Damaged(number, "it has another page's number");
    if (kind != kBranch && kind != kLeaf) return Damaged(number, "it is of no kind that can be here");
    if (lower < kHeaderBytes || lower % 2 != 0 || lower > upper || upper > page_bytes_) {
      return Damaged(number, "its bounds contradict each other");
    }
    if (nodes < (kind == kBranch ? 2 : 1)) return Damaged(number, "it has too few entries");
    for (size_t i = 0; i < nodes; ++i) {
      const size_t at = Field<uint16_t>(page, kHeaderBytes + 2 * i);
      if (at < upper || at + kNodeBytes > page_bytes_) return Damaged(number, "an entry lies outside of it");
      const Node node = NodeAt(std::string_view(page).substr(at));
      if (kNodeBytes + node.key_bytes > node.bytes.size()) return Damaged(number, "a key does not fit in it");
      AMETHYST_TRY(kind == kBranch ? WalkPage(node.page_below, depth + 1, is_main) : CheckEntry(number, node, is_main));
    }
    return {};
  }

  static Node NodeAt(std::string_view bytes) {
    const uint32_t low = Field<uint16_t>(bytes, 0);
    const uint32_t high = Field<uint16_t>(bytes, 2);
    const auto flags = Field<uint16_t>(bytes, 4);
    return {.bytes = bytes,
            .flags = flags,
            .key_bytes = Field<uint16_t>(bytes, 6),
            .value_bytes = high << 16 | low,
            .page_below = uint64_t{flags} << 32 | high << 16 | low};
  }

  Status CheckEntry(uint64_t number, const Node& node, bool is_main) {
    const size_t value_at = kNodeBytes + node.key_bytes;
    const bool is_big = (node.flags & kBigData) != 0;
    if (value_at + (is_big ? sizeof(uint64_t) : node.value_bytes) > node.bytes.size()) {
      return Damaged(number, "a value does not fit in it");
    }
    if ((node.flags & kDupData) != 0) return Damaged(number, "a key has several values where none may");
    if ((flags_ & kIntegerKey) != 0 && node.key_bytes != 4 && node.key_bytes != 8) {
      return Damaged(number, "a key is no number");
    }
    if (is_big) return CheckOverflow(Field<uint64_t>(node.bytes, value_at), node.value_bytes);
    if ((node.flags & kSubData) == 0 || !is_main) return {};
    if (node.value_bytes != kDatabaseBytes) return Damaged(number, "a database within it has no root");
    const uint16_t flags = flags_;
    AMETHYST_TRY(WalkDatabase(Database(node.bytes.substr(value_at)), false));
    flags_ = flags;
    return {};
  }

  Status CheckOverflow(uint64_t number, uint64_t value_bytes) {
    if (number < 2 || number > last_page_) return Damaged(number, "there is no such page");
    AMETHYST_ASSIGN(const std::string header, ReadAt(number * page_bytes_, kHeaderBytes));
    const uint64_t count = Field<uint32_t>(header, 12);
    if ((Field<uint16_t>(header, 10) & kOverflow) == 0) return Damaged(number, "it is no page of a large value");
    if (count == 0 || count > last_page_ + 1 - number || value_bytes + kHeaderBytes > count * page_bytes_) {
      return Damaged(number, "a large value does not fit in its pages");
    }
    return {};
  }

  std::string path_;
  std::unique_ptr<io::RandomAccessFile> file_;
  uint64_t file_bytes_;
  uint32_t page_bytes_ = 0;
  uint64_t pages_ = 0;
  uint64_t last_page_ = 0;
  uint64_t visited_ = 0;
  uint16_t flags_ = 0;  // Of the database that is walked over.
};

}  // namespace

Status CheckLmdbMetas(io::FileSystem& files, const std::string& data_file) {
  AMETHYST_ASSIGN(const PageCheck check, PageCheck::Open(files, data_file));
  AMETHYST_TRY(check.ReadMeta(0));
  AMETHYST_TRY(check.ReadMeta(1));
  return {};
}

Status CheckLmdbPages(io::FileSystem& files, const std::string& data_file, uint64_t transaction) {
  AMETHYST_ASSIGN(PageCheck check, PageCheck::Open(files, data_file));
  AMETHYST_ASSIGN(const Meta meta, check.ReadMeta(transaction & 1));
  // A program that writes just now has gone on: where this transaction's tree begins cannot be seen any more.
  if (meta.transaction > transaction) return {};
  if (meta.transaction < transaction) {
    return base::InvalidArgument("{}: it is damaged: its meta pages are in each other's place", data_file);
  }
  return check.Walk(meta);
}

}  // namespace amethyst::cli
