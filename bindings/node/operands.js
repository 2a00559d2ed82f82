'use strict'

// What writes take beside keys and values: how long an entry lives, and operands.

const ModuleError = require('module-error')

// Milliseconds; undefined: as the family says; Infinity: for ever.
function ttlOf (options) {
  const ttl = options?.ttl
  if (ttl === undefined || ttl === null) return undefined
  if (typeof ttl === 'number' && (ttl === Infinity || (ttl >= 1 && ttl <= Number.MAX_SAFE_INTEGER))) return ttl
  throw new ModuleError(`ttl is ${ttl}; it must be a number of milliseconds from 1, or Infinity`, {
    code: 'LEVEL_INVALID_ARGUMENT'
  })
}

function integerOf (number) {
  if (Number.isSafeInteger(number) || typeof number === 'bigint') return BigInt(number)
  throw new ModuleError('an increment is an integer of 64 bits', { code: 'LEVEL_INVALID_ARGUMENT' })
}

// A number of 64 bits is 8 bytes, little-endian.
function operandOf (operand) {
  if (typeof operand === 'string' || operand instanceof Uint8Array) return operand
  if (Number.isSafeInteger(operand) || typeof operand === 'bigint') {
    const number = BigInt(operand)
    if (BigInt.asIntN(64, number) === number || BigInt.asUintN(64, number) === number) {
      const bytes = Buffer.allocUnsafe(8)
      bytes.writeBigUInt64LE(BigInt.asUintN(64, number))
      return bytes
    }
  }
  throw new ModuleError('an operand is a string, a Buffer or Uint8Array, or an integer of 64 bits', {
    code: 'LEVEL_INVALID_ARGUMENT'
  })
}

// Who owns a Buffer may change it before its turn.
function copied (bytes) {
  return bytes instanceof Uint8Array ? Uint8Array.prototype.slice.call(bytes) : bytes
}

exports.copied = copied
exports.integerOf = integerOf
exports.operandOf = operandOf
exports.ttlOf = ttlOf
