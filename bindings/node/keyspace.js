'use strict'

// What the database and its families have in common: all that abstract-level asks for on keys. Both are handles of the
// addon, which knows where the keys of each are.

const { AbstractLevel, AbstractSnapshot } = require('abstract-level')
const ModuleError = require('module-error')
const binding = require('./binding')
const { Addresses, ChainedBatch, encodeBound } = require('./chained_batch')
const { EntryIterator, KeyIterator, ValueIterator } = require('./iterator')
const { ReadTurn, WriteTurn } = require('./turn')
const { integerOf, operandOf, ttlOf } = require('./operands')
const { FLUSH, HANDLE, READERS } = require('./symbols')

// Flags of reads, as in src/reads.h.
const FILL_CACHE = 1
const BUFFERS = 2

const flagsOf = (options) =>
  (options.fillCache !== false ? FILL_CACHE : 0) | (options.valueEncoding !== 'utf8' ? BUFFERS : 0)

const METHODS = Object.fromEntries([
  'approximateSize', 'compareAndSet', 'compactRange', 'deleteIfEqual', 'deletePrefix', 'deleteRange', 'increment',
  'ingest', 'merge', 'putIfAbsent'
].map(name => [name, true]))

class KeySpace extends AbstractLevel {
  #database = binding.newDatabase()
  #family // The handle, of a family; undefined: the default one.
  #strings = new ReadTurn(this.#database, FILL_CACHE)
  #buffers = new ReadTurn(this.#database, FILL_CACHE | BUFFERS)
  #flushReads
  #buffered
  #synced

  // `root`: the database that it is a family of; undefined: it is the database.
  constructor (manifest, options, root) {
    super({
      encodings: { buffer: true, utf8: true, view: true },
      has: true,
      explicitSnapshots: true,
      getSync: true,
      signals: { iterators: true },
      ...manifest,
      additionalMethods: { ...METHODS, ...manifest.additionalMethods }
    }, options)
    this.#family = root === undefined ? undefined : this.#database
    // A batch may write to any of them, so that all their reads go on their way before it.
    const readers = root === undefined ? new Set([this]) : root[READERS]
    this[READERS] = readers
    this.#flushReads = () => { for (const reader of readers) reader[FLUSH]() }
    this.#buffered = new WriteTurn(this.#database, this.#family, false, this.#flushReads)
    this.#synced = new WriteTurn(this.#database, this.#family, true, this.#flushReads)
  }

  // The addon's.
  get [HANDLE] () {
    return this.#database
  }

  [FLUSH] () {
    this.#strings.flush()
    this.#buffers.flush()
  }

  // A single read or write joins those of its turn, unless it has options of its own.

  _put (key, value, options) {
    return this.#turnOf(options).put(key, value, ttlOf(options))
  }

  _del (key, options) {
    return this.#turnOf(options).del(key)
  }

