#include "compaction/merge_job.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "compaction/entry_filter.h"
#include "compaction/older_versions.h"
#include "compaction/operand_fold.h"
#include "compaction/output_cutter.h"
#include "compaction/output_tables.h"
#include "compaction/range_delete_walk.h"

namespace amethyst::compaction {
namespace {

std::vector<OutputCutter::NextTable> NextLevel(const MergeSettings& settings) {
  std::vector<OutputCutter::NextTable> tables;
  // Level 0 is not cut: what lies below it depends on the base.
  if (settings.output_level == 0 || settings.output_level + 1 >= key::kLevels) return tables;
  for (const tree::TablePtr& table : settings.version->tables(settings.output_level + 1)) {
    tables.push_back({table->info().largest, table->info().file_bytes});
  }
  return tables;
}

// The part of the job's lineage that this part of the job has.
sstable::Lineage LineageOf(const MergeSettings& settings) {
  sstable::Lineage lineage = settings.lineage;
  if (settings.begin) lineage.begin = *settings.begin;
  if (settings.end) lineage.end = *settings.end;
  return lineage;
}

// What the bounds of this part's outputs stay within: those of the inputs, so that they come to overlap no other table
// of the level, and the part's range.
key::BoundLimits LimitsOf(const MergeSettings& settings) {
  key::BoundLimits limits;
  if (settings.output_level == 0) return limits;
  const key::Order& order = settings.version->order();
  settings.version->ForEachTable([&](key::Level, const tree::TablePtr& table) {
    if (std::ranges::find(settings.inputs, table->number()) == settings.inputs.end()) return;
    const sstable::TableInfo& info = table->info();
    if (!limits.begin || order.Less(info.smallest, *limits.begin)) limits.begin = info.smallest;
    if (!limits.last || order.Less(*limits.last, info.largest)) limits.last = info.largest;
  });
  if (settings.begin && limits.begin && order.Less(*limits.begin, *settings.begin)) limits.begin = settings.begin;
  limits.end = settings.end;
  return limits;
}

class Rewriter {
 public:
  Rewriter(tree::TableStore& store, const std::function<key::FileNumber()>& new_file_number,
           const MergeSettings& settings)
      : settings_(settings),
        order_(settings.version->order()),
        retention_(settings.snapshots, settings.expired_ms),
        filter_(settings.compaction_filter, settings.age, settings.expired_ms),
        fold_(settings.merge_operator),
        range_deletes_(settings.tombstones, order_),
        older_(settings.version, settings.older_from_level, settings.inputs),
        cutter_(NextLevel(settings), order_, settings.table_bytes),
        outputs_(store, new_file_number,
                 {settings.table_options, settings.output_level, settings.oldest_delete_time_s, LineageOf(settings),
                  LimitsOf(settings)}) {}

  [[nodiscard]] Result<MergeResult> Run(key::Cursor& input, const StopSignals& stop) {
    uint64_t told_entries = 0;
    settings_.begin ? input.Seek(*settings_.begin) : input.SeekToFirst();
    while (input.Valid()) {
      AMETHYST_TRY(stop.Check());
      const std::span<const key::Entry> window = WithinRange(input.Ahead());
      if (window.empty()) break;
      if (SkipCovered(input, window.front())) continue;
      result_.entries_read += window.size();
      AMETHYST_TRY(AddWindow(input, window));
      TellProgress(&told_entries);
      outputs_.ReserveMemory();
      if (settings_.pace != nullptr) AMETHYST_TRY(Pace());
      saved_key_.assign(key_);  // The window goes with the step.
      key_ = saved_key_;
      input.Skip(window.size());
    }
    AMETHYST_TRY(input.status());  // What could not be read is not taken for the end.
    AMETHYST_TRY(EndKey());
    AMETHYST_ASSIGN(result_.added, outputs_.Finish());
    result_.entries_filtered = filter_.dropped();
    uint64_t written = 0;
    for (const tree::AddedTable& table : result_.added) {
      result_.bytes_written += table.info.file_bytes;
      written += table.info.entries;
    }
    AMETHYST_ASSERT(written <= result_.entries_read);
    result_.entries_dropped = result_.entries_read - written;
    return std::move(result_);
  }

