#include "sstable/table_copy.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "sstable/aligned_buffer.h"
#include "sstable/header.h"

namespace amethyst::sstable {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;

// Where all parts between header and footer lie, in the file's order, which is that of the digest.
Result<std::vector<BlockHandle>> PartsOf(const TableReader& reader) {
  std::vector<BlockHandle> parts;
  std::vector<BlockHandle> pages;
  AlignedBuffer memory;
  const IndexPage& top = reader.tree().top();
  for (uint32_t child = 0; child < top.count(); ++child) {
    pages.push_back(top.entry(child).handle);
    AMETHYST_ASSIGN(const IndexPage* const page, reader.tree().ReadPage(pages.back(), &memory));
    for (uint32_t block = 0; block < page->count(); ++block) parts.push_back(page->entry(block).handle);
  }
  parts.insert(parts.end(), pages.begin(), pages.end());
  const Footer& footer = reader.footer();
  for (const BlockHandle& part : {footer.filter, footer.sketch, footer.properties, footer.top_index}) {
    if (part.stored_bytes != 0) parts.push_back(part);
  }
  return parts;
}

// Reads a file once from its start on, in large pieces.
class PieceReader {
 public:
  explicit PieceReader(const io::RandomAccessFile& file) : file_(file) {}

  // The next `bytes`, which stay until the next call.
  Result<std::string_view> Next(uint64_t bytes, uint64_t file_bytes) {
    if (buffer_.size() - at_ < bytes) {
      buffer_.erase(0, at_);
      at_ = 0;
      const size_t kept = buffer_.size();
      const uint64_t rest = file_bytes - std::min(file_bytes, read_);
      buffer_.resize(kept + std::max<uint64_t>(bytes - kept, std::min<uint64_t>(kPieceBytes, rest)));
      AMETHYST_TRY(io::ReadExactly(file_, read_, std::span(buffer_).subspan(kept)));
      read_ += buffer_.size() - kept;
    }
    at_ += bytes;
    return std::string_view(buffer_).substr(at_ - bytes, bytes);
  }

 private:
  const io::RandomAccessFile& file_;
  std::string buffer_;
  size_t at_ = 0;
  uint64_t read_ = 0;
};

// The bytes of a table, one part after the other, each checked.
class CheckedParts {
 public:
  CheckedParts(const TableReader& reader, std::vector<BlockHandle> parts)
      : reader_(reader), file_(reader.tree().file()), parts_(std::move(parts)), pieces_(file_.file()) {}

  // The header, the parts, the footer; empty behind it. Valid until the next call.
  Result<std::string_view> Next() {
    const size_t at = next_++;
    if (at == 0) return NextHeader();
    if (at <= parts_.size()) return NextPart(parts_[at - 1]);
    return at == parts_.size() + 1 ? NextFooter() : std::string_view();
  }

 private:
  [[nodiscard]] std::unexpected<Error> Wrong(std::string_view what) const {
    return base::Corruption("{}: block at {}: {}", file_.path(), end_, what);
  }

  Result<std::string_view> NextHeader() {
    AMETHYST_ASSIGN(const std::string_view bytes, pieces_.Next(kHeaderBytes, file_.bytes()));
    const auto header = Header::FromBytes(bytes);
    if (!header || header->table_uid != file_.uid()) return Wrong("the header is not that of the table");
    digest_.Add(StoredChecksum(bytes));
    end_ = kHeaderBytes;
    return bytes;
  }

  Result<std::string_view> NextPart(const BlockHandle& part) {
    if (part.offset != end_ || part.end() + kFooterBytes > file_.bytes()) return Wrong("what follows is not here");
    AMETHYST_ASSIGN(const std::string_view stored, pieces_.Next(part.end() - part.offset, file_.bytes()));
    const uint64_t expected = StoredChecksum(stored);
    const std::string_view checked = stored.substr(0, stored.size() - sizeof expected);
    if (const uint64_t found = base::Checksum(checked, {.owner = file_.uid(), .offset = part.offset});
        found != expected) {
      return Wrong(fmt::format("checksum expected {:016x} found {:016x}", expected, found));
    }
    digest_.Add(expected);
    end_ = part.end();
    return stored;
  }

  Result<std::string_view> NextFooter() {
    if (end_ + kFooterBytes != file_.bytes()) return Wrong("the footer does not follow");
    AMETHYST_ASSIGN(const std::string_view bytes, pieces_.Next(kFooterBytes, file_.bytes()));
    const auto footer = Footer::FromBytes(bytes, file_.bytes());
    const uint64_t expected = reader_.info().digest;
    if (!footer || footer->digest != expected || footer->DigestOver(digest_) != expected) {
      return Wrong("the digest is not that of the table");
    }
    return bytes;
  }

  const TableReader& reader_;
  const TableFile& file_;
  const std::vector<BlockHandle> parts_;
  PieceReader pieces_;
  Digest digest_;
  uint64_t end_ = 0;  // Of the last part.
  size_t next_ = 0;
};

}  // namespace

Result<io::FileDigest> CopyTable(const TableReader& reader, const io::FilePlace& to, io::OnPiece on_piece) {
  AMETHYST_ASSIGN(std::vector<BlockHandle> handles, PartsOf(reader));
  CheckedParts parts(reader, std::move(handles));
  AMETHYST_ASSIGN(const std::unique_ptr<io::WritableFile> copy, to.files.Create(to.path));
  io::FileDigest digest;
  uint64_t told = 0;
  Status done;
  const auto pass = [&](std::string_view part) -> Status {
    AMETHYST_TRY(copy->Append(part));
    digest.bytes += part.size();
    const bool is_last = part.empty();
    if (digest.bytes - told < (is_last ? 1 : kPieceBytes)) return {};
    const uint64_t piece = digest.bytes - told;
    told = digest.bytes;
    return on_piece(piece);
  };
  digest.hash = base::Hash64OfPieces([&]() -> std::string_view {
    const Result<std::string_view> part = parts.Next();
    done = part ? pass(*part) : Status(std::unexpect, part.error());
    return done ? *part : std::string_view();
  });
  AMETHYST_TRY(done);
  AMETHYST_TRY(copy->Sync());
  AMETHYST_TRY(copy->Close());
  return digest;
}

}  // namespace amethyst::sstable
