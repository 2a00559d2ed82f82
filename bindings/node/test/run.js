'use strict'

// Runs one file of tests and prints its failures and the count of its assertions: node test/run.js test/name_test.js

const path = require('node:path')
const tape = require('tape')

let ended = false
const counts = { passed: 0, failed: 0, tests: 0 }

tape.createStream({ objectMode: true }).on('data', (row) => {
  if (row.type === 'test') counts.tests++
  if (row.type !== 'assert') return
  counts[row.ok ? 'passed' : 'failed']++
  if (!row.ok) console.log(`not ok: ${row.name}\n`, row)
})
tape.onFinish(() => { ended = true })

// Before tape's own listener, which exits.
process.prependListener('exit', (code) => {
  console.log(`${counts.passed} assertions passed, ${counts.failed} failed, in ${counts.tests} tests`)
  if (!ended) console.log('the tests did not come to their end')
  if (code !== 0 || !ended || counts.failed !== 0 || counts.passed === 0) process.exit(1)
})

require(path.resolve(process.argv[2]))
