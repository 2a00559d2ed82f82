#include "torture/power_moves.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/error.h"

namespace amethyst::torture {

namespace {

const std::string kStore = "/store";
const std::string kCheckpoint = "/copy";
constexpr const char* kCursor = "consumer";
constexpr std::string_view kIngestPrefix = "!at";

// The part of an image below that directory.
CrashImage PartOf(const CrashImage& image, const std::string& directory) {
  CrashImage part;
  const std::string inside = directory + "/";
  for (auto file = image.files.lower_bound(inside); file != image.files.end() && file->first.starts_with(inside);
       ++file) {
    part.files.insert(*file);
  }
  return part;
}

size_t NumberOf(std::string_view text) {
  size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// What a consumer does with an event, once or again; `number`: of the last batch.
void Apply(const FeedEvent& event, const std::vector<PowerMoves::Map>& contents, PowerMoves::Map* to, size_t* number) {
  if (event.kind == FeedEventKind::kIngest) {
    *number = NumberOf(event.tables.front().smallest.substr(kIngestPrefix.size()));
    *to = contents[*number];
    return;
  }
  for (const FeedEntry& entry : event.entries) {
    if (entry.kind == FeedEntryKind::kPut) (*to)[std::string(entry.key)] = entry.value;
    if (entry.kind == FeedEntryKind::kDelete) to->erase(std::string(entry.key));
    if (entry.kind == FeedEntryKind::kDeleteRange) {
      to->erase(to->lower_bound(std::string(*entry.begin)), to->lower_bound(std::string(*entry.end)));
    }
    if (entry.kind == FeedEntryKind::kPut && entry.key == kNumberKey) *number = NumberOf(entry.value);
  }
}

}  // namespace

PowerMoves::Counts& PowerMoves::Counts::operator+=(const Counts& other) {
  ingests += other.ingests;
  copies += other.copies;
  copies_checked += other.copies_checked;
  feeds_checked += other.feeds_checked;
  return *this;
}

std::string PowerMoves::IngestKey(size_t number) { return fmt::format("{}{:06}", kIngestPrefix, number); }

Components PowerMoves::On(std::shared_ptr<io::FileSystem> files) const {
  Components components;
  components.environment = std::make_shared<simulation::SerialEnvironment>(std::move(files), 1);
  return components;
}

Status PowerMoves::Begin(DB& db, Trace& trace) {
  AMETHYST_TRY(db.CreateCursor(kCursor));
  consumed_.push_back({.at = trace.size()});
  return {};
}

Result<size_t> PowerMoves::Consume(DB& db, Trace& trace, base::Random& random) {
  Consumed now = consumed_.back();
  if (!feed_) {
    AMETHYST_ASSIGN(Feed feed, db.OpenFeed(kCursor));
    feed_ = std::move(feed);
  }
  Map ignored;
  for (uint64_t count = random.Below(30); count > 0; --count) {
    AMETHYST_ASSIGN(const std::optional<FeedEvent> event, feed_->Next(std::chrono::milliseconds(0)));
    if (!event) break;
    if (event->last_sequence <= now.sequence) continue;
    Apply(*event, contents_, &ignored, &now.number);
    now.sequence = event->last_sequence;
  }
  now.at = trace.size();
  consumed_.push_back(now);
  if (random.OneIn(2)) AMETHYST_TRY(feed_->Commit());
  return now.number;
}

Status PowerMoves::Ingest(DB& db, const std::shared_ptr<simulation::SerialEnvironment>& environment, size_t number,
                          Map entries, const KeyRange& replaced, base::Random& random) {
  const std::string path = fmt::format("/table{}", number);
  TableWriterOptions options{.family = {.comparator = options_.comparator}, .environment = environment};
  AMETHYST_ASSIGN(TableWriter table, TableWriter::Create(path, options));
  for (const auto& [key, value] : entries) AMETHYST_TRY(table.Put(key, value));
  AMETHYST_ASSIGN([[maybe_unused]] const TableSummary summary, table.Finish());
  AMETHYST_TRY(db.Ingest(path, {.mode = static_cast<IngestMode>(random.Below(3)), .replace = replaced}));
  ++counts_.ingests;
  static_cast<void>(environment->files().Remove(path));
  return {};
}

Status PowerMoves::Copy(DB& db, const std::shared_ptr<simulation::SerialEnvironment>& environment, Trace& trace,
                        const Moment& moment, base::Random& random) {
  if (!checkpoint_ && random.OneIn(3)) {
    checkpoint_ = {.moment = moment, .begun_at = trace.size()};
    AMETHYST_TRY(db.Checkpoint(kCheckpoint));
    checkpoint_->made_at = trace.size();
    ++counts_.copies;
    return {};
  }
  Components components;
  components.environment = environment;
  AMETHYST_ASSIGN(BackupStore store, BackupStore::Open(kStore, components));
  return backups_.size() < 2 || !random.OneIn(4) ? MakeBackup(db, store, trace, moment)
                                                 : Prune(store, trace, 1 + random.Below(2));
}

// One that fails may be there: it has the id that it would have had.
Status PowerMoves::MakeBackup(DB& db, BackupStore& store, Trace& trace, const Moment& moment) {
  const uint64_t expected = backups_.empty() ? 1 : backups_.rbegin()->first + 1;
  Made made{.moment = moment, .begun_at = trace.size()};
  const Result<uint64_t> id = store.Create(db);
  if (id) made.made_at = trace.size();
  counts_.copies += id ? 1 : 0;
  backups_[id.value_or(expected)] = made;
  return id ? Status() : std::unexpected(id.error());
}

Status PowerMoves::Prune(BackupStore& store, Trace& trace, uint64_t keep) {
  uint64_t left = 0;
  for (auto backup = backups_.rbegin(); backup != backups_.rend(); ++backup) {
    if (backup->second.made_at == kNotYet) return {};  // Which are the last is not known.
    if (++left > keep) backup->second.removed_at = std::min(backup->second.removed_at, trace.size());
  }
  AMETHYST_ASSIGN([[maybe_unused]] const PruneReport pruned, store.Prune(keep));
  return {};
}

std::string PowerMoves::CheckDatabase(const Components& components, const std::string& path,
                                      const Moment& moment) const {
  Options options = options_;
  options.create_if_missing = false;
  const auto opened = DB::Open(path, options, components);
  if (!opened) return fmt::format("{} does not open: {}", path, opened.error().ToString());
  Map found;
  Iterator iterator = (*opened)->NewIterator();
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) found.emplace(iterator.key(), iterator.value());
  if (!iterator.status()) return fmt::format("{}: {}", path, iterator.status().error().ToString());
  const auto unlogged = found.extract(kUnloggedKey);
  if ((unlogged.empty() ? 0 : NumberOf(unlogged.mapped())) != moment.unlogged)
    return path + " has other unlogged writes";
  return found == contents_[moment.number] ? "" : fmt::format("{} is not as after batch {}", path, moment.number);
}

const std::set<uint64_t>& PowerMoves::BackupsIn(const CrashImage& image, std::string* wrong) {
  const CrashImage part = PartOf(image, kStore);
  const auto [seen, is_new] = seen_stores_.try_emplace(part.Fingerprint());
  std::set<uint64_t>& ids = seen->second;
  if (!is_new) return ids;
  ++counts_.copies_checked;
  const Components components = On(part.Make("/"));
  Result<BackupStore> store = BackupStore::Open(kStore, components);
  if (!store) {
    *wrong = "the store does not open: " + store.error().ToString();
    return ids;
  }
  const auto listed = store->List();
  if (!listed) return ids;  // There is none yet.
  for (const BackupInfo& backup : *listed) {
    ids.insert(backup.id);
    const auto made = backups_.find(backup.id);
    if (made == backups_.end()) *wrong = fmt::format("backup {} was never made", backup.id);
    if (!wrong->empty()) return ids;
    if (const Status whole = store->Verify(backup.id); !whole) *wrong = whole.error().ToString();
    if (backup.id != listed->back().id || !wrong->empty()) continue;
    const std::string path = "/restored";
    const Status restored = store->Restore(backup.id, path);
    *wrong = restored ? CheckDatabase(components, path, made->second.moment) : restored.error().ToString();
  }
  return ids;
}

bool PowerMoves::HasCheckpoint(const CrashImage& image, std::string* wrong) {
  const CrashImage part = PartOf(image, kCheckpoint);
  const auto [seen, is_new] = seen_checkpoints_.try_emplace(part.Fingerprint(), !part.files.empty());
  if (is_new && seen->second) {
    ++counts_.copies_checked;
    *wrong = CheckDatabase(On(part.Make("/")), kCheckpoint, checkpoint_->moment);
  }
  return seen->second;
}

std::string PowerMoves::CheckImage(const CrashImage& image, size_t point) {
  std::string wrong;
  if (checkpoint_ && checkpoint_->begun_at <= point) {
    const bool is_there = HasCheckpoint(image, &wrong);
    if (!is_there && checkpoint_->made_at <= point) return "a checkpoint is lost";
  }
  if (!wrong.empty() || backups_.empty() || backups_.begin()->second.begun_at > point) return wrong;
  const std::set<uint64_t>& ids = BackupsIn(image, &wrong);
  for (const auto& [id, made] : backups_) {
    const bool must_be = made.made_at <= point && made.removed_at >= point;
    if (must_be && wrong.empty() && !ids.contains(id)) wrong = fmt::format("backup {} is lost", id);
  }
  return wrong;
}

std::string PowerMoves::CheckFeed(DB& db, Map found, size_t point) {
  if (consumed_.empty() || consumed_.front().at > point) return {};
  ++counts_.feeds_checked;
  const auto behind = std::ranges::upper_bound(consumed_, point, {}, &Consumed::at);
  Consumed now = *std::prev(behind);
  Map content = contents_[now.number];
  // Whatever was recovered is durable; a feed takes that from the log.
  if (const Status synced = db.SyncWal(); !synced) return synced.error().ToString();
  Result<Feed> feed = db.OpenFeed(kCursor);
  if (!feed) return "no feed after it: " + feed.error().ToString();
  for (;;) {
    const auto event = feed->Next(std::chrono::milliseconds(0));
    if (!event) return "the feed: " + event.error().ToString();
    if (!*event) break;
    if ((*event)->last_sequence > now.sequence) Apply(**event, contents_, &content, &now.number);
  }
  for (Map* map : {&found, &content}) {
    map->erase(kUnloggedKey);
    map->erase(kMoreKey);
  }
  if (found == content) return "";
  const auto differs = std::ranges::mismatch(found, content);
  return fmt::format("a consumer ends at batch {}, the database has {}; first differ {} and {}", now.number,
                     found[kNumberKey], differs.in1 == found.end() ? "the end" : differs.in1->first.substr(0, 20),
                     differs.in2 == content.end() ? "the end" : differs.in2->first.substr(0, 20));
}

}  // namespace amethyst::torture
