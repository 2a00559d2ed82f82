#include "sstable/header.h"

#include "base/assert.h"
#include "base/coding.h"

namespace amethyst::sstable {
namespace {

constexpr size_t kDatabaseUidAt = 8;
constexpr size_t kTableUidAt = 24;
constexpr size_t kHeaderChecksumAt = 40;
static_assert(kHeaderChecksumAt + 8 == kHeaderBytes);

uint64_t ChecksumOf(std::string_view bytes, const base::Uid& table_uid) {
  return base::Checksum(bytes.substr(0, kHeaderChecksumAt), {.owner = table_uid, .offset = 0});
}

}  // namespace

void Header::AppendTo(std::string* to) const {
  const size_t begin = to->size();
  *to += kHeaderMagic;
  base::AppendFixed(to, database_uid);
  base::AppendFixed(to, table_uid);
  base::AppendFixed(to, ChecksumOf(std::string_view(*to).substr(begin), table_uid));
  AMETHYST_ASSERT(to->size() - begin == kHeaderBytes);
}

std::optional<Header> Header::FromBytes(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kHeaderMagic)) return std::nullopt;
  const Header header{.database_uid = base::LoadFixed<base::Uid>(bytes.data() + kDatabaseUidAt),
                      .table_uid = base::LoadFixed<base::Uid>(bytes.data() + kTableUidAt)};
  const auto found = base::LoadFixed<uint64_t>(bytes.data() + kHeaderChecksumAt);
  if (found != ChecksumOf(bytes, header.table_uid)) return std::nullopt;
  return header;
}

}  // namespace amethyst::sstable
