#include "tree/file_removal.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/assert.h"
#include "base/containment.h"
#include "io/file_system.h"
#include "tree/file_names.h"

namespace amethyst::tree {
namespace {

constexpr int kGraceBits = 5;
constexpr int kRecordBits = 28;
constexpr int kOrdinalBits = 63 - kGraceBits;
constexpr uint64_t kRecordsMax = (uint64_t{1} << kRecordBits) - 1;
constexpr uint64_t kOrdinalMax = (uint64_t{1} << kOrdinalBits) - 1;
constexpr uint64_t kClasses = (uint64_t{1} << kGraceBits) - 1;  // The last one would go beyond what a lock can name.

// The class of graces up to 2^class seconds.
uint64_t ClassOf(std::chrono::seconds grace) {
  const auto seconds = static_cast<uint64_t>(std::max<int64_t>(grace.count(), 1));
  return std::min<uint64_t>(static_cast<uint64_t>(std::bit_width(seconds - 1)), kClasses - 1);
}

}  // namespace

uint64_t ManifestPlace::Ordinal() const {
  const uint64_t ordinal =
      (std::min(key::Raw(manifest), kOrdinalMax >> kRecordBits) << kRecordBits) | std::min(records, kRecordsMax);
  return std::min(ordinal, kOrdinalMax);
}

uint64_t MarkPlace(uint64_t ordinal, std::chrono::seconds grace) {
  AMETHYST_ASSERT(ordinal <= kOrdinalMax);  // Or it would reach into the class.
  return (ClassOf(grace) << kOrdinalBits) | ordinal;
}

bool FileRemoval::IsNeeded(io::ReaderMarks& marks, uint64_t ordinal, std::chrono::nanoseconds waited) {
  if (ordinal == 0 || !marks.AreHeld(0, kClasses << kOrdinalBits)) return false;
  for (uint64_t grace = 0; grace < kClasses; ++grace) {
    const uint64_t begin = grace << kOrdinalBits;
    if (waited <= std::chrono::seconds(uint64_t{1} << grace) && marks.AreHeld(begin, begin | ordinal)) return true;
  }
  return false;
}

std::unique_ptr<io::ReaderMarks> FileRemoval::OpenMarks() const {
  auto marks = base::Contained([this] {
    return environment_->files().OpenMarks(io::JoinPath(directory_, kReadersFileName), io::MarksFile::kMade);
  });
  return marks ? *std::move(marks) : nullptr;
}

Status FileRemoval::Remove(std::vector<std::string> names, Tell gone, std::vector<std::string>* failed) {
  if (names.empty()) return {};
  const uint64_t ordinal = now_.load(std::memory_order_acquire);
  const std::unique_ptr<io::ReaderMarks> marks = OpenMarks();
  if (marks == nullptr || !IsNeeded(*marks, ordinal, std::chrono::nanoseconds(0)))
    return RemoveNow(names, gone, failed);
  base::MutexLock lock(mutex_);
  waiting_.push_back({.names = std::move(names), .ordinal = ordinal, .since = environment_->clock().Monotonic()});
  return {};
}

Status FileRemoval::RemoveWaiting(Tell gone) {
  if (!HasWaiting()) return {};
  const std::unique_ptr<io::ReaderMarks> marks = OpenMarks();
  const std::chrono::nanoseconds now = environment_->clock().Monotonic();
  std::vector<Waiting> free;
  {
    base::MutexLock lock(mutex_);
    const auto kept = std::partition(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) {
      return marks != nullptr && IsNeeded(*marks, waiting.ordinal, now - waiting.since);
    });
    free.reserve(waiting_.size());
    std::move(kept, waiting_.end(), std::back_inserter(free));
    waiting_.erase(kept, waiting_.end());
  }
  Status first_error;
  for (const Waiting& group : free) {
    Status removed = RemoveNow(group.names, gone, nullptr);  // What fails stays until the next open.
    if (first_error) first_error = std::move(removed);
  }
  return first_error;
}

bool FileRemoval::HasWaiting() const {
  base::MutexLock lock(mutex_);
  return !waiting_.empty();
}

Status FileRemoval::RemoveNow(const std::vector<std::string>& names, Tell gone, std::vector<std::string>* failed) {
  Status first_error;
  for (const std::string& name : names) {
    Status removed = base::Contained([&] { return environment_->files().Remove(io::JoinPath(directory_, name)); });
    if (removed) {
      gone(name);
      continue;
    }
    if (first_error) first_error = std::move(removed);
    if (failed != nullptr) failed->push_back(name);
  }
  return first_error;
}

}  // namespace amethyst::tree
