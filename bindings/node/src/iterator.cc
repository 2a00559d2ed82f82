#include "iterator.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "range.h"
#include "task.h"

namespace amethyst::node {

namespace {

constexpr double kBytesMax = 1 << 30;  // Of one read; no bound that a caller gives is larger.

constexpr size_t kEntriesAtOnce = 256;

// Entries as a task read them: keys and values in turn, or those that are wanted, until JavaScript's thread makes
// values of them.
struct Chunk {
  std::string text;    // Of those that become strings, back to back.
  std::string shared;  // Of those that become Buffers.
  std::vector<uint32_t> sizes;
  bool end = false;

  void Add(std::string_view piece, Form form) {
    (form == Form::kString ? text : shared).append(piece);
    sizes.push_back(static_cast<uint32_t>(piece.size()));
  }
  [[nodiscard]] size_t ByteSize() const { return text.size() + shared.size(); }
};

struct IteratorHandle final : Handle {
  static constexpr Kind kKind = Kind::kIterator;
  IteratorHandle() : Handle(kKind) {}

  std::shared_ptr<Database> database;
  std::optional<RangeWalk> walk;  // Belongs to the task while one reads; empty once closed.
  bool keys = true;
  bool values = true;
  Form key_form = Form::kString;
  Form value_form = Form::kString;
  bool started = false;
  std::atomic<bool> reading = false;  // Set before a task reads, cleared by it when it has.
  std::optional<std::string> target;  // Of a seek that the next read does.
  std::atomic<bool> aborted = false;  // Set by JavaScript's thread, looked at by the task.

  Result<Chunk> Read(uint32_t entries_max, size_t bytes_max);
};

Result<Chunk> IteratorHandle::Read(uint32_t entries_max, size_t bytes_max) {
  if (target) {
    walk->Seek(*target);
    target.reset();
  } else if (!started) {
    walk->SeekToStart();
  }
  started = true;
  Chunk chunk;
  EntryView room[kEntriesAtOnce];
  for (size_t entries = 0; entries < entries_max && chunk.ByteSize() <= bytes_max;) {
    if (!walk->Valid()) {
      chunk.end = true;
      break;
    }
    if (aborted.load(std::memory_order_relaxed)) break;
    const size_t count = std::min<size_t>(kEntriesAtOnce, entries_max - entries);
    for (const auto& [key, value] : walk->NextBatch({room, count}, bytes_max - chunk.ByteSize())) {
      if (keys) chunk.Add(key, key_form);
      if (values) chunk.Add(value, value_form);
      ++entries;
    }
    walk->Next();
  }
  if (Status walked = walk->status(); !walked) return std::unexpected(walked.error());
  return chunk;
}

napi_value NewEntries(napi_env env, Chunk& chunk, const IteratorHandle& iterator) {
  std::vector<napi_value> values;
  values.reserve(chunk.sizes.size() + 2);
  const char* text = chunk.text.data();
  bool is_key = iterator.keys;
  for (const uint32_t size : chunk.sizes) {
    if ((is_key ? iterator.key_form : iterator.value_form) == Form::kString) {
      values.push_back(NewValue(env, {text, size}, Form::kString));
      text += size;
    } else {
      values.push_back(NewNumber(env, size));
    }
    if (iterator.keys && iterator.values) is_key = !is_key;
  }
  values.push_back(chunk.shared.empty() ? Undefined(env) : NewArrayBuffer(env, std::move(chunk.shared)));
  values.push_back(NewBoolean(env, chunk.end));
  return NewArray(env, values);
}

// The open iterator behind a handle that no task reads now; throws otherwise.
std::shared_ptr<IteratorHandle> GetIdle(napi_env env, napi_value value) {
  auto iterator = GetHandle<IteratorHandle>(env, value);
  if (!iterator) return nullptr;
  if (!iterator->walk) {
    Throw(env, "LEVEL_ITERATOR_NOT_OPEN", "Iterator is not open: cannot read after close()");
    return nullptr;
  }
  if (iterator->reading.load(std::memory_order_acquire)) {
    Throw(env, "LEVEL_ITERATOR_BUSY", "Iterator is busy: cannot read until previous read has completed");
    return nullptr;
  }
  return iterator;
}

}  // namespace

napi_value NewIterator(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  const OpenDatabase open = GetOpen(env, arguments[0]);
  if (!open) return nullptr;
  const auto snapshot = GetSnapshot(env, arguments[2], open.db);
  if (!snapshot) return nullptr;
  return NewWalk(env, open.handle, RangeWalk(*open.family, *snapshot, RangeFrom(env, arguments[1])), arguments[1]);
}

napi_value NewWalk(napi_env env, std::shared_ptr<Database> database, RangeWalk walk, napi_value options) {
  auto iterator = std::make_shared<IteratorHandle>();
  iterator->database = std::move(database);
  iterator->walk.emplace(std::move(walk));
  iterator->keys = FlagProperty(env, options, "keys");
  iterator->values = FlagProperty(env, options, "values");
  if (FlagProperty(env, options, "keysAsBuffers")) iterator->key_form = Form::kBuffer;
  if (FlagProperty(env, options, "valuesAsBuffers")) iterator->value_form = Form::kBuffer;
  return NewHandle(env, std::move(iterator));
}

napi_value IteratorSeek(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const auto iterator = GetIdle(env, arguments[0]);
  Scratch scratch;
  const auto target = iterator ? BytesOf(env, arguments[1], &scratch) : std::nullopt;
  if (target) iterator->target.emplace(*target);
  return nullptr;
}

napi_value IteratorRead(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  const auto iterator = GetIdle(env, arguments[0]);
  if (!iterator) return nullptr;
  uint32_t entries_max = 1;
  double bytes_max = 0;
  napi_get_value_uint32(env, arguments[1], &entries_max);
  napi_get_value_double(env, arguments[2], &bytes_max);
  iterator->reading = true;
  return StartTask(
      env, "amethyst.iterator", iterator->database,
      [iterator, entries_max, bytes_max] {
        auto chunk = iterator->Read(entries_max, static_cast<size_t>(std::clamp(bytes_max, 0.0, kBytesMax)));
        iterator->reading.store(false, std::memory_order_release);
        return chunk;
      },
      [iterator](napi_env settling, Chunk& chunk) { return NewEntries(settling, chunk, *iterator); });
}

napi_value IteratorAbort(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const auto iterator = GetHandle<IteratorHandle>(env, arguments[0]);
  if (iterator) iterator->aborted.store(true, std::memory_order_relaxed);
  return nullptr;
}

napi_value IteratorClose(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const auto iterator = GetIdle(env, arguments[0]);
  if (iterator) iterator->walk.reset();
  return nullptr;
}

}  // namespace amethyst::node
