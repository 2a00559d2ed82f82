// begin, commit, savepoint, rollback: what the lines between them read and write is one.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/report_error.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

void ConfirmTransaction(const Invocation& invocation, std::string_view what) {
  if (invocation.scripted || invocation.json) return;
  Console& console = invocation.console();
  fmt::print(console.out, "{}\n", Colored(console.ColorsOut(), Hue::kGood, what));
}

Result<ExitCode> Begin(const Invocation& invocation) {
  if (!invocation.from_lines) {
    return WrongUsage(invocation, "it stands on a line of the prompt, or of a script on standard input");
  }
  AMETHYST_TRY(invocation.session.Begin());
  ConfirmTransaction(invocation, "a transaction: commit writes it, rollback drops it");
  return ExitCode::kOk;
}

// Nothing of a script with a bad line is written, as of a batch.
Result<ExitCode> Commit(const Invocation& invocation) {
  Session& session = invocation.session;
  if (session.transaction() == nullptr) return WrongUsage(invocation, "no transaction is open; begin opens one");
  if (session.transaction_failed()) {
    AMETHYST_TRY(session.Rollback());
    PrintError(invocation.console(), invocation.json,
               {.code = "InvalidInput",
                .message = "a line since begin has failed: nothing of the transaction was written",
                .hint = ""});
    return ExitCode::kUsage;
  }
  const uint32_t count = session.transaction()->Count();
  AMETHYST_TRY(session.Commit());
  ConfirmTransaction(invocation, fmt::format("ok, {}", Counted(count, "operation", "operations")));
  return ExitCode::kOk;
}

Result<ExitCode> SetSavepoint(const Invocation& invocation) {
  Transaction* const transaction = invocation.session.transaction();
  if (transaction == nullptr) return WrongUsage(invocation, "no transaction is open; begin opens one");
  AMETHYST_TRY(transaction->SetSavepoint());
  return ExitCode::kOk;
}

Result<ExitCode> Rollback(const Invocation& invocation) {
  const std::vector<std::string>& words = invocation.arguments.positional();
  const bool to_savepoint = words.size() == 2 && words[0] == "to" && words[1] == "savepoint";
  if (!to_savepoint && !words.empty()) return WrongUsage(invocation, "expected nothing, or to savepoint");
  Transaction* const transaction = invocation.session.transaction();
  if (transaction == nullptr) return WrongUsage(invocation, "no transaction is open; begin opens one");
  if (!to_savepoint) {
    AMETHYST_TRY(invocation.session.Rollback());
    ConfirmTransaction(invocation, "rolled back");
    return ExitCode::kOk;
  }
  AMETHYST_TRY(transaction->RollbackToSavepoint());
  ConfirmTransaction(
      invocation, fmt::format("back at the savepoint, {}", Counted(transaction->Count(), "operation", "operations")));
  return ExitCode::kOk;
}

constexpr std::string_view kRollbackWords[] = {"to"};

constexpr Command kTransactionCommands[] = {
    {.name = "begin",
     .arguments = "",
     .summary = "Open a transaction: the lines up to commit read one moment, and write all at once or nothing",
     .details =
         "put, get, delete, expiry, merge, incr, cas, scan, count, deleterange and deleteprefix then act in the\n"
         "transaction, which sees its own writes; --family and use choose among families. Other commands wait until "
         "it\n"
         "has ended. If a line of a script fails, commit writes nothing. A script that ends before commit, or a "
         "prompt\n"
         "that is left, rolls back.\n\n"
         "  printf 'begin\\nget a\\nput b 2\\ndelete a\\ncommit\\n' | amethyst",
     .arity = {0, 0},
     .options = {},
     .run = Begin,
     .in_transaction = true},
    {.name = "commit",
     .arguments = "",
     .summary = "Write all of the transaction; exit code 4 if something that it read has changed since",
     .details = "Such a conflict writes nothing: run the lines again, from begin on. What expires while a transaction\n"
                "is open has changed as well.\n\n"
                "  printf 'begin\\nput a 1\\nput b 2\\ncommit\\n' | amethyst",
     .arity = {0, 0},
     .options = {},
     .run = Commit,
     .in_transaction = true},
    {.name = "savepoint",
     .arguments = "",
     .summary = "Mark a place in the transaction to roll back to; they nest",
     .details = "  printf 'begin\\nput a 1\\nsavepoint\\nput b 2\\nrollback to savepoint\\ncommit\\n' | amethyst",
     .arity = {0, 0},
     .options = {},
     .run = SetSavepoint,
     .in_transaction = true},
    {.name = "rollback",
     .arguments = "[to savepoint]",
     .summary = "End the transaction and write nothing; or take back the writes since the last savepoint, and that",
     .details = "  printf 'begin\\ndeleterange a\\nscan\\nrollback\\n' | amethyst",
     .arity = {0, 2},
     .options = {},
     .run = Rollback,
     .in_transaction = true,
     .first_words = kRollbackWords},
};

}  // namespace

std::span<const Command> TransactionCommands() { return kTransactionCommands; }

}  // namespace amethyst::cli
