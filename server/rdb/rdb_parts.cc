#include "server/rdb/rdb_parts.h"

#include <fmt/format.h>

#include <utility>

#include "base/coding.h"
#include "base/error.h"
#include "server/keyspace/layout.h"

namespace amethyst::server::rdb {

namespace {

constexpr size_t kBufferBytes = size_t{16} << 10;
constexpr std::string_view kHead = "REDIS0004";

char ByteOf(Opcode opcode) { return static_cast<char>(opcode); }

}  // namespace

Result<Parts> Parts::Create(io::FileSystem& files, const std::string& path, size_t count) {
  std::vector<Part> parts(count);
  for (size_t i = 0; i < count; ++i) {
    const std::string name = fmt::format("{}{}", path, i);
    static_cast<void>(files.Remove(name));  // A killed import may have left it.
    AMETHYST_ASSIGN(parts[i].written, files.Create(name));
    auto opened = files.Open(name);
    AMETHYST_TRY(files.Remove(name));
    if (!opened) return std::unexpected(opened.error());
    parts[i].file = *std::move(opened);
    parts[i].buffer = kHead;
  }
  return Parts(std::move(parts));
}

Status Parts::Add(const FileReader::Entry& entry) {
  constexpr int kPlaceBits = 62;
  const auto place = static_cast<unsigned __int128>(PlaceOf(entry.key));
  Part& part = parts_[static_cast<size_t>(place * parts_.size() >> kPlaceBits)];
  if (entry.database != std::exchange(part.database, entry.database)) {
    part.buffer += {ByteOf(Opcode::kDatabase), static_cast<char>(entry.database)};
  }
  if (entry.expires_ms != kNoExpiry) {
    part.buffer += ByteOf(Opcode::kExpiryMs);
    base::AppendFixed(&part.buffer, entry.expires_ms);
  }
  part.buffer += entry.raw;
  if (part.buffer.size() < kBufferBytes) return {};
  const Status written = part.written->Append(part.buffer);
  part.buffer.clear();
  return written;
}

Status Parts::Finish() {
  for (Part& part : parts_) {
    part.buffer += ByteOf(Opcode::kEnd);
    AMETHYST_TRY(part.written->Append(part.buffer));
    AMETHYST_TRY(part.written->Close());
    part.written.reset();
    std::string().swap(part.buffer);
  }
  return {};
}

Result<std::unique_ptr<FileReader>> Parts::Read(size_t part) { return FileReader::Open(std::move(parts_[part].file)); }

}  // namespace amethyst::server::rdb
