'use strict'

// The addon: where the environment says, beside this file (a package that was packed), or where the tree builds it.

const fs = require('node:fs')
const path = require('node:path')

const places = [
  process.env.AMETHYST_NODE_ADDON,
  path.join(__dirname, 'amethyst.node'),
  path.join(__dirname, '../../build/release/bindings/node/amethyst.node')
]
const found = places.find(place => place && fs.existsSync(place))

if (found === undefined) {
  throw new Error(`The addon amethyst.node is not built: looked for ${places.filter(Boolean).join(', ')}`)
}

module.exports = require(found)
