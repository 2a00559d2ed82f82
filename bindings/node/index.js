'use strict'

const fsp = require('node:fs/promises')
const path = require('node:path')
const { isMainThread } = require('node:worker_threads')
const { AbstractLevel, AbstractSnapshot } = require('abstract-level')
const ModuleError = require('module-error')
const binding = require('./binding')
const { ChainedBatch, encodeBound } = require('./chained_batch')
const { EntryIterator, KeyIterator, ValueIterator } = require('./iterator')
const { ReadTurn, WriteTurn } = require('./turn')
const { propertyOf } = require('./properties')

// Flags of reads, as in src/reads.h.
const FILL_CACHE = 1
const BUFFERS = 2

const flagsOf = (options) =>
  (options.fillCache !== false ? FILL_CACHE : 0) | (options.valueEncoding !== 'utf8' ? BUFFERS : 0)

class AmethystLevel extends AbstractLevel {
  #location
  #database = binding.newDatabase()
  #strings = new ReadTurn(this.#database, FILL_CACHE)
  #buffers = new ReadTurn(this.#database, FILL_CACHE | BUFFERS)
  #flushReads = () => { this.#strings.flush(); this.#buffers.flush() }
  #buffered = new WriteTurn(this.#database, false, this.#flushReads)
  #synced = new WriteTurn(this.#database, true, this.#flushReads)

  constructor (location, options) {
    assertLocation(location)
    super({
      encodings: { buffer: true, utf8: true, view: true },
      has: true,
      createIfMissing: true,
      errorIfExists: true,
      explicitSnapshots: true,
      getSync: true,
      additionalMethods: { approximateSize: true, compactRange: true, deletePrefix: true, deleteRange: true },
      signals: { iterators: true }
    }, options)
    this.#location = location
  }

  get location () {
    return this.#location
  }

  async _open (options) {
    const { compression } = options
    if (![undefined, true, false, 'lz4', 'zstd'].includes(compression)) {
      throw new ModuleError(`compression is ${compression}; it must be true, false, 'lz4' or 'zstd'`, {
        code: 'LEVEL_INVALID_ARGUMENT'
      })
    }
    if (!options.createIfMissing) await assertDatabase(this.#location)
    return binding.open(this.#database, this.#location, {
      ...options,
      noCompression: compression === false,
      zstd: compression === 'zstd'
    })
  }

  async _close () {
    // What was asked for in this turn is under way before the database closes, and so is done.
    await undefined
    return binding.close(this.#database)
  }

  // A single read or write joins those of its turn, unless it has options of its own.

  _put (key, value, options) {
    return this.#turnOf(options).put(key, value)
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
    const batch = binding.newBatch()
    for (const operation of operations) {
      if (operation.type === 'put') {
        binding.batchPut(batch, operation.key, operation.value)
      } else {
        binding.batchDelete(batch, operation.key)
      }
    }
    this.#flushReads()
    return binding.writeBatch(this.#database, batch, options.sync === true, false)
  }

  _chainedBatch () {
    return new ChainedBatch(this, this.#database, this.#flushReads)
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
    this.#assertOpen(': cannot call deleteRange()')
    const encoding = this.keyEncoding(options?.keyEncoding)
    return this.#turnOf(options).deleteRange(encodeBound(encoding, start), encodeBound(encoding, end))
  }

  async deletePrefix (prefix, options) {
    this._assertValidKey(prefix)
    if (this.status === 'opening') return this.deferAsync(() => this.deletePrefix(prefix, options))
    this.#assertOpen(': cannot call deletePrefix()')
    return this.#turnOf(options).deletePrefix(this.keyEncoding(options?.keyEncoding).encode(prefix))
  }

  async #withRange (name, run, count, start, end, options) {
    if (count < 2) throw new TypeError("The arguments 'start' and 'end' are required")
    if (this.status === 'opening') {
      return this.deferAsync(() => this.#withRange(name, run, count, start, end, options))
    }
    this.#assertOpen(`: cannot call ${name}()`)
    const encoding = this.keyEncoding(options?.keyEncoding)
    return run(this.#database, encoding.encode(start), encoding.encode(end))
  }

  // Counters and the shape of the levels, as the engine names them.
  stats () {
    this.#assertOpen(': cannot call stats()')
    return JSON.parse(binding.getStats(this.#database))
  }

  getProperty (property) {
    if (typeof property !== 'string') throw new TypeError("The first argument 'property' must be a string")
    return propertyOf(this.stats(), property)
  }

  #assertOpen (what) {
    if (this.status === 'open') return
    throw new ModuleError(`Database is not open${what}`, { code: 'LEVEL_DATABASE_NOT_OPEN' })
  }

  static async destroy (location) {
    assertLocation(location)
    if (!await mayHoldDatabase(location)) return
    return binding.destroy(location)
  }

  // Salvages what can be read into a new database, which takes the place of the damaged one; that is kept beside it.
  static async repair (location) {
    assertLocation(location)
    if ((await namesIn(location)).length === 0) {
      throw new ModuleError(`${location}: there are no files to repair`, { code: 'LEVEL_IO_ERROR' })
    }
    const place = await fsp.realpath(location)
    const damaged = `${place}.damaged`
    if (!await isMissing(damaged)) {
      throw new ModuleError(`${damaged} exists, from an earlier repair: move it away first`, {
        code: 'LEVEL_INVALID_ARGUMENT'
      })
    }
    const repaired = `${place}.repaired`
    const report = await binding.repair(place, repaired)
    const isWorking = isMainThread && process.cwd() === place
    await fsp.rename(place, damaged)
    await fsp.rename(repaired, place)
    if (isWorking) process.chdir(place) // It would be the damaged one, under its new name.
    return { ...report, damaged }
  }
}

class Snapshot extends AbstractSnapshot {
  // The addon's handle, for the reads of this package.
  handle

  constructor (database, options) {
    super(options)
    this.handle = binding.newSnapshot(database)
  }

  async _close () {
    binding.closeSnapshot(this.handle)
  }
}

function assertLocation (location) {
  // The system would take what stands before a zero byte for the location.
  if (typeof location === 'string' && location !== '' && !location.includes('\0')) return
  throw new TypeError("The first argument 'location' must be a non-empty string without zero bytes")
}

// The names in a directory; none if there is no such directory.
async function namesIn (directory) {
  try {
    return await fsp.readdir(directory)
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  }
}

// Whether there is something that destroy has to look into: a name that some database gives.
async function mayHoldDatabase (location) {
  const names = await namesIn(location)
  return names.some(name => /^(CURRENT|LOCK|MANIFEST-\d+|\d+\.(sst|ldb|wal|log))$/.test(name))
}

async function isMissing (file) {
  try {
    await fsp.access(file)
    return false
  } catch (error) {
    return error.code === 'ENOENT'
  }
}

async function assertDatabase (location) {
  if (!await isMissing(path.join(location, 'CURRENT'))) return
  throw new ModuleError(`The database ${location} does not exist, and createIfMissing is false`, {
    code: 'LEVEL_INVALID_ARGUMENT'
  })
}

exports.AmethystLevel = AmethystLevel
