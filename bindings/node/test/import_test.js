'use strict'

// The command `amethyst-level import`, on databases that the real packages wrote.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const test = require('tape')
const { AmethystLevel } = require('..')
const { recognize } = require('../command/recognize')
const { newLocation } = require('./common')

const root = path.join(__dirname, '..')
const buffers = { keyEncoding: 'buffer', valueEncoding: 'buffer' }
const addon = process.env.AMETHYST_NODE_ADDON ??
  path.join(root, '../../build/release/bindings/node/amethyst.node')

function run (args, { cwd = root, command = path.join(root, 'command/main.js') } = {}) {
  const env = { ...process.env, AMETHYST_NODE_ADDON: addon }
  return spawnSync(process.execPath, [command, ...args], { cwd, env, encoding: 'utf8' })
}

const importJson = (args, options) => {
  const { status, stdout, stderr } = run(['import', '--json', ...args], options)
  return status === 0 ? JSON.parse(stdout) : { status, ...JSON.parse(stderr) }
}

// Any bytes, keys in order.
const entries = Array.from({ length: 1500 }, (_, i) => [
  Buffer.from([0x10, i >> 8, i & 0xff]), Buffer.from(i % 7 === 0 ? [] : [0, 0xff, i & 0xff])
])

async function contentsOf (location) {
  const db = new AmethystLevel(location, { ...buffers, createIfMissing: false })
  const found = await db.iterator().all()
  await db.close()
  return found
}

// Names, sizes and contents of the files in a directory.
const filesIn = (directory) =>
  fs.readdirSync(directory).sort().map(name => [name, fs.readFileSync(path.join(directory, name), 'latin1')])

async function writeLevelDb (location, puts = entries) {
  const { ClassicLevel } = require('classic-level')
  const db = new ClassicLevel(location, buffers)
  await db.batch(puts.map(([key, value]) => ({ type: 'put', key, value })))
  await db.close()
}

async function writeNxtedition (location, options = {}) {
  const { RocksLevel } = require('@nxtedition/rocksdb')
  const db = new RocksLevel(location, { ...buffers, ...options })
  await db.open()
  await db.batch(entries.map(([key, value]) => ({ type: 'put', key, value })))
  await db.close()
}

// Entries in each of the families.
async function writeRocksDbNative (location, families) {
  const RocksDB = require('rocksdb-native')
  const db = new RocksDB(location, { columnFamilies: Object.keys(families).filter(name => name !== 'default') })
  await db.ready()
  for (const [name, puts] of Object.entries(families)) {
    const session = name === 'default' ? db : db.columnFamily(name)
    const batch = session.write()
    const written = puts.map(([key, value]) => batch.put(key, value))
    await batch.flush()
    await Promise.all(written)
    batch.destroy()
    if (session !== db) await session.close()
  }
  await db.close()
}

async function writeLmdb (location, named = {}, puts = entries) {
  const { open } = require('lmdb')
  const encodings = { keyEncoding: 'binary', encoding: 'binary' }
  const db = open({ path: location, noSubdir: false, ...encodings })
  for (const [key, value] of puts) db.put(key, value)
  for (const [name, list] of Object.entries(named)) {
    const database = db.openDB({ name, ...encodings })
    for (const [key, value] of list) await database.put(key, value)
  }
  await db.flushed
  await db.close()
}

test('what classic-level wrote comes over', async (t) => {
  const [from, to] = [newLocation(), newLocation()]
  await writeLevelDb(from)
  const report = importJson([from, to])
  t.is(report.entries, entries.length, JSON.stringify(report))
  t.is(report.kind, 'LevelDB')
  t.is(report.reader, `classic-level ${require('classic-level/package.json').version}`)
  t.is(report.verified, true)
  t.same(report.notImported, [])
  t.same(await contentsOf(to), entries)
})

test('what @nxtedition/rocksdb wrote comes over, log and tables', async (t) => {
  const from = newLocation()
  await writeNxtedition(from)
  for (const place of ['its log', 'a table']) { // The first import's open makes a table of the log.
    const to = newLocation()
    const report = importJson(['--reader', '@nxtedition/rocksdb', from, to])
    t.is(report.entries, entries.length, `${place}: ${JSON.stringify(report)}`)
    t.match(report.version, /^\d+\.\d+/, 'by its file OPTIONS')
    t.same(await contentsOf(to), entries)
  }
})

