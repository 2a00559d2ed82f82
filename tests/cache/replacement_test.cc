// Both policies against models that are slow and obvious: lists of identities, searched from end to end.
#include "cache/replacement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>

#include "base/random.h"
#include "cache/frame_memory.h"

namespace amethyst::cache {
namespace {

constexpr size_t kFrameBytes = 1000;

// Frames for a Replacement to order. Every frame in it has one reference, that of its imagined slot; pinned ones more.
class Frames {
 public:
  ~Frames() {
    for (auto& [identity, frame] : frames_) {
      while (pinned_.erase(identity) > 0) frame->Unpin();
      frame->Unpin();
    }
    memory_.Disown();
  }
  Frame& Make(uint64_t identity) {
    Frame* frame = memory_.New(FrameKind::kData, FrameIdentity{identity}, kFrameBytes, FrameMemory::Limit::kNone);
    frames_[identity] = frame;
    return *frame;
  }
  Frame& At(uint64_t identity) { return *frames_.at(identity); }
  void Drop(uint64_t identity) {
    Unpin(identity);
    frames_.at(identity)->Unpin();
    frames_.erase(identity);
  }
  void Pin(uint64_t identity) {
    if (pinned_.insert(identity).second) At(identity).Pin();
  }
  void Unpin(uint64_t identity) {
    if (pinned_.erase(identity) > 0) At(identity).Unpin();
  }
  [[nodiscard]] bool Holds(uint64_t identity) const { return frames_.contains(identity); }
  [[nodiscard]] bool IsPinned(uint64_t identity) const { return pinned_.contains(identity); }
  [[nodiscard]] size_t size() const { return frames_.size(); }
  // Any one that is in.
  uint64_t Pick(base::Random& random) const {
    return std::next(frames_.begin(), static_cast<ptrdiff_t>(random.Below(frames_.size())))->first;
  }

 private:
  FrameMemory& memory_ = *new FrameMemory(size_t{1} << 20);
  std::map<uint64_t, Frame*> frames_;
  std::set<uint64_t> pinned_;
};

class LruModel {
 public:
  void Insert(uint64_t identity) { newest_first_.push_front(identity); }
  void Hit(uint64_t identity) {
    newest_first_.remove(identity);
    newest_first_.push_front(identity);
  }
  void Remove(uint64_t identity) { newest_first_.remove(identity); }
  static bool AdmitsRead(uint64_t /*identity*/, const Frames& /*frames*/) { return true; }
  std::optional<uint64_t> Victim(const Frames& frames) {
    for (size_t tried = 0; tried < newest_first_.size(); ++tried) {
      const uint64_t oldest = newest_first_.back();
      newest_first_.pop_back();
      if (!frames.IsPinned(oldest)) return oldest;
      newest_first_.push_front(oldest);
    }
    return std::nullopt;
  }

 private:
  std::list<uint64_t> newest_first_;
};

// S3-FIFO as its paper gives it, for frames of one size, with pinned ones sent round again, and what a full cache lets
// in.
class FifoModel {
 public:
  void Insert(uint64_t identity) {
    const bool was_ghost = Forget(identity);
    (was_ghost ? main_ : small_).push_back({identity, 0});
  }
  void Hit(uint64_t identity) {
    for (auto* queue : {&small_, &main_}) {
      for (Entry& entry : *queue) {
        if (entry.identity == identity) entry.hits = std::min(entry.hits + 1, 3);
      }
    }
  }
  void Remove(uint64_t identity) {
    for (auto* queue : {&small_, &main_}) {
      std::erase_if(*queue, [&](const Entry& entry) { return entry.identity == identity; });
    }
  }
  std::optional<uint64_t> Victim(const Frames& frames) {
    const auto is_idle = [&](const Entry& entry) { return !frames.IsPinned(entry.identity); };
    while (!small_.empty() || std::ranges::any_of(main_, is_idle)) {
      const bool small_due = small_.size() * 10 > small_.size() + main_.size();
      if (!small_.empty() && (small_due || std::ranges::none_of(main_, is_idle))) {
        Entry entry = small_.front();
        small_.pop_front();
        if (!is_idle(entry) && !entry.second_round) {
          entry.second_round = true;
          small_.push_back(entry);
          continue;
        }
        NoteSmallUse(!is_idle(entry) || entry.hits > 0);
        if (!is_idle(entry) || entry.hits >= 2) {
          main_.push_back({entry.identity, 0});
        } else {
          Remember(entry.identity);
          return entry.identity;
        }
      } else {
        Entry entry = main_.front();
        main_.pop_front();
        if (is_idle(entry) && entry.hits-- == 0) return entry.identity;
        main_.push_back(entry);
      }
    }
    return std::nullopt;
  }
  bool AdmitsRead(uint64_t identity, const Frames& frames) {
    const auto ghost = std::ranges::find(ghosts_, identity, &Ghost::identity);
    const bool was_ghost = ghost != ghosts_.end();
    if (was_ghost && remembered_ - ghost->number - 1 <= (small_.size() + main_.size()) / 10) {
      NoteSmallUse(true);
      return true;
    }
    if (was_ghost ? ++old_ghosts_ % 4 == 0 && HandFindsColdOne(frames) : small_use_ >= 1.0F / 16) return true;
    if (!was_ghost) NoteSmallUse(false);
    Remember(identity);
    return false;
  }

