#include "compat/leveldb/database.h"

#include <functional>
#include <map>

#include "compat/leveldb/convert.h"
#include "compat/leveldb/database_iterator.h"
#include "compat/leveldb/properties.h"
#include "compat/leveldb/write_batch.h"

namespace amethyst::compat {

leveldb::Status Database::Put(const leveldb::WriteOptions& options, const leveldb::Slice& key,
                              const leveldb::Slice& value) {
  if (order_ == nullptr) return StatusOf(database_->Put(View(key), View(value), Settings(options)));
  return leveldb::DB::Put(options, key, value);
}

leveldb::Status Database::Delete(const leveldb::WriteOptions& options, const leveldb::Slice& key) {
  if (order_ == nullptr) return StatusOf(database_->Delete(View(key), Settings(options)));
  return leveldb::DB::Delete(options, key);
}

leveldb::Status Database::Write(const leveldb::WriteOptions& options, leveldb::WriteBatch* updates) {
  if (updates == nullptr) return StatusOf(database_->SyncWal());  // Makes what was written so far durable.
  if (order_ != nullptr) return WriteSpellings(options, *updates);
  WriteBatch batch;
  leveldb::WriteBatchInternal::Reader reader(*updates);
  for (leveldb::WriteBatchInternal::Entry entry; reader.Next(&entry);) {
    if (entry.put) {
      batch.Put(View(entry.key), View(entry.value));
    } else {
      batch.Delete(View(entry.key));
    }
  }
  if (!reader.status().ok()) return reader.status();
  return StatusOf(database_->Write(batch, Settings(options)));
}

leveldb::Status Database::WriteSpellings(const leveldb::WriteOptions& options, const leveldb::WriteBatch& updates) {
  const auto less = [this](std::string_view a, std::string_view b) { return order_->Less(a, b); };
  std::map<std::string_view, std::string_view, decltype(less)> written(less);  // A key's newest spelling in this batch.
  const std::lock_guard lock(spellings_mutex_);
  SpellingFinder stored(*database_, *order_);
  WriteBatch batch;
  leveldb::WriteBatchInternal::Reader reader(updates);
  for (leveldb::WriteBatchInternal::Entry entry; reader.Next(&entry);) {
    const std::string_view key = View(entry.key);
    const auto [before, first] = written.try_emplace(key, key);
    if (first) {
      if (stored.Find(key) && stored.key() != key) batch.Delete(stored.key());
      if (!stored.status().ok()) return stored.status();
    } else if (before->second != key) {
      batch.Delete(before->second);
    }
    before->second = key;
    if (entry.put) {
      batch.Put(key, View(entry.value));
    } else {
      batch.Delete(key);
    }
  }
  if (!reader.status().ok()) return reader.status();
  return StatusOf(database_->Write(batch, Settings(options)));
}

leveldb::Status Database::Get(const leveldb::ReadOptions& options, const leveldb::Slice& key, std::string* value) {
  const ReadOptions settings = Settings(options);
  const Result<bool> found = database_->GetInto(View(key), value, settings);
  if (found && *found) return leveldb::Status::OK();
  if (!found && key.size() <= kKeyBytesMax) return StatusOf(found.error());
  if (order_ != nullptr) {
    SpellingFinder stored(*database_, *order_, settings);
    if (stored.Find(View(key))) {
      value->assign(stored.value());
      return leveldb::Status::OK();
    }
    if (!stored.status().ok()) return stored.status();
  }
  return leveldb::Status::NotFound(leveldb::Slice());
}

leveldb::Iterator* Database::NewIterator(const leveldb::ReadOptions& options) {
  return new DatabaseIterator(database_->NewIterator(Settings(options)), order_.get());
}

const leveldb::Snapshot* Database::GetSnapshot() { return new HeldSnapshot(database_->GetSnapshot()); }

void Database::ReleaseSnapshot(const leveldb::Snapshot* snapshot) { delete static_cast<const HeldSnapshot*>(snapshot); }

bool Database::GetProperty(const leveldb::Slice& property, std::string* value) {
  value->clear();
  std::optional<std::string> text = PropertyOf(database_->GetStats(), View(property));
  if (!text) return false;
  *value = std::move(*text);
  return true;
}

void Database::GetApproximateSizes(const leveldb::Range* range, int n, uint64_t* sizes) {
  for (int i = 0; i < n; ++i) {
    sizes[i] = database_->ApproximateSize(View(range[i].start), View(range[i].limit)).value_or(0);
  }
}

// LevelDB's range includes its end; the shortest key behind that is only known of bytes.
void Database::CompactRange(const leveldb::Slice* begin, const leveldb::Slice* end) {
  std::optional<std::string_view> from;
  if (begin != nullptr) from = View(*begin);
  std::optional<std::string> to;
  if (end != nullptr && order_ == nullptr) to = end->ToString() + '\0';
  // LevelDB has no way to tell a failure here either; the next write tells it.
  static_cast<void>(database_->CompactRange(from, to));
}

}  // namespace amethyst::compat

namespace leveldb {

DB::~DB() = default;
Snapshot::~Snapshot() = default;

// What classes of a program's own call, too.
Status DB::Put(const WriteOptions& options, const Slice& key, const Slice& value) {
  WriteBatch batch;
  batch.Put(key, value);
  return Write(options, &batch);
}

Status DB::Delete(const WriteOptions& options, const Slice& key) {
  WriteBatch batch;
  batch.Delete(key);
  return Write(options, &batch);
}

}  // namespace leveldb
