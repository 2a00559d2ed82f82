// Writes the records of readers into families of the session's database, in batches, and tells what became of them.
//
// What is written stays, whatever ends the import: a batch is whole or absent, and every record before the one that
// ended it is stored. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/amethyst.h"
#include "cli/command.h"
#include "cli/file_stream.h"
#include "cli/progress.h"
#include "cli/record_format.h"

namespace amethyst::cli {

class Import {
 public:
  struct Source {
    std::string name;    // For messages.
    std::string family;  // Where records go that name none themselves; the database has it.
    std::unique_ptr<RecordReader> reader;
    const InputFile* file = nullptr;  // nullptr: standard input, or no file.
    std::unique_ptr<OutputFile> bad;  // Where bad records go; nullptr: nowhere.
  };

  // `total`: bytes of all sources; 0: unknown.
  Import(const Invocation& invocation, uint64_t total);

  // All records of a source. Sources may follow each other as long as each ends in kOk.
  [[nodiscard]] Result<ExitCode> Take(Source source);
  // Tells the totals, by family where there were several; `taken` is what the last source ended in.
  [[nodiscard]] Result<ExitCode> Finish(const Result<ExitCode>& taken);

 private:
  struct Share {
    std::string family;
    Progress::Moved moved;
  };

  [[nodiscard]] Result<ExitCode> ReadAll();
  [[nodiscard]] Status GoTo(std::string_view family);
  [[nodiscard]] Status GoToNamed(std::string_view family);
  [[nodiscard]] Status Add(const Record& record);
  [[nodiscard]] Status WriteBatch();
  [[nodiscard]] Status CommitBad();
  [[nodiscard]] std::string TooLarge(const Record& record) const;
  [[nodiscard]] std::string Place() const;
  void Skip();
  void LeaveOut(std::string_view why);
  [[nodiscard]] Result<ExitCode> Refuse(std::string_view why, bool hopeless);
  void TellShares() const;
  void TellRemarks() const;
  [[nodiscard]] ExitCode TellLeftOut() const;

  const Invocation& invocation_;
  const size_t batch_bytes_max_;
  Progress progress_;
  Source source_;                 // That is being read.
  std::optional<Family> family_;  // That records go to, and its place in shares_.
  size_t share_ = 0;
  class WriteBatch batch_;
  size_t batch_bytes_ = 0;
  uint64_t read_bytes_ = 0;
  Progress::Moved all_{.entries = 0, .bytes = 0};
  std::vector<Share> shares_;  // One a family.
  std::vector<std::string> remarks_;
  uint64_t skipped_ = 0;   // Because --skip-bad was given.
  uint64_t left_out_ = 0;  // Although nobody said that they may be.
};

}  // namespace amethyst::cli
