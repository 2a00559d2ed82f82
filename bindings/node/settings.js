'use strict'

// The settings of a database, a family or a table, as the addon takes them.

const ModuleError = require('module-error')
const { ttlOf } = require('./operands')

function assertWhole (options, name) {
  const value = options[name]
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value < 2 ** 32)) return
  throw new ModuleError(`${name} is ${value}; it must be a whole number from 0 to 2^32 - 1`, {
    code: 'LEVEL_INVALID_ARGUMENT'
  })
}

function settingsOf (options) {
  const { compression, mergeOperator } = options
  assertWhole(options, 'refreshIntervalMs')
  assertWhole(options, 'graceSeconds')
  if (![undefined, true, false, 'lz4', 'zstd'].includes(compression)) {
    throw new ModuleError(`compression is ${compression}; it must be true, false, 'lz4' or 'zstd'`, {
      code: 'LEVEL_INVALID_ARGUMENT'
    })
  }
  if (mergeOperator !== undefined && typeof mergeOperator !== 'string') {
    throw new ModuleError('mergeOperator must be the name of an operator', { code: 'LEVEL_INVALID_ARGUMENT' })
  }
  const ttl = ttlOf(options)
  return {
    ...options,
    ttl: ttl === Infinity ? undefined : ttl,
    noCompression: compression === false,
    lz4: compression === true || compression === 'lz4',
    zstd: compression === 'zstd'
  }
}

exports.settingsOf = settingsOf
