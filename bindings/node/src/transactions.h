// The functions of the addon for transactions and conditional writes.
//
// A transaction, and the iterators over it, are for one call at a time: the package waits for the promise of one before
// it makes the next.
#pragma once

#include "values.h"

namespace amethyst::node {

napi_value BeginTransaction(napi_env env, napi_callback_info info);  // (database): a transaction
// (transaction, database or family, key, flags): a promise of a value or undefined
napi_value TransactionGet(napi_env env, napi_callback_info info);
// These add to memory, and return nothing. (transaction, database or family, key, value or operand, ttl)
napi_value TransactionPut(napi_env env, napi_callback_info info);
napi_value TransactionMerge(napi_env env, napi_callback_info info);
napi_value TransactionDelete(napi_env env, napi_callback_info info);        // (transaction, database or family, key)
napi_value TransactionDeleteRange(napi_env env, napi_callback_info info);   // (…, begin, end): as batchDeleteRange
napi_value TransactionSetSavepoint(napi_env env, napi_callback_info info);  // (transaction)
napi_value TransactionRollbackToSavepoint(napi_env env, napi_callback_info info);  // (transaction)
napi_value TransactionCommit(napi_env env, napi_callback_info info);       // (transaction, database, sync): a promise
napi_value TransactionRollback(napi_env env, napi_callback_info info);     // (transaction)
napi_value NewTransactionIterator(napi_env env, napi_callback_info info);  // (transaction, database or family, options)

// When work that met a conflict may run again; see amethyst/attempts.h.
napi_value NewAttempts(napi_env env, napi_callback_info info);       // (database): attempts
napi_value AttemptsWait(napi_env env, napi_callback_info info);      // (attempts): milliseconds; 0: go on
napi_value AttemptsConflict(napi_env env, napi_callback_info info);  // (attempts)
napi_value AttemptsEnd(napi_env env, napi_callback_info info);       // (attempts): no call after it

// (database, key, expected, value, ttl, sync, flags), of which undefined means no value: a promise of what was there
// before, or undefined.
napi_value CompareAndSet(napi_env env, napi_callback_info info);
napi_value Increment(napi_env env, napi_callback_info info);  // (database, key, delta, sync): a promise of a BigInt

}  // namespace amethyst::node
