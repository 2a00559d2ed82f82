#include "compat/leveldb/write_batch.h"

#include <cstring>
#include <string_view>

namespace leveldb {

namespace {

constexpr size_t kCountOffset = 8;
constexpr size_t kHeaderBytes = 12;
constexpr char kDelete = 0;
constexpr char kPut = 1;

uint32_t CountOf(const std::string& bytes) {
  uint32_t count;
  std::memcpy(&count, bytes.data() + kCountOffset, sizeof(count));
  return count;
}

void AddToCount(std::string* bytes, uint32_t more) {
  const uint32_t count = CountOf(*bytes) + more;
  std::memcpy(bytes->data() + kCountOffset, &count, sizeof(count));
}

void AppendBytes(std::string* to, const Slice& bytes) {
  auto length = static_cast<uint32_t>(bytes.size());
  for (; length >= 0x80; length >>= 7) to->push_back(static_cast<char>(length | 0x80));
  to->push_back(static_cast<char>(length));
  to->append(bytes.data(), bytes.size());
}

}  // namespace

WriteBatch::Handler::~Handler() = default;

WriteBatch::WriteBatch() { Clear(); }
WriteBatch::~WriteBatch() = default;

void WriteBatch::Clear() { rep_.assign(kHeaderBytes, '\0'); }

size_t WriteBatch::ApproximateSize() const { return rep_.size(); }

void WriteBatch::Put(const Slice& key, const Slice& value) {
  AddToCount(&rep_, 1);
  rep_.push_back(kPut);
  AppendBytes(&rep_, key);
  AppendBytes(&rep_, value);
}

void WriteBatch::Delete(const Slice& key) {
  AddToCount(&rep_, 1);
  rep_.push_back(kDelete);
  AppendBytes(&rep_, key);
}

void WriteBatch::Append(const WriteBatch& source) {
  AddToCount(&rep_, CountOf(source.rep_));
  rep_.append(source.rep_, kHeaderBytes);
}

Status WriteBatch::Iterate(Handler* handler) const {
  WriteBatchInternal::Reader reader(*this);
  for (WriteBatchInternal::Entry entry; reader.Next(&entry);) {
    if (entry.put) {
      handler->Put(entry.key, entry.value);
    } else {
      handler->Delete(entry.key);
    }
  }
  return reader.status();
}

WriteBatchInternal::Reader::Reader(const WriteBatch& batch) {
  if (batch.rep_.size() < kHeaderBytes) {
    Fail("malformed WriteBatch (too small)");
    return;
  }
  rest_ = std::string_view(batch.rep_).substr(kHeaderBytes);
  expected_ = CountOf(batch.rep_);
}

bool WriteBatchInternal::Reader::Next(Entry* entry) {
  if (!status_.ok()) return false;
  if (rest_.empty()) return read_ != expected_ && Fail("WriteBatch has wrong count");
  const char kind = rest_.front();
  rest_.remove_prefix(1);
  if (kind != kPut && kind != kDelete) return Fail("unknown WriteBatch tag");
  entry->put = kind == kPut;
  entry->value.clear();
  if (!ReadBytes(&entry->key)) return Fail(entry->put ? "bad WriteBatch Put" : "bad WriteBatch Delete");
  if (entry->put && !ReadBytes(&entry->value)) return Fail("bad WriteBatch Put");
  ++read_;
  return true;
}

bool WriteBatchInternal::Reader::Fail(const char* why) {
  status_ = Status::Corruption(why);
  return false;
}

bool WriteBatchInternal::Reader::ReadBytes(Slice* bytes) {
  uint64_t length = 0;
  for (uint32_t shift = 0;; shift += 7) {
    if (rest_.empty() || shift > 28) return false;
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    length |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) break;
  }
  if (length > rest_.size()) return false;
  *bytes = Slice(rest_.data(), length);
  rest_.remove_prefix(length);
  return true;
}

}  // namespace leveldb
