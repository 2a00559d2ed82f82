'use strict'

const { AbstractChainedBatch } = require('abstract-level')
const ModuleError = require('module-error')
const binding = require('./binding')

class ChainedBatch extends AbstractChainedBatch {
  #database
  #before
  #batch = binding.newBatch()
  #ranges = 0 // Deletes of ranges and prefixes, which abstract-level does not know and so does not count.
  #open = true

  // `before` is called before the batch goes on its way.
  constructor (db, database, before) {
    super(db)
    this.#database = database
    this.#before = before
  }

  get length () {
    return super.length + this.#ranges
  }

  deleteRange (start, end, options) {
    if (arguments.length < 2) throw new TypeError("The arguments 'start' and 'end' are required")
    this.#assertOpen()
    const encoding = this.db.keyEncoding(options?.keyEncoding)
    binding.batchDeleteRange(this.#batch, encodeBound(encoding, start), encodeBound(encoding, end))
    this.#ranges++
    return this
  }

  deletePrefix (prefix, options) {
    this.#assertOpen()
    this.db._assertValidKey(prefix)
    binding.batchDeletePrefix(this.#batch, this.db.keyEncoding(options?.keyEncoding).encode(prefix))
    this.#ranges++
    return this
  }

  // abstract-level takes a batch of nothing but these for empty, and would throw it away.
  async write (options) {
    const unseen = super.length === 0 && this.#ranges > 0 && this.#open
    if (!unseen) return super.write(options)
    await Promise.all([this._write(options ?? {}), this.close()])
  }

  _put (key, value) {
    binding.batchPut(this.#batch, key, value)
  }

  _del (key) {
    binding.batchDelete(this.#batch, key)
  }

  _clear () {
    this.#ranges = 0
    binding.batchClear(this.#batch)
  }

  async _write (options) {
    this.#open = false
    this.#before()
    return binding.writeBatch(this.#database, this.#batch, options.sync === true, false)
  }

  async _close () {
    this.#open = false
    binding.batchClear(this.#batch)
  }

  #assertOpen () {
    if (this.#open) return
    throw new ModuleError('Batch is not open: cannot change operations after write() or close()', {
      code: 'LEVEL_BATCH_NOT_OPEN'
    })
  }
}

// undefined and null leave a side of a range open.
function encodeBound (encoding, bound) {
  return bound == null ? undefined : encoding.encode(bound)
}

exports.ChainedBatch = ChainedBatch
exports.encodeBound = encodeBound
