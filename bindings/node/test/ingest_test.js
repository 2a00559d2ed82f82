'use strict'

// Tables that are written outside of a database, and taken in.

const fs = require('node:fs')
const test = require('tape')
const { AmethystLevel, TableWriter } = require('..')
const { newLocation, small } = require('./common')

async function codeOf (promise) {
  return promise.then(() => 'none', ({ code, name }) => code ?? name)
}

async function write (operations, options) {
  const location = newLocation()
  const table = await TableWriter.create(location, options)
  await table.add(operations)
  await table.finish()
  await table.close()
  return location
}

test('tables are taken in as one write', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  await db.batch([{ type: 'put', key: 'a', value: 'old' }, { type: 'put', key: 'z', value: 'old' }])
  const before = db.snapshot()
  const first = await write([{ key: 'a', value: '1' }, { key: 'b', value: Buffer.from('2') }])
  await db.ingest([first, await write([{ key: 'c', value: '3' }])])
  t.same(await db.iterator().all(), [['a', '1'], ['b', '2'], ['c', '3'], ['z', 'old']])
  t.is(await db.get('a', { snapshot: before }), 'old')
  t.ok(fs.existsSync(first))
  const moved = await write([{ key: 'd', value: '4' }])
  await db.ingest(moved, { mode: 'move', verify: true, replace: { start: 'b' } })
  t.same(await db.iterator().all(), [['a', '1'], ['d', '4']])
  t.notOk(fs.existsSync(moved))
  await before.close()
  await db.close()
})

test('a table has every kind of entry, for the family that takes it in', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  const settings = { mergeOperator: 'int64.add', ttl: 3600e3 }
  const family = await db.createFamily('counters', settings)
  await family.merge('n', 2)
  await family.put('gone', '1')
  await family.put('deleted', '1')
  await family.ingest(await write([
    { type: 'deleteRange', start: 'g', end: 'h' },
    { type: 'put', key: 'a', value: '1', ttl: Infinity },
    { type: 'del', key: 'deleted' },
    { type: 'merge', key: 'n', value: 40 }
  ], settings))
  t.is((await family.get('n', { valueEncoding: 'buffer' })).readBigInt64LE(), 42n)
  t.same(await family.keys().all(), ['a', 'n'])
  t.same(await db.keys().all(), [])
  await db.close()
})

test('what is wrong is refused, and leaves no file', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  await db.open()
  const location = newLocation()
  const table = await TableWriter.create(location)
  t.is(await codeOf(TableWriter.create(location)), 'LEVEL_INVALID_ARGUMENT', 'it is there')
  await table.add([{ key: 'b', value: '1' }])
  t.is(await codeOf(table.add([{ key: 'a', value: '1' }])), 'LEVEL_INVALID_ARGUMENT', 'keys ascend')
  t.is(await codeOf(table.add([{ type: 'clear', key: 'c' }])), 'LEVEL_INVALID_ARGUMENT')
  t.is(await codeOf(table.add([{ key: 1, value: 'c' }])), 'TypeError')
  const added = table.add([{ key: 'c', value: '1' }])
  t.is(await table.finish(), 2, 'after what was asked for before')
  await added
  await table.close()
  t.is(await codeOf(table.finish()), 'LEVEL_DATABASE_NOT_OPEN')
  const left = newLocation()
  const unfinished = await TableWriter.create(left)
  await unfinished.add([{ key: 'a', value: '1' }])
  await unfinished.close()
  t.notOk(fs.existsSync(left))
  t.is(await codeOf(db.ingest(location, { mode: 'clone' })), 'LEVEL_INVALID_ARGUMENT')
  const same = await write([{ key: 'b', value: 'later' }])
  t.is(await codeOf(db.ingest([location, same])), 'LEVEL_INVALID_ARGUMENT', 'they overlap')
  await db.ingest([location, same], { inOrder: true, mode: 'copy' })
  t.is(await db.get('b'), 'later')
  await db.close()
  t.is(await codeOf(db.ingest(location)), 'LEVEL_DATABASE_NOT_OPEN')
})
