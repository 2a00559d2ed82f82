'use strict'

// ioredis against the server at AMETHYSTD_PORT (see with_amethystd): what its users build on, in both protocols.

const assert = require('node:assert')
const { test } = require('node:test')
const Redis = require('ioredis')

const port = Number(process.env.AMETHYSTD_PORT)

// Runs a test with a client of an empty server, once for each protocol.
function both (name, run) {
  for (const protocol of [2, 3]) {
    test(`${name}, RESP${protocol}`, async () => {
      const clients = []
      const connect = (options) => {
        const client = new Redis({ port, protocol, ...options })
        clients.push(client)
        return client
      }
      const client = connect()
      await client.flushall()
      try {
        await run(client, connect)
      } finally {
        for (const each of clients) each.disconnect()
      }
    })
  }
}

both('a pipeline answers in order, and an error stays with its command', async (client) => {
  const pipeline = client.pipeline()
  for (let i = 0; i < 1000; i++) pipeline.set(`k${i}`, i)
  const answers = await pipeline.lpush('k0', 'x').mget('k1', 'none').exec()
  assert.deepStrictEqual(answers.slice(0, 1000), Array(1000).fill([null, 'OK']))
  assert.match(answers[1000][0].message, /^WRONGTYPE/)
  assert.deepStrictEqual(answers[1001], [null, ['1', null]])
})

both('a transaction is whole, and does not run when a watched key has changed', async (client, connect) => {
  const other = connect()
  assert.deepStrictEqual(await client.multi().set('a', 1).incrby('a', 4).get('a').exec(),
    [[null, 'OK'], [null, 5], [null, '5']])
  await client.watch('a')
  await other.set('a', 'changed')
  assert.strictEqual(await client.multi().set('a', 'mine').exec(), null)
  assert.strictEqual(await client.get('a'), 'changed')
  await assert.rejects(client.multi().set('a').exec(), /EXECABORT|wrong number/)
})

both('subscriptions get messages, and are made again after a lost connection', async (client, connect) => {
  const subscriber = connect({ retryStrategy: () => 10 })
  const messages = []
  let arrived
  subscriber.on('message', (channel, message) => { messages.push([channel, message]); arrived() })
  subscriber.on('pmessage', (pattern, channel, message) => { messages.push([pattern, channel, message]); arrived() })
  const next = () => new Promise((resolve) => { arrived = resolve })
  assert.strictEqual(await subscriber.subscribe('news'), 1)
  let wait = next()
  assert.strictEqual(await client.publish('news', 'one'), 1)
  await wait
  const ready = new Promise((resolve) => subscriber.once('ready', resolve))
  await client.client('KILL', 'TYPE', 'pubsub')
  await ready
  while ((await client.pubsub('NUMSUB', 'news'))[1] !== 1) await new Promise((resolve) => setTimeout(resolve, 5))
  wait = next()
  await client.publish('news', 'two')
  await wait
  assert.strictEqual(await subscriber.psubscribe('n?ws'), 2)
  await subscriber.unsubscribe('news')
  wait = next()
  await client.publish('news', 'three')
  await wait
  assert.deepStrictEqual(messages, [['news', 'one'], ['news', 'two'], ['n?ws', 'news', 'three']])
})

both('scripts that the server has forgotten are sent again', async (client) => {
  client.defineCommand('addTwice', { numberOfKeys: 1, lua: "redis.call('incrby', KEYS[1], ARGV[1]) " +
    "return {KEYS[1], redis.call('incrby', KEYS[1], ARGV[1])}" })
  assert.deepStrictEqual(await client.addTwice('n', 3), ['n', 6])
  await client.script('FLUSH')
  assert.deepStrictEqual(await client.addTwice('n', 3), ['n', 12])
  const answers = await client.pipeline().addTwice('n', 1).get('n').exec()
  assert.deepStrictEqual(answers, [[null, ['n', 14]], [null, '14']])
})

both('streams and groups', async (client, connect) => {
  const reader = connect()
  const waiting = reader.xread('BLOCK', 20000, 'STREAMS', 's', '$')
  while (!/flags=b/.test(await client.client('LIST'))) await new Promise((resolve) => setTimeout(resolve, 2))
  const id = await client.xadd('s', '*', 'field', 'value')
  assert.deepStrictEqual(await waiting, [['s', [[id, ['field', 'value']]]]])
  await client.xgroup('CREATE', 's', 'g', '0')
  assert.deepStrictEqual(await client.xreadgroup('GROUP', 'g', 'ann', 'COUNT', 1, 'STREAMS', 's', '>'),
    [['s', [[id, ['field', 'value']]]]])
  assert.strictEqual((await client.xpending('s', 'g'))[0], 1)
  assert.strictEqual(await client.xack('s', 'g', id), 1)
})

both('scans find each key', async (client) => {
  const names = Array.from({ length: 500 }, (_, i) => `k${i}`)
  await client.mset(new Map(names.map((name) => [name, '1'])))
  const found = new Set()
  for await (const keys of client.scanStream({ match: 'k*', count: 9 })) keys.forEach((key) => found.add(key))
  assert.deepStrictEqual([...found].sort(), names.sort())
  await client.hset('h', Object.fromEntries(names.map((name, i) => [name, String(i)])))
  const fields = new Map()
  for await (const part of client.hscanStream('h', { count: 50 })) {
    for (let i = 0; i < part.length; i += 2) fields.set(part[i], part[i + 1])
  }
  assert.strictEqual(fields.size, 500)
  assert.deepStrictEqual(await client.hgetall('h'), Object.fromEntries(fields))
})

both('commands of one turn share a pipeline', async (_, connect) => {
  const client = connect({ enableAutoPipelining: true, keyPrefix: 'p:', db: 5 })
  const sums = await Promise.all(Array.from({ length: 200 }, () => client.incr('n')))
  assert.strictEqual(Math.max(...sums), 200)
  assert.deepStrictEqual(await client.keys('*'), ['p:n'])
})

both('buffers are bytes', async (client) => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  await client.set(bytes, bytes)
  assert.deepStrictEqual(await client.getBuffer(bytes), bytes)
  await client.zadd('z', 1.5, 'a', 'inf', 'b')
  assert.deepStrictEqual(await client.zrange('z', 0, -1, 'WITHSCORES'), ['a', '1.5', 'b', 'inf'])
})
