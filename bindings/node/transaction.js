'use strict'

// Transactions: what `db.transaction(work)` hands to its function. Calls go to the addon one after the other, in the
// order in which they were made, so that none has to be awaited before the next.

const ModuleError = require('module-error')
const binding = require('./binding')
const { encodeBound, rootOf } = require('./chained_batch')
const { copied, operandOf, ttlOf } = require('./operands')
const { FLUSH, HANDLE, READERS } = require('./symbols')

const FILL_CACHE = 1 // As in src/reads.h.
const BUFFERS = 2

class Transaction {
  #db
  #handle
  #attempts
  #last = Promise.resolve() // The call that is under way, or the last one.
  #iterators = new Set()
  #ended = false
  #done = Promise.resolve()

  constructor (db, attempts) {
    this.#db = db
    this.#attempts = attempts
    this.#handle = binding.beginTransaction(db[HANDLE])
  }

  // Committed or rolled back.
  get ended () {
    return this.#ended
  }

  get (key, options) {
    return this.#on(key, options, async (space, encoded) => {
      const encoding = space.valueEncoding(options?.valueEncoding)
      const flags = FILL_CACHE | (encoding.format === 'utf8' ? 0 : BUFFERS)
      const value = await binding.transactionGet(this.#handle, rootOf(space)[HANDLE], encoded, flags)
      return value === undefined ? undefined : encoding.decode(value)
    })
  }

  getMany (keys, options) {
    if (!Array.isArray(keys)) throw new TypeError("The first argument 'keys' must be an array")
    return Promise.all(keys.map(key => this.get(key, options)))
  }

  async has (key, options) {
    return await this.get(key, { ...options, valueEncoding: 'buffer' }) !== undefined
  }

  put (key, value, options) {
    return this.#on(key, options, (space, encoded, bytes) => {
      binding.transactionPut(this.#handle, rootOf(space)[HANDLE], encoded, bytes, ttlOf(options))
    }, (space) => {
      space._assertValidValue(value)
      return space.valueEncoding(options?.valueEncoding).encode(value)
    })
  }

  del (key, options) {
    return this.#on(key, options, (space, encoded) => {
      binding.transactionDelete(this.#handle, rootOf(space)[HANDLE], encoded)
    })
  }

  merge (key, operand, options) {
    return this.#on(key, options, (space, encoded, bytes) => {
      binding.transactionMerge(this.#handle, rootOf(space)[HANDLE], encoded, bytes, ttlOf(options))
    }, () => operandOf(operand))
  }

  async deleteRange (start, end, options) {
    if (arguments.length < 2) throw new TypeError("The arguments 'start' and 'end' are required")
    const space = this.#wholeSpaceOf(options)
    const encoding = space.keyEncoding(options?.keyEncoding)
    const bounds = [start, end].map(bound => copied(encodeBound(encoding, bound)))
    return this.inTurn(() => { binding.transactionDeleteRange(this.#handle, space[HANDLE], ...bounds) })
  }

  // As those of the database. What has been read, ahead as well, counts as read. They end with the transaction.
  iterator (options) {
    return this.#walk('iterator', options)
  }

  keys (options) {
    return this.#walk('keys', options)
  }

  values (options) {
    return this.#walk('values', options)
  }

  async savepoint () {
    return this.inTurn(() => { binding.transactionSetSavepoint(this.#handle) })
  }

  async rollbackToSavepoint () {
    return this.inTurn(() => { binding.transactionRollbackToSavepoint(this.#handle) })
  }

  commit (options) {
    const committed = this.#commit(options)
    this.#done = committed.then(ignore, ignore)
    return committed
  }

  // Settles with the commit, if one was begun.
  get done () {
    return this.#done
  }

  async #commit (options) {
    await this.#end()
    await mayGoOn(this.#attempts)
    for (const reader of this.#db[READERS]) reader[FLUSH]()
    return binding.transactionCommit(this.#handle, this.#db[HANDLE], options?.sync === true)
  }

  async rollback () {
    await this.#end()
    binding.transactionRollback(this.#handle)
  }

  // For the iterators of this package: what `make(handle)` returns, a new one of the addon's.
  newIterator (iterator, database, options) {
    this.#iterators.add(iterator)
    return this.inTurn(() => binding.newTransactionIterator(this.#handle, database, options))
  }

  forget (iterator) {
    this.#iterators.delete(iterator)
  }

  // What `call` returns, once all that was asked for before is done.
  inTurn (call) {
    const result = this.#last.then(call)
    this.#last = result.then(ignore, ignore)
    return result
  }

  // No call after this one is taken.
  async #end () {
    this.#assertGoesOn()
    this.#ended = true
    await Promise.all([...this.#iterators].map(iterator => iterator.close()))
    await this.#last
  }

  // Calls `call(space, encoded key, bytes)` in turn.
  async #on (key, options, call, bytesOf) {
    this.#assertGoesOn()
    const space = options?.sublevel ?? this.#db
    space._assertValidKey(key)
    const encoding = space.keyEncoding(options?.keyEncoding)
    const encoded = encoding.encode(key)
    const whole = copied(rootOf(space) === space ? encoded : space.prefixKey(encoded, encoding.format, false))
    const bytes = bytesOf === undefined ? undefined : copied(bytesOf(space))
    return this.inTurn(() => call(space, whole, bytes))
  }

  #walk (kind, options) {
    const space = this.#wholeSpaceOf(options)
    const { sublevel, ...rest } = options ?? {}
    return space[kind]({ ...rest, transaction: this })
  }

  #wholeSpaceOf (options) {
    this.#assertGoesOn()
    const space = options?.sublevel ?? this.#db
    if (rootOf(space) === space) return space
    throw new ModuleError('ranges of a transaction are of the database or a family', { code: 'LEVEL_NOT_SUPPORTED' })
  }

  #assertGoesOn () {
    if (!this.#ended) return
    throw new ModuleError('The transaction has ended', { code: 'LEVEL_TRANSACTION_NOT_OPEN' })
  }
}

// Runs `work(transaction)` and commits, again while that is a conflict: after a pause, and from the eighth conflict on
// ahead of the others, who wait in the event loop, never in a thread.
async function transact (db, work, options) {
  const attempts = binding.newAttempts(db[HANDLE])
  try {
    for (;;) {
      await mayGoOn(attempts)
      db._assertOpen(': cannot call transaction()')
      const transaction = new Transaction(db, attempts)
      try {
        const result = await work(transaction)
        await (transaction.ended ? transaction.done : transaction.commit(options))
        return result
      } catch (error) {
        if (!transaction.ended) await transaction.rollback()
        if (error?.code !== 'LEVEL_CONFLICT') throw error
      }
      binding.attemptsConflict(attempts)
    }
  } finally {
    binding.attemptsEnd(attempts)
  }
}

async function mayGoOn (attempts) {
  for (;;) {
    const ms = binding.attemptsWait(attempts)
    if (ms === 0) return
    await new Promise((resolve) => setTimeout(resolve, ms))
  }
}

function ignore () {}

exports.transact = transact
