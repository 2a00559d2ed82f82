// What people and files feed to the shell: lines of words, records of each import format, and whole scripts on a
// database in memory. The first byte chooses. What the shell prints as a word it must read back.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "amethyst/components.h"
#include "base/assert.h"
#include "cli/program.h"
#include "cli/record_format.h"
#include "cli/text.h"
#include "cli/words.h"

namespace amethyst::cli {
namespace {

void FuzzWords(const std::string& line) {
  const auto words = SplitWords(line);
  if (!words) return;
  for (const Word& word : *words) {
    const auto again = SplitWords(Quoted(word.text));
    AMETHYST_ASSERT(again && again->size() == 1 && again->front().text == word.text);
  }
}

// Whatever is read must come back from what is written of it.
void FuzzRecords(RecordFormat format, const std::string& text) {
  std::istringstream in(text);
  std::ostringstream out;
  const auto reader = NewRecordReader(format, in);
  const auto writer = NewRecordWriter(format, out);
  std::vector<Record> records;
  Record record;
  for (;;) {
    const RecordReader::Found found = reader->Next(&record).found;
    if (found == RecordReader::Found::kEnd || found == RecordReader::Found::kBroken) break;
    if (found != RecordReader::Found::kRecord) continue;
    writer->Add({.key = record.key, .value = record.value, .expires_at = record.expires_at});
    records.push_back(record);
  }
  writer->Finish();
  std::istringstream written(out.str());
  const auto again = NewRecordReader(format, written);
  for (const Record& expected : records) {
    AMETHYST_ASSERT(again->Next(&record).found == RecordReader::Found::kRecord);
    AMETHYST_ASSERT(record.key == expected.key && record.value == expected.value);
    AMETHYST_ASSERT(record.expires_at == expected.expires_at);
  }
  AMETHYST_ASSERT(again->Next(&record).found == RecordReader::Found::kEnd);
}

void FuzzScript(const std::string& script) {
  // These leave memory for the file system, or take as long as they are told to.
  for (const std::string_view left_out : {"seed", "clear", "repair"}) {
    if (script.find(left_out) != std::string::npos) return;
  }
  std::istringstream in(script);
  std::ostringstream out;
  std::ostringstream err;
  Console console(in, out, err);
  Components components;
  components.environment = NewInMemoryEnvironment();
  const ExitCode code = RunProgram({"--db", "/db"}, console, std::move(components));
  AMETHYST_ASSERT(code == ExitCode::kOk || !err.str().empty() || code == ExitCode::kNotFound);
}

}  // namespace
}  // namespace amethyst::cli

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using amethyst::cli::RecordFormat;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 8) {
    case 0: amethyst::cli::FuzzRecords(RecordFormat::kTsv, text); break;
    case 1: amethyst::cli::FuzzRecords(RecordFormat::kCsv, text); break;
    case 2: amethyst::cli::FuzzRecords(RecordFormat::kJsonl, text); break;
    case 3: amethyst::cli::FuzzRecords(RecordFormat::kDump, text); break;
    case 4: amethyst::cli::FuzzScript(text); break;
    default: amethyst::cli::FuzzWords(text); break;
  }
  return 0;
}