 private:
  struct Entry {
    uint64_t identity;
    int hits;
    bool second_round = false;
  };
  struct Ghost {
    uint64_t identity;
    size_t number;
  };
  bool Forget(uint64_t identity) {
    return std::erase_if(ghosts_, [&](const Ghost& ghost) { return ghost.identity == identity; }) > 0;
  }
  void Remember(uint64_t identity) {
    Forget(identity);
    ghosts_.push_back({identity, remembered_++});
    while (ghosts_.size() > small_.size() + main_.size() + 1) ghosts_.pop_front();
  }
  bool HandFindsColdOne(const Frames& frames) {
    for (int warm = 0, passed = 0; !main_.empty() && warm < 2 && passed < 8; ++passed) {
      Entry entry = main_.front();
      const bool idle = !frames.IsPinned(entry.identity);
      if (idle && entry.hits == 0) return true;
      main_.pop_front();
      main_.push_back({entry.identity, entry.hits - (idle ? 1 : 0)});
      warm += idle ? 1 : 0;
    }
    return main_.empty();
  }
  void NoteSmallUse(bool used) { small_use_ += ((used ? 1.0F : 0.0F) - small_use_) / 64; }

  std::deque<Entry> small_;  // Oldest first.
  std::deque<Entry> main_;
  std::deque<Ghost> ghosts_;
  size_t remembered_ = 0;
  float small_use_ = 1;
  uint32_t old_ghosts_ = 0;
};

// A long random program of inserts, hits, pins, removals and evictions, on both.
template <typename Model>
void CompareWithModel(CachePolicy policy, uint64_t seed) {
  base::Random random(seed);
  Replacement replacement(policy);
  Model model;
  Frames frames;
  const size_t capacity = 1 + random.Below(100);
  const uint64_t identities = 1 + random.Below(4 * capacity);
  const uint64_t ask_one_in = 1 + random.Below(3);  // For what is read into a full cache.
  const uint64_t pin_one_in = 2 + random.Below(50);
  for (int step = 0; step < 8000; ++step) {
    // The less of two draws: small identities are asked for more often.
    const uint64_t identity = 1 + std::min(random.Below(identities), random.Below(identities));
    if (frames.Holds(identity)) {
      frames.At(identity).Touch();
      replacement.Hit(frames.At(identity));
      model.Hit(identity);
    } else {
      Frame& frame = frames.Make(identity);
      const bool asked = frames.size() > capacity && random.OneIn(ask_one_in);
      const bool admitted = !asked || replacement.AdmitsRead(frame);
      ASSERT_EQ(admitted, !asked || model.AdmitsRead(identity, frames)) << "step " << step;
      if (!admitted) {
        frames.Drop(identity);
        continue;
      }
      replacement.Insert(frame);
      model.Insert(identity);
    }
    const uint64_t any = frames.Pick(random);
    if (random.OneIn(pin_one_in)) {
      frames.IsPinned(any) ? frames.Unpin(any) : frames.Pin(any);
    } else if (random.OneIn(40)) {
      replacement.Remove(frames.At(any));
      model.Remove(any);
      frames.Drop(any);
    }
    while (frames.size() > capacity) {
      Frame* const victim = replacement.TakeVictim();
      const std::optional<uint64_t> expected = model.Victim(frames);
      ASSERT_EQ(victim != nullptr, expected.has_value());
      if (victim == nullptr) break;
      ASSERT_EQ(static_cast<uint64_t>(victim->identity()), *expected) << "step " << step;
      frames.Drop(*expected);
    }
    ASSERT_EQ(replacement.frame_count(), frames.size());
    ASSERT_EQ(replacement.bytes(), frames.size() * (sizeof(Frame) + kFrameBytes));
  }
  while (Frame* frame = replacement.Oldest()) replacement.Remove(*frame);
}

TEST(Replacement, LruTakesWhatTheModelTakes) {
  for (uint64_t seed = 0; seed < 20; ++seed) CompareWithModel<LruModel>(CachePolicy::kLru, seed);
}

TEST(Replacement, ScanResistantTakesWhatTheModelTakes) {
  for (uint64_t seed = 0; seed < 20; ++seed) CompareWithModel<FifoModel>(CachePolicy::kScanResistant, seed);
}

TEST(Replacement, AdmitsWhatAScanReadsTheSecondTimeUnlessTooMuchCameBetween) {
  Frames frames;
  Replacement replacement(CachePolicy::kScanResistant);
  constexpr size_t kCount = 10;
  const auto admitted = [&](uint64_t first, uint64_t count) {
    uint64_t sum = 0;
    for (uint64_t identity = first; identity < first + count; ++identity) {
      sum += replacement.AdmitsScanned(frames.Make(identity), kCount) ? 1 : 0;
      frames.Drop(identity);
    }
    return sum;
  };
  EXPECT_EQ(admitted(1, kCount), 0u);
  EXPECT_EQ(admitted(1, kCount), kCount);
  EXPECT_EQ(admitted(1, kCount + 1), kCount) << "not forgotten by being asked for";
  EXPECT_EQ(admitted(100, 5 * kCount), 0u);
  EXPECT_EQ(admitted(100, 5 * kCount), 0u) << "a scan of more than the cache holds evicts its own beginning";
  Replacement lru(CachePolicy::kLru);
  EXPECT_TRUE(lru.AdmitsScanned(frames.Make(7), kCount));
}

TEST(Replacement, GivesNothingWhenAllArePinned) {
  for (const CachePolicy policy : {CachePolicy::kLru, CachePolicy::kScanResistant}) {
    Replacement replacement(policy);
    EXPECT_EQ(replacement.TakeVictim(), nullptr);
    Frames frames;
    for (uint64_t identity = 1; identity <= 20; ++identity) {
      replacement.Insert(frames.Make(identity));
      frames.Pin(identity);
    }
    EXPECT_EQ(replacement.TakeVictim(), nullptr);
    EXPECT_EQ(replacement.frame_count(), 20u);
    frames.Unpin(13);
    EXPECT_EQ(replacement.TakeVictim(), &frames.At(13));
    while (Frame* frame = replacement.Oldest()) replacement.Remove(*frame);
  }
}

TEST(Replacement, ASearchGivesUpAmongFramesInUseAndTheNextGoesOnFromThere) {
  for (const CachePolicy policy : {CachePolicy::kLru, CachePolicy::kScanResistant}) {
    Replacement replacement(policy);
    Frames frames;
    constexpr uint64_t kCount = 1000;
    for (uint64_t identity = 1; identity <= kCount; ++identity) {
      replacement.Insert(frames.Make(identity));
      frames.Pin(identity);
    }
    EXPECT_EQ(replacement.TakeVictim(), nullptr);  // By now all are in main.
    frames.Unpin(kCount / 2);
    constexpr size_t kPassedMax = 32;
    size_t searches = 0;
    Frame* victim = nullptr;
    for (; victim == nullptr && searches < 2 * kCount; ++searches) {
      const uint64_t before = replacement.passed_in_use();
      victim = replacement.TakeVictim(kPassedMax);
      ASSERT_LE(replacement.passed_in_use() - before, kPassedMax);
    }
    ASSERT_EQ(victim, &frames.At(kCount / 2));
    EXPECT_LE(searches, kCount / kPassedMax + 1);
    while (Frame* frame = replacement.Oldest()) replacement.Remove(*frame);
  }
}

TEST(Replacement, FramesInUseInMainDoNotHideWhatSmallGivesUp) {
  Replacement replacement(CachePolicy::kScanResistant);
  Frames frames;
  for (uint64_t identity = 1; identity <= 200; ++identity) {
    replacement.Insert(frames.Make(identity));
    frames.Pin(identity);
  }
  EXPECT_EQ(replacement.TakeVictim(), nullptr);
  replacement.Insert(frames.Make(201));
  EXPECT_EQ(replacement.TakeVictim(32), &frames.At(201));
  while (Frame* frame = replacement.Oldest()) replacement.Remove(*frame);
}

}  // namespace
}  // namespace amethyst::cache
