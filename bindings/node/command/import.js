'use strict'

// Brings all entries of another library's database into a new one of Amethyst's, and verifies that they are there.
//
// Nothing is left out without a word: what the source holds beside what is read (column families, named databases) is
// refused, or named with its counts where one was asked for. What fails leaves no half database behind.

const fs = require('node:fs')
const path = require('node:path')
const { AmethystLevel } = require('..')
const { EXIT, Failure } = require('./failure')
const { counted, grouped } = require('./progress')
const { findReader, otherReaders } = require('./readers')
const { recognize } = require('./recognize')

const BUFFERS = { keyEncoding: 'buffer', valueEncoding: 'buffer' }
const BATCH_BYTES = 256 << 10
const KEY_BYTES_MAX = 8 << 20
const TTL_SUFFIX_BYTES = 4
const LAST_ENTRIES = 16 // So many are compared, byte for byte, behind the import.

// options: reader, family, ttlSuffix ('strip', 'keep' or undefined), skipBad, memoryBudget; signal ends it. `progress`
// as in progress.js. Resolves to a report of what came over and what did not.
async function importDatabase (source, destination, options, progress) {
  const found = recognize(source)
  assertOptions(found, options)
  assertDestination(source, destination)
  const reader = findReader(found, source, options.reader)
  const opened = await openSource(reader, source, found, options)
  try {
    refuseOthers(source, found, opened, options)
    const report = await intoDestination(source, destination, found, opened, options, progress)
    return {
      source,
      destination,
      kind: found.kind,
      version: found.version,
      reader: `${reader.name} ${reader.version}`,
      ...report,
      notImported: opened.others.filter(other => other.entries > 0),
      notes: notesOf(reader, found, opened, options)
    }
  } finally {
    await opened.close()
  }
}

function assertOptions ({ kind }, options) {
  const usage = (message) => new Failure(message, { exitCode: EXIT.USAGE })
  if (options.family !== undefined && kind === 'LevelDB') throw usage('--column-family is for RocksDB and LMDB')
  if (options.ttlSuffix !== undefined && kind !== 'RocksDB') throw usage('--ttl-suffix is for RocksDB')
}

function assertDestination (source, destination) {
  const stat = fs.statSync(destination, { throwIfNoEntry: false })
  if (stat !== undefined && (!stat.isDirectory() || fs.readdirSync(destination).length > 0)) {
    throw new Failure(`${destination}: the destination must be a new or an empty directory`)
  }
  const from = fs.realpathSync(source)
  let to = path.resolve(destination)
  while (!fs.existsSync(to)) to = path.dirname(to)
  if ((fs.realpathSync(to) + path.sep).startsWith(from + path.sep)) {
    throw new Failure(`${destination}: the destination must not be within the source`)
  }
}

async function openSource (reader, source, found, options) {
  try {
    return await reader.open(reader.library, source, found, options.family)
  } catch (error) {
    if (error instanceof Failure) throw error
    const others = otherReaders(found, reader.name)
    const written = found.version === '' ? '' : `, ${found.version}`
    throw new Failure(
      `${source}: ${reader.name} ${reader.version} cannot open this database of ${found.kind}${written}: ` +
      (error.cause ?? error).message, { hint: hintFor(found, others) })
  }
}

function hintFor (found, others) {
  if (others.length > 0) return `--reader ${others[0]}, which is installed too, may read it`
  return 'close it in the program that has it open; or install the version of the package that wrote it'
}

function refuseOthers (source, { kind, families }, { others, writes }, { family }) {
  // Where it opens for writing, RocksDB itself refuses to leave a family out.
  if (families === null && !writes && family === undefined) {
    throw new Failure(`${source}: it has no OPTIONS file, so that its column families are not known`, {
      hint: '--column-family NAME imports one alone; the one that each database has is named default'
    })
  }
  const full = others.filter(other => kind === 'LMDB' || other.entries > 0)
  if (family !== undefined || full.length === 0) return
  const what = kind === 'LMDB' ? 'databases within it' : 'column families beside the default one'
  throw new Failure(`${source}: there are entries in ${what}: ${described(full)}`, {
    hint: '--column-family NAME imports one alone' + (kind === 'LMDB' ? '' : ', also the default one, named default')
  })
}

const described = (others) =>
  others.map(({ name, entries }) => `${name} (${counted(entries, 'entry', 'entries')})`).join(', ')

function notesOf (reader, found, opened, options) {
  const notes = []
  if (opened.writes) {
    notes.push(`${reader.name} opens a database for writing: it may have moved entries from its log to a table`)
  }
  if (found.families === null && !opened.writes) {
    notes.push('the source has no OPTIONS file: whether it has other column families is not known')
  }
  if (stripsTtl(found, options)) {
    notes.push("the 4 bytes of write time that RocksDB's TTL puts behind each value were left out; " +
      '--ttl-suffix keep takes them over')
  }
  const left = opened.others.filter(other => other.entries > 0)
  if (left.length > 0) notes.push(`not imported: ${described(left)}`)
  return notes
}

