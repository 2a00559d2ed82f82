// What a newer build may leave in the log is refused by its number, and the directory is left as it is. Covers:
// recovery
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "engine/fault_world.h"
#include "support/newer_log.h"
#include "tree/file_names.h"

namespace amethyst::engine {
namespace {

using support::EntryOf;
using support::OpenOrFail;
using support::SmallOptions;
using support::Text;

using Files = std::map<std::string, std::string>;

constexpr uint32_t kVersions[] = {1, 2};

Files ContentOf(io::FileSystem& files) {
  Files content;
  const std::vector<std::string> names = files.List("/db").value();
  for (const std::string& name : names) content[name] = io::ReadFile(files, "/db/" + name).value();
  return content;
}

std::shared_ptr<io::MemoryFileSystem> FileSystemOf(const Files& content) {
  auto files = std::make_shared<io::MemoryFileSystem>();
  EXPECT_TRUE(files->CreateDirectories("/db"));
  for (const auto& [name, bytes] : content) {
    auto file = files->Create("/db/" + name);
    EXPECT_TRUE(file && (*file)->Append(bytes) && (*file)->Close());
  }
  return files;
}

class NewerLog : public testing::Test {
 protected:
  // A database as a process leaves it that is killed: `flushed` puts in tables, `logged` in the log alone.
  void MakeDatabase(int flushed, int logged, size_t value_bytes = 10) {
    simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 1);
    Options options = SmallOptions();
    options.write_buffer_bytes = size_t{1} << 20;  // Opened again with much less.
    auto db = OpenOrFail("/db", options, support::Over(environment));
    for (int i = 0; i < flushed; ++i) ASSERT_TRUE(db->Put("flushed" + std::to_string(i), "value"));
    ASSERT_TRUE(db->Flush());
    for (int i = 0; i < logged; ++i) {
      ASSERT_TRUE(db->Put("logged" + std::to_string(i), std::string(value_bytes, 'v')));
    }
    content_ = ContentOf(environment.files());
    for (auto& [name, bytes] : content_) {
      bytes.resize(std::min(bytes.size(), bytes.find_last_not_of('\0') + 64));
      if (name.ends_with(".wal")) log_ = name;
    }
  }

  std::string& log() { return content_[log_]; }

  Status Open(bool read_only, Files* after) {
    const auto files = FileSystemOf(content_);
    simulation::SerialEnvironment environment(files, 1);
    Options options = SmallOptions();
    options.memory_budget_bytes = size_t{4} << 20;
    options.read_only = read_only;
    auto opened = DB::Open("/db", options, support::Over(environment));
    if (opened) {
      EXPECT_EQ(Text((*opened)->Close()), "");
    }
    *after = ContentOf(*files);
    return opened ? Status() : std::unexpected(opened.error());
  }

  void ExpectRefused(uint64_t offset, const std::string& what, ErrorCode code = ErrorCode::kNotSupported,
                     const std::string& by = "this build") {
    for (const bool read_only : {false, true}) {
      Files after;
      const Status opened = Open(read_only, &after);
      ASSERT_FALSE(opened) << what;
      const std::string& message = opened.error().message();
      EXPECT_EQ(opened.error().code(), code) << message;
      EXPECT_TRUE(message.contains(what + " is not known to " + by)) << message;
      EXPECT_TRUE(message.contains(log_ + " at " + std::to_string(offset))) << message;
      EXPECT_TRUE(after == content_) << "changed by an open that refused: " << what;
    }
  }

  Files content_;
  std::string log_;
};

TEST_F(NewerLog, SegmentsOfBothVersionsAreRead) {
  for (const uint32_t version : kVersions) {
    MakeDatabase(5, 5);
    support::SetSegmentVersion(&log(), version);
    Files after;
    EXPECT_EQ(Text(Open(true, &after)), "");
    EXPECT_TRUE(after == content_);
    EXPECT_EQ(Text(Open(false, &after)), "");
  }
}

TEST_F(NewerLog, SegmentsOfALaterVersionAreRefused) {
  MakeDatabase(5, 5);
  support::SetSegmentVersion(&log(), 3);
  Files after;
  const Status opened = Open(false, &after);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::kNotSupported);
  EXPECT_TRUE(opened.error().message().contains("version 3")) << opened.error().message();
  EXPECT_TRUE(after == content_);
}

