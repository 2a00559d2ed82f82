'use strict'

// Followers: a database that another one writes.

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const readline = require('node:readline')
const test = require('tape')
const { AmethystLevel } = require('..')
const { newLocation, small } = require('./common')

const manual = { ...small, follow: true, refreshIntervalMs: 0 }

async function codeOf (promise) {
  return promise.then(() => 'none', ({ code, cause }) => cause?.code ?? code)
}

test('a follower goes along with its writer', async (t) => {
  const writer = new AmethystLevel(newLocation(), small)
  await writer.batch([{ type: 'put', key: 'a', value: '1' }, { type: 'put', key: 'b', value: '2' }])
  const follower = new AmethystLevel(writer.location, manual)
  await follower.open()
  const before = follower.snapshot()
  const walk = follower.iterator()
  await walk.next()
  await writer.del('a')
  await writer.put('c', '3')
  await writer.createFamily('f')
  t.is(await follower.get('a'), '1', 'it looks in refresh() alone')
  t.ok(follower.stats().sequence < writer.stats().sequence)
  t.same([follower.stats().follower.age_ms >= 0, writer.stats().follower], [true, null])
  await follower.refresh()
  t.same(await follower.keys().all(), ['b', 'c'])
  t.same(await follower.families(), ['default', 'f'])
  t.is(await follower.get('a', { snapshot: before }), '1', 'a snapshot keeps its moment')
  t.same(await walk.next(), ['b', '2'], 'so does an iterator')
  t.is(await walk.next(), undefined)
  await before.close()
  t.is(await codeOf(follower.put('a', '1')), 'LEVEL_NOT_SUPPORTED')
  await writer.refresh() // Nothing to do.
  await follower.close()
  t.is(await codeOf(follower.refresh()), 'LEVEL_DATABASE_NOT_OPEN')
  await writer.close()
})

test('a follower reads the change feed of its writer', async (t) => {
  const writer = new AmethystLevel(newLocation(), small)
  await writer.createCursor('c')
  const follower = new AmethystLevel(writer.location, manual)
  await follower.open()
  const feed = await follower.feed({ cursor: 'c', reach: 'visible' })
  await writer.put('a', '1')
  t.is(await feed.next(0), undefined)
  await follower.refresh()
  t.is((await feed.next(0)).entries[0].key.toString(), 'a')
  t.is(await codeOf(feed.commit()), 'LEVEL_NOT_SUPPORTED')
  t.is(await codeOf(follower.createCursor('d')), 'LEVEL_NOT_SUPPORTED')
  await feed.close()
  await follower.close()
  await writer.close()
})

test('a follower of no database, and wrong options, are refused', async (t) => {
  t.is(await codeOf(new AmethystLevel(newLocation(), manual).open()), 'LEVEL_INVALID_ARGUMENT')
  const writer = new AmethystLevel(newLocation(), small)
  await writer.open()
  for (const wrong of [{ refreshIntervalMs: -1 }, { refreshIntervalMs: '5' }, { graceSeconds: 2 ** 32 }]) {
    t.is(await codeOf(new AmethystLevel(writer.location, { ...manual, ...wrong }).open()), 'LEVEL_INVALID_ARGUMENT')
  }
  await writer.close()
})

test('a follower stays while its writer is killed and another opens', async (t) => {
  const location = newLocation()
  const program = `
    const { AmethystLevel } = require(${JSON.stringify(path.join(__dirname, '..'))})
    const db = new AmethystLevel(${JSON.stringify(location)}, { memoryBudget: 4 << 20 })
    db.put('key', 'first').then(() => console.log('written'))
    setInterval(() => {}, 1000)`
  const writer = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(writer, 'exit')
  await once(readline.createInterface({ input: writer.stdout }), 'line')
  t.is(await codeOf(new AmethystLevel(location, small).open()), 'LEVEL_LOCKED')
  const follower = new AmethystLevel(location, manual)
  t.is(await follower.get('key'), 'first')
  writer.kill('SIGKILL')
  await ended
  await follower.refresh()
  t.is(await follower.get('key'), 'first')
  const next = new AmethystLevel(location, small)
  await next.put('key', 'second')
  await follower.refresh()
  t.is(await follower.get('key'), 'second')
  await next.close()
  await follower.close()
})
