#include "torture/damage.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/random.h"
#include "cache/block_cache.h"
#include "io/memory_file_system.h"
#include "sstable/table_inspect.h"
#include "sstable/table_reader.h"

namespace amethyst::torture {

namespace {

struct Range {
  size_t begin = 0;
  size_t bytes = 0;
};

// Where the blocks, pages and other parts of a table lie, trailers included; none of a file that is no table.
std::vector<Range> BlocksOf(const std::string& name, const std::string& bytes) {
  if (!name.ends_with(".sst")) return {};
  io::MemoryFileSystem files;
  auto file = files.Create("/table");
  AMETHYST_ASSERT(file.has_value() && (*file)->Append(bytes).has_value() && (*file)->Close().has_value());
  cache::BlockCache cache({.capacity_bytes = 1 << 20, .policy = CachePolicy::kLru, .shards = 1});
  const auto reader = sstable::TableReader::OpenUnknown(*files.Open("/table"), key::Order(), cache);
  AMETHYST_ASSERT(reader.has_value());
  const auto table = sstable::Describe(**reader);
  AMETHYST_ASSERT(table.has_value());
  std::vector<Range> blocks;
  const auto add = [&blocks](const sstable::BlockHandle& handle) {
    if (handle.stored_bytes > 0) blocks.push_back({.begin = handle.offset, .bytes = handle.end() - handle.offset});
  };
  for (const sstable::PageDescription& page : table->pages) {
    add(page.page.handle);
    for (const sstable::BlockDescription& block : page.blocks) add(block.handle);
  }
  for (const sstable::BlockHandle& part :
       {table->footer.filter, table->footer.sketch, table->footer.properties, table->footer.top_index}) {
    add(part);
  }
  return blocks;
}

class Damage {
 public:
  Damage(const Files& files, const Files& other, const DamageSettings& settings, TakeDamage take)
      : files_(files), other_(other), settings_(settings), take_(take), random_(settings.seed) {}

  void Run() {
    for (const auto& [name, bytes] : files_) {
      FlipBytes(name, bytes);
      CutAndExtend(name, bytes);
      OverwriteRanges(name, bytes);
      ExchangeRanges(name, bytes);
      SwapBlocks(name, bytes);
      ReplaceFile(name, bytes);
    }
  }

 private:
  // The content `bytes` in place of a file's.
  void Try(const std::string& name, std::string bytes, const std::string& what) {
    if (!going_ || bytes == files_.at(name)) return;
    Files damaged = files_;
    damaged[name] = std::move(bytes);
    going_ = take_(name + ", " + what, damaged);
  }
  void TryFiles(const Files& damaged, const std::string& what) {
    if (going_ && damaged != files_) going_ = take_(what, damaged);
  }

  void FlipBytes(const std::string& name, const std::string& bytes) {
    for (size_t at = settings_.seed % settings_.byte_stride; at < bytes.size(); at += settings_.byte_stride) {
      std::string flipped = bytes;
      // One bit, as memory does, or anything.
      const uint64_t bits = random_.OneIn(2) ? uint64_t{1} << random_.Below(8) : 1 + random_.Below(255);
      flipped[at] = static_cast<char>(flipped[at] ^ bits);
      Try(name, std::move(flipped), fmt::format("byte {} flipped", at));
    }
  }

  void CutAndExtend(const std::string& name, const std::string& bytes) {
    for (size_t length = settings_.seed % settings_.byte_stride; length < bytes.size();
         length += settings_.byte_stride) {
      Try(name, bytes.substr(0, length), fmt::format("cut to {} bytes", length));
    }
    for (const size_t more : {1, 8, 64, 512, 4096}) {
      Try(name, bytes + std::string(more, '\0'), fmt::format("{} zeros longer", more));
      Try(name, bytes + std::string(more, '\x7f'), fmt::format("{} bytes longer", more));
      Try(name, bytes + bytes.substr(0, more), fmt::format("its first {} bytes behind it", more));
    }
  }

