'use strict'

const test = require('tape')
const { AmethystLevel } = require('..')
const { newLocation, small } = require('./common')

const LONGEST_KEY = 8 << 20

test('writes of one turn have an outcome each', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  const outcomes = await Promise.allSettled([
    db.put('a', '1'),
    db.put('x'.repeat(LONGEST_KEY + 1), '2'),
    db.put('b', '3'),
    db.del('y'.repeat(LONGEST_KEY + 1))
  ])
  t.same(outcomes.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled', 'rejected'])
  t.is(outcomes[1].reason.code, 'LEVEL_INVALID_ARGUMENT')
  t.match(outcomes[1].reason.message, /8388609/, 'the message names the size')
  t.same(await db.getMany(['a', 'b']), ['1', '3'])
  await db.close()
})

test('writes of one turn are applied in their order', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  await db.open()
  await Promise.all([db.put('a', '1'), db.put('a', '2'), db.del('a'), db.put('a', '3'), db.put('b', '1'), db.del('b')])
  t.same(await db.getMany(['a', 'b']), ['3', undefined])
  await db.close()
})

test('a Buffer may be changed as soon as put or get has returned', async (t) => {
  const db = new AmethystLevel(newLocation(), { ...small, keyEncoding: 'buffer', valueEncoding: 'buffer' })
  await db.open()
  const buffer = Buffer.alloc(1)
  const writes = []
  for (let i = 0; i < 10; i++) {
    buffer[0] = i
    writes.push(db.put(buffer, buffer))
  }
  await Promise.all(writes)
  const reads = []
  for (let i = 0; i < 10; i++) {
    buffer[0] = i
    reads.push(db.get(buffer))
  }
  t.same((await Promise.all(reads)).map(value => value[0]), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  await db.close()
})

test('a get that was asked for before a put of the same turn does not see it', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  await db.open()
  const put = { type: 'put', key: 'a', value: 'newer' }
  const writes = {
    put: () => db.put('a', 'new'),
    'put with sync': () => db.put('a', 'new', { sync: true }),
    del: () => db.del('a'),
    batch: () => db.batch([put]),
    'chained batch': () => db.batch().put('a', 'new').write(),
    clear: () => db.clear()
  }
  for (const [name, write] of Object.entries(writes)) {
    for (let round = 0; round < 50; round++) {
      await db.put('a', 'old')
      const [, seen, bytes] = await Promise.all([
        db.put('b', '1'), db.get('a'), db.get('a', { valueEncoding: 'buffer' }), write()])
      if (seen !== 'old' || bytes.toString() !== 'old') t.fail(`before ${name}: ${seen}, ${bytes}`)
    }
    t.pass(`before ${name}`)
  }
  await db.close()
})

test('a turn with more than fits into one batch is written in several', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  await db.open()
  const value = 'v'.repeat(200 << 10) // A batch may have a quarter of the memory: 1 MiB here.
  await Promise.all(Array.from({ length: 40 }, (_, i) => db.put(String(i), value)))
  t.is((await db.keys().all()).length, 40)
  await db.close()
})

test('what was asked for in the turn of a close is done', async (t) => {
  const location = newLocation()
  const db = new AmethystLevel(location, small)
  await db.open()
  const [, read] = await Promise.all([db.put('a', '1', { sync: true }), db.get('absent'), db.close()])
  t.is(read, undefined)
  const again = new AmethystLevel(location, small)
  t.is(await again.get('a'), '1')
  await again.close()
})

test('reads of what is in memory see each write, and let the event loop go on', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  await db.open()
  let turns = 0
  let ended = false
  const count = () => {
    turns++
    if (!ended) setImmediate(count)
  }
  setImmediate(count)
  let stale = 0
  for (let i = 0; i < 100; i++) {
    await db.put('a', String(i))
    stale += await db.get('a') !== String(i)
  }
  t.is(stale, 0)
  t.is(await db.get('absent'), undefined)
  turns = 0
  for (let i = 0; i < 1000; i++) await db.get('a')
  ended = true
  t.ok(turns >= 10, `${turns} turns`)
  await db.close()
})

test('what is in files alone is read, one by one and together', async (t) => {
  const location = newLocation()
  const db = new AmethystLevel(location, small)
  const keys = Array.from({ length: 500 }, (_, i) => `k${i}`)
  await db.batch(keys.map(key => ({ type: 'put', key, value: key.repeat(100) })))
  await db.close()
  for (const read of [
    async (again) => { for (const key of keys) if (await again.get(key) !== key.repeat(100)) t.fail(key) },
    async (again) => t.same(await Promise.all(keys.map(key => again.get(key))), keys.map(key => key.repeat(100)))
  ]) {
    const again = new AmethystLevel(location, small)
    await again.open()
    await read(again)
    t.ok(again.stats().cache_misses > 0)
    t.is(again.stats().gets, keys.length, 'none is counted twice')
    await again.close()
  }
})
