// The module that Node.js loads: the table of its functions. It keeps nothing for itself, so that any number of
// environments (the main one and worker threads) can load it side by side.
#include "copies.h"
#include "database_functions.h"
#include "families.h"
#include "feed.h"
#include "ingest.h"
#include "iterator.h"
#include "reads.h"
#include "transactions.h"
#include "writes.h"

namespace amethyst::node {

namespace {

constexpr struct {
  const char* name;
  napi_callback function;
} kFunctions[] = {
    {"newDatabase", NewDatabase},
    {"open", Open},
    {"close", Close},
    {"refresh", Refresh},
    {"approximateSize", ApproximateSize},
    {"compactRange", CompactRange},
    {"getStats", GetStats},
    {"destroy", Destroy},
    {"repair", Repair},
    {"checkpoint", Checkpoint},
    {"newTableWriter", NewTableWriter},
    {"addToTable", AddToTable},
    {"finishTable", FinishTable},
    {"closeTableWriter", CloseTableWriter},
    {"ingest", Ingest},
    {"createBackup", CreateBackup},
    {"listBackups", ListBackups},
    {"verifyBackup", VerifyBackup},
    {"restoreBackup", RestoreBackup},
    {"pruneBackups", PruneBackups},
    {"createCursor", CreateCursor},
    {"createCursorWithSnapshot", CreateCursorWithSnapshot},
    {"dropCursor", DropCursor},
    {"listCursors", ListCursors},
    {"openFeed", OpenFeed},
    {"feedNext", FeedNext},
    {"feedCommit", FeedCommit},
    {"feedClose", FeedClose},
    {"feedRelease", FeedRelease},
    {"newSnapshot", NewSnapshot},
    {"closeSnapshot", CloseSnapshot},
    {"getSync", GetSync},
    {"tryGet", TryGet},
    {"getMany", GetMany},
    {"hasMany", HasMany},
    {"createFamily", CreateFamily},
    {"openFamily", OpenFamily},
    {"dropFamily", DropFamily},
    {"familyNames", FamilyNames},
    {"newBatch", NewBatch},
    {"batchSetFamily", BatchSetFamily},
    {"batchMerge", BatchMerge},
    {"batchPut", BatchPut},
    {"batchDelete", BatchDelete},
    {"batchDeleteRange", BatchDeleteRange},
    {"batchDeletePrefix", BatchDeletePrefix},
    {"batchDeleteMatching", BatchDeleteMatching},
    {"batchClear", BatchClear},
    {"writeBatch", WriteBatch},
    {"clear", Clear},
    {"newIterator", NewIterator},
    {"beginTransaction", BeginTransaction},
    {"transactionGet", TransactionGet},
    {"transactionPut", TransactionPut},
    {"transactionMerge", TransactionMerge},
    {"transactionDelete", TransactionDelete},
    {"transactionDeleteRange", TransactionDeleteRange},
    {"transactionSetSavepoint", TransactionSetSavepoint},
    {"transactionRollbackToSavepoint", TransactionRollbackToSavepoint},
    {"transactionCommit", TransactionCommit},
    {"transactionRollback", TransactionRollback},
    {"newTransactionIterator", NewTransactionIterator},
    {"newAttempts", NewAttempts},
    {"attemptsWait", AttemptsWait},
    {"attemptsConflict", AttemptsConflict},
    {"attemptsEnd", AttemptsEnd},
    {"compareAndSet", CompareAndSet},
    {"increment", Increment},
    {"iteratorSeek", IteratorSeek},
    {"iteratorRead", IteratorRead},
    {"iteratorAbort", IteratorAbort},
    {"iteratorClose", IteratorClose},
};

}  // namespace

}  // namespace amethyst::node

NAPI_MODULE_INIT() {
  for (const auto& [name, function] : amethyst::node::kFunctions) {
    napi_value value = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
    napi_set_named_property(env, exports, name, value);
  }
  return exports;
}
