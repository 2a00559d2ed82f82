#include "server/rdb/rdb_file_reader.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/coding.h"
#include "base/error.h"
#include "base/readable.h"
#include "server/commands/numbers.h"
#include "server/keyspace/space.h"
#include "server/rdb/crc64.h"
#include "server/rdb/rdb_object_reader.h"

namespace amethyst::server::rdb {

namespace {

constexpr size_t kReadBytes = size_t{1} << 20;
constexpr std::string_view kMagic = "REDIS";
constexpr size_t kHeadBytes = 9;
constexpr size_t kChecksumBytes = 8;
constexpr int kFirstWithChecksum = 5;
constexpr uint8_t kModule = 6;
constexpr uint8_t kModule2 = 7;
constexpr uint8_t kFirstOpcode = 0xf4;
constexpr uint8_t kOldFunction = 0xf6;  // Of release candidates of 7.0 alone, which 7.0 refuses, too.

}  // namespace

Result<std::unique_ptr<FileReader>> FileReader::Open(io::FileSystem& files, const std::string& path) {
  AMETHYST_ASSIGN(auto file, files.Open(path));
  return Open(std::move(file));
}

Result<std::unique_ptr<FileReader>> FileReader::Open(std::unique_ptr<io::RandomAccessFile> file) {
  AMETHYST_ASSIGN(const uint64_t size, file->Size());
  std::unique_ptr<FileReader> reader(new FileReader(std::move(file), size));
  AMETHYST_TRY(reader->ReadHead());
  return reader;
}

Status FileReader::ReadHead() {
  if (size_ < kHeadBytes) return base::Corruption("{}: not a file of Redis: it has {} bytes", file_->path(), size_);
  AMETHYST_TRY(Grow(kHeadBytes));
  const std::string_view head = window().substr(0, kHeadBytes);
  const auto version = ReadInteger(head.substr(std::min(head.find_first_not_of('0', kMagic.size()), kHeadBytes)));
  if (!head.starts_with(kMagic) || !version || *version < 1) {
    return base::Corruption("{}: not a file of Redis: it begins with '{}'", file_->path(), base::Readable(head));
  }
  if (*version > kVersion) {
    return base::MakeError(ErrorCode::kNotSupported, "{}: version {}, of a Redis newer than 7.0, whose version is {}",
                           file_->path(), *version, kVersion);
  }
  version_ = static_cast<int>(*version);
  return TakePart("head", nullptr, [](Input* input) {
    std::string_view bytes;
    return input->TakeBytes(kHeadBytes, &bytes);
  });
}

// What was taken before leaves the buffer where the rest must move anyway.
Status FileReader::Grow(uint64_t bytes) {
  const uint64_t end = offset_ + window().size();
  if (bytes > size_ - end) {
    return base::Corruption("{}: ends within what begins at offset {}", file_->path(), offset_);
  }
  const uint64_t wanted = std::max<uint64_t>({bytes, kReadBytes, window().size()});
  buffer_.erase(0, std::exchange(begin_, 0));
  const size_t before = buffer_.size();
  buffer_.resize(before + std::min(wanted, size_ - end));
  return io::ReadExactly(*file_, end, std::span(buffer_).subspan(before));
}

template <typename Take>
Status FileReader::TakePart(std::string_view what, TextArena* arena, Take take) {
  while (true) {
    Input input(window(), arena, std::numeric_limits<size_t>::max());
    if (take(&input)) {
      const size_t taken = window().size() - input.bytes_left();
      if (version_ >= kFirstWithChecksum) checksum_ = Crc64(window().substr(0, taken), checksum_);
      begin_ += taken;
      offset_ += taken;
      return {};
    }
    if (input.missing_bytes() == 0)
      return base::Corruption("{}: offset {}: {} is damaged", file_->path(), offset_, what);
    AMETHYST_TRY(Grow(input.missing_bytes()));
  }
}

Status FileReader::TakeOpcode(Opcode opcode, Entry* entry) {
  TextArena arena;
  return TakePart("what stands between two keys", &arena, [&](Input* input) {
    uint8_t byte = 0;
    uint64_t length = 0;
    std::string_view text;
    if (!input->TakeByte(&byte)) return false;
    switch (opcode) {
      case Opcode::kFunction: return input->TakeString(&text);
      case Opcode::kIdle: return input->TakeLength(&length);
      case Opcode::kFrequency: return input->TakeByte(&byte);
      case Opcode::kField: return input->TakeString(&text) && input->TakeString(&text);
      case Opcode::kSizes: return input->TakeLength(&length) && input->TakeLength(&length);
      case Opcode::kExpiryMs: return input->TakeTime(&entry->expires_ms);
      case Opcode::kExpiryS:
        if (!input->TakeBytes(sizeof(uint32_t), &text)) return false;
        entry->expires_ms = TimeMs{base::LoadFixed<uint32_t>(text.data())} * 1000;
        return true;
      case Opcode::kDatabase:
        if (!input->TakeLength(&length) || length >= kDatabases) return false;
        database_ = static_cast<unsigned>(length);
        return true;
      case Opcode::kEnd: return true;
      case Opcode::kModuleData: return false;
    }
    return false;
  });
}

Status FileReader::TakeEntry(ObjectType type, Entry* entry) {
  if (static_cast<uint8_t>(type) == kModule || static_cast<uint8_t>(type) == kModule2) {
    return base::MakeError(ErrorCode::kNotSupported, "{}: offset {}: a value of a module, which cannot be read",
                           file_->path(), offset_);
  }
  entry->database = database_;
  const std::string what = fmt::format("a key or its value, of type {},", static_cast<unsigned>(type));
  return TakePart(what, &entry->arena, [&](Input* input) {
    uint8_t byte = 0;
    entry->arena = {};
    entry->value = {};
    if (!input->TakeByte(&byte) || !input->TakeString(&entry->key)) return false;
    return TakeValue(input, type, &entry->value);
  });
}

Status FileReader::ReadFoot() {
  if (version_ < kFirstWithChecksum) return {};
  const uint64_t expected = checksum_;
  if (window().size() < kChecksumBytes) AMETHYST_TRY(Grow(kChecksumBytes - window().size()));
  const auto found = base::LoadFixed<uint64_t>(window().data());
  if (found != 0 && found != expected) {
    return base::Corruption("{}: offset {}: checksum expected {:016x} found {:016x}", file_->path(), offset_, expected,
                            found);
  }
  offset_ += kChecksumBytes;
  begin_ += kChecksumBytes;
  if (offset_ == size_) return {};
  return base::Corruption("{}: offset {}: {} bytes stand behind the end", file_->path(), offset_, size_ - offset_);
}

Result<bool> FileReader::Next(Entry* entry) {
  *entry = {};
  while (true) {
    if (window().empty()) AMETHYST_TRY(Grow(1));
    const auto byte = static_cast<uint8_t>(window()[0]);
    if (byte < kFirstOpcode) {
      const uint64_t begin = offset_;
      AMETHYST_TRY(TakeEntry(static_cast<ObjectType>(byte), entry));
      const size_t taken = offset_ - begin;
      entry->raw = std::string_view(buffer_).substr(begin_ - taken, taken);
      return true;
    }
    const auto opcode = static_cast<Opcode>(byte);
    if (opcode == Opcode::kModuleData) {
      return base::MakeError(ErrorCode::kNotSupported, "{}: offset {}: data of a module, which cannot be read",
                             file_->path(), offset_);
    }
    if (byte == kFirstOpcode || byte == kOldFunction) {
      return base::Corruption("{}: offset {}: {} is nothing that Redis 7.0 writes", file_->path(), offset_, byte);
    }
    AMETHYST_TRY(TakeOpcode(opcode, entry));
    if (opcode == Opcode::kFunction) ++libraries_;
    if (opcode == Opcode::kEnd) {
      AMETHYST_TRY(ReadFoot());
      return false;
    }
  }
}

}  // namespace amethyst::server::rdb