test('a reader that cannot read a log says so, and names the one that may', async (t) => {
  const [from, to] = [newLocation(), newLocation()]
  await writeNxtedition(from)
  const before = filesIn(from)
  const report = importJson(['--reader', 'rocksdb-native', from, to])
  t.is(report.status, 3)
  t.match(report.error, /rocksdb-native 3\.\S+ cannot open this database of RocksDB, 9\./)
  t.match(report.hint, /--reader @nxtedition\/rocksdb/)
  t.same(filesIn(from), before, 'the source is as it was')
  t.notOk(fs.existsSync(to), 'and nothing was made')
})

test('what rocksdb-native wrote comes over, and its files stay as they are', async (t) => {
  const [from, to] = [newLocation(), newLocation()]
  await writeRocksDbNative(from, { default: entries, empty: [] })
  const before = filesIn(from)
  const report = importJson([from, to])
  t.is(report.entries, entries.length, JSON.stringify(report))
  t.same(report.notes, [], 'an empty family is nothing to tell of')
  t.same(await contentsOf(to), entries)
  t.same(filesIn(from), before)
})

test('column families are refused by name and count, until one is chosen', async (t) => {
  const from = newLocation()
  await writeRocksDbNative(from, { default: entries.slice(0, 3), corestore: entries })
  const to = newLocation()
  const refused = importJson([from, to])
  t.is(refused.status, 3)
  t.match(refused.error, /column families beside the default one: corestore \(1,500 entries\)/)
  t.match(refused.hint, /--column-family NAME/)
  t.notOk(fs.existsSync(to))
  for (const reader of ['rocksdb-native', '@nxtedition/rocksdb']) {
    const chosen = newLocation()
    const report = importJson(['--reader', reader, '--column-family', 'corestore', from, chosen])
    t.is(report.entries, entries.length, JSON.stringify(report))
    t.same(report.notImported, [{ name: 'default', entries: 3 }])
    t.same(await contentsOf(chosen), entries)
  }
  t.match(importJson(['--column-family', 'x', from, to]).error, /it has no column family x; it has: default, /)
})

test('where no file names the column families, none is left out in silence', async (t) => {
  const from = newLocation()
  await writeRocksDbNative(from, { default: entries.slice(0, 3), corestore: entries })
  for (const name of fs.readdirSync(from).filter(name => name.startsWith('OPTIONS-'))) fs.rmSync(path.join(from, name))
  const refused = importJson([from, newLocation()])
  t.is(refused.status, 3)
  t.match(refused.error, /its column families are not known/)
  const report = importJson(['--column-family', 'default', from, newLocation()])
  t.is(report.entries, 3, JSON.stringify(report))
  t.match(report.notes.join(), /whether it has other column families is not known/)
  t.match(importJson(['--reader', '@nxtedition/rocksdb', from, newLocation()]).error, /not opened: corestore/)
})

test('the write times of a TTL are left out, or kept where that is asked for', async (t) => {
  const from = newLocation()
  await writeRocksDbNative(from, { default: [[Buffer.from('a'), Buffer.from('1time')]] })
  const kept = newLocation()
  importJson([from, kept])
  t.same(await contentsOf(kept), [[Buffer.from('a'), Buffer.from('1time')]])
  const stripped = newLocation()
  const report = importJson(['--ttl-suffix', 'strip', from, stripped])
  t.match(report.notes.join(), /write time/)
  t.same(await contentsOf(stripped), [[Buffer.from('a'), Buffer.from('1')]])
})