  #turnOf (options) {
    return options?.sync === true ? this.#synced : this.#buffered
  }

  async _get (key, options) {
    if (options.snapshot == null && options.fillCache !== false) {
      return (options.valueEncoding === 'utf8' ? this.#strings : this.#buffers).get(key)
    }
    const values = await this._getMany([key], options)
    return values[0]
  }

  _getSync (key, options) {
    return binding.getSync(this.#database, key, flagsOf(options), options.snapshot?.handle)
  }

  async _getMany (keys, options) {
    const values = await binding.getMany(this.#database, keys, flagsOf(options), options.snapshot?.handle)
    const failed = values.find(value => value instanceof Error)
    if (failed !== undefined) throw failed
    return values
  }

  async _has (key, options) {
    const found = await this._hasMany([key], options)
    return found[0]
  }

  async _hasMany (keys, options) {
    return binding.hasMany(this.#database, keys, flagsOf(options), options.snapshot?.handle)
  }

  // All of a range is one range delete, which joins the writes of its turn.
  async _clear (options) {
    const deleted = options.limit < 0 && options.snapshot == null ? this.#buffered.deleteMatching(options) : null
    if (deleted !== null) return deleted
    this.#flushReads()
    return binding.clear(this.#database, options, options.snapshot?.handle)
  }

  async _batch (operations, options) {
    const batch = binding.newBatch(this.#family)
    const addresses = new Addresses(this, this.#family, batch)
    for (const operation of operations) {
      const key = addresses.keyOf(operation)
      if (operation.type === 'put') {
        binding.batchPut(batch, key, operation.value, ttlOf(operation))
      } else {
        binding.batchDelete(batch, key)
      }
    }
    this.#flushReads()
    return binding.writeBatch(this.#database, batch, options.sync === true, false)
  }

  _chainedBatch () {
    return new ChainedBatch(this, this.#database, this.#family, this.#flushReads)
  }

  _iterator (options) {
    return new EntryIterator(this, this.#database, options)
  }

  _keys (options) {
    return new KeyIterator(this, this.#database, options)
  }

  _values (options) {
    return new ValueIterator(this, this.#database, options)
  }

  _snapshot (options) {
    return new Snapshot(this.#database, options)
  }

  approximateSize (start, end, options) {
    return this.#withRange('approximateSize', binding.approximateSize, arguments.length, start, end, options)
  }

  compactRange (start, end, options) {
    return this.#withRange('compactRange', binding.compactRange, arguments.length, start, end, options)
  }

  async deleteRange (start, end, options) {
    if (arguments.length < 2) throw new TypeError("The arguments 'start' and 'end' are required")
    if (this.status === 'opening') return this.deferAsync(() => this.deleteRange(start, end, options))
    this._assertOpen(': cannot call deleteRange()')
    const encoding = this.keyEncoding(options?.keyEncoding)
    return this.#turnOf(options).deleteRange(encodeBound(encoding, start), encodeBound(encoding, end))
  }

  async deletePrefix (prefix, options) {
    this._assertValidKey(prefix)
    if (this.status === 'opening') return this.deferAsync(() => this.deletePrefix(prefix, options))
    this._assertOpen(': cannot call deletePrefix()')
    return this.#turnOf(options).deletePrefix(this.keyEncoding(options?.keyEncoding).encode(prefix))
  }

  async #withRange (name, run, count, start, end, options) {
    if (count < 2) throw new TypeError("The arguments 'start' and 'end' are required")
    if (this.status === 'opening') {
      return this.deferAsync(() => this.#withRange(name, run, count, start, end, options))
    }
    this._assertOpen(`: cannot call ${name}()`)
    const encoding = this.keyEncoding(options?.keyEncoding)
    return run(this.#database, encoding.encode(start), encoding.encode(end))
  }

  // Takes in tables that a TableWriter has written, as one write, which is durable when this resolves.
  async ingest (locations, options) {
    const { mode = 'link', inOrder = false, verify = false, replace } = options ?? {}
    if (!['link', 'move', 'copy'].includes(mode)) {
      throw new ModuleError(`mode is ${mode}; it must be 'link', 'move' or 'copy'`, { code: 'LEVEL_INVALID_ARGUMENT' })
    }
    if (this.status === 'opening') return this.deferAsync(() => this.ingest(locations, options))
    this._assertOpen(': cannot call ingest()')
    const encoding = this.keyEncoding(options?.keyEncoding)
    this.#flushReads()
    await undefined // What was asked for in this turn comes before.
    return binding.ingest(this.#database, typeof locations === 'string' ? [locations] : Array.from(locations), {
      move: mode === 'move',
      copy: mode === 'copy',
      inOrder,
      verify,
      replaces: replace !== undefined,
      start: encodeBound(encoding, replace?.start),
      end: encodeBound(encoding, replace?.end)
    })
  }

  // An operand for the merge operator: bytes as they are, or a number, as the operators that count take it.
  async merge (key, operand, options) {
    this._assertValidKey(key)
    if (this.status === 'opening') return this.deferAsync(() => this.merge(key, operand, options))
    this._assertOpen(': cannot call merge()')
    const encoded = this.keyEncoding(options?.keyEncoding).encode(key)
    return this.#turnOf(options).merge(encoded, operandOf(operand), ttlOf(options))
  }

  // One key, read and written as one. The first three resolve to what was there before, and undefined stands for no
  // value.

  async putIfAbsent (key, value, options) {
    this._assertValidValue(value)
    return this.#compareAndSet('putIfAbsent', key, undefined, value, options)
  }

  async compareAndSet (key, expected, value, options) {
    return this.#compareAndSet('compareAndSet', key, expected, value, options)
  }

  async deleteIfEqual (key, expected, options) {
    this._assertValidValue(expected)
    return this.#compareAndSet('deleteIfEqual', key, expected, undefined, options)
  }

  async #compareAndSet (name, key, expected, value, options) {
    this._assertValidKey(key)
    if (this.status === 'opening') {
      return this.deferAsync(() => this.#compareAndSet(name, key, expected, value, options))
    }
    this._assertOpen(`: cannot call ${name}()`)
    const encoding = this.valueEncoding(options?.valueEncoding)
    const bytes = [expected, value].map(each => each === undefined ? undefined : encoding.encode(each))
    const encoded = this.keyEncoding(options?.keyEncoding).encode(key)
    const ttl = value === undefined ? undefined : ttlOf(options)
    const flags = encoding.format === 'utf8' ? 0 : BUFFERS
    this.#flushReads()
    const before = await binding.compareAndSet(this.#database, encoded, ...bytes, ttl, options?.sync === true, flags)
    return before === undefined ? undefined : encoding.decode(before)
  }

  // Adds to a counter, which needs no merge operator, and resolves to its new value: a BigInt where a number would not
  // be exact.
  async increment (key, n, options) {
    this._assertValidKey(key)
    if (this.status === 'opening') return this.deferAsync(() => this.increment(key, n, options))
    this._assertOpen(': cannot call increment()')
    const delta = integerOf(n ?? 1)
    const encoded = this.keyEncoding(options?.keyEncoding).encode(key)
    this.#flushReads()
    const sum = await binding.increment(this.#database, encoded, delta, options?.sync === true)
    return Number.isSafeInteger(Number(sum)) ? Number(sum) : sum
  }

  _assertOpen (what) {
    if (this.status === 'open') return
    throw new ModuleError(`Database is not open${what}`, { code: 'LEVEL_DATABASE_NOT_OPEN' })
  }
}

class Snapshot extends AbstractSnapshot {
  // The addon's handle, for the reads of this package.
  handle

  constructor (database, options, handle) {
    super(options)
    this.handle = handle ?? binding.newSnapshot(database)
  }

  async _close () {
    binding.closeSnapshot(this.handle)
  }
}

exports.KeySpace = KeySpace
exports.Snapshot = Snapshot
