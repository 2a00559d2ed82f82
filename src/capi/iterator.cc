// Iterators.
#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

#include "base/coding.h"
#include "capi/objects.h"
#include "key/moment.h"

namespace amethyst::capi {

namespace {

struct IteratorObject final : HandleObject {
  using Handle = amethyst_iterator;
  static constexpr HandleKind kKind = HandleKind::kIterator;
  static constexpr auto kUse = HandleTable::Use::kAlone;
  static constexpr std::string_view kName = "iterator";

  IteratorObject(std::shared_ptr<Database> of, Iterator made, std::shared_ptr<OneUser> shared)
      : database(std::move(of)), iterator(std::move(made)), user(std::move(shared)) {
    if (user != nullptr) ending = std::make_unique<OneUser::EndingOf<Iterator>>();
  }
  ~IteratorObject() override {
    if (user == nullptr) return;
    ending->value.emplace(std::move(iterator));
    user->End(std::move(ending));
  }

  [[nodiscard]] Status Step(bool backward) {
    if (!iterator.Valid() && refused_step != backward) {
      AMETHYST_TRY(iterator.status());
      return base::InvalidArgument("the iterator is on no entry: seek first, and step only while it is valid");
    }
    refused_step.reset();
    if (backward) {
      iterator.Prev();
    } else {
      iterator.Next();
    }
    Status status = iterator.status();
    if (!status && status.error().code() == ErrorCode::kBusy) refused_step = backward;
    return status;
  }

  const std::shared_ptr<Database> database;  // Outlives the iterator, whose order of keys may be the caller's.
  Iterator iterator;
  std::optional<bool> refused_step{};   // Backward or not: the last move, which read no file and can be repeated.
  const std::shared_ptr<OneUser> user;  // nullptr: it is of no transaction.
  std::unique_ptr<OneUser::EndingOf<Iterator>> ending;
};

template <typename Move>
amethyst_code OnIterator(amethyst_iterator* iterator, char** error, Move move) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, IteratorObject, iterator);
    const OneUser::Use use(entered->user.get());
    AMETHYST_TRY(use.status());
    AMETHYST_TRY(move(*entered));
    return entered->iterator.status();
  });
}

template <typename Seek>
amethyst_code OnSeek(amethyst_iterator* iterator, char** error, Seek seek) {
  return OnIterator(iterator, error, [&](IteratorObject& object) -> Status {
    object.refused_step.reset();
    return seek(object);
  });
}

const char* BeginOf(std::string_view bytes) { return bytes.empty() ? "" : bytes.data(); }

const char* Part(amethyst_iterator* iterator, size_t* size, std::string_view (Iterator::*part)() const) {
  if (size != nullptr) *size = 0;
  const Entered<IteratorObject> entered(iterator);
  if (!entered || !entered->iterator.Valid()) return nullptr;
  const std::string_view bytes = (entered->iterator.*part)();
  if (size != nullptr) *size = bytes.size();
  return BeginOf(bytes);
}

constexpr size_t kEntryHeaderBytes = 8;

constexpr size_t kEntriesAtOnce = 256;

size_t EncodedBytes(const EntryView& entry) { return kEntryHeaderBytes + entry.key.size() + entry.value.size(); }

// Returns the end of what it stored.
char* EncodeEntry(const EntryView& entry, char* to) {
  const auto& [key, value] = entry;
  base::StoreFixed(to, static_cast<uint32_t>(key.size()));
  base::StoreFixed(to + 4, static_cast<uint32_t>(value.size()));
  to += kEntryHeaderBytes;
  if (!key.empty()) std::memcpy(to, key.data(), key.size());
  if (!value.empty()) std::memcpy(to + key.size(), value.data(), value.size());
  return to + key.size() + value.size();
}

std::span<const EntryView> TakeBatch(Iterator& iterator, bool backward, std::span<EntryView> room, size_t bytes_max) {
  return backward ? iterator.PrevBatch(room, bytes_max) : iterator.NextBatch(room, bytes_max);
}

}  // namespace

void HandOutIterator(std::shared_ptr<Database> database, Iterator iterator, std::shared_ptr<OneUser> user,
                     amethyst_iterator** handle) {
  HandOut(std::make_unique<IteratorObject>(std::move(database), std::move(iterator), std::move(user)), handle);
}

}  // namespace amethyst::capi

using namespace amethyst::capi;  // NOLINT: C functions stand outside every namespace.
using amethyst::EntryView;
using amethyst::Iterator;
using amethyst::Status;

amethyst_code amethyst_iterator_create(amethyst_db* db, const amethyst_read_options* options,
                                       amethyst_iterator** iterator, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(iterator, "iterator"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_TRY(database->database()->CheckOpen());
    ReadScope scope;
    AMETHYST_TRY(scope.Open(options, *database->database()));
    Iterator made = database->family().NewIterator(scope.options());
    AMETHYST_TRY(made.status());
    HandOutIterator(database->database(), std::move(made), nullptr, iterator);
    return {};
  });
}

amethyst_code amethyst_iterator_free(amethyst_iterator* iterator) { return Release<IteratorObject>(iterator); }

amethyst_code amethyst_iterator_seek_to_first(amethyst_iterator* iterator, char** error) {
  return OnSeek(iterator, error, [](IteratorObject& object) -> Status {
    object.iterator.SeekToFirst();
    return {};
  });
}

amethyst_code amethyst_iterator_seek_to_last(amethyst_iterator* iterator, char** error) {
  return OnSeek(iterator, error, [](IteratorObject& object) -> Status {
    object.iterator.SeekToLast();
    return {};
  });
}