 private:
  [[nodiscard]] Status Pace() {
    constexpr uint64_t kLeastBytes = 16 << 10;
    const uint64_t bytes = outputs_.bytes() + static_cast<uint64_t>(settings_.read_bytes_per_entry *
                                                                    static_cast<double>(result_.entries_read));
    if (bytes < result_.bytes_paced + kLeastBytes) return {};
    return settings_.pace(bytes - std::exchange(result_.bytes_paced, bytes));
  }
  // `told`: of the entries read.
  void TellProgress(uint64_t* told) const {
    constexpr uint64_t kStepEntries = 1024;
    if (settings_.entries_read == nullptr || result_.entries_read - *told < kStepEntries) return;
    settings_.entries_read->fetch_add(result_.entries_read - *told, std::memory_order_relaxed);
    *told = result_.entries_read;
  }

  // The part of a window that lies before the end of the job's range.
  std::span<const key::Entry> WithinRange(std::span<const key::Entry> window) const {
    if (!settings_.end || order_.Less(window.back().key(), *settings_.end)) return window;
    return FirstOf(window, [this](std::string_view key) { return order_.Less(key, *settings_.end); });
  }

  // The leading entries whose keys satisfy `holds`, which no later ones do.
  template <typename Predicate>
  static std::span<const key::Entry> FirstOf(std::span<const key::Entry> window, Predicate holds) {
    const auto end =
        std::partition_point(window.begin(), window.end(), [&](const key::Entry& entry) { return holds(entry.key()); });
    return {window.begin(), end};
  }

  // `window` is what is ahead in `input`, or its beginning.
  [[nodiscard]] Status AddWindow(const key::Cursor& input, std::span<const key::Entry> window) {
    const bool is_plain = input.WindowIsPlain() && !filter_.is_given() &&
                          !range_deletes_.TouchesAnyOf(window.front().key(), window.back().key());
    if (!is_plain) return AddEach(window);
    if (window.size() == input.Ahead().size() && !input.StoredAhead().empty()) {
      AMETHYST_ASSIGN(const bool added, AddStored(window, input.StoredAhead()));
      if (added) return {};
    }
    return AddPlain(window);
  }

  // A whole block that nothing else has a part in: taken over as it is stored, sequence numbers too. Not where an
  // output may have to end inside it.
  [[nodiscard]] Result<bool> AddStored(std::span<const key::Entry> window, std::string_view stored) {
    AMETHYST_TRY(EndKey());
    AMETHYST_TRY(CutBefore(window.front().key()));
    if (!IsBeforeBoundary(window.back().key())) return false;
    AMETHYST_ASSIGN(const bool added, outputs_.AddStored(window, stored));
    if (!added) return false;
    key_ = window.back().key();
    ++result_.blocks_taken_over;
    return true;
  }

  [[nodiscard]] Status AddEach(std::span<const key::Entry> window) {
    for (const key::Entry& entry : window) AMETHYST_TRY(AddOne(entry));
    return {};
  }

  [[nodiscard]] Status AddOne(const key::Entry& entry) {
    if (!has_key_ || entry.key() != key_) {
      AMETHYST_TRY(EndKey());
      AMETHYST_TRY(CutBefore(entry.key()));
      retention_.StartKey(older_.NothingBelow(entry.key()));
      key_ = entry.key();
      has_key_ = true;
      filter_.StartKey();
      range_deletes_.StartKey(key_);
    }
    if (range_deletes_.HasMore()) [[unlikely]]
      AMETHYST_TRY(AddRangeDeletesDownTo(entry.tag.sequence()));
    if (filter_.IsDue()) [[unlikely]]
      return Decide(filter_.Filtered(entry, retention_.IsSettled(entry.tag.sequence())));
    return Decide(entry);
  }

  [[nodiscard, gnu::always_inline]] inline Status Decide(const key::Entry& entry) {
    const Retention::Verdict verdict = retention_.Decide(entry.tag, entry.value());
    if (operands_wait_) [[unlikely]]
      return AddBehindOperands(verdict, entry);
    return Apply(verdict, entry);
  }

  // Those of the current key that are newer than its next version here: to retention they are tombstones, which stay by
  // themselves, in the family's list. Of one that is older than all versions here nothing follows: there may be others
  // between, elsewhere.
  [[nodiscard, gnu::noinline]] Status AddRangeDeletesDownTo(key::SequenceNumber next) {
    while (const auto sequence = range_deletes_.TakeNewerThan(next)) {
      filter_.PassNewer();
      AMETHYST_TRY(Decide(key::Entry(key_, key::Tag(*sequence, key::EntryKind::kDelete), {})));
      retention_.ForgetHeld();
    }
    return {};
  }

