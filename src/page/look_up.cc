#include "page/look_up.h"

#include <algorithm>
#include <utility>

#include "amethyst/comparator.h"
#include "base/error.h"
#include "key/expiry.h"
#include "key/lookup_key.h"
#include "tree/file_names.h"

namespace amethyst::page {

namespace {

constexpr size_t kTablesOpenMax = 64;
constexpr cache::BlockCache::Settings kSmallCache{
    .capacity_bytes = size_t{4} << 20, .policy = CachePolicy::kScanResistant, .shards = 1};

double MicrosecondsBetween(std::chrono::nanoseconds begin, std::chrono::nanoseconds end) {
  return static_cast<double>((end - begin).count()) / 1000;
}

bool IsBytewise(const inspect::ManifestState& state, key::FamilyId family) {
  const auto found = state.families.find(family);
  const std::string& name = found == state.families.end() ? state.comparator_name : found->second.comparator_name;
  return name.empty() || name == BytewiseComparator()->Name();
}

}  // namespace

LookUp::LookUp(io::Environment& environment, std::string directory)
    : environment_(environment), directory_(std::move(directory)), cache_(kSmallCache) {}

LookUp::~LookUp() = default;

Result<const sstable::TableReader*> LookUp::Open(const tree::AddedTable& table, bool* was_open) {
  const auto found = std::ranges::find(open_, table.number, &OpenTable::number);
  *was_open = found != open_.end();
  if (*was_open) {
    open_.splice(open_.begin(), open_, found);
    return open_.front().reader.get();
  }
  const std::string path = io::JoinPath(directory_, tree::TableFileName(table.number));
  AMETHYST_ASSIGN(std::shared_ptr<io::RandomAccessFile> file, environment_.files().Open(path));
  AMETHYST_ASSIGN(auto reader, sstable::TableReader::Open(std::move(file), table.info, key::Order(), cache_));
  if (open_.size() >= kTablesOpenMax) open_.pop_back();
  open_.push_front({.number = table.number, .reader = std::move(reader)});
  return open_.front().reader.get();
}

void LookUp::CloseUnlisted(const inspect::ManifestState& state) {
  const auto is_listed = [&](const OpenTable& open) {
    return std::ranges::any_of(state.levels, [&](const std::vector<tree::AddedTable>& tables) {
      return std::ranges::find(tables, open.number, &tree::AddedTable::number) != tables.end();
    });
  };
  std::erase_if(open_, [&](const OpenTable& open) { return !is_listed(open); });
}

Result<LookUp::Step> LookUp::Find(const tree::AddedTable& table, std::string_view key, JsonWriter* json) {
  io::Clock& clock = environment_.clock();
  const auto begin = clock.Monotonic();
  bool was_open = false;
  AMETHYST_ASSIGN(const sstable::TableReader* const reader, Open(table, &was_open));
  const auto opened = clock.Monotonic();
  if (!was_open) json->Field("open_us", MicrosecondsBetween(begin, opened));
  const key::LookupKey lookup(key, key::ReadPoint(key::kSequenceMax));
  AMETHYST_ASSIGN(const sstable::PinnedLookup found, reader->Find(lookup, true));
  json->Field("us", MicrosecondsBetween(opened, clock.Monotonic()));
  if (found.lookup.state != sstable::LookupState::kFound) {
    return Step{.outcome = found.lookup.filter_said_no ? "filter says no" : "not here"};
  }
  const key::EntryKind kind = found.lookup.tag.kind();
  json->Field("sequence", key::Raw(found.lookup.tag.sequence())).Field("bytes", found.lookup.value.size());
  const auto now_ms = static_cast<uint64_t>(clock.WallTime().count());
  if (key::ExpiryOf(kind, found.lookup.value) <= now_ms) return Step{.outcome = "expired", .decides = true};
  if (!key::TraitsOf(kind).is_live) return Step{.outcome = "deleted", .decides = true};
  return Step{.outcome = key::Decides(kind) ? "found" : "part of a merge",
              .decides = key::Decides(kind),
              .is_live = true,
              .value = std::string(key::ValueOf(kind, found.lookup.value))};
}

LookUp::Step LookUp::AskTable(const tree::AddedTable& table, std::string_view key, JsonWriter* json) {
  json->Begin('{').Field("table", key::Raw(table.number)).Field("level", table.level);
  Result<Step> step = Find(table, key, json);
  // A compaction may have taken the table away since the state was read.
  if (!step) step = Step{.outcome = "its file cannot be read: " + step.error().message()};
  json->Field("outcome", std::string_view(step->outcome)).End('}');
  return *std::move(step);
}

std::string LookUp::Ask(const inspect::ManifestState& state, key::FamilyId family, std::string_view key,
                        const std::optional<EngineAnswer>& engine) {
  JsonWriter json;
  json.Begin('{').Key("key").Bytes(key).Field("family", key::Raw(family));
  if (!IsBytewise(state, family)) {
    return json.Field("error", "The page looks keys up in byte order alone.").End('}').Take();
  }
  std::optional<Step> answer;  // The newest version that a table has.
  bool decided = false;
  json.Key("steps").Begin('[');
  for (const auto& level : state.levels) {
    for (const tree::AddedTable& table : level) {
      if (decided || table.family != family || key < table.info.smallest || key > table.info.largest) continue;
      Step step = AskTable(table, key, &json);
      decided = step.decides;
      if (!answer && (step.decides || step.is_live)) answer = std::move(step);
    }
  }
  json.End(']');
  const bool in_table = answer && answer->is_live;
  if (!engine) {
    json.Field("where", in_table ? "table" : "nowhere");
  } else {
    // The engine knows what no table has yet: newer values, and deletes.
    const bool is_same = in_table && engine->value && (*engine->value == *answer->value || !answer->decides);
    json.Key("engine").Begin('{').Field("us", engine->us).Field("found", engine->value ? 1 : 0);
    json.Field("bytes", engine->value ? engine->value->size() : 0).End('}');
    json.Field("where", is_same ? "table" : engine->value ? "memory" : in_table ? "deleted in memory" : "nowhere");
  }
  return json.End('}').Take();
}

}  // namespace amethyst::page
