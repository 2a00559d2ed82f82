'use strict'

// The examples of the documents print what the documents say.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const test = require('tape')
const { newLocation } = require('./common')

const root = path.join(__dirname, '..')

for (const document of ['README.md', '../../docs/node.md']) {
  test(`each example of ${document} prints what stands below it`, (t) => {
    const text = fs.readFileSync(path.join(root, document), 'utf8')
    for (const [, example, output] of text.matchAll(/```js\n([^`]*?main \(\)[^]*?)```[^]*?```text\n([^]*?)```/g)) {
      const directory = newLocation()
      fs.mkdirSync(path.join(directory, 'node_modules'), { recursive: true })
      fs.symlinkSync(root, path.join(directory, 'node_modules/amethyst-level'))
      fs.writeFileSync(path.join(directory, 'example.js'), example)
      const { stdout, stderr } = spawnSync(process.execPath, ['example.js'], { cwd: directory, encoding: 'utf8' })
      t.is(stdout, output, stderr)
    }
    t.end()
  })
}
