// put, get, delete, expiry: one key at a time.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/file_stream.h"
#include "cli/key_notation.h"
#include "cli/moments.h"
#include "cli/record_format.h"
#include "cli/text.h"
#include "cli/value_notation.h"

namespace amethyst::cli {

namespace {

void Confirm(const Invocation& invocation, std::string_view what) {
  if (invocation.scripted || invocation.json) return;
  Console& console = invocation.console();
  fmt::print(console.out, "{}\n", Colored(console.ColorsOut(), Hue::kGood, what));
}

// All of standard input; nullopt: it is more than any value can be.
std::optional<std::string> ReadInput(std::istream& in) {
  constexpr std::streamsize kStep = 1 << 20;
  std::string bytes;
  for (std::streamsize read = kStep; read == kStep;) {
    if (bytes.size() >= RecordReader::kRecordBytesMax) return std::nullopt;
    const size_t begin = bytes.size();
    bytes.resize(begin + kStep);
    read = in.rdbuf()->sgetn(bytes.data() + begin, kStep);
    bytes.resize(begin + static_cast<size_t>(read));
  }
  return bytes;
}

// A condition did not hold.
ExitCode NotSet(const Invocation& invocation, std::string_view key, const std::optional<std::string>& there) {
  Console& console = invocation.console();
  if (invocation.json) {
    const std::string value = there ? JsonValueField(ValueNotation::kPlain, *there) : std::string("\"value\":null");
    fmt::print(console.out, "{{{},\"set\":false,{}}}\n", JsonField("key", key), value);
  } else if (there) {
    fmt::print(console.err, "not set: {} is {}\n", Shortened(key, 60), Shortened(*there, 60));
  } else {
    fmt::print(console.err, "not set: {} is not there\n", Shortened(key, 60));
  }
  return ExitCode::kNotFound;
}

Result<ExitCode> Put(const Invocation& invocation) {
  const auto keys = KeysOf(invocation.arguments, 1);
  if (!keys) return WrongUsage(invocation, keys.error());
  const auto expiry = ExpiryOf(invocation.arguments);
  if (!expiry) return WrongUsage(invocation, expiry.error());
  const std::string& key = keys->front();
  std::string value = invocation.arguments.positional()[1];
  if (value == "-" && !invocation.from_lines) {
    std::optional<std::string> input = ReadInput(invocation.console().in);
    if (!input) return base::InvalidArgument("the value has over {} bytes", RecordReader::kRecordBytesMax);
    value = *std::move(input);
  }
  AMETHYST_ASSIGN(const Target target, invocation.OpenTarget(Session::Access::kCreate, key.size() + value.size()));
  if (invocation.arguments.Has("--if-absent")) {
    AMETHYST_ASSIGN(const std::optional<std::string> before, target.CompareAndSet(key, std::nullopt, value, *expiry));
    if (before) return NotSet(invocation, key, before);
  } else {
    AMETHYST_TRY(target.Put(key, value, *expiry));
  }
  Confirm(invocation, "ok");
  return ExitCode::kOk;
}

Result<ExitCode> CompareAndSet(const Invocation& invocation) {
  const auto keys = KeysOf(invocation.arguments, 1);
  if (!keys) return WrongUsage(invocation, keys.error());
  const auto expiry = ExpiryOf(invocation.arguments);
  if (!expiry) return WrongUsage(invocation, expiry.error());
  const std::string& key = keys->front();
  const std::vector<std::string>& words = invocation.arguments.positional();
  AMETHYST_ASSIGN(const Target target, invocation.OpenTarget(Session::Access::kModify, key.size() + words[2].size()));
  AMETHYST_ASSIGN(const std::optional<std::string> before, target.CompareAndSet(key, words[1], words[2], *expiry));
  if (before != words[1]) return NotSet(invocation, key, before);
  Confirm(invocation, "ok");
  return ExitCode::kOk;
}

Status WriteTo(const Invocation& invocation, std::string_view path, std::string_view value) {
  AMETHYST_ASSIGN(const std::unique_ptr<OutputFile> file,
                  OutputFile::Create(invocation.session.environment().files(), std::string(path)));
  file->stream() << value;
  AMETHYST_TRY(file->status());
  return file->Commit();
}

ExitCode NotFound(const Invocation& invocation, std::string_view key, std::string_view json_field) {
  Console& console = invocation.console();
  if (invocation.json) {
    fmt::print(console.out, "{{{},{}}}\n", JsonField("key", key), json_field);
  } else {
    fmt::print(console.err, "not found: {}\n", Shortened(key, 60));
  }
  return ExitCode::kNotFound;
}

Result<ExitCode> Get(const Invocation& invocation) {
  const auto keys = KeysOf(invocation.arguments);
  if (!keys) return WrongUsage(invocation, keys.error());
  const auto notation = ValueNotationOf(invocation.arguments);
  if (!notation) return WrongUsage(invocation, notation.error());
  const std::string& key = keys->front();
  AMETHYST_ASSIGN(const Target target, invocation.OpenTarget(Session::Access::kRead));
  AMETHYST_ASSIGN(const std::optional<Target::Entry> found, target.Get(key));
  if (!found) return NotFound(invocation, key, "\"value\":null");
  const std::string_view value = found->view();
  Console& console = invocation.console();
  if (const auto output = invocation.arguments.Value("--output")) {
    AMETHYST_TRY(WriteTo(invocation, *output, value));
  } else if (invocation.json) {
    fmt::print(console.out, "{{{},{}{}}}\n", JsonField("key", key), JsonValueField(*notation, value),
               JsonExpiry(found->expires_at));
  } else if (invocation.arguments.Has("--raw")) {
    console.out << value;
  } else if (const auto number = NumberText(*notation, value)) {
    console.out << *number << '\n';
  } else {
    // A terminal takes some bytes for commands.
    console.out << (console.out_is_terminal && !value.empty() ? Readable(value) : value) << '\n';
  }
  return ExitCode::kOk;
}

Result<ExitCode> ShowExpiry(const Invocation& invocation) {
  const auto keys = KeysOf(invocation.arguments);
  if (!keys) return WrongUsage(invocation, keys.error());
  const std::string& key = keys->front();
  AMETHYST_ASSIGN(const Target target, invocation.OpenTarget(Session::Access::kRead));
  AMETHYST_ASSIGN(const std::optional<Target::Entry> found, target.Get(key));
  if (!found) return NotFound(invocation, key, "\"found\":false");
  const auto moment = found->expires_at;
  const auto now = invocation.session.environment().clock().WallTime();
  const auto left = moment ? std::chrono::floor<std::chrono::milliseconds>(moment->time_since_epoch()) - now : now;
  const auto left_ms = std::max(left, std::chrono::milliseconds(0));
  Console& console = invocation.console();
  if (invocation.json) {
    const std::string when =
        moment ? fmt::format("\"{}\",\"left_ms\":{}", MomentText(*moment), left_ms.count()) : "null";
    fmt::print(console.out, "{{{},\"found\":true,\"expires_at\":{}}}\n", JsonField("key", key), when);
  } else if (moment) {
    fmt::print(console.out, "{} left, until {}\n", DurationText(left_ms), MomentText(*moment));
  } else {
    fmt::print(console.out, "never\n");
  }
  return ExitCode::kOk;
}

Result<ExitCode> Delete(const Invocation& invocation) {
  const auto keys = KeysOf(invocation.arguments);
  if (!keys) return WrongUsage(invocation, keys.error());
  AMETHYST_ASSIGN(const Target target, invocation.OpenTarget(Session::Access::kModify));
  const bool quiet = invocation.arguments.Has("--quiet");
  WriteBatch batch;
  uint64_t removed = 0;
  for (const std::string& key : std::set<std::string>(keys->begin(), keys->end())) {
    batch.Delete(target.family(), key);
    if (!quiet) {
      AMETHYST_ASSIGN(const std::optional<Target::Entry> value, target.Get(key));
      if (value) ++removed;
    }
    if (target.transaction() != nullptr) AMETHYST_TRY(target.transaction()->Delete(target.family(), key));
  }
  if (target.transaction() == nullptr) AMETHYST_TRY(invocation.session.open_database()->Write(batch));
  if (!quiet) {
    invocation.console().out << (invocation.json ? fmt::format("{{\"removed\":{}}}\n", removed)
                                                 : fmt::format("{}\n", removed));
  }
  return ExitCode::kOk;
}

constexpr OptionSpec kPutOptions[] = {
    {.name = "--if-absent", .value = "", .help = "only if the key is not there; else exit code 1"},
    kTtlOption,
    kExpiresAtOption,
    kHexOption,
    kEscapesOption,
};
constexpr OptionSpec kCasOptions[] = {kTtlOption, kExpiresAtOption, kHexOption, kEscapesOption};
constexpr OptionSpec kGetOptions[] = {
    {.name = "--raw", .value = "", .help = "the value's exact bytes, without a line end"},
    {.name = "--output", .value = "FILE", .help = "write the value's exact bytes to FILE, and print nothing"},
    kPrintedAsOption,
    kHexOption,
    kEscapesOption,
};
constexpr OptionSpec kExpiryOptions[] = {kHexOption, kEscapesOption};
constexpr OptionSpec kDeleteOptions[] = {
    {.name = "--quiet", .value = "", .help = "print nothing, and do not look whether the keys are there"},
    kHexOption,
    kEscapesOption,
};

constexpr Command kPointCommands[] = {
    {.name = "put",
     .arguments = "KEY VALUE",
     .summary = "Store a value under a key, in place of any value before",
     .details = "Prints nothing in a script. A database that is not there is created. As an argument of the program,\n"
                "the value - stands for all of standard input.\n\n"
                "  amethyst put apple artichoke\n"
                "  amethyst put \"two words\" ''\n"
                "  amethyst put photo - < photo.jpg\n"
                "  amethyst put --ttl 30m session:7 ada\n"
                "  amethyst put --if-absent --ttl 1m lock me\n"
                "  amethyst put --expires-at 2099-12-31T18:00:00Z offer \"half price\"\n"
                "  amethyst put --hex 00ff \"binary key\"\n"
                "  echo 'put \"\\x00\\xff\" \"binary key\"' | amethyst",
     .arity = {2, 2},
     .options = kPutOptions,
     .run = Put,
     .of_family = true,
     .in_transaction = true},
    {.name = "cas",
     .arguments = "KEY OLD NEW",
     .summary = "Store NEW under a key if its value is OLD; exit code 1 if it is not",
     .details = "Compare and set, as one step.\n\n  amethyst cas state todo done",
     .arity = {3, 3},
     .options = kCasOptions,
     .run = CompareAndSet,
     .of_family = true,
     .in_transaction = true},
    {.name = "get",
     .arguments = "KEY",
     .summary = "Print the value of a key; exit code 1 if there is none",
     .details =
         "The value's bytes as they are, and a line end. On a terminal, a value that is no printable text stands\n"
         "between quotes, with \\xNN for its other bytes. With --json, expires_at tells when it expires, if it "
         "does.\n\n"
         "  amethyst get apple\n"
         "  amethyst get --output photo.jpg photo\n"
         "  amethyst get --json apple\n"
         "  amethyst --family counters get --as int64 hits",
     .arity = {1, 1},
     .options = kGetOptions,
     .run = Get,
     .of_family = true,
     .in_transaction = true},
    {.name = "delete",
     .arguments = "KEY...",
     .summary = "Remove keys, all at once, and print how many there were; absent ones are no error",
     .details = "  amethyst delete apple banana",
     .arity = {1, kAnyNumber},
     .options = kDeleteOptions,
     .run = Delete,
     .of_family = true,
     .in_transaction = true},
    {.name = "expiry",
     .arguments = "KEY",
     .summary = "Print when a key expires: the time left and the moment, or never; exit code 1 if it is not there",
     .details = "A value that is merged from operands is said never to, though some of them may.\n\n"
                "  amethyst expiry session:7\n  amethyst expiry --json session:7",
     .arity = {1, 1},
     .options = kExpiryOptions,
     .run = ShowExpiry,
     .of_family = true,
     .in_transaction = true},
};

}  // namespace

std::span<const Command> PointCommands() { return kPointCommands; }

}  // namespace amethyst::cli
