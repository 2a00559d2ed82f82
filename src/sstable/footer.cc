#include "sstable/footer.h"

#include "base/assert.h"
#include "base/coding.h"
#include "base/error.h"

namespace amethyst::sstable {
namespace {

constexpr size_t kDigestAt = 96;
constexpr size_t kVersionAt = 104;
constexpr size_t kFlagsAt = 108;
constexpr size_t kChecksumAt = 112;
constexpr size_t kMagicAt = 120;
static_assert(kMagicAt + 8 == kFooterBytes);

}  // namespace

void Digest::Add(uint64_t checksum) {
  const uint64_t pair[] = {value_, checksum};
  value_ = base::Hash64({reinterpret_cast<const char*>(pair), sizeof pair});
}

void Footer::AppendHandles(std::string* to) const {
  base::AppendFixed(to, uid);
  for (const BlockHandle& handle : {top_index, filter, range_tombstones, sketch, properties}) {
    base::AppendFixed(to, handle);
  }
}

uint64_t Footer::DigestOver(Digest blocks) const {
  std::string handles;
  AppendHandles(&handles);
  AMETHYST_ASSERT(handles.size() == kDigestAt);
  blocks.Add(base::Hash64(handles));
  return blocks.value();
}

void Footer::AppendTo(std::string* to, Digest blocks, uint64_t offset) {
  digest = DigestOver(blocks);
  const size_t begin = to->size();
  AppendHandles(to);
  base::AppendFixed(to, digest);
  base::AppendFixed(to, kFormatVersion);
  base::AppendFixed(to, uint32_t{0});
  base::AppendFixed(to, base::Checksum(std::string_view(*to).substr(begin), {.owner = uid, .offset = offset}));
  base::AppendFixed(to, kTableMagic);
  AMETHYST_ASSERT(to->size() - begin == kFooterBytes);
}

Result<Footer> Footer::FromBytes(std::string_view bytes, uint64_t file_bytes) {
  AMETHYST_ASSERT(bytes.size() == kFooterBytes && file_bytes >= kFooterBytes);
  const uint64_t magic = base::LoadFixed<uint64_t>(bytes.data() + kMagicAt);
  if (magic != kTableMagic) {
    return base::Corruption("no table: magic number expected {:016x} found {:016x}", kTableMagic, magic);
  }
  const uint32_t version = base::LoadFixed<uint32_t>(bytes.data() + kVersionAt);
  if (version != kFormatVersion) {
    return base::NotSupported("table format version {} is unknown, this build reads version {}", version,
                              kFormatVersion);
  }
  Footer footer;
  footer.uid = base::LoadFixed<base::Uid>(bytes.data());
  const uint64_t offset = file_bytes - kFooterBytes;
  const uint64_t expected = base::Checksum(bytes.substr(0, kChecksumAt), {.owner = footer.uid, .offset = offset});
  const uint64_t found = base::LoadFixed<uint64_t>(bytes.data() + kChecksumAt);
  if (expected != found) {
    return base::Corruption("footer at {}: checksum expected {:016x} found {:016x}", offset, expected, found);
  }
  if (const uint32_t flags = base::LoadFixed<uint32_t>(bytes.data() + kFlagsAt); flags != 0) {
    return base::NotSupported("table needs unknown features {:#x}", flags);
  }
  const char* from = bytes.data() + sizeof(base::Uid);
  for (BlockHandle* handle :
       {&footer.top_index, &footer.filter, &footer.range_tombstones, &footer.sketch, &footer.properties}) {
    *handle = base::LoadFixed<BlockHandle>(from);
    from += sizeof(BlockHandle);
  }
  footer.digest = base::LoadFixed<uint64_t>(bytes.data() + kDigestAt);
  if (footer.range_tombstones != BlockHandle{}) return base::NotSupported("range tombstones are unknown to this build");
  return footer;
}

}  // namespace amethyst::sstable
