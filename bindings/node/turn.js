'use strict'

// Single reads and writes that JavaScript asks for within one turn of the event loop go to the addon together: one
// hand-over to another thread for all, instead of one each, and for writes one record of the log (and one flush of the
// device, where they are to be synced). Each has its own outcome all the same.

const binding = require('./binding')

const resolved = Promise.resolve()

// A turn's writes go on their way at this size, so that a burst of large values need not fit into one batch.
const WRITE_BYTES_MAX = 1 << 20

class ReadTurn {
  #database
  #flags
  #keys = null
  #values

  constructor (database, flags) {
    this.#database = database
    this.#flags = flags
  }

  async get (key) {
    if (this.#keys === null) {
      this.#keys = []
      this.#values = resolved.then(() => this.#read())
    }
    // Who owns a Buffer may change it before the turn ends.
    const index = this.#keys.push(typeof key === 'string' ? key : Uint8Array.prototype.slice.call(key)) - 1
    const values = await this.#values
    const value = values[index]
    if (value instanceof Error) throw value
    return value
  }

  #read () {
    const keys = this.#keys
    this.#keys = null
    return binding.getMany(this.#database, keys, this.#flags)
  }
}

class WriteTurn {
  #database
  #sync
  #batch = binding.newBatch() // Of every turn: writing empties it.
  #group = null

  constructor (database, sync) {
    this.#database = database
    this.#sync = sync
  }

  async put (key, value) {
    return this.#join(binding.batchPut(this.#batch, key, value))
  }

  async del (key) {
    return this.#join(binding.batchDelete(this.#batch, key))
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
    group.settle(writeSeparately(this.#database, this.#batch, this.#sync))
  }
}

// A rejection, where the addon throws.
async function writeSeparately (database, batch, sync) {
  return binding.writeBatch(database, batch, sync, true)
}

exports.ReadTurn = ReadTurn
exports.WriteTurn = WriteTurn
