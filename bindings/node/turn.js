'use strict'

// Single reads and writes that JavaScript asks for within one turn of the event loop go to the addon together: one
// hand-over to another thread for all, instead of one each, and for writes one record of the log (and one flush of the
// device, where they are to be synced). Each has its own outcome all the same.

const binding = require('./binding')

const resolved = Promise.resolve()

// A turn's writes go on their way at this size, so that a burst of large values need not fit into one batch.
const WRITE_BYTES_MAX = 1 << 20

// So many reads in a row are answered without leaving the event loop, which gets to others' work at the next one.
const AT_ONCE_MAX = 64

// A read of what is in memory is answered at once. The others see the database as of when they go on their way: whoever
// sends writes sends the reads of the turn before, with flush(), so that none sees a write that was asked for after it.
class ReadTurn {
  #database
  #flags
  #group = null
  #atOnce = AT_ONCE_MAX

  constructor (database, flags) {
    this.#database = database
    this.#flags = flags
  }

  async get (key) {
    if (this.#group === null && this.#atOnce > 0) {
      this.#atOnce--
      const value = binding.tryGet(this.#database, key, this.#flags)
      if (value !== null) return value
    }
    if (this.#group === null) this.#startGroup()
    const group = this.#group
    // Who owns a Buffer may change it before the turn ends.
    const index = group.keys.push(typeof key === 'string' ? key : Uint8Array.prototype.slice.call(key)) - 1
    const values = await group.values
    this.#atOnce = AT_ONCE_MAX
    const value = values[index]
    if (value instanceof Error) throw value
    return value
  }

  flush () {
    const group = this.#group
    if (group === null) return
    this.#group = null
    group.settle(readMany(this.#database, group.keys, this.#flags))
  }

  #startGroup () {
    const group = { keys: [], values: null, settle: null }
    group.values = new Promise((resolve) => { group.settle = resolve })
    this.#group = group
    resolved.then(() => { if (this.#group === group) this.flush() })
  }
}

class WriteTurn {
  #database
  #sync
  #before
  #batch // Of every turn: writing empties it.
  #group = null

  // `before` is called before writes go on their way. `family`: undefined is the default one.
  constructor (database, family, sync, before) {
    this.#database = database
    this.#sync = sync
    this.#before = before
    this.#batch = binding.newBatch(family)
  }

  async put (key, value, ttl) {
    return this.#join(binding.batchPut(this.#batch, key, value, ttl))
  }

  async merge (key, operand, ttl) {
    return this.#join(binding.batchMerge(this.#batch, key, operand, ttl))
  }

  async del (key) {
    return this.#join(binding.batchDelete(this.#batch, key))
  }

  async deleteRange (begin, end) {
    const bytes = binding.batchDeleteRange(this.#batch, begin, end)
    if (bytes !== undefined) return this.#join(bytes)
  }

  async deletePrefix (prefix) {
    return this.#join(binding.batchDeletePrefix(this.#batch, prefix))
  }

  // Whatever lies in the range, as abstract-level's options have it. null: it has to be looked for key by key.
  deleteMatching (range) {
    const bytes = binding.batchDeleteMatching(this.#batch, range)
    return bytes === undefined ? null : this.#join(bytes)
  }

  async #join (bytes) {
    if (this.#group === null) this.#startGroup()
    const group = this.#group
    const index = group.count++
    if (bytes > WRITE_BYTES_MAX) this.#write(group)
    const outcomes = await group.outcomes
    const failed = outcomes?.[index]
    if (failed !== undefined) throw failed
  }

  #startGroup () {
    const group = { count: 0, outcomes: null, settle: null }
    group.outcomes = new Promise((resolve) => { group.settle = resolve })
    this.#group = group
    resolved.then(() => this.#write(group))
  }

  #write (group) {
    if (this.#group !== group) return
    this.#group = null
    this.#before()
    group.settle(writeSeparately(this.#database, this.#batch, this.#sync))
  }
}

// Rejections, where the addon throws.

async function readMany (database, keys, flags) {
  return binding.getMany(database, keys, flags)
}

async function writeSeparately (database, batch, sync) {
  return binding.writeBatch(database, batch, sync, true)
}

exports.ReadTurn = ReadTurn
exports.WriteTurn = WriteTurn
