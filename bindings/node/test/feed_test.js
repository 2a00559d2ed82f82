'use strict'

// The change feed and its cursors.

const { Readable } = require('node:stream')
const { Worker } = require('node:worker_threads')
const test = require('tape')
const { AmethystLevel } = require('..')
const { newLocation, small } = require('./common')

const synced = { sync: true }
const keysOf = (event) => event.entries.map(entry => entry.key.toString())

async function codeOf (promise) {
  return promise.then(() => 'none', ({ code, name }) => code ?? name)
}

test('a feed gives all kinds of events in order', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  await db.createCursor('c')
  await db.batch()
    .put('a', '1').put('b', Buffer.from([0, 255]), { valueEncoding: 'buffer', ttl: 3600e3 }).del('a')
    .deleteRange('c', undefined).write()
  const family = await db.createFamily('f', { mergeOperator: 'int64.add' })
  await family.merge('n', 1)
  await db.dropFamily('f')
  await db.put('end', '', synced)

  const feed = await db.feed({ cursor: 'c' })
  const first = await feed.next()
  t.is(first.kind, 'batch')
  t.is(first.lastSequence, first.firstSequence + 3)
  const [put, expiring, del, range] = first.entries
  t.same(put, { type: 'put', family: 'default', familyId: 0, key: Buffer.from('a'), value: Buffer.from('1') })
  t.same(expiring.value, Buffer.from([0, 255]))
  t.ok(Math.abs(expiring.expiresAt - Date.now() - 3600e3) < 600e3)
  t.same(del, { type: 'del', family: 'default', familyId: 0, key: Buffer.from('a') })
  t.same([range.type, range.start, range.end], ['deleteRange', Buffer.from('c'), undefined])
  const created = await feed.next()
  t.same([created.kind, created.family, created.familyId > 0], ['familyCreated', 'f', true])
  const merged = (await feed.next()).entries[0]
  t.same([merged.type, merged.family, merged.key.toString()], ['merge', undefined, 'n'])
  const dropped = await feed.next()
  t.same([dropped.kind, dropped.family], ['familyDropped', 'f'])
  t.same(keysOf(await feed.next()), ['end'])
  t.is(await feed.next(0), undefined)
  await feed.close()
  await db.close()
})

test('a cursor goes on where it was committed', async (t) => {
  const location = newLocation()
  let db = new AmethystLevel(location, small)
  await db.put('before', '1')
  const snapshot = await db.createCursorWithSnapshot('c')
  await db.put('a', '2', synced)
  await db.put('b', '3', synced)
  t.is(await db.get('before', { snapshot }), '1')
  t.is(await db.get('a', { snapshot }), undefined)
  await snapshot.close()
  let feed = await db.feed({ cursor: 'c' })
  await feed.commit() // Nothing was given out.
  const first = await feed.next() // It has read ahead.
  await feed.commit()
  t.same(await db.cursors(), [{ name: 'c', position: first.position, isLost: false }])
  await db.close() // And the feed.
  t.is(await feed.next(), undefined)
  t.is(await codeOf(feed.commit()), 'LEVEL_FEED_NOT_OPEN')

  db = new AmethystLevel(location, small)
  feed = await db.feed({ cursor: 'c' })
  t.same(keysOf(await feed.next()), ['b'])
  await db.put('c', '4')
  const visible = await db.feed({ position: feed.position, reach: 'visible' })
  t.same(keysOf(await visible.next()), ['c'])
  await db.dropCursor('c')
  t.same(await db.cursors(), [])
  t.is(await codeOf(db.feed({ cursor: 'c' })), 'LEVEL_INVALID_ARGUMENT')
  t.is(await codeOf(db.feed({ position: 'nowhere' })), 'LEVEL_INVALID_ARGUMENT')
  await db.close()
})

test('what is gone is too old', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  await db.createCursor('c')
  await db.put('a', '1', synced)
  const feed = await db.feed({ cursor: 'c' })
  const { position } = await feed.next()
  await db.dropCursor('c')
  for (let i = 0; i < 150; i++) await db.put('large', Buffer.alloc(512 << 10), { valueEncoding: 'buffer' })
  await db.compactRange('', '~')
  await db.close()
  const again = new AmethystLevel(db.location, small)
  t.is(await codeOf(again.feed({ position })), 'LEVEL_TOO_OLD')
  await again.close()
})

test('an iterator waits for what comes, beside many others, and ends with the database', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  const feeds = []
  for (let i = 0; i < 10; i++) { // More than the threads of Node's pool.
    await db.createCursor(`c${i}`)
    feeds.push(await db.feed({ cursor: `c${i}` }))
  }
  const follow = async (feed) => {
    const keys = []
    for await (const event of feed) keys.push(...keysOf(event))
    return keys
  }
  const following = Promise.all(feeds.map(follow))
  for (const key of ['a', 'b', 'c']) {
    await new Promise(resolve => setTimeout(resolve, 10))
    await db.put(key, 'v', synced)
    t.is(await db.getMany([key]).then(([value]) => value), 'v')
  }
  await new Promise(resolve => setTimeout(resolve, 200))
  await db.close()
  t.same(await following, feeds.map(() => ['a', 'b', 'c']))
})

test('a feed is a stream, and a loop that is left closes it', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  await db.createCursor('c')
  for (let i = 0; i < 1000; i++) db.put(String(i), 'v', synced)
  await db.put('last', 'v', synced)
  const keys = []
  const feed = await db.feed({ cursor: 'c' })
  for await (const event of Readable.from(feed)) {
    keys.push(...keysOf(event))
    await feed.commit(event.position)
    if (keys.at(-1) === 'last') break
  }
  t.same(keys, [...Array.from({ length: 1000 }, (_, i) => String(i)), 'last'])
  t.is(await feed.next(), undefined)
  t.is((await db.cursors())[0].position, feed.position)
  await db.close()
})

test('a worker that ends in a wait harms nobody', async (t) => {
  const location = newLocation()
  const worker = new Worker(`
    const { AmethystLevel } = require(${JSON.stringify(require.resolve('..'))})
    const db = new AmethystLevel(${JSON.stringify(location)}, ${JSON.stringify(small)})
    db.createCursor('c').then(() => db.feed({ cursor: 'c' })).then(feed => {
      feed.next()
      setTimeout(() => require('node:worker_threads').parentPort.postMessage('waits'), 20)
    })`, { eval: true })
  await new Promise(resolve => worker.once('message', resolve))
  await worker.terminate()
  const db = new AmethystLevel(location, small)
  t.is((await db.cursors()).length, 1)
  await db.close()
})

test('misuse of feeds is refused', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  for (const options of [undefined, {}, { cursor: 'c', position: 'p' }, { cursor: 'c', reach: 'far' }]) {
    t.is(await codeOf(db.feed(options)), 'TypeError')
  }
  t.is(await codeOf(db.createCursor('')), 'TypeError')
  await db.createCursor('c')
  t.is(await codeOf(db.createCursor('c')), 'LEVEL_INVALID_ARGUMENT')
  const feed = await db.feed({ cursor: 'c' })
  t.throws(() => feed.next('soon'), TypeError)
  t.throws(() => feed.commit(7), TypeError)
  await db.close()
  t.is(await codeOf(db.feed({ cursor: 'c' })), 'LEVEL_DATABASE_NOT_OPEN')
  t.is(await codeOf(db.createCursor('d')), 'LEVEL_DATABASE_NOT_OPEN')
})
