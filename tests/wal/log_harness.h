// A log in an in-memory file system, its surroundings, and what a test asks of it again and again: append and remember,
// take and put back images of the files, recover and compare. Thread safety: one thread.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "amethyst/write_batch.h"
#include "base/assert.h"
#include "base/random.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/fault_file_system.h"
#include "wal/log.h"
#include "wal/log_recovery.h"
#include "wal/segment_reader.h"

namespace amethyst::wal {

// File contents by segment.
using Image = std::map<key::FileNumber, std::string>;

struct Logged {
  uint64_t first = 0;
  uint32_t count = 0;
  std::string payload;
  friend bool operator==(const Logged&, const Logged&) = default;
};

// A valid batch of one entry that takes about that many bytes.
inline std::string SomeBatch(base::Random& random, size_t bytes) {
  WriteBatch batch;
  std::string value(bytes, '\0');
  for (char& c : value) c = static_cast<char>(random());
  batch.Put(std::string(1, static_cast<char>(random())), value);
  return std::string(batch.Representation());
}

struct Recovered {
  Status status;
  std::vector<Logged> batches;
  LogRecoveryReport report;
};

class LogHarness {
 public:
  static constexpr base::Uid kUid{.low = 0x0123456789abcdef, .high = 0xfedcba9876543210};

  explicit LogHarness(uint64_t segment_bytes = 1024) {
    settings_ = {.directory = "/db",
                 .database_uid = kUid,
                 .segment_bytes = segment_bytes,
                 .new_file_number = [this] { return key::FileNumber{next_number_++}; },
                 .replayed_segments = {}};
    AMETHYST_ASSERT(memory_->CreateDirectories("/db").has_value());
  }

  [[nodiscard]] io::FileSystem& memory() { return *memory_; }
  [[nodiscard]] support::FaultFileSystem& files() { return files_; }
  [[nodiscard]] simulation::SerialEnvironment& serial() { return serial_; }
  [[nodiscard]] LogSettings& settings() { return settings_; }
  [[nodiscard]] Log& log() { return *log_; }
  [[nodiscard]] const std::vector<Logged>& logged() const { return logged_; }
  [[nodiscard]] key::FileNumber first_segment() const { return first_segment_; }

  // Starts a log behind `cut`.
  Status Open(const LogCut& cut = {}) {
    log_ = nullptr;
    AMETHYST_ASSIGN(log_, Log::Create(environment_, *executor_, settings_, cut));
    if (first_segment_ == key::FileNumber{}) first_segment_ = log_->current_segment();
    return {};
  }
  void Abandon() { log_ = nullptr; }
  // What the manifest names as the first segment that is needed.
  void SetFirstSegment(key::FileNumber number) { first_segment_ = number; }

  Result<LogPosition> Append(std::string payload, uint32_t count = 1) {
    Logged entry{.first = next_sequence_, .count = count, .payload = std::move(payload)};
    AMETHYST_ASSIGN(const LogPosition end, log_->Append(key::SequenceNumber{next_sequence_}, count, entry.payload));
    next_sequence_ += count;
    logged_.push_back(std::move(entry));
    return end;
  }
  Status Tick() {
    return log_->Tick([](const std::function<void()>& run) { run(); });
  }

  [[nodiscard]] Image TakeImage() {
    Image image;
    auto names = memory_->List("/db");
    AMETHYST_ASSERT(names.has_value());
    for (const std::string& name : *names) {
      auto bytes = io::ReadFile(*memory_, io::JoinPath("/db", name));
      AMETHYST_ASSERT(bytes.has_value());
      image[key::FileNumber{std::stoull(name)}] = std::move(*bytes);
    }
    return image;
  }