function stripsTtl (found, options) {
  if (options.ttlSuffix !== undefined) return options.ttlSuffix === 'strip'
  const family = found.families?.find(({ name }) => name === (options.family ?? 'default'))
  return family?.hasTtl === true
}

async function intoDestination (source, destination, found, opened, options, progress) {
  const isNew = !fs.existsSync(destination)
  const db = new AmethystLevel(destination, { ...BUFFERS, errorIfExists: true, memoryBudget: options.memoryBudget })
  await db.open().catch((error) => { throw new Failure(`${destination}: ${(error.cause ?? error).message}`) })
  try {
    const strip = stripsTtl(found, options)
    const report = await copy(source, db, opened, { ...options, strip }, progress)
    await verify(db, opened, report, strip, progress)
    await db.close()
    return { ...report, verified: true }
  } catch (error) {
    await db.close()
    await AmethystLevel.destroy(destination)
    if (isNew) fs.rmSync(destination, { recursive: true, force: true })
    throw told(source, error)
  }
}

function told (source, error) {
  const hint = 'nothing of the import is kept'
  if (!(error instanceof Failure)) return new Failure(`${source}: ${error.message}`, { hint })
  return new Failure(`${source}: ${error.message}`, { hint: error.hint || hint, exitCode: error.exitCode })
}

const withoutTime = (value) => value.subarray(0, Math.max(0, value.length - TTL_SUFFIX_BYTES))

async function copy (source, db, opened, options, progress) {
  const report = { entries: 0, bytes: 0, skipped: 0 }
  const entryBytesMax = Math.min(Math.floor((options.memoryBudget ?? 256 << 20) / 4), 1 << 30) - 64
  let operations = []
  let operationsBytes = 0
  let number = 0
  const write = async () => {
    if (operations.length > 0) await db.batch(operations)
    report.entries += operations.length
    report.bytes += operationsBytes
    operations = []
    operationsBytes = 0
  }
  for await (const entries of opened.batches()) {
    for (const [key, stored] of entries) {
      if (options.signal?.aborted) throw new Failure('interrupted', { exitCode: EXIT.INTERRUPTED })
      number++
      const value = options.strip ? withoutTime(stored) : stored
      const why = whyBad(key, stored, value, options.strip, entryBytesMax)
      if (why !== '') {
        if (!options.skipBad) throw new Failure(`entry ${grouped(number)}: ${why}`, { hint: SKIP_BAD_HINT })
        report.skipped++
        continue
      }
      const bytes = key.length + value.length
      if (operationsBytes + bytes > BATCH_BYTES) await write()
      operations.push({ type: 'put', key, value })
      operationsBytes += bytes
    }
    await write()
    progress.update('imported', report.entries)
  }
  return report
}

const SKIP_BAD_HINT = 'nothing of the import is kept; --skip-bad counts such entries and goes on'

// Why the entry cannot be stored; '': it can.
function whyBad (key, stored, value, strip, entryBytesMax) {
  if (key.length > KEY_BYTES_MAX) {
    return `the key has ${grouped(key.length)} bytes, ${grouped(KEY_BYTES_MAX)} is the most`
  }
  const bytes = key.length + value.length
  if (bytes > entryBytesMax) {
    return `the entry has ${grouped(bytes)} bytes, ${grouped(entryBytesMax)} is the most with this --memory`
  }
  if (strip && stored.length < TTL_SUFFIX_BYTES) return 'the value does not end in a write time, as those of a TTL do'
  return ''
}

// The count, by reading all that was written, and the last entries of the source, byte for byte. The latter also finds
// a library that stops before the end without an error.
async function verify (db, opened, report, strip, progress) {
  const read = report.entries + report.skipped
  if (opened.countedEntries !== undefined && opened.countedEntries !== read) {
    throw new Failure(`it counts ${grouped(opened.countedEntries)} entries, but ${grouped(read)} were found`)
  }
  let stored = 0
  for await (const _ of db.keys()) if (++stored % 1024 === 0) progress.update('verified', stored)
  if (stored !== report.entries) {
    throw new Failure(`${grouped(report.entries)} were written, but ${grouped(stored)} are in the destination`)
  }
  if (report.skipped > 0) return // Some of the last entries may be among them.
  const last = await opened.lastEntries(LAST_ENTRIES)
  if (last.length !== Math.min(LAST_ENTRIES, read)) {
    throw new Failure(`read backwards, it ends after ${counted(last.length, 'entry', 'entries')}: it is damaged`)
  }
  for (const [key, value] of last) {
    const there = await db.get(key)
    const expected = strip ? withoutTime(value) : value
    if (there === undefined || !there.equals(expected)) {
      throw new Failure(`its last key ${JSON.stringify(key.toString())} is not in the destination, or differs`)
    }
  }
}

exports.importDatabase = importDatabase