  // Passes what no reader will ever see, at the entry ahead. False: there is nothing of it.
  [[nodiscard]] bool SkipCovered(key::Cursor& input, const key::Entry& ahead) {
    const key::Cover* const cover = range_deletes_.CoverOf(ahead.key());
    if (cover == nullptr) [[likely]]
      return false;
    if (!cover->Hides(ahead.tag.sequence()) || !retention_.IsSettled(cover->sequence)) return false;
    saved_key_.assign(key_);  // The window goes with the step.
    key_ = saved_key_;
    return input.SkipCovered(*cover, true);
  }

  // Inline, for it is a part of the loop over all entries.
  [[nodiscard, gnu::always_inline]] inline Status Apply(Retention::Verdict verdict, const key::Entry& entry) {
    switch (verdict) {
      case Retention::Verdict::kDrop:
      case Retention::Verdict::kHold: return {};
      case Retention::Verdict::kKeep:
        AMETHYST_TRY(AddHeld(retention_.TakeHeld()));
        return outputs_.Add(entry, retention_.IsLast());
      case Retention::Verdict::kKeepAsOldest:
        AMETHYST_TRY(AddHeld(retention_.TakeHeld()));
        return outputs_.Add(range_deletes_.covers_key() ? entry : AsOldest(entry), true);
      case Retention::Verdict::kOperand:
        AMETHYST_TRY(AddHeld(retention_.TakeHeld()));
        fold_.AddOlder(entry.tag, entry.value());
        operands_wait_ = true;
        return {};
    }
    return {};
  }

  // A version that is older than operands which wait. In their stripe, and where it decides, it is their base, and goes
  // into what they come to. A base that may expire by itself stays apart.
  [[nodiscard]] Status AddBehindOperands(Retention::Verdict verdict, const key::Entry& entry) {
    if (retention_.began_stripe()) {
      AMETHYST_TRY(AddOperands());
      return Apply(verdict, entry);
    }
    if (verdict == Retention::Verdict::kDrop || verdict == Retention::Verdict::kOperand) return Apply(verdict, entry);
    const bool is_gone = verdict == Retention::Verdict::kHold;
    if (is_gone || key::IsPlain(entry.tag.kind())) {
      const auto base = is_gone ? std::optional<std::string_view>() : entry.value();
      if (std::optional<std::string> value; fold_.Merge(key_, base, &value)) return AddMerged(value);
    }
    AMETHYST_TRY(AddOperands());
    return Apply(verdict, entry);
  }

  void ClearOperands() {
    fold_.Clear();
    operands_wait_ = false;
  }

  // In the place of the operands and their base.
  [[nodiscard]] Status AddMerged(const std::optional<std::string>& value) {
    const key::Tag tag(fold_.newest().sequence(), value ? key::EntryKind::kPut : key::EntryKind::kDelete);
    ClearOperands();
    return Apply(retention_.DecideMerged(tag), key::Entry(key_, tag, value ? std::string_view(*value) : ""));
  }

  // Those that wait, whose base is not known here.
  [[nodiscard]] Status AddOperands() {
    if (std::string operand; fold_.Combine(key_, &operand)) {
      AMETHYST_TRY(outputs_.Add(key::Entry(key_, fold_.newest(), operand)));
    } else {
      for (const OperandFold::Operand& each : fold_.entries()) {
        AMETHYST_TRY(outputs_.Add(key::Entry(key_, each.tag, each.stored)));
      }
    }
    ClearOperands();
    return {};
  }

  // A plain window: except the first and the last, of which neighbouring windows may hold other versions, each entry
  // is the only one of its key, and is kept. Questions are asked for stretches of keys that share the answer.
  [[nodiscard]] Status AddPlain(std::span<const key::Entry> window) {
    if (window.size() < kPlainEntriesMin) return AddEach(window);
    AMETHYST_TRY(AddOne(window.front()));
    AMETHYST_TRY(EndKey());
    std::span<const key::Entry> rest = window.subspan(1, window.size() - 2);
    while (!rest.empty()) {
      AMETHYST_TRY(CutBefore(rest.front().key()));
      const bool nothing_below = older_.NothingBelow(rest.front().key());
      const std::span<const key::Entry> stretch = StretchOf(rest);
      AMETHYST_TRY(AddStretch(stretch, nothing_below));
      rest = rest.subspan(stretch.size());
    }
    return AddOne(window.back());
  }

