'use strict'

// Tables that are written outside of a database, for ingest() to take in.

const ModuleError = require('module-error')
const binding = require('./binding')
const { copied, operandOf, ttlOf } = require('./operands')
const { settingsOf } = require('./settings')

const TYPES = ['put', 'del', 'merge', 'deleteRange']

const assertBytes = (name, value) => {
  if (typeof value === 'string' || value instanceof Uint8Array) return copied(value)
  throw new TypeError(`${name} must be a string, a Buffer or Uint8Array`)
}
const boundOf = (name, value) => value === undefined || value === null ? undefined : assertBytes(name, value)

// As the addon takes it.
function encoded (operation) {
  const { type = 'put', key, value, start, end } = operation
  if (!TYPES.includes(type)) {
    throw new ModuleError(`type is ${type}; it must be one of ${TYPES.join(', ')}`, { code: 'LEVEL_INVALID_ARGUMENT' })
  }
  if (type === 'deleteRange') return { type, key: boundOf('start', start), value: boundOf('end', end) }
  if (type === 'del') return { type, key: assertBytes('key', key) }
  const bytes = type === 'merge' ? copied(operandOf(value)) : assertBytes('value', value)
  return { type, key: assertBytes('key', key), value: bytes, ttl: ttlOf(operation) }
}

class TableWriter {
  #writer
  #last = Promise.resolve()

  constructor (writer) {
    this.#writer = writer
  }

  // A new file at `location`, with the settings of the family that will take the table in.
  static async create (location, options) {
    if (typeof location !== 'string' || location === '' || location.includes('\0')) {
      throw new TypeError("The first argument 'location' must be a non-empty string without zero bytes")
    }
    const { mergeOperator, ttl, compression, blockSize } = options ?? {}
    return new TableWriter(await binding.newTableWriter(location, settingsOf({
      mergeOperator, ttl, compression, blockSize
    })))
  }

  // One call after the other.
  #then (call) {
    const result = this.#last.then(() => {
      if (this.#writer !== undefined) return call(this.#writer)
      throw new ModuleError('The writer is closed', { code: 'LEVEL_DATABASE_NOT_OPEN' })
    })
    this.#last = result.catch(() => {})
    return result
  }

  // Adds operations, whose keys ascend. At the first that is refused it stops; those before it are in the table.
  async add (operations) {
    const entries = Array.from(operations, encoded)
    return this.#then(writer => binding.addToTable(writer, entries))
  }

  // The file is whole and durable. Resolves to how many entries it has; there must be one.
  async finish () {
    return this.#then(writer => binding.finishTable(writer))
  }

  // Removes the file unless it was finished.
  async close () {
    await this.#last
    const writer = this.#writer
    this.#writer = undefined
    if (writer !== undefined) await binding.closeTableWriter(writer)
  }
}

exports.TableWriter = TableWriter
