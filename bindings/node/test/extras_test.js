'use strict'

// What classic-level has beyond abstract-level, and what only this package has.

const fs = require('node:fs')
const path = require('node:path')
const test = require('tape')
const { AmethystLevel } = require('..')
const { newLocation, small } = require('./common')

async function filled (count, options) {
  const db = new AmethystLevel(newLocation(), { ...small, ...options })
  const operations = Array.from({ length: count }, (_, i) =>
    ({ type: 'put', key: String(i).padStart(6, '0'), value: `value ${i}`.repeat(10) }))
  for (let i = 0; i < count; i += 1000) await db.batch(operations.slice(i, i + 1000))
  return db
}

test('the location is what was given', async (t) => {
  const location = newLocation()
  const db = new AmethystLevel(location, small)
  t.is(db.location, location)
  await db.close()
})

test('a directory with missing parents is created', async (t) => {
  const db = new AmethystLevel(path.join(newLocation(), 'a', 'b'), small)
  await db.put('a', '1')
  t.is(await db.get('a'), '1')
  await db.close()
})

test('approximateSize grows with the range, and is deferred until the database is open', async (t) => {
  const db = await filled(5000)
  const [all, half, none] = await Promise.all([
    db.approximateSize('000000', '999999'), db.approximateSize('000000', '002500'), db.approximateSize('a', 'b')])
  t.ok(all > half && half > none && none === 0, `${all} > ${half} > ${none}`)
  const location = db.location
  await db.close()
  const again = new AmethystLevel(location, small)
  t.ok(await again.approximateSize('000000', '999999') > 0)
  await again.approximateSize('a').then(() => t.fail(), (error) => t.ok(error instanceof TypeError))
  await again.close()
  await again.approximateSize('a', 'b').then(() => t.fail(), ({ code }) => t.is(code, 'LEVEL_DATABASE_NOT_OPEN'))
})

test('compactRange leaves one level and all entries', async (t) => {
  const db = await filled(5000)
  await db.clear({ lt: '001000' })
  await db.compactRange('', '~')
  t.is(db.stats().levels.filter(({ tables }) => tables > 0).length, 1)
  t.is((await db.keys().all()).length, 4000)
  await db.close()
})

test('getProperty answers what LevelDB names', async (t) => {
  const db = await filled(5000)
  await db.compactRange('', '~')
  t.match(db.getProperty('leveldb.stats'), /Level +Tables/)
  const files = Array.from({ length: 8 }, (_, level) => Number(db.getProperty(`leveldb.num-files-at-level${level}`)))
  t.is(files.reduce((sum, count) => sum + count), db.stats().levels.reduce((sum, { tables }) => sum + tables, 0))
  t.ok(Number(db.getProperty('leveldb.approximate-memory-usage')) > 0)
  t.is(db.getProperty('leveldb.no-such-thing'), '')
  t.is(db.getProperty('leveldb.num-files-at-levelx'), '')
  t.throws(() => db.getProperty(), TypeError)
  await db.close()
  t.throws(() => db.getProperty('leveldb.stats'), { code: 'LEVEL_DATABASE_NOT_OPEN' })
  t.throws(() => db.stats(), { code: 'LEVEL_DATABASE_NOT_OPEN' })
})

// What LevelDB itself is known by.
function levelDbAt (location) {
  fs.mkdirSync(location)
  fs.writeFileSync(path.join(location, 'CURRENT'), 'MANIFEST-000004\n')
  fs.writeFileSync(path.join(location, 'MANIFEST-000004'),
    Buffer.concat([Buffer.from([1, 2, 3, 4, 32, 0, 1, 1, 26]), Buffer.from('leveldb.BytewiseComparator')]))
  return location
}

test('destroy removes the database, and nothing is no error', async (t) => {
  const db = await filled(10)
  await db.close()
  await AmethystLevel.destroy(db.location)
  t.notOk(fs.existsSync(db.location))
  await AmethystLevel.destroy(db.location)
  for (const location of [undefined, '', `${db.location}\0`]) {
    t.throws(() => new AmethystLevel(location), TypeError)
    await AmethystLevel.destroy(location).then(() => t.fail(), (error) => t.ok(error instanceof TypeError))
    await AmethystLevel.repair(location).then(() => t.fail(), (error) => t.ok(error instanceof TypeError))
  }
})

test('destroy of a directory without a database is no error, and of another library\'s is one', async (t) => {
  const empty = newLocation()
  fs.mkdirSync(empty)
  await AmethystLevel.destroy(empty)
  fs.writeFileSync(path.join(empty, 'thesis.txt'), 'dear reader')
  await AmethystLevel.destroy(empty)
  t.same(fs.readdirSync(empty), ['thesis.txt'], 'nothing of it is removed')
  const theirs = levelDbAt(newLocation())
  await AmethystLevel.destroy(theirs).then(() => t.fail(), ({ message }) => t.match(message, /this is a LevelDB/))
  await new AmethystLevel(theirs).open().then(() => t.fail(), ({ cause }) => t.match(cause.message, /--from-leveldb/))
  t.is(fs.readdirSync(theirs).length, 2)
})

