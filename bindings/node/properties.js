'use strict'

// The properties that code written for LevelDB asks for, from the statistics of the engine. As there, a name that means
// nothing gives an empty string.

const PREFIX = 'leveldb.'
const FILES_AT_LEVEL = 'num-files-at-level'

exports.propertyOf = function (stats, property) {
  if (!property.startsWith(PREFIX)) return ''
  const name = property.slice(PREFIX.length)
  if (name === 'stats') return tableOf(stats.levels)
  // What holds something, as LevelDB counts: not what is set aside for memtables to come.
  if (name === 'approximate-memory-usage') return String(stats.memtable_bytes + stats.cache_bytes)
  if (!name.startsWith(FILES_AT_LEVEL) || !/^\d+$/.test(name.slice(FILES_AT_LEVEL.length))) return ''
  return String(stats.levels[Number(name.slice(FILES_AT_LEVEL.length))]?.tables ?? 0)
}

function tableOf (levels) {
  const lines = levels.map(({ tables, bytes, entries }, level) =>
    [level, tables, (bytes / 2 ** 20).toFixed(1), entries].map(cell => String(cell).padStart(10)).join(''))
  return ['     Level    Tables       MiB   Entries', ...lines].join('\n') + '\n'
}