TEST_F(NewerLog, RecordsOfAnotherKindAreRefusedByNumber) {
  for (const uint32_t version : kVersions) {
    for (const int kind : {0, 4, 5, 6, 7, 9, 100, 255}) {
      MakeDatabase(5, 5);
      support::SetSegmentVersion(&log(), version);
      const wal::LogCut end = support::EndOf(log());
      support::StoreRecord(&log(), end, static_cast<uint8_t>(kind), kind == 4 ? 0 : 7, kind == 4 ? "" : "anything");
      ExpectRefused(end.offset, "record kind " + std::to_string(kind));
    }
  }
}

// Without a watermark in it nothing else says that the log was durable there.
TEST_F(NewerLog, RecordsOfAnotherKindBehindATornOneAreNotCut) {
  for (const uint32_t version : kVersions) {
    for (const int kind : {4, 5, 6, 7, 9, 100, 255}) {
      MakeDatabase(5, 5);
      support::SetSegmentVersion(&log(), version);
      wal::LogCut end = support::EndOf(log());
      const uint64_t torn = end.offset;
      end = support::StoreRecord(&log(), end, 1, 1, EntryOf(0, 1, "torn", std::string(300, 'v')));
      support::StoreRecord(&log(), end, static_cast<uint8_t>(kind), 0, "anything");
      log()[torn + 100] ^= 1;
      ExpectRefused(end.offset, "record kind " + std::to_string(kind));
    }
  }
}

TEST_F(NewerLog, WhatIsTornIsStillCut) {
  MakeDatabase(5, 5);
  const wal::LogCut end = support::EndOf(log());
  support::StoreRecord(&log(), end, 5, 0, "anything");
  log()[end.offset + wal::kRecordHeaderBytes] ^= 1;
  Files after;
  EXPECT_EQ(Text(Open(false, &after)), "");
}

TEST_F(NewerLog, EntriesOfAnotherKindAreRefusedByNumber) {
  for (const int kind : {5, 7, 8, 15, 200}) {
    MakeDatabase(5, 5);
    const wal::LogCut end = support::EndOf(log());
    support::StoreRecord(&log(), end, 1, 2,
                         EntryOf(0, 1, "key", "value") + EntryOf(0, static_cast<uint8_t>(kind), "key", "value"));
    ExpectRefused(end.offset, "kind " + std::to_string(kind));
  }
}

// The edit that made the family is lost: an entry must not be taken for one of the default family.
TEST_F(NewerLog, EntriesOfAFamilyThatTheManifestNeverHadAreDamage) {
  for (const uint32_t family : {1u, 2u, 127u, 128u, 70'000u, ~0u}) {
    for (const uint8_t kind : {uint8_t{0}, uint8_t{1}}) {
      MakeDatabase(5, 5);
      const wal::LogCut end = support::EndOf(log());
      support::StoreRecord(&log(), end, 1, 2,
                           EntryOf(0, 1, "key", "value") + EntryOf(family, kind, "logged1", "value"));
      ExpectRefused(end.offset, "family " + std::to_string(family), ErrorCode::kCorruption, "the manifest");
    }
  }
}

// Tables hold the rest of the log already; its last record is looked at all the same.
TEST_F(NewerLog, EntriesThatAreFlushedAreLookedAtToo) {
  MakeDatabase(5, 0);
  wal::LogCut end = support::EndOf(log());
  end.last_sequence = key::SequenceNumber{0};  // As if it were written before the flush.
  std::string segment = log().substr(0, wal::kSegmentHeaderBytes);
  end.offset = wal::kSegmentHeaderBytes;
  end.next_ordinal = wal::DecodeSegmentHeader(segment)->cut.next_ordinal;
  support::StoreRecord(&segment, end, 1, 1, EntryOf(3, 1, "key", "value"));
  log() = segment;
  ExpectRefused(end.offset, "family 3", ErrorCode::kCorruption, "the manifest");
}

TEST_F(NewerLog, AnOpenThatRefusesALogLargerThanMemoryHasFlushedNothing) {
  MakeDatabase(5, 3000, 1000);
  Files after;
  EXPECT_EQ(Text(Open(false, &after)), "");
  EXPECT_GT(after.size(), content_.size() + 5) << "such a log is flushed while it is replayed";
  const wal::LogCut end = support::EndOf(log());
  support::StoreRecord(&log(), end, 4, 0, "anything");
  ExpectRefused(end.offset, "record kind 4");
}

}  // namespace
}  // namespace amethyst::engine
