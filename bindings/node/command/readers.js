'use strict'

// The packages that read a source, each behind the same few calls:
//
//   batches()         arrays of entries, [key, value] in Buffers, from the first key to the last
//   lastEntries(n)    the last n entries, the last one first
//   countedEntries    how many there are, if the library keeps count; undefined otherwise
//   others            [{ name, entries }]: what else the database holds, which batches() leaves out
//   writes            whether opening changes the source's files
//   close()
//
// A package is looked for where the command runs, then beside this package: the person's own version reads.

const path = require('node:path')
const { createRequire } = require('node:module')
const { Failure } = require('./failure')

const BATCH_ENTRIES = 128 // Read at once: few enough that large values fit in memory.
const BUFFERS = { keyEncoding: 'buffer', valueEncoding: 'buffer' }
const MAIN_FAMILY = 'default'
const NAMED_DATABASES_MAX = 1024

// In the order in which they are tried. rocksdb-native stands first: it can open without writing.
const READERS = [
  { name: 'classic-level', kind: 'LevelDB', open: openClassicLevel },
  { name: 'rocksdb-native', kind: 'RocksDB', open: openRocksDbNative },
  { name: '@nxtedition/rocksdb', kind: 'RocksDB', open: openNxteditionRocksDb },
  { name: 'lmdb', kind: 'LMDB', open: openLmdb }
]

// The reader of that name, or the first one that is installed, with the package that it reads by.
function findReader (source, location, name) {
  const able = READERS.filter(reader => reader.kind === source.kind)
  if (name !== undefined) {
    const chosen = able.find(reader => reader.name === name)
    if (chosen === undefined) {
      throw new Failure(`${location}: this is a database of ${source.kind}, which ${name} does not read`, {
        hint: `--reader takes ${namesOf(able)} for it`
      })
    }
    return { ...chosen, ...installed(chosen.name, `npm install ${chosen.name}`) }
  }
  for (const reader of able) {
    const found = resolve(reader.name)
    if (found !== undefined) return { ...reader, ...load(reader.name, found) }
  }
  throw new Failure(`${location}: to read a database of ${source.kind}, ${namesOf(able)} must be installed`, {
    hint: `npm install ${able[0].name}`
  })
}

const namesOf = (readers) => readers.map(reader => reader.name).join(' or ')

// Others that can read it and are installed.
function otherReaders (source, name) {
  return READERS.filter(reader => reader.kind === source.kind && reader.name !== name && resolve(reader.name))
    .map(reader => reader.name)
}

function resolve (name) {
  for (const from of [path.join(process.cwd(), 'package.json'), __filename]) {
    try {
      return createRequire(from).resolve(name)
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error
    }
  }
}

function installed (name, hint) {
  const found = resolve(name)
  if (found === undefined) throw new Failure(`${name} is not installed`, { hint })
  return load(name, found)
}

function load (name, found) {
  try {
    return { library: require(found), version: versionOf(name, found) }
  } catch (error) {
    throw new Failure(`${name} is installed, but cannot be loaded: ${error.message}`, { hint: `npm rebuild ${name}` })
  }
}

function versionOf (name, found) {
  const folder = found.slice(0, found.lastIndexOf(path.join('node_modules', name)) + `node_modules/${name}`.length)
  return require(path.join(folder, 'package.json')).version
}

// What stands behind both packages over abstract-level; `column` is RocksDB's.
function overAbstractLevel (db, options) {
  return {
    async * batches () {
      const iterator = db.iterator({ ...BUFFERS, ...options })
      try {
        for (;;) {
          const entries = await iterator.nextv(BATCH_ENTRIES)
          if (entries.length === 0) return
          yield entries
        }
      } finally {
        await iterator.close()
      }
    },
    async lastEntries (count) {
      const iterator = db.iterator({ ...BUFFERS, ...options, reverse: true, limit: count })
      try {
        return await iterator.all()
      } finally {
        await iterator.close()
      }
    },
    writes: true
  }
}

async function openClassicLevel ({ ClassicLevel }, location) {
  const db = new ClassicLevel(location, { ...BUFFERS, createIfMissing: false })
  await db.open()
  return { ...overAbstractLevel(db, {}), others: [], close: () => db.close() }
}

// The family to read and the names of all, of which RocksDB must be told.
function familiesOf (source, location, wanted) {
  const known = source.families?.map(family => family.name) ?? [...new Set([MAIN_FAMILY, wanted ?? MAIN_FAMILY])]
  const chosen = wanted ?? MAIN_FAMILY
  if (known.includes(chosen)) return { chosen, known }
  throw new Failure(`${location}: it has no column family ${chosen}; it has: ${known.join(', ')}`)
}

