'use strict'

// Iterators over entries, keys and values. The addon reads a batch of entries at a time, off the event loop; next()
// takes them out of a cache. The limit counts the entries that were given out, not those that were read: seek() drops
// the cache, and what was in it may still be given.

const { AbstractIterator, AbstractKeyIterator, AbstractValueIterator } = require('abstract-level')
const ModuleError = require('module-error')
const { markAsUntransferable } = require('node:worker_threads')
const binding = require('./binding')
const { copied } = require('./operands')

const HIGH_WATER_MARK_BYTES = 16 * 1024
// The first read, for it is common to want only a few entries; and the later ones.
const FIRST_ENTRIES = 4
const MORE_ENTRIES = 1000
const ALL_ENTRIES = 2000
const ALL_BYTES = 256 * 1024
const MOST_ENTRIES = 2 ** 31 // Of one read, which its bytes end long before.
const NONE = []

class AbortError extends ModuleError {
  constructor () {
    super('Operation has been aborted', { code: 'LEVEL_ABORTED' })
  }

  get name () {
    return 'AbortError'
  }
}

// `shown` says what of an entry the options ask for.
const iteratorOver = (Base, shown) => class extends Base {
  #iterator
  #transaction // undefined: of none.
  #making // Of a transaction's: it has its turn.
  #target // Of a transaction's: where the next read begins.
  #bytes
  #values
  #stride // How many pieces of the cache make an item.
  #cache = NONE // Keys and values in turn, or one of them, as binding.iteratorRead gives them.
  #shared // The memory of the cache's Buffers, and how much of it is taken.
  #offset = 0
  #position = 0
  #first = true
  #ended = false
  #signal
  #onAbort

  constructor (db, database, options) {
    super(db, options)
    const { keys, values } = shown(options)
    this.#values = values
    this.#stride = keys && values ? 2 : 1
    this.#bytes = options.highWaterMarkBytes ?? HIGH_WATER_MARK_BYTES
    const settings = {
      ...options,
      // Where neither is wanted, the keys are read all the same, for the number of entries.
      keys: keys || !values,
      values,
      keysAsBuffers: options.keyEncoding !== 'utf8',
      valuesAsBuffers: options.valueEncoding !== 'utf8'
    }
    this.#transaction = options.transaction
    if (this.#transaction === undefined) {
      this.#iterator = binding.newIterator(database, settings, options.snapshot?.handle)
    } else {
      this.#making = this.#makeInTurn(database, settings)
      this.#making.catch(() => {}) // The first read tells.
    }
    this.#signal = options.signal ?? null
    this.#onAbort = () => { if (this.#iterator !== undefined) binding.iteratorAbort(this.#iterator) }
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  _seek (target) {
    if (this.#transaction === undefined) {
      binding.iteratorSeek(this.#iterator, target)
    } else {
      this.#target = copied(target)
    }
    this.#cache = NONE
    this.#position = 0
    this.#first = true
    this.#ended = false
  }

  async _next () {
    if (this.#position === this.#cache.length) {
      if (this.#ended) return undefined
      await this.#read(this.#first ? FIRST_ENTRIES : MORE_ENTRIES)
      if (this.#cache.length === 0) return undefined
    }
    return this.#take()
  }

  async _nextv (size) {
    if (this.#position === this.#cache.length) {
      if (this.#ended) return []
      await this.#read(size)
    }
    const items = []
    this.#takeInto(items, size)
    return items
  }

  // All is asked for: larger steps hold up nobody who wants the first of it.
  async _all () {
    const items = []
    this.#takeInto(items, Infinity)
    while (!this.#ended && this.count + items.length < this.limit) {
      await this.#read(ALL_ENTRIES, Math.max(this.#bytes, ALL_BYTES), items.length)
      this.#takeInto(items, Infinity)
    }
    return items
  }

  async _close () {
    this.#cache = NONE
    this.#position = 0
    this.#signal?.removeEventListener('abort', this.#onAbort)
    // There is none if the constructor threw.
    const close = () => { if (this.#iterator !== undefined) binding.iteratorClose(this.#iterator) }
    if (this.#transaction === undefined) return close()
    this.#transaction.forget(this)
    return this.#transaction.inTurn(close)
  }

  async #makeInTurn (database, settings) {
    this.#iterator = await this.#transaction.newIterator(this, database, settings)
  }

  async #readNow (entries, bytes) {
    if (this.#transaction === undefined) return binding.iteratorRead(this.#iterator, entries, bytes)
    await this.#making
    return this.#transaction.inTurn(() => {
      if (this.#target !== undefined) binding.iteratorSeek(this.#iterator, this.#target)
      this.#target = undefined
      return binding.iteratorRead(this.#iterator, entries, bytes)
    })
  }

  // Fills the cache, which is empty. `taken` are the items that the current call has taken, which `count` lacks yet.
  async #read (entries, bytes = this.#bytes, taken = 0) {
    this.#first = false
    const left = this.limit - this.count - taken
    const cache = await this.#readNow(Math.min(entries, left, MOST_ENTRIES), bytes)
    if (this.#signal?.aborted) throw new AbortError()
    this.#ended = cache.pop()
    this.#shared = cache.pop()
    this.#offset = 0
    // Its other Buffers would go with it.
    if (this.#shared !== undefined) markAsUntransferable(this.#shared)
    this.#cache = cache
    this.#position = 0
  }

  #takeInto (items, size) {
    while (items.length < size && this.#position < this.#cache.length) items.push(this.#take())
  }

  // The next item of the cache, in the shape that the base class decodes.
  #take () {
    const first = this.#takePiece()
    if (Base !== AbstractIterator) return first
    if (this.#stride === 2) return [first, this.#takePiece()]
    return this.#values ? [undefined, first] : [first, undefined]
  }

  // A string, or a Buffer that shares the memory of those that were read with it.
  #takePiece () {
    const piece = this.#cache[this.#position++]
    if (typeof piece !== 'number') return piece
    if (piece === 0) return Buffer.alloc(0)
    this.#offset += piece
    return Buffer.from(this.#shared, this.#offset - piece, piece)
  }
}

exports.EntryIterator = iteratorOver(AbstractIterator, ({ keys, values }) => ({ keys, values }))
exports.KeyIterator = iteratorOver(AbstractKeyIterator, () => ({ keys: true, values: false }))
exports.ValueIterator = iteratorOver(AbstractValueIterator, () => ({ keys: false, values: true }))
