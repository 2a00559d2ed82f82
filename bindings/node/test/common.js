'use strict'

// Scratch directories, in memory where the system has a place for that, which go when the tests end.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const inMemory = '/dev/shm'
const root = fs.mkdtempSync(path.join(fs.existsSync(inMemory) ? inMemory : os.tmpdir(), 'amethyst-node-'))
let count = 0

process.prependListener('exit', () => fs.rmSync(root, { recursive: true, force: true }))

exports.newLocation = () => path.join(root, String(count++))

// The smallest database: quick to open and close, again and again.
exports.small = { memoryBudget: 4 << 20 }