test('the file OPTIONS tells the version, families, TTLs and merge operators', (t) => {
  const location = newLocation()
  fs.mkdirSync(location)
  const write = (number, version, sections) => fs.writeFileSync(path.join(location, `OPTIONS-${number}`),
    `[Version]\n  rocksdb_version=${version}\n[DBOptions]\n${sections}`)
  write('000999', '9.7.4', '[CFOptions "dropped"]\n')
  write('001000', '10.5.1', '[CFOptions "default"]\n  merge_operator=nullptr\n' +
    '  compaction_filter_factory={id=TtlCompactionFilterFactory;}\n[TableOptions/BlockBasedTable "default"]\n' +
    '[CFOptions "a\\\\b"]\n  merge_operator={id=MaxRevOperator;}\n  compaction_filter_factory=nullptr\n')
  t.same(recognize(location), {
    kind: 'RocksDB',
    version: '10.5.1',
    families: [{ name: 'default', mergeOperator: 'nullptr', hasTtl: true },
      { name: 'a\\b', mergeOperator: 'MaxRevOperator', hasTtl: false }]
  })
  t.end()
})

test('what lmdb wrote in its own data format comes over', async (t) => {
  const [from, to] = [newLocation(), newLocation()]
  await writeLmdb(from)
  const report = importJson([from, to])
  t.is(report.entries, entries.length, JSON.stringify(report))
  t.is(report.version, 'data format 2')
  t.same(await contentsOf(to), entries)
  const file = newLocation()
  t.is(importJson([path.join(from, 'data.mdb'), file]).entries, entries.length, 'from the file as well')
})

test('a few entries of lmdb with its least key, null, come over', async (t) => {
  const [from, to] = [newLocation(), newLocation()]
  const few = [[Buffer.from([0]), Buffer.from('null')], [Buffer.from('a'), Buffer.from('1')]]
  await writeLmdb(from, {}, few)
  const report = importJson([from, to])
  t.is(report.entries, few.length, JSON.stringify(report))
  t.is(report.verified, true)
  t.same(await contentsOf(to), few)
})

test('databases within one of LMDB are refused by name and count, until one is chosen', async (t) => {
  const from = newLocation()
  await writeLmdb(from, { zoo: entries.slice(0, 5), void: [] }, entries.slice(0, 2))
  const refused = importJson([from, newLocation()])
  t.is(refused.status, 3)
  t.match(refused.error, /databases within it: void \(0 entries\), zoo \(5 entries\)/)
  const to = newLocation()
  const report = importJson(['--column-family', 'zoo', from, to])
  t.same(report.notImported, [{ name: '(unnamed)', entries: 2 }], JSON.stringify(report))
  t.same(await contentsOf(to), entries.slice(0, 5))
  const none = importJson(['--column-family', 'none', from, newLocation()])
  t.match(none.error, /it has no database none; it has: void, zoo/)
})

test('several values for a key are refused', async (t) => {
  const [from, to] = [newLocation(), newLocation()]
  const { open } = require('lmdb')
  const db = open({ path: from, noSubdir: false, keyEncoding: 'binary', encoding: 'binary', dupSort: true })
  for (const value of ['1', '2']) await db.put(Buffer.from('a'), Buffer.from(value))
  await db.close()
  t.match(importJson([from, to]).error, /several values for a key/)
  t.notOk(fs.existsSync(path.join(to, 'CURRENT')), 'and nothing is kept')
})

test('an entry that cannot be stored ends the import and keeps nothing, or is counted', async (t) => {
  const [from, to] = [newLocation(), newLocation()]
  await writeLevelDb(from, [...entries, [Buffer.alloc((8 << 20) + 1, 0xff), Buffer.from('long')]])
  const refused = importJson([from, to])
  t.is(refused.status, 3)
  t.match(refused.error, /entry 1,501: the key has 8,388,609 bytes, 8,388,608 is the most/)
  t.match(refused.hint, /--skip-bad/)
  t.notOk(fs.existsSync(to), 'no half database')
  const report = importJson(['--skip-bad', from, to])
  t.is(report.entries, entries.length, JSON.stringify(report))
  t.is(report.skipped, 1)
  t.match(importJson(['--memory', '1', from, newLocation()]).error, /memory_budget_bytes is 1048576; it must be/)
})

