'use strict'

// Checkpoints and stores of backups.

const fs = require('node:fs')
const path = require('node:path')
const test = require('tape')
const { AmethystLevel, BackupStore } = require('..')
const { newLocation, small } = require('./common')

async function valueIn (location) {
  const db = new AmethystLevel(location, small)
  const value = await db.get('key')
  await db.close()
  return value
}

async function codeOf (promise) {
  return promise.then(() => 'none', ({ code }) => code)
}

test('a checkpoint is a database as of the call', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  await db.put('key', 'first')
  const copy = newLocation()
  await db.checkpoint(copy)
  await db.put('key', 'second')
  t.is(await valueIn(copy), 'first')
  t.is(await codeOf(db.checkpoint(copy)), 'LEVEL_INVALID_ARGUMENT')
  await db.checkpoint('').then(() => t.fail(), (error) => t.ok(error instanceof TypeError))
  await db.close()
  t.is(await codeOf(db.checkpoint(newLocation())), 'LEVEL_DATABASE_NOT_OPEN')
})

test('a store keeps backups and gives them back', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  const store = new BackupStore(newLocation())
  t.is(await codeOf(store.list()), 'LEVEL_INVALID_ARGUMENT')
  await db.put('key', 'first')
  t.is(await store.create(db), 1)
  await db.put('key', 'second')
  t.is(await store.create(db), 2)
  const [first, second] = await store.list()
  t.is(first.id, 1)
  t.ok(first.created instanceof Date && Math.abs(Date.now() - first.created) < 600e3)
  t.is(first.database, second.database)
  t.ok(first.bytes > 0 && first.newBytes === first.bytes && first.tables === 1)
  await store.verify(1)
  const restored = newLocation()
  await store.restore(1, restored)
  t.is(await valueIn(restored), 'first')
  t.is((await store.prune(1)).backupsRemoved, 1)
  t.is(await codeOf(store.verify(1)), 'LEVEL_INVALID_ARGUMENT')
  t.is(await codeOf(store.prune(0)), 'LEVEL_INVALID_ARGUMENT')
  await db.close()
})

test('damage is found', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  await db.put('key', 'value')
  const store = new BackupStore(newLocation())
  await store.create(db)
  await db.close()
  const tables = path.join(store.location, 'tables')
  for (const name of fs.readdirSync(tables)) fs.appendFileSync(path.join(tables, name), '?')
  t.is(await codeOf(store.verify(1)), 'LEVEL_CORRUPTION')
  const restored = newLocation()
  t.is(await codeOf(store.restore(1, restored)), 'LEVEL_CORRUPTION')
  t.notOk(fs.existsSync(restored))
})