async function openRocksDbNative (RocksDB, location, source, wanted) {
  const { chosen, known } = familiesOf(source, location, wanted)
  const db = new RocksDB(location, {
    readOnly: true,
    createIfMissing: false,
    createMissingColumnFamilies: false,
    columnFamilies: known.filter(name => name !== MAIN_FAMILY),
    // Its default is silent about what it cannot read of the log.
    walRecoveryMode: RocksDB.constants.walRecoveryMode.TOLERATE_CORRUPTED_TAIL_RECORDS
  })
  await db.ready()
  const sessions = new Map(known.map(name => [name, name === MAIN_FAMILY ? db : db.columnFamily(name)]))
  const read = async function * (name, options) {
    for await (const { key, value } of sessions.get(name).iterator({}, { capacity: BATCH_ENTRIES, ...options })) {
      yield [key, value]
    }
  }
  return {
    batches: () => inBatches(read(chosen, {})),
    async lastEntries (count) {
      const entries = []
      for await (const entry of read(chosen, { reverse: true, limit: count, capacity: count })) entries.push(entry)
      return entries
    },
    others: await countOthers(known, chosen, (name) => read(name, { values: false })),
    writes: false,
    async close () {
      for (const session of sessions.values()) if (session !== db) await session.close()
      await db.close()
    }
  }
}

async function openNxteditionRocksDb ({ RocksLevel }, location, source, wanted) {
  const { chosen, known } = familiesOf(source, location, wanted)
  const columns = {}
  for (const name of known) {
    const operator = source.families?.find(family => family.name === name).mergeOperator
    columns[name] = operator === 'MaxRevOperator' ? { mergeOperator: 'maxRev' } : {}
  }
  const db = new RocksLevel(location, { ...BUFFERS, createIfMissing: false, columns })
  await db.open()
  const others = await countOthers(known, chosen, async function * (name) {
    for await (const entries of overAbstractLevel(db, { column: db.columns[name] }).batches()) yield * entries
  })
  return { ...overAbstractLevel(db, { column: db.columns[chosen] }), others, close: () => db.close() }
}

// Keys and values come over as bytes: whatever encodings the program uses, it uses them here as well.
async function openLmdb ({ open }, location, source, wanted) {
  const encodings = { keyEncoding: 'binary', encoding: 'binary' }
  const root = open({
    path: location, noSubdir: source.file, readOnly: true, maxDbs: NAMED_DATABASES_MAX, ...encodings
  })
  const named = namedDatabases(root, encodings)
  if (wanted !== undefined && !named.has(wanted)) {
    await root.close()
    throw new Failure(`${location}: it has no database ${wanted}; it has: ${[...named.keys()].join(', ') || 'none'}`)
  }
  const database = wanted === undefined ? root : named.get(wanted)
  const others = [...named].filter(([name]) => name !== wanted)
    .map(([name, other]) => ({ name, entries: other.getStats().entryCount }))
  const unnamed = root.getStats().entryCount - named.size
  if (wanted !== undefined && unnamed > 0) others.push({ name: '(unnamed)', entries: unnamed })
  return {
    batches: () => inBatches(entriesOf(database, {})),
    // Without an end of its own the package leaves the key 00, its null, out of what it gives backwards.
    lastEntries: async (count) => [...entriesOf(database, { reverse: true, limit: count, end: Buffer.alloc(0) })],
    countedEntries: database.getStats().entryCount,
    others,
    writes: false,
    close: () => root.close()
  }
}

function * entriesOf (database, options) {
  let last
  for (const { key, value } of database.getRange(options)) {
    if (last !== undefined && key.equals(last)) {
      throw new Failure('it keeps several values for a key (MDB_DUPSORT), which Amethyst cannot')
    }
    last = Buffer.from(key)
    yield [last, Buffer.from(value)]
  }
}

// Databases with a name stand among the entries of the main one; LMDB opens what is one, and refuses the rest.
function namedDatabases (root, encodings) {
  const ROOT_BYTES = 48 // Of LMDB's MDB_db: so that other entries need no look.
  const names = []
  for (const { key, value } of root.getRange()) {
    if (value.length !== ROOT_BYTES) continue
    names.push(key.toString().replace(/\0$/, '')) // The package lmdb keeps the zero byte at the end.
  }
  const named = new Map() // To open one would end the range above.
  for (const name of names) {
    try {
      const database = name.includes('\0') ? undefined : root.openDB({ name, create: false, ...encodings })
      if (database !== undefined) named.set(name, database)
    } catch {
      // An entry that only looks like one.
    }
  }
  return named
}

async function countOthers (names, chosen, read) {
  const others = []
  for (const name of names) {
    if (name === chosen) continue
    let entries = 0
    for await (const _ of read(name)) entries++
    others.push({ name, entries })
  }
  return others
}

async function * inBatches (entries) {
  let batch = []
  for await (const entry of entries) {
    batch.push(entry)
    if (batch.length < BATCH_ENTRIES) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

exports.READERS = READERS
exports.findReader = findReader
exports.otherReaders = otherReaders
