#include "feed.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "database.h"
#include "task.h"

namespace amethyst::node {

namespace {

using std::chrono::milliseconds;

struct FeedHandle final : Handle {
  static constexpr Kind kKind = Kind::kFeed;
  FeedHandle(std::shared_ptr<Database> of, Feed opened)
      : Handle(kKind), database(std::move(of)), feed(std::move(opened)) {}

  const std::shared_ptr<Database> database;
  std::mutex mutex;                 // Of the feed, which a wait gives up again and again.
  std::optional<Feed> feed;         // Empty once released.
  std::atomic<int> commits = 0;     // That want the mutex; a wait lets them have it.
  std::atomic<bool> ended = false;  // Set by JavaScript's thread, looked at by the wait.
};

using Events = std::vector<FeedEvent>;

void Set(napi_env env, napi_value object, const char* name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

napi_value NewBytes(napi_env env, const std::optional<std::string_view>& bytes) {
  return bytes ? NewValue(env, *bytes, Form::kBuffer) : Undefined(env);
}

napi_value NewEntry(napi_env env, const FeedEntry& entry) {
  constexpr const char* kTypes[] = {"put", "del", "deleteRange", "merge"};
  napi_value object = nullptr;
  napi_create_object(env, &object);
  Set(env, object, "type", NewString(env, kTypes[static_cast<size_t>(entry.kind)]));
  Set(env, object, "family", entry.family.empty() ? Undefined(env) : NewString(env, entry.family));
  Set(env, object, "familyId", NewNumber(env, entry.family_id));
  if (entry.kind == FeedEntryKind::kDeleteRange) {
    Set(env, object, "start", NewBytes(env, entry.begin));
    Set(env, object, "end", NewBytes(env, entry.end));
    return object;
  }
  Set(env, object, "key", NewBytes(env, entry.key));
  if (entry.kind != FeedEntryKind::kDelete) Set(env, object, "value", NewBytes(env, entry.value));
  if (entry.expires_at) {
    const auto at = std::chrono::duration_cast<milliseconds>(entry.expires_at->time_since_epoch());
    napi_value date = nullptr;
    napi_create_date(env, static_cast<double>(at.count()), &date);
    Set(env, object, "expiresAt", date);
  }
  return object;
}

napi_value NewEvent(napi_env env, const FeedEvent& event) {
  constexpr const char* kKinds[] = {"",      "batch", "unlogged", "familyCreated", "familyDropped", "familyRenamed",
                                    "ingest"};
  napi_value object = nullptr;
  napi_create_object(env, &object);
  Set(env, object, "kind", NewString(env, kKinds[static_cast<size_t>(event.kind)]));
  Set(env, object, "firstSequence", NewNumber(env, static_cast<double>(event.first_sequence)));
  Set(env, object, "lastSequence", NewNumber(env, static_cast<double>(event.last_sequence)));
  Set(env, object, "position", NewString(env, event.position.ToString()));
  if (event.kind == FeedEventKind::kBatch) {
    std::vector<napi_value> entries;
    for (const FeedEntry& entry : event.entries) entries.push_back(NewEntry(env, entry));
    Set(env, object, "entries", NewArray(env, entries));
  } else if (event.kind != FeedEventKind::kUnlogged) {
    Set(env, object, "family", NewString(env, event.family));
    Set(env, object, "familyId", NewNumber(env, event.family_id));
  }
  return object;
}

// A wait for events, on a thread of its own: it may last for ever, and the threads of Node's pool are few. It owns
// itself, and ends before its environment does.
class Wait {
 public:
  static napi_value Start(napi_env env, std::shared_ptr<FeedHandle> feed, milliseconds timeout) {
    auto wait = std::unique_ptr<Wait>(new Wait(std::move(feed), timeout));
    napi_value promise = nullptr;
    if (napi_create_promise(env, &wait->deferred_, &promise) != napi_ok ||
        napi_create_threadsafe_function(env, nullptr, nullptr, NewString(env, "amethyst.feed"), 0, 1, wait.get(),
                                        Forget, wait.get(), Settle, &wait->done_) != napi_ok) {
      return nullptr;
    }
    Wait& started = *wait.release();  // Forget's from here on.
    started.feed_->database->BeginTask();
    try {
      started.thread_ = std::thread([&started] { started.Run(); });
    } catch (const std::system_error&) {
      started.events_ = std::unexpected(Error(ErrorCode::kOutOfMemory, "there is no thread for the wait"));
      started.Finish();
    }
    return promise;
  }

 private:
  // Events are read up to one of these.
  static constexpr size_t kEventsMax = 256;
  static constexpr size_t kEntriesMax = 4096;
  // How soon a wait finds out that its feed has been closed, or a commit has its turn.
  static constexpr milliseconds kSlice{50};

  Wait(std::shared_ptr<FeedHandle> feed, milliseconds timeout) : feed_(std::move(feed)), timeout_(timeout) {}

  void Run() {
    events_ = Read();
    Finish();
  }
  // The last use of the wait, but Settle's and Forget's.
  void Finish() {
    napi_threadsafe_function done = done_;
    if (napi_call_threadsafe_function(done, nullptr, napi_tsfn_blocking) == napi_closing) return;
    napi_release_threadsafe_function(done, napi_tsfn_release);
  }
  Result<Events> Read() {
    const auto begin = std::chrono::steady_clock::now();
    Events events;
    size_t entries = 0;
    while (!feed_->ended && events.size() < kEventsMax && entries < kEntriesMax) {
      const auto waited = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
      const milliseconds left = timeout_ - std::min(waited, timeout_);
      while (feed_->commits > 0) std::this_thread::sleep_for(milliseconds(1));
      const std::lock_guard lock(feed_->mutex);
      Result<std::optional<FeedEvent>> next =
          feed_->feed->Next(events.empty() ? std::min(left, kSlice) : milliseconds(0));
      // What came before an error is given first: the next call meets the error again.
      if (!next && events.empty()) return std::unexpected(std::move(next).error());
      if (next && *next) {
        entries += (*next)->entries.size();
        events.push_back(*std::move(*next));
      } else if (!next || !events.empty() || left.count() == 0) {
        break;
      }
    }
    return events;
  }

  static void Settle(napi_env env, napi_value, void* context, void*) {
    if (env == nullptr) return;  // It ends.
    Wait& wait = *static_cast<Wait*>(context);
    if (wait.events_) {
      std::vector<napi_value> objects;
      for (const FeedEvent& event : *wait.events_) objects.push_back(NewEvent(env, event));
      napi_resolve_deferred(env, wait.deferred_, NewArray(env, objects));
    } else {
      napi_reject_deferred(env, wait.deferred_, NewError(env, wait.events_.error()));
    }
    wait.is_settled_ = true;
    wait.feed_->database->EndTask();
  }
  static void Forget(napi_env, void* data, void*) {
    const std::unique_ptr<Wait> wait(static_cast<Wait*>(data));
    if (!wait->is_settled_) wait->feed_->ended = true;  // The environment ends under it.
    if (wait->thread_.joinable()) wait->thread_.join();
    if (!wait->is_settled_) wait->feed_->database->EndTask();
  }

  const std::shared_ptr<FeedHandle> feed_;
  const milliseconds timeout_;
  napi_deferred deferred_ = nullptr;
  napi_threadsafe_function done_ = nullptr;
  std::thread thread_;
  Result<Events> events_;
  bool is_settled_ = false;  // JavaScript's thread's own.
};

// The open database and the text that a call was given. Empty, with a pending exception, if the arguments are wrong.
struct NamedCursor {
  NamedCursor(napi_env env, napi_value database, napi_value text) : open(GetOpen(env, database)) {
    if (open) name = CopyOf(env, text);
  }
  explicit operator bool() const { return name.has_value(); }

  OpenDatabase open;
  std::optional<std::string> name;
};

// Of undefined nothing. False, with a pending exception: it is no text.
bool TextFrom(napi_env env, napi_value value, std::optional<std::string>* text) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  if (type == napi_undefined) return true;
  *text = CopyOf(env, value);
  return text->has_value();
}

}  // namespace

napi_value CreateCursor(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  NamedCursor named(env, arguments[0], arguments[1]);
  std::optional<std::string> position;
  if (!named || !TextFrom(env, arguments[2], &position)) return nullptr;
  return StartTask(
      env, "amethyst.createCursor", std::move(named.open.handle),
      [db = std::move(named.open.db), name = *std::move(named.name), position = std::move(position)]() -> Status {
        if (!position) return db->CreateCursor(name);
        const Result<FeedPosition> at = FeedPosition::FromString(*position);
        return at ? db->CreateCursor(name, *at) : std::unexpected(at.error());
      },
      Undefined);
}

napi_value CreateCursorWithSnapshot(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  NamedCursor named(env, arguments[0], arguments[1]);
  if (!named) return nullptr;
  std::weak_ptr<DB> of = named.open.db;
  return StartTask(
      env, "amethyst.createCursorWithSnapshot", std::move(named.open.handle),
      [db = std::move(named.open.db), name = *std::move(named.name)] { return db->CreateCursorWithSnapshot(name); },
      [of = std::move(of)](napi_env settling, FeedSnapshot& made) {
        return NewHandle(settling, std::make_shared<SnapshotHandle>(of, std::move(made.snapshot)));
      });
}

napi_value DropCursor(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  NamedCursor named(env, arguments[0], arguments[1]);
  if (!named) return nullptr;
  return StartTask(
      env, "amethyst.dropCursor", std::move(named.open.handle),
      [db = std::move(named.open.db), name = *std::move(named.name)] { return db->DropCursor(name); }, Undefined);
}

napi_value ListCursors(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  OpenDatabase open = GetOpen(env, arguments[0]);
  if (!open) return nullptr;
  return StartTask(
      env, "amethyst.cursors", std::move(open.handle), [db = std::move(open.db)] { return db->Cursors(); },
      [](napi_env settling, std::vector<CursorInfo>& cursors) {
        std::vector<napi_value> objects;
        for (const CursorInfo& cursor : cursors) {
          napi_value object = nullptr;
          napi_create_object(settling, &object);
          Set(settling, object, "name", NewString(settling, cursor.name));
          Set(settling, object, "position", NewString(settling, cursor.position.ToString()));
          Set(settling, object, "isLost", NewBoolean(settling, cursor.is_lost));
          objects.push_back(object);
        }
        return NewArray(settling, objects);
      });
}

// (database, cursor or undefined, position or undefined, whether what is visible is enough)
napi_value OpenFeed(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info);
  OpenDatabase open = GetOpen(env, arguments[0]);
  std::optional<std::string> cursor, position;
  if (!open || !TextFrom(env, arguments[1], &cursor) || !TextFrom(env, arguments[2], &position)) return nullptr;
  bool visible = false;
  napi_get_value_bool(env, arguments[3], &visible);
  const FeedOptions options{.reach = visible ? FeedReach::kVisible : FeedReach::kDurable};
  auto database = open.handle;
  return StartTask(
      env, "amethyst.openFeed", std::move(open.handle),
      [db = std::move(open.db), cursor = std::move(cursor), position = std::move(position), options]() -> Result<Feed> {
        if (cursor) return db->OpenFeed(*cursor, options);
        const Result<FeedPosition> at = FeedPosition::FromString(position.value_or(""));
        if (!at) return std::unexpected(at.error());
        return db->OpenFeed(*at, options);
      },
      [database = std::move(database)](napi_env settling, Feed& feed) {
        return NewHandle(settling, std::make_shared<FeedHandle>(database, std::move(feed)));
      });
}