  // What a recovery of these files gives, with the manifest's knowledge as it is.
  [[nodiscard]] Recovered Recover(const Image& image, const std::optional<LogCut>& clean_end = std::nullopt) const {
    io::MemoryFileSystem files;
    AMETHYST_ASSERT(files.CreateDirectories("/db").has_value());
    for (const auto& [number, bytes] : image) {
      auto file = files.Create(io::JoinPath("/db", SegmentFileName(number)));
      AMETHYST_ASSERT(file.has_value() && (*file)->Append(bytes).has_value());
    }
    return Recover(files, clean_end);
  }
  [[nodiscard]] Recovered Recover(io::FileSystem& files, const std::optional<LogCut>& clean_end = std::nullopt) const {
    LogRecoverySettings settings{.directory = "/db",
                                 .database_uid = kUid,
                                 .segments = {},
                                 .first_segment = first_segment_,
                                 .clean_end = clean_end};
    auto names = files.List("/db");
    AMETHYST_ASSERT(names.has_value());
    for (const std::string& name : *names) settings.segments.push_back(key::FileNumber{std::stoull(name)});
    Recovered recovered;
    auto report = RecoverLog(files, settings, [&](const RecoveredBatch& batch) -> Status {
      recovered.batches.push_back(
          {.first = key::Raw(batch.first), .count = batch.count, .payload = std::string(batch.payload)});
      return {};
    });
    if (report) {
      recovered.report = *report;
    } else {
      recovered.status = std::unexpected(report.error());
    }
    return recovered;
  }
  // Recovers the files as they are, opens the log again and goes on from there, as an engine does.
  Status Reopen(const Recovered& recovered) {
    AMETHYST_TRY(recovered.status);
    logged_ = recovered.batches;
    next_sequence_ = key::Raw(recovered.report.cut.last_sequence) + 1;
    settings_.replayed_segments = recovered.report.replayed_segments;
    AMETHYST_TRY(Open(recovered.report.cut));
    for (const key::FileNumber number : recovered.report.dropped_segments) {
      AMETHYST_TRY(memory_->Remove(io::JoinPath("/db", SegmentFileName(number))));
    }
    return {};
  }
  // Replaces the files.
  void PutImage(const Image& image) {
    for (const auto& [number, bytes] : TakeImage()) {
      AMETHYST_ASSERT(memory_->Remove(io::JoinPath("/db", SegmentFileName(number))).has_value());
    }
    for (const auto& [number, bytes] : image) {
      auto file = memory_->Create(io::JoinPath("/db", SegmentFileName(number)));
      AMETHYST_ASSERT(file.has_value() && (*file)->Append(bytes).has_value());
    }
  }

 private:
  std::shared_ptr<io::MemoryFileSystem> memory_ = std::make_shared<io::MemoryFileSystem>();
  simulation::SerialEnvironment serial_{memory_, 1};
  support::FaultFileSystem files_{*memory_};
  support::FaultEnvironment environment_{serial_, files_};
  std::unique_ptr<io::Executor> executor_ = serial_.NewExecutor(1).value();
  LogSettings settings_;
  uint64_t next_number_ = 1;
  uint64_t next_sequence_ = 1;
  key::FileNumber first_segment_{};
  std::vector<Logged> logged_;
  std::unique_ptr<Log> log_;
};

// A place in the files that says how far the log is durable: a segment's header, or a record.
struct Note {
  LogPosition begin;
  uint64_t end_offset = 0;
  LogPosition durable;
};

// All notes of a sound image.
inline std::vector<Note> NotesOf(const Image& image) {
  std::vector<Note> notes;
  io::MemoryFileSystem files;
  for (const auto& [number, bytes] : image) {
    auto created = files.Create("/" + SegmentFileName(number));
    AMETHYST_ASSERT(created.has_value() && (*created)->Append(bytes).has_value());
    auto file = files.Open("/" + SegmentFileName(number));
    AMETHYST_ASSERT(file.has_value());
    const key::FileNumber segment = number;
    auto summary = ReadSegment(**file, [&](const SegmentRecord& record) {
      notes.push_back(
          {.begin = {segment, record.offset},
           .end_offset = record.offset + record.bytes,
           .durable = record.durable_offset == 0 ? LogPosition() : LogPosition{segment, record.durable_offset}});
    });
    AMETHYST_ASSERT(summary.has_value());
    if (summary->header) {
      notes.push_back({.begin = {segment, 0}, .end_offset = kSegmentHeaderBytes, .durable = summary->header->durable});
    }
  }
  return notes;
}

}  // namespace amethyst::wal