test('repair of nothing fails as in classic-level, and of another library\'s database changes nothing', async (t) => {
  const codeOf = (promise) => promise.then(() => 'no error', ({ code }) => code)
  const location = newLocation()
  t.is(await codeOf(AmethystLevel.repair(location)), 'LEVEL_IO_ERROR', 'it is missing')
  fs.mkdirSync(location)
  t.is(await codeOf(AmethystLevel.repair(location)), 'LEVEL_IO_ERROR', 'it is empty')
  const theirs = levelDbAt(newLocation())
  t.is(await codeOf(AmethystLevel.repair(theirs)), 'LEVEL_INVALID_ARGUMENT')
  t.is(fs.readdirSync(theirs).length, 2)
  t.notOk(fs.existsSync(`${theirs}.damaged`) || fs.existsSync(`${theirs}.repaired`))
})

test('approximate-memory-usage counts what holds something', async (t) => {
  const db = new AmethystLevel(newLocation())
  await db.open()
  const usage = () => Number(db.getProperty('leveldb.approximate-memory-usage'))
  const before = usage()
  t.ok(before > 0 && before < 2 ** 20, `${before} bytes of an empty database`)
  await db.put('a', 'x'.repeat(2 ** 20))
  t.ok(usage() > before + 2 ** 20)
  await db.close()
})

test('an iterator reads as much at a time as highWaterMarkBytes says', async (t) => {
  const db = await filled(500, { valueEncoding: 'buffer' })
  for (const [highWaterMarkBytes, most] of [[0, 1], [1, 1], [200, 3], [1 << 20, 500]]) {
    const iterator = db.iterator({ highWaterMarkBytes })
    const lengths = []
    for (let items; (items = await iterator.nextv(1000)).length > 0;) lengths.push(items.length)
    t.is(Math.max(...lengths), most, `${highWaterMarkBytes} bytes`)
    t.is(lengths.reduce((sum, length) => sum + length), 500)
    await iterator.close()
  }
  await db.close()
})

test('entries, keys and values agree, in both directions, whatever they are read with', async (t) => {
  const db = await filled(3000)
  for (const reverse of [false, true]) {
    const range = { gt: '000100', lte: '002900', reverse }
    const entries = await db.iterator(range).all()
    t.is(entries.length, 2800)
    t.same(await db.keys(range).all(), entries.map(([key]) => key))
    t.same(await db.values(range).all(), entries.map(([, value]) => value))
    const stepped = []
    for await (const entry of db.iterator(range)) stepped.push(entry)
    t.same(stepped, entries)
    const mixed = []
    const iterator = db.iterator({ ...range, valueEncoding: 'buffer' })
    mixed.push(await iterator.next(), ...await iterator.nextv(2), await iterator.next(), ...await iterator.all())
    t.same(mixed.map(([key, value]) => [key, value.toString()]), entries)
    t.ok(Buffer.isBuffer(mixed[0][1]) && Buffer.isBuffer(mixed[2799][1]))
  }
  await db.close()
})

test('text that is not ASCII, empty and large values come back as they were', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  const pairs = { 'grüße 🍏': 'žluťoučký kůň', ['k'.repeat(5000)]: 'ü'.repeat(100000), empty: '', 'nul\0': '\0a\0' }
  for (const [key, value] of Object.entries(pairs)) await db.put(key, value)
  for (const [key, value] of Object.entries(pairs)) {
    t.is(await db.get(key), value)
    t.is(db.getSync(key), value)
    t.same(await db.get(key, { valueEncoding: 'buffer' }), Buffer.from(value))
    t.ok(await db.has(key))
  }
  t.same(Object.fromEntries(await db.iterator().all()), pairs)
  const buffers = await db.values({ valueEncoding: 'buffer' }).all()
  t.same(buffers.map(String).sort(), Object.values(pairs).sort())
  buffers[0].fill(1)
  t.same(Object.fromEntries(await db.iterator().all()), pairs, 'a Buffer is a copy')
  await db.close()
})

test('a database opens read-only, and then refuses to write', async (t) => {
  const db = await filled(10)
  await db.close()
  const reader = new AmethystLevel(db.location, { ...small, readOnly: true })
  t.is((await reader.keys().all()).length, 10)
  await reader.put('a', '1').then(() => t.fail(), ({ code }) => t.ok(code.startsWith('LEVEL_'), code))
  await reader.close()
})

test('sync writes of one turn share one flush of the device', async (t) => {
  const db = new AmethystLevel(newLocation(), { ...small, syncIntervalMs: 0 })
  await db.open()
  const before = db.stats().wal_syncs
  await Promise.all(Array.from({ length: 100 }, (_, i) => db.put(`k${i}`, 'v', { sync: true })))
  t.is(db.stats().wal_syncs - before, 1)
  await db.close()
})

test('clear takes a range, a limit and a direction', async (t) => {
  const db = await filled(3000)
  await db.clear({ gte: '000500', reverse: true, limit: 1000 })
  t.is((await db.keys().all()).length, 2000)
  t.is((await db.keys({ reverse: true, limit: 1 }).all())[0], '001999')
  await db.clear()
  t.same(await db.keys().all(), [])
  await db.close()
})
