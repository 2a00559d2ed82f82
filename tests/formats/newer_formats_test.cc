// What is reserved, and this build does not know, is refused by number and leaves all files as they are; what may be
// ignored is, and everything is read right.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "formats/forgeries.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"

namespace amethyst::formats {
namespace {

using Content = std::map<std::string, std::string>;

// What became of a database that was opened, read to its end and closed.
struct Outcome {
  Status status;
  bool opened = false;
  Content content;
  Files files;
};

Outcome OpenAndRead(const Files& files, bool read_only) {
  auto disk = std::make_shared<io::MemoryFileSystem>();
  EXPECT_TRUE(disk->CreateDirectories("/db"));
  for (const auto& [name, bytes] : files) {
    auto file = disk->Create("/db/" + name);
    EXPECT_TRUE(file && (*file)->Append(bytes) && (*file)->Close());
  }
  simulation::SerialEnvironment environment(disk, 1);
  Options options = support::SmallOptions();
  options.read_only = read_only;
  Outcome outcome;
  if (auto opened = DB::Open("/db", options, support::Over(environment)); opened) {
    outcome.opened = true;
    DB& db = **opened;
    Iterator iterator = db.NewIterator();
    for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
      outcome.content.emplace(iterator.key(), iterator.value());
    }
    outcome.status = iterator.status();
    for (const auto& [key, value] : outcome.content) EXPECT_EQ(db.Get(key).value(), value);
    const Status closed = db.Close();
    if (outcome.status) outcome.status = closed;
  } else {
    outcome.status = std::unexpected(opened.error());
  }
  const std::vector<std::string> names = disk->List("/db").value();
  for (const std::string& name : names) outcome.files[name] = io::ReadFile(*disk, "/db/" + name).value();
  return outcome;
}

bool IsTable(const std::string& name) { return name.ends_with(".sst"); }

bool HasTablesOf(const Files& files, const Files& before) {
  return std::ranges::all_of(before, [&](const auto& file) {
    const auto found = files.find(file.first);
    return !IsTable(file.first) || (found != files.end() && found->second == file.second);
  });
}

std::string NameOf(const Forgery& forgery) {
  return fmt::format("{} {} {}", forgery.where, forgery.number, forgery.form);
}

class NewerFormats : public testing::Test {
 protected:
  Files ForgedFiles(const Forgery& forgery) {
    const Files& unforged = forgery.stage == Stage::kLogged ? logged_ : flushed_;
    ForgedDatabase database(unforged);
    forgery.forge(database);
    EXPECT_TRUE(database.files() != unforged) << NameOf(forgery);
    return database.files();
  }

  const Files logged_ = UnforgedFiles(Stage::kLogged);
  const Files flushed_ = UnforgedFiles(Stage::kFlushed);
};

TEST_F(NewerFormats, WhatNothingWasChangedOfIsRead) {
  for (const Stage stage : {Stage::kLogged, Stage::kFlushed, Stage::kClosed}) {
    const Outcome outcome = OpenAndRead(UnforgedFiles(stage), false);
    EXPECT_EQ(support::Text(outcome.status), "");
    EXPECT_EQ(outcome.content, UnforgedContent(stage));
  }
  // And the same table and manifest, made by the forger.
  ForgedDatabase database(flushed_);
  database.SetTable({});
  EXPECT_EQ(OpenAndRead(database.files(), false).content, UnforgedContent(Stage::kFlushed));
}

TEST_F(NewerFormats, WhatIsNotKnownIsRefusedByNumberAndLeavesAllFilesAsTheyAre) {
  int refused = 0;
  for (const Forgery& forgery : Forgeries()) {
    if (forgery.here != Here::kRefuses) continue;
    const Files files = ForgedFiles(forgery);
    for (const bool read_only : {true, false}) {
      const Outcome outcome = OpenAndRead(files, read_only);
      ASSERT_FALSE(outcome.status) << NameOf(forgery);
      EXPECT_EQ(outcome.status.error().code(), ErrorCode::kNotSupported) << outcome.status.error().ToString();
      EXPECT_TRUE((outcome.status.error().message() + " ").contains(forgery.named))
          << NameOf(forgery) << ": " << outcome.status.error().message();
      // A table is opened when it is read, and an open that may write has begun a manifest of its own by then.
      const bool unchanged = outcome.opened && !read_only ? HasTablesOf(outcome.files, files) : outcome.files == files;
      EXPECT_TRUE(unchanged) << NameOf(forgery);
    }
    ++refused;
  }
  EXPECT_GT(refused, 0);
}

TEST_F(NewerFormats, WhatMayBeIgnoredIsIgnoredAndEverythingIsReadRight) {
  int ignored = 0;
  for (const Forgery& forgery : Forgeries()) {
    if (forgery.here != Here::kIgnores) continue;
    for (const bool read_only : {true, false}) {
      const Outcome outcome = OpenAndRead(ForgedFiles(forgery), read_only);
      EXPECT_EQ(support::Text(outcome.status), "") << NameOf(forgery);
      EXPECT_EQ(outcome.content, UnforgedContent(forgery.stage)) << NameOf(forgery);
    }
    ++ignored;
  }
  EXPECT_GT(ignored, 0);
}

}  // namespace
}  // namespace amethyst::formats