  void OverwriteRanges(const std::string& name, const std::string& bytes) {
    for (const size_t width : {8, 64, 512, 4096}) {
      for (size_t at = 0; at < bytes.size(); at += width * settings_.byte_stride) {
        const size_t count = std::min(width, bytes.size() - at);
        const std::string where = fmt::format("bytes {} to {}", at, at + count);
        const auto with = [&](const std::string& content) { return std::string(bytes).replace(at, count, content); };
        Try(name, with(std::string(count, '\0')), where + " zeroed");
        Try(name, with(std::string(count, '\xff')), where + " filled with ones");
        const auto other = other_.find(name);
        if (other != other_.end() && other->second.size() >= at + count) {
          Try(name, with(other->second.substr(at, count)), where + " of another database");
        }
      }
    }
  }

  // Ranges at random places: within a file, and from another file.
  void ExchangeRanges(const std::string& name, const std::string& bytes) {
    for (uint64_t i = 0; i < bytes.size() / (16 * settings_.byte_stride); ++i) {
      const size_t count = size_t{1} << random_.Below(10);
      if (bytes.size() < 2 * count) continue;
      const size_t first = random_.Below(bytes.size() - count), second = random_.Below(bytes.size() - count);
      std::string swapped = bytes;
      std::swap_ranges(swapped.begin() + static_cast<ptrdiff_t>(first),
                       swapped.begin() + static_cast<ptrdiff_t>(first + count),
                       swapped.begin() + static_cast<ptrdiff_t>(second));
      Try(name, std::move(swapped), fmt::format("{} bytes at {} and {} exchanged", count, first, second));
      std::string doubled = bytes;
      doubled.replace(first, count, bytes, second, count);
      Try(name, std::move(doubled), fmt::format("{} bytes at {} copied to {}", count, second, first));
    }
  }

  // Whole blocks of one length, so that nothing but their place is wrong.
  void SwapBlocks(const std::string& name, const std::string& bytes) {
    const std::vector<Range> blocks = BlocksOf(name, bytes);
    for (const Range& to : blocks) {
      for (const Files* source : {&files_, &other_}) {
        for (const auto& [from_name, from_bytes] : *source) {
          for (const Range& from : source == &files_ && from_name == name ? blocks : BlocksOf(from_name, from_bytes)) {
            if (from.bytes != to.bytes) continue;
            Try(name, std::string(bytes).replace(to.begin, to.bytes, from_bytes, from.begin, from.bytes),
                fmt::format("block at {} from {}{} at {}", to.begin, from_name,
                            source == &files_ ? "" : " of another database", from.begin));
          }
        }
      }
      if (!going_) return;
    }
  }

  void ReplaceFile(const std::string& name, const std::string& bytes) {
    Files changed = files_;
    changed.erase(name);
    TryFiles(changed, name + " missing");
    // A file of the same kind and of another number; one that the next files could want; a stranger.
    for (const char* number : {"000000", "000001", "000099", "999999"}) {
      if (name.size() == 10)
        TryFiles(With(number + name.substr(6), bytes), fmt::format("{} copied as {}", name, number));
    }
    TryFiles(With("MANIFEST-000099", bytes), name + " as an extra manifest");
    TryFiles(With("CURRENT.tmp", bytes), name + " as a temporary file");
    TryFiles(With("stranger.txt", bytes), name + " beside, under a foreign name");
    for (const auto& [other_name, other_bytes] : other_) {
      Try(name, other_bytes, fmt::format("replaced by {} of another database", other_name));
    }
    for (const auto& [second, content] : files_) {
      Files exchanged = files_;
      exchanged[name].swap(exchanged[second]);
      if (second > name) TryFiles(exchanged, fmt::format("{} and {} exchanged", name, second));
      Try(name, content, fmt::format("replaced by {}", second));
    }
  }

  [[nodiscard]] Files With(const std::string& name, const std::string& bytes) const {
    Files more = files_;
    more.emplace(name, bytes);
    return more;
  }

  const Files& files_;
  const Files& other_;
  const DamageSettings settings_;
  const TakeDamage take_;
  base::Random random_;
  bool going_ = true;
};

}  // namespace

void DamageFiles(const Files& files, const Files& other, const DamageSettings& settings, TakeDamage take) {
  Damage(files, other, settings, take).Run();
}

}  // namespace amethyst::torture
