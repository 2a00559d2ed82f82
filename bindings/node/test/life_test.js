'use strict'

// All that a database goes through in its life, in small, with everything ended or given up: what the leak check runs.

const test = require('tape')
const { AmethystLevel } = require('..')
const { newLocation, small } = require('./common')

const turn = () => new Promise(resolve => setImmediate(resolve))
const keyOf = (i) => `key ${String(i).padStart(6, '0')}`

// Collects what nobody refers to any more, as soon as what is under way is done.
async function collect () {
  for (let i = 0; i < 5; i++) {
    await turn()
    global.gc()
  }
}

async function write (db) {
  await Promise.all(Array.from({ length: 50 }, (_, i) => db.put(keyOf(i), `value ${i}`)))
  await db.put('synced', 'value', { sync: true })
  const puts = Array.from({ length: 50 }, (_, i) => ({ type: 'put', key: keyOf(50 + i), value: 'v'.repeat(i * 100) }))
  await db.batch(puts)
  await db.batch().put('chained', '1').put('chained', '2').del('synced').write()
  const cleared = db.batch().put('never', '1')
  cleared.clear()
  await cleared.close()
  await db.del(keyOf(0))
  await db.put('x'.repeat((8 << 20) + 1), 'too long').catch(() => {})
  await db.clear({ gte: keyOf(90), lt: keyOf(95) })
  await db.batch().put('p:1', '1').deletePrefix('p:').deleteRange('q', null).write()
  await db.deleteRange('r', 'q').catch(() => {})
  await db.clear({ gte: keyOf(90), lt: keyOf(95), limit: 3 })
}

async function useFamilies (t, db) {
  const lists = await db.createFamily('lists', { mergeOperator: 'append:,' })
  const tooLong = 'x'.repeat((8 << 20) + 1)
  await Promise.all([lists.merge('k', 'a'), lists.merge('k', 'b'), lists.put(tooLong, '').catch(() => {})])
  await db.batch([{ type: 'put', key: 'f', value: '1', ttl: 3600000 }, { type: 'del', key: 'f', sublevel: lists }])
  await lists.batch().put('l', '1').del('f', { sublevel: db }).merge('k', 'c').write()
  t.is(await lists.get('k'), 'a,b,c')
  t.same(await lists.keys().all(), ['k', 'l'])
  await db.family('none').open().catch(() => {})
  await db.createFamily('lists').catch(() => {})
  await db.dropFamily('lists')
  await lists.get('k').catch(() => {})
  t.same(await db.families(), ['default'])
}

async function read (t, db) {
  const buffers = { keyEncoding: 'buffer', valueEncoding: 'buffer' }
  const snapshot = db.snapshot()
  await db.put(keyOf(1), 'later')
  t.is(await db.get(keyOf(1), { snapshot }), 'value 1')
  t.is(db.getSync(keyOf(1)), 'later')
  t.same(await db.getMany([keyOf(1), keyOf(0)]), ['later', undefined])
  t.same(await db.hasMany([keyOf(1), keyOf(0)]), [true, false])
  t.is((await db.get(Buffer.from(keyOf(2)), buffers)).toString(), 'value 2')
  t.is((await db.iterator({ snapshot }).all()).length, 95)
  t.is((await db.keys({ reverse: true, limit: 3 }).all()).length, 3)
  let seen = 0
  for await (const [key] of db.iterator({ ...buffers, highWaterMarkBytes: 100 })) seen += key.length > 0
  t.is(seen, 95)
  const iterator = db.values()
  iterator.seek(keyOf(3))
  t.is(await iterator.next(), 'value 3')
  t.ok((await iterator.nextv(5)).length > 0)
  await iterator.close()
  await snapshot.close()
  t.ok(db.stats().entries_written > 0 && db.getProperty('leveldb.stats').length > 0)
  await db.approximateSize('a', 'z')
  await db.compactRange('a', 'z')
}

// Handles that are not closed, work that is not awaited.
function giveUp (db) {
  db.iterator().next()
  db.keys()
  db.snapshot()
  db.batch().put('given up', '1')
  db.get(keyOf(1))
  db.createFamily('given up').then((family) => family.put('k', 'v'), () => {}).catch(() => {})
}

test('everything that a database can do, ended', async (t) => {
  for (let round = 0; round < 3; round++) {
    const db = new AmethystLevel(newLocation(), small)
    await write(db)
    await read(t, db)
    await useFamilies(t, db)
    giveUp(db)
    await db.close()
    await AmethystLevel.repair(db.location)
    await AmethystLevel.destroy(db.location)
  }
  await collect()
})

test('everything that a database can do, given up', async (t) => {
  await (async () => {
    const db = new AmethystLevel(newLocation(), small)
    await write(db)
    await read(t, db)
    await useFamilies(t, db)
    giveUp(db)
  })()
  await collect()
})