napi_value FeedNext(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  auto feed = GetHandle<FeedHandle>(env, arguments[0]);
  if (!feed) return nullptr;
  double timeout_ms = 0;
  napi_get_value_double(env, arguments[1], &timeout_ms);
  constexpr double kLongestMs = 0x1p40;
  return Wait::Start(env, std::move(feed), milliseconds(static_cast<int64_t>(std::clamp(timeout_ms, 0.0, kLongestMs))));
}

napi_value FeedCommit(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  auto feed = GetHandle<FeedHandle>(env, arguments[0]);
  auto position = feed ? CopyOf(env, arguments[1]) : std::nullopt;
  if (!position) return nullptr;
  auto database = feed->database;
  return StartTask(
      env, "amethyst.feedCommit", std::move(database),
      [feed = std::move(feed), position = *std::move(position)]() -> Status {
        const Result<FeedPosition> at = FeedPosition::FromString(position);
        if (!at) return std::unexpected(at.error());
        ++feed->commits;
        const std::lock_guard lock(feed->mutex);
        Status committed = feed->feed->Commit(*at);
        --feed->commits;
        return committed;
      },
      Undefined);
}

napi_value FeedClose(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  if (const auto feed = GetHandle<FeedHandle>(env, arguments[0])) feed->ended = true;
  return nullptr;
}

napi_value FeedRelease(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto feed = GetHandle<FeedHandle>(env, arguments[0]);
  if (!feed) return nullptr;
  auto database = feed->database;
  return StartTask(
      env, "amethyst.feedRelease", std::move(database),
      [feed = std::move(feed)]() -> Status {
        feed->feed.reset();
        return {};
      },
      Undefined);
}

}  // namespace amethyst::node
