'use strict'

const fsp = require('node:fs/promises')
const path = require('node:path')
const { isMainThread } = require('node:worker_threads')
const ModuleError = require('module-error')
const binding = require('./binding')
const { Family } = require('./family')
const { Feed, openFeed } = require('./feed')
const { KeySpace, Snapshot } = require('./keyspace')
const { propertyOf } = require('./properties')
const { settingsOf } = require('./settings')
const { HANDLE } = require('./symbols')
const { BackupStore } = require('./backup_store')
const { TableWriter } = require('./table_writer')
const { transact } = require('./transaction')

class AmethystLevel extends KeySpace {
  #location

  constructor (location, options) {
    assertLocation(location)
    super({
      createIfMissing: true,
      errorIfExists: true,
      additionalMethods: {
        checkpoint: true,
        createCursor: true,
        createCursorWithSnapshot: true,
        createFamily: true,
        cursors: true,
        dropCursor: true,
        dropFamily: true,
        families: true,
        feed: true,
        refresh: true,
        transaction: true
      }
    }, options)
    this.#location = location
  }

  get location () {
    return this.#location
  }

  async _open (options) {
    const settings = settingsOf(options)
    if (!options.createIfMissing && !options.follow) await assertDatabase(this.#location)
    return binding.open(this[HANDLE], this.#location, settings)
  }

  async _close () {
    // What was asked for in this turn is under way before the database closes, and so is done.
    await undefined
    return binding.close(this[HANDLE])
  }

  // A level of the family's own, for one that is there: its open fails if it is not.
  family (name, options) {
    assertName(name)
    return new Family(this, name, options)
  }

  async createFamily (name, options) {
    assertName(name)
    if (this.status === 'opening') return this.deferAsync(() => this.createFamily(name, options))
    this._assertOpen(': cannot call createFamily()')
    const { mergeOperator, ttl, compression, blockSize, ...ofLevel } = options ?? {}
    await binding.createFamily(this[HANDLE], name, settingsOf({ mergeOperator, ttl, compression, blockSize }))
    const family = this.family(name, ofLevel)
    await family.open()
    return family
  }

  async dropFamily (name) {
    assertName(name)
    if (this.status === 'opening') return this.deferAsync(() => this.dropFamily(name))
    this._assertOpen(': cannot call dropFamily()')
    return binding.dropFamily(this[HANDLE], name)
  }

  async families () {
    if (this.status === 'opening') return this.deferAsync(() => this.families())
    this._assertOpen(': cannot call families()')
    return binding.familyNames(this[HANDLE])
  }

  // Of a follower: resolves once reads see at least what the writer's saw when this was called.
  async refresh () {
    if (this.status === 'opening') return this.deferAsync(() => this.refresh())
    this._assertOpen(': cannot call refresh()')
    return binding.refresh(this[HANDLE])
  }

  // A copy as of now, a database of its own, in the new directory `location`: whole, or not there.
  async checkpoint (location) {
    assertLocation(location)
    if (this.status === 'opening') return this.deferAsync(() => this.checkpoint(location))
    this._assertOpen(': cannot call checkpoint()')
    return binding.checkpoint(this[HANDLE], location)
  }

  // Makes a cursor, a consumer's place in the change feed: at the next write, or at the position of an event. It
  // survives restarts, and holds the log from there on.
  async createCursor (name, position) {
    assertName(name)
    if (this.status === 'opening') return this.deferAsync(() => this.createCursor(name, position))
    this._assertOpen(': cannot call createCursor()')
    await undefined // What was asked for in this turn comes before.
    return binding.createCursor(this[HANDLE], name, position)
  }

  // At now. Resolves to the snapshot that has all that came before.
  async createCursorWithSnapshot (name) {
    assertName(name)
    if (this.status === 'opening') return this.deferAsync(() => this.createCursorWithSnapshot(name))
    this._assertOpen(': cannot call createCursorWithSnapshot()')
    await undefined
    const handle = await binding.createCursorWithSnapshot(this[HANDLE], name)
    return new Snapshot(this[HANDLE], { owner: this }, handle)
  }

  async dropCursor (name) {
    assertName(name)
    if (this.status === 'opening') return this.deferAsync(() => this.dropCursor(name))
    this._assertOpen(': cannot call dropCursor()')
    return binding.dropCursor(this[HANDLE], name)
  }

  async cursors () {
    if (this.status === 'opening') return this.deferAsync(() => this.cursors())
    this._assertOpen(': cannot call cursors()')
    return binding.listCursors(this[HANDLE])
  }

  // What was written since a cursor or a position, and all that will be.
  async feed (options) {
    if (this.status === 'opening') return this.deferAsync(() => this.feed(options))
    this._assertOpen(': cannot call feed()')
    return openFeed(this, options)
  }

  // Runs `work(transaction)` and commits, again while that is a conflict: so `work` may run several times. Resolves to
  // what it returned. What it throws rolls back.
  async transaction (work, options) {
    if (typeof work !== 'function') throw new TypeError("The first argument 'work' must be a function")
    if (this.status === 'opening') return this.deferAsync(() => this.transaction(work, options))
    this._assertOpen(': cannot call transaction()')
    return transact(this, work, options)
  }

  // Counters and the shape of the levels, as the engine names them.
  stats () {
    this._assertOpen(': cannot call stats()')
    return JSON.parse(binding.getStats(this[HANDLE]))
  }

  getProperty (property) {
    if (typeof property !== 'string') throw new TypeError("The first argument 'property' must be a string")
    return propertyOf(this.stats(), property)
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

function assertLocation (location) {
  // The system would take what stands before a zero byte for the location.
  if (typeof location === 'string' && location !== '' && !location.includes('\0')) return
  throw new TypeError("The first argument 'location' must be a non-empty string without zero bytes")
}

function assertName (name) {
  if (typeof name === 'string' && name !== '') return
  throw new TypeError("The first argument 'name' must be a non-empty string")
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
exports.BackupStore = BackupStore
exports.Family = Family
exports.Feed = Feed
exports.TableWriter = TableWriter
