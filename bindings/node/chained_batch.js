'use strict'

const { AbstractChainedBatch } = require('abstract-level')
const ModuleError = require('module-error')
const binding = require('./binding')
const { operandOf, ttlOf } = require('./operands')
const { HANDLE, OPEN } = require('./symbols')

// Where the operations of a batch go: to the family that `sublevel` is, or is within, else to the batch's own.
class Addresses {
  #space
  #family
  #batch
  #current

  constructor (space, family, batch) {
    this.#space = space
    this.#family = family
    this.#batch = batch
    this.#current = family
  }

  // Tells the batch where the operation goes, and returns the key that it has there.
  keyOf ({ key, keyEncoding, sublevel }) {
    if (sublevel == null) {
      this.#set(this.#family)
      return key
    }
    const root = rootOf(sublevel)
    if (root.status === 'opening') root[OPEN]?.()
    this.#set(root === this.#space ? this.#family : root[HANDLE])
    return root === sublevel ? key : sublevel.prefixKey(key, keyEncoding, false)
  }

  reset () {
    this.#set(this.#family)
  }

  #set (family) {
    if (family === this.#current) return
    binding.batchSetFamily(this.#batch, family)
    this.#current = family
  }
}

class ChainedBatch extends AbstractChainedBatch {
  #database
  #before
  #batch
  #addresses
  #unseen = 0 // Operations that abstract-level does not know and so does not count, as merges and deletes of ranges.
  #open = true

  // `before` is called before the batch goes on its way.
  constructor (db, database, family, before) {
    super(db)
    this.#database = database
    this.#batch = binding.newBatch(family)
    this.#addresses = new Addresses(db, family, this.#batch)
    this.#before = before
  }

  get length () {
    return super.length + this.#unseen
  }

  deleteRange (start, end, options) {
    if (arguments.length < 2) throw new TypeError("The arguments 'start' and 'end' are required")
    this.#assertOpen()
    this.#addresses.reset()
    const encoding = this.db.keyEncoding(options?.keyEncoding)
    binding.batchDeleteRange(this.#batch, encodeBound(encoding, start), encodeBound(encoding, end))
    this.#unseen++
    return this
  }

  deletePrefix (prefix, options) {
    this.#assertOpen()
    this.db._assertValidKey(prefix)
    this.#addresses.reset()
    binding.batchDeletePrefix(this.#batch, this.db.keyEncoding(options?.keyEncoding).encode(prefix))
    this.#unseen++
    return this
  }

  merge (key, operand, options) {
    this.#assertOpen()
    this.db._assertValidKey(key)
    const bytes = operandOf(operand)
    const ttl = ttlOf(options)
    binding.batchMerge(this.#batch, this.#encodedKey(key, options), bytes, ttl)
    this.#unseen++
    return this
  }

  // abstract-level would take a key of another family for one of this batch's own.
  del (key, options) {
    const sublevel = options?.sublevel
    if (sublevel == null || rootOf(sublevel) === this.db) return super.del(key, options)
    this.#assertOpen()
    sublevel._assertValidKey(key)
    binding.batchDelete(this.#batch, this.#encodedKey(key, options))
    this.#unseen++
    return this
  }

  // abstract-level takes a batch of nothing but these for empty, and would throw it away.
  async write (options) {
    const unseen = super.length === 0 && this.#unseen > 0 && this.#open
    if (!unseen) return super.write(options)
    await Promise.all([this._write(options ?? {}), this.close()])
  }

  _put (key, value, options) {
    const ttl = ttlOf(options)
    binding.batchPut(this.#batch, this.#addresses.keyOf(options), value, ttl)
  }

  _del (key, options) {
    binding.batchDelete(this.#batch, this.#addresses.keyOf(options))
  }

  _clear () {
    this.#unseen = 0
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

  #encodedKey (key, options) {
    const sublevel = options?.sublevel
    const encoding = (sublevel ?? this.db).keyEncoding(options?.keyEncoding)
    return this.#addresses.keyOf({ key: encoding.encode(key), keyEncoding: encoding.format, sublevel })
  }

  #assertOpen () {
    if (this.#open) return
    throw new ModuleError('Batch is not open: cannot change operations after write() or close()', {
      code: 'LEVEL_BATCH_NOT_OPEN'
    })
  }
}

// The database or family that a sublevel is within, or is.
function rootOf (sublevel) {
  return sublevel[HANDLE] !== undefined ? sublevel : sublevel.db
}

// undefined and null leave a side of a range open.
function encodeBound (encoding, bound) {
  return bound == null ? undefined : encoding.encode(bound)
}

exports.Addresses = Addresses
exports.ChainedBatch = ChainedBatch
exports.encodeBound = encodeBound
exports.rootOf = rootOf
