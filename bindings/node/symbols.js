'use strict'

// Names of what the classes of this package offer each other, and nobody else.

exports.FLUSH = Symbol('flush')
exports.HANDLE = Symbol('handle')
exports.OPEN = Symbol('open')
exports.READERS = Symbol('readers')