  // The leading entries for which what older_ and cutter_ said of the first holds too.
  std::span<const key::Entry> StretchOf(std::span<const key::Entry> rest) const {
    std::span<const key::Entry> stretch = rest;
    if (!older_.HoldsFor(stretch.back().key())) {
      stretch = FirstOf(stretch, [this](std::string_view key) { return older_.HoldsFor(key); });
    }
    if (!IsBeforeBoundary(stretch.back().key())) {
      stretch = FirstOf(stretch, [this](std::string_view key) { return IsBeforeBoundary(key); });
    }
    AMETHYST_DCHECK(!stretch.empty());
    return stretch;
  }

  // Whether up to `key` only the size of an output can end it.
  [[nodiscard]] bool IsBeforeBoundary(std::string_view key) const {
    const std::string_view boundary = cutter_.NextBoundary();
    return boundary.data() == nullptr || !order_.Less(boundary, key);
  }

  [[nodiscard]] Status AddStretch(std::span<const key::Entry> stretch, bool nothing_below) {
    for (const key::Entry& entry : stretch) {
      if (outputs_.current_bytes() >= settings_.table_bytes) AMETHYST_TRY(CutBefore(entry.key()));
      const bool as_oldest = nothing_below && retention_.IsSettled(entry.tag.sequence());
      AMETHYST_TRY(outputs_.Add(as_oldest ? AsOldest(entry) : entry, true));
    }
    return {};
  }

  [[nodiscard]] Status CutBefore(std::string_view key) {
    return cutter_.CutsBefore(key, outputs_.current_bytes()) ? outputs_.CutBefore(key) : Status();
  }

  [[nodiscard]] Status EndKey() {
    if (!has_key_) return {};
    has_key_ = false;
    if (operands_wait_) [[unlikely]]
      AMETHYST_TRY(EndOperands());
    return AddHeld(retention_.EndKey());
  }

  [[nodiscard]] Status EndOperands() {
    std::optional<std::string> value;
    return retention_.nothing_below() && fold_.Merge(key_, std::nullopt, &value) ? AddMerged(value) : AddOperands();
  }

  // A tombstone of the current key.
  [[nodiscard]] Status AddHeld(std::optional<key::Tag> tag) {
    return tag ? outputs_.Add(key::Entry(key_, *tag, {})) : Status();
  }

  key::Entry AsOldest(key::Entry entry) {
    result_.made_oldest = std::max(result_.made_oldest, entry.tag.sequence());
    entry.tag = key::Tag(key::SequenceNumber{0}, entry.tag.kind());
    return entry;
  }

  static constexpr size_t kPlainEntriesMin = 4;  // Shorter windows are not worth the questions.

  const MergeSettings& settings_;
  const key::Order order_;
  Retention retention_;
  EntryFilter filter_;
  OperandFold fold_;            // Of the current key and stripe.
  bool operands_wait_ = false;  // fold_ holds some.
  RangeDeleteWalk range_deletes_;
  OlderVersions older_;
  OutputCutter cutter_;
  OutputTables outputs_;
  MergeResult result_;
  bool has_key_ = false;  // retention_ has begun key_ and not ended it.
  std::string_view key_;  // In the current window, or saved_key_.
  std::string saved_key_;
};

}  // namespace

Status StopSignals::Check() const {
  if (closed_.load(std::memory_order_relaxed)) return base::MakeError(ErrorCode::kClosed, "rewrite of tables stopped");
  if (full_.load(std::memory_order_relaxed)) {
    return base::MakeError(ErrorCode::kNoSpace, "rewrite of tables stopped: the disk is full");
  }
  return {};
}

Result<MergeResult> RunMerge(tree::TableStore& store, const std::function<key::FileNumber()>& new_file_number,
                             key::Cursor& input, const MergeSettings& settings, const StopSignals& stop) {
  AMETHYST_ASSERT(settings.version != nullptr && settings.table_bytes > 0);
  AMETHYST_ASSERT(settings.output_level < key::kLevels);
  return Rewriter(store, new_file_number, settings).Run(input, stop);
}

}  // namespace amethyst::compaction