test('a package that stops before the last entry without an error is found out', async (t) => {
  const [from, to, cwd] = [newLocation(), newLocation(), newLocation()]
  await writeLevelDb(from)
  const folder = path.join(cwd, 'node_modules/classic-level')
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, 'package.json'), '{"name": "classic-level", "version": "0.0.1"}')
  fs.writeFileSync(path.join(folder, 'index.js'), `
    const { ClassicLevel } = require(${JSON.stringify(require.resolve('classic-level'))})
    exports.ClassicLevel = class extends ClassicLevel {
      iterator (options) { return super.iterator(options.reverse ? options : { ...options, limit: 1400 }) }
    }`)
  const report = importJson([from, to], { cwd })
  t.is(report.status, 3)
  t.match(report.error, /its last key .* is not in the destination/)
  t.notOk(fs.existsSync(path.join(to, 'CURRENT')), 'and nothing is kept')
})

test('where no package can read the source, the one to install is named', async (t) => {
  const [from, to, copy] = [newLocation(), newLocation(), newLocation()]
  await writeLmdb(from)
  fs.mkdirSync(path.join(copy, 'node_modules'), { recursive: true })
  fs.cpSync(path.join(root, 'command'), path.join(copy, 'command'), { recursive: true })
  for (const name of fs.readdirSync(root).filter(name => name.endsWith('.js'))) {
    fs.copyFileSync(path.join(root, name), path.join(copy, name))
  }
  for (const name of ['abstract-level', 'module-error']) {
    fs.symlinkSync(path.join(root, 'node_modules', name), path.join(copy, 'node_modules', name))
  }
  const report = importJson([from, to], { cwd: copy, command: path.join(copy, 'command/main.js') })
  t.is(report.status, 3)
  t.match(report.error, /to read a database of LMDB, lmdb must be installed/)
  t.is(report.hint, 'npm install lmdb')
})

test('a source or a destination that will not do is refused', async (t) => {
  const [from, full, empty] = [newLocation(), newLocation(), newLocation()]
  await writeLevelDb(from)
  fs.mkdirSync(empty)
  fs.mkdirSync(full)
  fs.writeFileSync(path.join(full, 'file'), '')
  t.match(importJson([from, full]).error, /must be a new or an empty directory/)
  t.match(importJson([from, path.join(from, 'new')]).error, /must not be within the source/)
  t.match(importJson([empty, newLocation()]).error, /no database of LevelDB, RocksDB or LMDB/)
  t.match(importJson([newLocation(), newLocation()]).error, /there is nothing/)
  t.is(importJson([from, empty]).entries, entries.length)
  t.match(importJson([empty, newLocation()]).error, /is an Amethyst database already/)
  const old = newLocation()
  const page = Buffer.alloc(8192)
  page.writeUInt32LE(0xBEEFC0DE, 16)
  page.writeUInt32LE(1, 20)
  fs.writeFileSync(old, page)
  const refused = importJson([old, newLocation()])
  t.match(refused.error, /LMDB 0\.9, whose format the package lmdb does not read/)
  t.match(refused.hint, /--from-lmdb/)
})

test('the command explains itself, and refuses what it does not know with exit code 2', (t) => {
  const help = run(['--help'])
  t.is(help.status, 0)
  t.match(help.stdout, /npx amethyst-level import old\.rocksdb new\.db/)
  const wrong = [[], ['export'], ['import', 'a'], ['import', 'a', 'b', 'c'], ['import', '--reader', 'x', 'a', 'b'],
    ['import', '--ttl-suffix', 'x', 'a', 'b'], ['import', '--memory', '0', 'a', 'b'],
    ['import', '--nothing', 'a', 'b']]
  for (const args of wrong) {
    const { status, stderr } = run(args)
    t.is(status, 2, args.join(' '))
    t.match(stderr, /^error: .*\nhint: amethyst-level --help/)
  }
  t.end()
})

test('for a person there is one line, and nothing is drawn where nobody watches', async (t) => {
  const [from, to] = [newLocation(), newLocation()]
  await writeLevelDb(from)
  const { status, stdout, stderr } = run(['import', from, to])
  t.is(status, 0)
  t.match(stdout, /^imported 1,500 entries, \d.* by classic-level \S+; count and last keys verified\n$/)
  t.match(stderr, /^note: classic-level opens a database for writing.*\n$/)
})