amethyst_code amethyst_iterator_seek(amethyst_iterator* iterator, const void* target, size_t target_bytes,
                                     char** error) {
  return OnSeek(iterator, error, [&](IteratorObject& object) -> Status {
    AMETHYST_ASSIGN(const std::string_view bytes, Bytes(target, target_bytes, "target"));
    object.iterator.Seek(bytes);
    return {};
  });
}

amethyst_code amethyst_iterator_seek_for_prev(amethyst_iterator* iterator, const void* target, size_t target_bytes,
                                              char** error) {
  return OnSeek(iterator, error, [&](IteratorObject& object) -> Status {
    AMETHYST_ASSIGN(const std::string_view bytes, Bytes(target, target_bytes, "target"));
    object.iterator.SeekForPrev(bytes);
    return {};
  });
}

amethyst_code amethyst_iterator_next(amethyst_iterator* iterator, char** error) {
  return OnIterator(iterator, error, [](IteratorObject& object) { return object.Step(false); });
}

amethyst_code amethyst_iterator_prev(amethyst_iterator* iterator, char** error) {
  return OnIterator(iterator, error, [](IteratorObject& object) { return object.Step(true); });
}

int amethyst_iterator_valid(amethyst_iterator* iterator) {
  const Entered<IteratorObject> entered(iterator);
  return entered && entered->iterator.Valid() ? 1 : 0;
}

const char* amethyst_iterator_key(amethyst_iterator* iterator, size_t* key_bytes) {
  return Part(iterator, key_bytes, &Iterator::key);
}

const char* amethyst_iterator_value(amethyst_iterator* iterator, size_t* value_bytes) {
  return Part(iterator, value_bytes, &Iterator::value);
}

amethyst_code amethyst_iterator_expires_at(amethyst_iterator* iterator, uint64_t* expires_at_ms, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(expires_at_ms, "expires_at_ms"));
    AMETHYST_ENTER(entered, IteratorObject, iterator);
    if (!entered->iterator.Valid()) return amethyst::base::InvalidArgument("the iterator is not on an entry");
    *expires_at_ms = amethyst::key::MillisecondsOf(entered->iterator.expires_at().value_or(amethyst::kNever));
    return {};
  });
}

amethyst_code amethyst_iterator_set_memory_only(amethyst_iterator* iterator, int memory_only, char** error) {
  return Call(error, [&]() -> Status {
    if (memory_only != 0 && memory_only != 1) {
      return amethyst::base::InvalidArgument("memory_only is {}, not 0 or 1", memory_only);
    }
    AMETHYST_ENTER(entered, IteratorObject, iterator);
    entered->iterator.SetMemoryOnly(memory_only == 1);
    return {};
  });
}

amethyst_code amethyst_iterator_status(amethyst_iterator* iterator, char** error) {
  return OnIterator(iterator, error, [](IteratorObject&) -> Status { return {}; });
}

amethyst_code amethyst_iterator_read(amethyst_iterator* iterator, int backward, size_t entries_max, void* buffer,
                                     size_t buffer_bytes, size_t* entries, size_t* used_bytes, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(entries, "entries"));
    AMETHYST_TRY(Wanted(used_bytes, "used_bytes"));
    *entries = 0;
    *used_bytes = 0;
    AMETHYST_TRY(Bytes(buffer, buffer_bytes, "buffer"));
    AMETHYST_ENTER(object, IteratorObject, iterator);
    const OneUser::Use use(object->user.get());
    AMETHYST_TRY(use.status());
    Iterator& source = object->iterator;
    if (!source.Valid() && object->refused_step == (backward != 0)) AMETHYST_TRY(object->Step(backward != 0));
    EntryView views[kEntriesAtOnce];
    while (source.Valid() && *entries < entries_max) {
      const size_t room_bytes = buffer_bytes - *used_bytes;
      const size_t first_bytes = EncodedBytes({source.key(), source.value()});
      if (first_bytes > room_bytes) {
        if (*entries == 0) *used_bytes = first_bytes;
        break;
      }
      // So few that their headers fit with what is beside them.
      const size_t count =
          std::min({kEntriesAtOnce, entries_max - *entries, 1 + room_bytes / (16 * kEntryHeaderBytes)});
      char* to = static_cast<char*>(buffer) + *used_bytes;
      const size_t header_bytes = std::min(room_bytes, count * kEntryHeaderBytes);
      for (const EntryView& entry : TakeBatch(source, backward != 0, {views, count}, room_bytes - header_bytes)) {
        to = EncodeEntry(entry, to);
        ++*entries;
      }
      *used_bytes = static_cast<size_t>(to - static_cast<char*>(buffer));
      AMETHYST_TRY(object->Step(backward != 0));
    }
    return source.status();
  });
}

amethyst_code amethyst_iterator_batch(amethyst_iterator* iterator, int backward, amethyst_entry* entries,
                                      size_t entries_max, size_t bytes_max, size_t* entries_stored, char** error) {
  return OnIterator(iterator, error, [&](IteratorObject& object) -> Status {
    AMETHYST_TRY(Wanted(entries_stored, "entries_stored"));
    *entries_stored = 0;
    if (entries_max != 0) AMETHYST_TRY(Wanted(entries, "entries"));
    EntryView views[kEntriesAtOnce];
    const std::span<EntryView> room(views, std::min(kEntriesAtOnce, entries_max));
    for (const auto& [key, value] : TakeBatch(object.iterator, backward != 0, room, bytes_max)) {
      entries[(*entries_stored)++] = {
          .key = BeginOf(key), .key_bytes = key.size(), .value = BeginOf(value), .value_bytes = value.size()};
    }
    return {};
  });
}
