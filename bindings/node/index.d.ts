// Types of the package: those of abstract-level, with what this database adds.

import {
  AbstractBatchOptions,
  AbstractChainedBatch,
  AbstractChainedBatchWriteOptions,
  AbstractBatchOperation,
  AbstractDatabaseOptions,
  AbstractDelOptions,
  AbstractGetManyOptions,
  AbstractGetOptions,
  AbstractHasManyOptions,
  AbstractHasOptions,
  AbstractIterator,
  AbstractIteratorOptions,
  AbstractKeyIterator,
  AbstractKeyIteratorOptions,
  AbstractLevel,
  AbstractOpenOptions,
  AbstractPutOptions,
  AbstractSnapshot,
  AbstractValueIterator,
  AbstractValueIteratorOptions,
  Transcoder
} from 'abstract-level'

/** What a database and its families have in common. */
declare class KeySpace<KDefault = string, VDefault = string>
  extends AbstractLevel<string | Buffer | Uint8Array, KDefault, VDefault> {
  get (key: KDefault): Promise<VDefault | undefined>
  get<K = KDefault, V = VDefault> (key: K, options: GetOptions<K, V>): Promise<V | undefined>

  getSync (key: KDefault): VDefault | undefined
  getSync<K = KDefault, V = VDefault> (key: K, options: GetOptions<K, V>): V | undefined

  getMany (keys: KDefault[]): Promise<(VDefault | undefined)[]>
  getMany<K = KDefault, V = VDefault> (keys: K[], options: GetManyOptions<K, V>): Promise<(V | undefined)[]>

  has (key: KDefault): Promise<boolean>
  has<K = KDefault> (key: K, options: HasOptions<K>): Promise<boolean>

  hasMany (keys: KDefault[]): Promise<boolean[]>
  hasMany<K = KDefault> (keys: K[], options: HasManyOptions<K>): Promise<boolean[]>

  put (key: KDefault, value: VDefault): Promise<void>
  put<K = KDefault, V = VDefault> (key: K, value: V, options: PutOptions<K, V>): Promise<void>

  del (key: KDefault): Promise<void>
  del<K = KDefault> (key: K, options: DelOptions<K>): Promise<void>

  batch (operations: Array<BatchOperation<typeof this, KDefault, VDefault>>): Promise<void>
  batch<K = KDefault, V = VDefault> (
    operations: Array<BatchOperation<typeof this, K, V>>, options: BatchOptions<K, V>): Promise<void>
  batch (): ChainedBatch<typeof this, KDefault, VDefault>

  iterator (): Iterator<typeof this, KDefault, VDefault>
  iterator<K = KDefault, V = VDefault> (options: IteratorOptions<K, V>): Iterator<typeof this, K, V>

  keys (): KeyIterator<typeof this, KDefault>
  keys<K = KDefault> (options: KeyIteratorOptions<K>): KeyIterator<typeof this, K>

  values (): ValueIterator<typeof this, KDefault, VDefault>
  values<K = KDefault, V = VDefault> (options: ValueIteratorOptions<K, V>): ValueIterator<typeof this, K, V>

  snapshot (options?: any | undefined): Snapshot

  /** Bytes on disk and in memory of the keys in `[start, end)`, about. */
  approximateSize (start: KDefault, end: KDefault): Promise<number>
  approximateSize<K = KDefault> (start: K, end: K, options: StartEndOptions<K>): Promise<number>

  /** Rewrites what is on disk of the keys in `[start, end)` into one level, without what was deleted or replaced. */
  compactRange (start: KDefault, end: KDefault): Promise<void>
  compactRange<K = KDefault> (start: K, end: K, options: StartEndOptions<K>): Promise<void>

  /**
   * Deletes the keys in `[start, end)`, however many, at the cost of one write; `undefined` and `null` leave a side
   * open. Rejects with `LEVEL_INVALID_ARGUMENT` if `end` comes before `start`.
   */
  deleteRange (start: KDefault | undefined | null, end: KDefault | undefined | null): Promise<void>

  deleteRange<K = KDefault> (
    start: K | undefined | null, end: K | undefined | null, options: DeleteRangeOptions<K>): Promise<void>

  /** Takes in tables that a `TableWriter` has written, as one write, which is durable when this resolves. */
  ingest<K = KDefault> (locations: string | Iterable<string>, options?: IngestOptions<K> | undefined): Promise<void>

  /** Deletes the keys that begin with `prefix` once both are encoded, likewise; all keys, if it is empty. */
  deletePrefix (prefix: KDefault): Promise<void>
  deletePrefix<K = KDefault> (prefix: K, options: DeleteRangeOptions<K>): Promise<void>

  /** Writes an operand for the merge operator, without a read. A number is 8 bytes, little-endian. */
  merge (key: KDefault, operand: Operand): Promise<void>
  merge<K = KDefault> (key: K, operand: Operand, options: MergeOptions<K>): Promise<void>

  /** Stores `value` if the key is not there, as one step. Resolves to what is there; `undefined`: it has stored. */
  putIfAbsent (key: KDefault, value: VDefault): Promise<VDefault | undefined>
  putIfAbsent<K = KDefault, V = VDefault> (key: K, value: V, options: PutOptions<K, V>): Promise<V | undefined>

  /**
   * Stores `value` (`undefined`: deletes) if the value is `expected` (`undefined`: if the key is not there), as one
   * step. Resolves to what was there before.
   */
  compareAndSet (
    key: KDefault, expected: VDefault | undefined, value: VDefault | undefined): Promise<VDefault | undefined>
  compareAndSet<K = KDefault, V = VDefault> (
    key: K, expected: V | undefined, value: V | undefined, options: PutOptions<K, V>): Promise<V | undefined>

  /** Deletes the key if its value is `expected`, as one step. Resolves to what was there before. */
  deleteIfEqual (key: KDefault, expected: VDefault): Promise<VDefault | undefined>
  deleteIfEqual<K = KDefault, V = VDefault> (key: K, expected: V, options: PutOptions<K, V>): Promise<V | undefined>

  /** Adds to a counter of 8 bytes, and resolves to its new value: a BigInt where a number would not be exact. */
  increment (key: KDefault, n?: number | bigint | undefined): Promise<number | bigint>
  increment<K = KDefault> (
    key: K, n: number | bigint | undefined, options: MergeOptions<K>): Promise<number | bigint>
}

/**
 * What `db.transaction` hands to its function: reads as of its begin, with its own writes on top, which are held back.
 * Calls are done in their order. `sublevel` in their options is the family that they are for.
 */
export interface Transaction<KDefault = string, VDefault = string> {
  get<K = KDefault, V = VDefault> (key: K, options?: GetOptions<K, V> & InSublevel): Promise<V | undefined>
  getMany<K = KDefault, V = VDefault> (
    keys: K[], options?: GetManyOptions<K, V> & InSublevel): Promise<(V | undefined)[]>
  has<K = KDefault> (key: K, options?: HasOptions<K> & InSublevel): Promise<boolean>
  put<K = KDefault, V = VDefault> (key: K, value: V, options?: PutOptions<K, V> & InSublevel): Promise<void>
  del<K = KDefault> (key: K, options?: DelOptions<K> & InSublevel): Promise<void>
  merge<K = KDefault> (key: K, operand: Operand, options?: MergeOptions<K> & InSublevel): Promise<void>
  deleteRange<K = KDefault> (
    start: K | undefined | null, end: K | undefined | null,
    options?: DeleteRangeOptions<K> & InSublevel): Promise<void>

  /** Of the database or a family. What it has read, some of it ahead, counts as read. */
  iterator<K = KDefault, V = VDefault> (options?: IteratorOptions<K, V> & InSublevel): Iterator<any, K, V>
  keys<K = KDefault> (options?: KeyIteratorOptions<K> & InSublevel): KeyIterator<any, K>
  values<K = KDefault, V = VDefault> (options?: ValueIteratorOptions<K, V> & InSublevel): ValueIterator<any, K, V>

  /** Savepoints nest; the second takes back all writes since the last one, and that savepoint. */
  savepoint (): Promise<void>
  rollbackToSavepoint (): Promise<void>

  /** Either ends it before the function does. A commit rejects with `LEVEL_CONFLICT` if what was read has changed. */
  commit (options?: WriteOptions | undefined): Promise<void>
  rollback (): Promise<void>
  get ended (): boolean
}

export interface InSublevel {
  sublevel?: AbstractLevel<any, any, any> | undefined
}

/** An abstract-level database that is kept by Amethyst. */
export class AmethystLevel<KDefault = string, VDefault = string>
  extends KeySpace<KDefault, VDefault> {
  /** `location`: the directory of the database. */
  constructor (location: string, options?: DatabaseOptions<KDefault, VDefault> | undefined)

  /** The directory that the constructor was given. */
  get location (): string

  open (): Promise<void>
  open (options: OpenOptions): Promise<void>

  /** A level of the family's own, for one that is there: its open fails if it is not. */
  family<K = string, V = string> (name: string, options?: AbstractDatabaseOptions<K, V> | undefined): Family<K, V>

  /** Makes a family: a map of keys of its own, which shares log, memory, snapshots and batches. */
  createFamily<K = string, V = string> (name: string, options?: FamilyOptions<K, V> | undefined): Promise<Family<K, V>>

  /** A family and all that is in it is gone at once. */
  dropFamily (name: string): Promise<void>

  /** The names of the families, `'default'` first. */
  families (): Promise<string[]>

  /**
   * Runs `work` and commits; again, while somebody else has changed what it read, so `work` may run several times.
   * After eight conflicts the others let it go ahead. Resolves to what it returned. What it throws rolls back.
   */
  transaction<T> (
    work: (transaction: Transaction<KDefault, VDefault>) => Promise<T> | T,
    options?: WriteOptions | undefined): Promise<T>

  /**
   * Makes a cursor, a consumer's place in the change feed: at the next write, or at the position of an event. It
   * survives restarts, and holds the log from there on.
   */
  createCursor (name: string, position?: string | undefined): Promise<void>

  /** At now. Resolves to the snapshot that has all that came before. */
  createCursorWithSnapshot (name: string): Promise<Snapshot>

  /** Its part of the log may go; feeds of it end. */
  dropCursor (name: string): Promise<void>
  cursors (): Promise<Array<{ name: string, position: string, isLost: boolean }>>

  /** What was written since a cursor or a position, and all that will be. `LEVEL_TOO_OLD`: that log is gone. */
  feed (options: FeedOptions): Promise<Feed>

  /** Of one that follows: resolves once reads see at least what the writer's saw when this was called. */
  refresh (): Promise<void>

  /** Makes a copy as of now, a database of its own, in the new directory `location`: whole, or not there. */
  checkpoint (location: string): Promise<void>

  /** `leveldb.stats`, `leveldb.num-files-at-levelN` or `leveldb.approximate-memory-usage`; else an empty string. */
  getProperty (property: string): string

  /** Counters since the database was opened, and the shape of its levels. */
  stats (): Stats

  /** Removes a database that is not open. That there is none is no error; another library's is one, and stays. */
  static destroy (location: string): Promise<void>

  /**
   * Saves what can be read of a damaged database that is not open. The result takes its place, and the damaged
   * directory is kept as `location` with `.damaged` behind it.
   */
  static repair (location: string): Promise<RepairReport>
}

/** `reach`: what a power loss cannot take any more (`durable`, the default), or what reads see. */
export type FeedOptions = { reach?: 'durable' | 'visible' | undefined } &
  ({ cursor: string } | { position: string })

/** One operation of a batch, as it was written. `family` is absent if it was dropped since. */
export type FeedEntry = { family: string | undefined, familyId: number } & (
  | { type: 'put' | 'merge', key: Buffer, value: Buffer, expiresAt?: Date }
  | { type: 'del', key: Buffer }
  | { type: 'deleteRange', start: Buffer | undefined, end: Buffer | undefined })

/** `position` is behind the event: what to store once it is dealt with. */
export type FeedEvent = { firstSequence: number, lastSequence: number, position: string } & (
  | { kind: 'batch', entries: FeedEntry[] }
  | { kind: 'unlogged' }
  | { kind: 'familyCreated' | 'familyDropped' | 'familyRenamed', family: string, familyId: number })

/** A loop over it ends with the database, and closes the feed when it is left. */
export class Feed {
  /** As soon as there is one; `undefined`: none came within `timeout` milliseconds, or the feed was closed. */
  next (timeout?: number | undefined): Promise<FeedEvent | undefined>

  /** Moves the cursor behind all that was given out, or to the position of an event. */
  commit (position?: string | undefined): Promise<void>

  /** Behind the last event that was given out. */
  get position (): string | undefined

  /** Ends a wait. The cursor stays where it was committed. */
  close (): Promise<void>
  [Symbol.asyncIterator] (): AsyncIterator<FeedEvent, void, undefined>
}

/** A backup in a store. `problem`: its list cannot be read, and the rest is not there. */
export interface Backup {
  id: number
  created: Date
  /** The uid of the database. */
  database: string
  tables: number
  bytes: number
  /** That had to be copied when it was made. */
  newBytes: number
  problem?: string
}

/** Many backups, of one or several databases, in one directory; what did not change is stored once. */
export class BackupStore {
  constructor (location: string)

  get location (): string

  /** Adds a backup of an open database, as of now. Resolves to its number. The directory is made if need be. */
  create (db: AmethystLevel<any, any>): Promise<number>

  /** Oldest first. */
  list (): Promise<Backup[]>

  /** Reads all of a backup and compares it with what was stored; `LEVEL_CORRUPTION` if it is not that. */
  verify (id: number): Promise<void>

  /** Makes a database of a backup in the new directory `location`, whole or not at all. */
  restore (id: number, location: string): Promise<void>

  /** Removes all but the last `keep` backups of each database, then what none is made of. */
  prune (keep: number): Promise<{ backupsRemoved: number, tablesRemoved: number, bytesRemoved: number }>
}

/** An operation of a table. `value` of a `merge` may be an integer; `ttl` is in milliseconds. */
export type TableOperation =
  | { type?: 'put' | undefined, key: string | Uint8Array, value: string | Uint8Array, ttl?: number | undefined }
  | { type: 'merge', key: string | Uint8Array, value: string | Uint8Array | number | bigint, ttl?: number | undefined }
  | { type: 'del', key: string | Uint8Array }
  | { type: 'deleteRange', start?: string | Uint8Array | undefined, end?: string | Uint8Array | undefined }

/** Writes a table outside of any database, for `ingest()`: keys ascend, one entry a key. */
export class TableWriter {
  private constructor ()

  /** A new file, with the settings of the family that will take the table in. */
  static create (location: string, options?: FamilyOptions<any, any> | undefined): Promise<TableWriter>

  /** Stops at the first operation that is refused; those before it are in the table. */
  add (operations: Iterable<TableOperation>): Promise<void>

  /** The file is whole and durable. Resolves to how many entries it has, one at least. */
  finish (): Promise<number>

  /** Removes the file unless it was finished. */
  close (): Promise<void>
}

/** `replace`: what is there goes in the same step. `inOrder`: tables may overlap, and later ones are newer. */
export interface IngestOptions<K> {
  mode?: 'link' | 'move' | 'copy' | undefined
  inOrder?: boolean | undefined
  verify?: boolean | undefined
  replace?: { start?: K | undefined, end?: K | undefined } | undefined
  keyEncoding?: string | Transcoder.PartialEncoder<K> | undefined
}

/** A family of keys: a level of its own in a database. It opens after the database and closes before it. */
export class Family<KDefault = string, VDefault = string> extends KeySpace<KDefault, VDefault> {
  private constructor ()

  get db (): AmethystLevel<any, any>

  get name (): string

  /** What it has in tables; counters are of the whole database. */
  stats (): FamilyStats
}

/** Bytes as they are, or an integer of 64 bits. */
export type Operand = string | Buffer | Uint8Array | number | bigint

export interface FamilyOptions<K, V> extends AbstractDatabaseOptions<K, V>, ExpiryOptions {
  /** By name, such as `'int64.add'`. */
  mergeOperator?: string | undefined

  /** `true` is LZ4, `false` none. @defaultValue that of the database */
  compression?: boolean | 'lz4' | 'zstd' | undefined

  /** Bytes of a block before compression. @defaultValue those of the database */
  blockSize?: number | undefined
}

export interface ExpiryOptions {
  /** Milliseconds that what is written lives; `Infinity`: for ever. @defaultValue as the family says */
  ttl?: number | undefined
}

export interface MergeOptions<K> extends WriteOptions, ExpiryOptions {
  keyEncoding?: string | Transcoder.PartialEncoder<K> | undefined
}

export interface DatabaseOptions<K, V> extends AbstractDatabaseOptions<K, V>, Omit<OpenOptions, 'passive'> {}

export interface OpenOptions extends AbstractOpenOptions {
  /** All the memory that the database uses, in bytes; at least 4 MiB. @defaultValue 256 MiB */
  memoryBudget?: number | undefined

  /** `true` is LZ4, `false` none. @defaultValue `true` */
  compression?: boolean | 'lz4' | 'zstd' | undefined

  /** Open without the right to write: nothing on disk is changed. @defaultValue `false` */
  readOnly?: boolean | undefined

  /** Read beside the process that writes the database, and go along with it. @defaultValue `false` */
  follow?: boolean | undefined

  /** With `follow`: how often it looks by itself; 0: in `refresh()` alone. @defaultValue 100 */
  refreshIntervalMs?: number | undefined

  /** With `follow`: how long the writer keeps files for what is still read here. @defaultValue 60 */
  graceSeconds?: number | undefined

  /** How many milliseconds of writes a power loss can take that are not `sync`; 0: no bound. @defaultValue 1000 */
  syncIntervalMs?: number | undefined

  /** Bytes of a memtable that is flushed. @defaultValue an eighth of the memory, at most 64 MiB */
  writeBufferSize?: number | undefined

  /** Bytes of a block before compression. @defaultValue 4096 */
  blockSize?: number | undefined

  /** Most table files that are open at once; at least 16. @defaultValue 1000 */
  maxOpenFiles?: number | undefined

  /** For LevelDB's sake: the memory is made at least twice as large. */
  cacheSize?: number | undefined

  /** What `merge` does to the database's own keys, by name, such as `'int64.add'`. */
  mergeOperator?: string | undefined

  /** Milliseconds that what is written to the database's own keys lives. @defaultValue for ever */
  ttl?: number | undefined

  /** Share the database with other worker threads of the process that set this too. @defaultValue `false` */
  multithreading?: boolean | undefined
}

export interface ReadOptions {
  /** Whether what has to be read from disk stays in memory. @defaultValue `true` */
  fillCache?: boolean | undefined
}

export interface WriteOptions {
  /** Whether the write survives a loss of power from when its promise is fulfilled. @defaultValue `false` */
  sync?: boolean | undefined
}

export interface AdditionalIteratorOptions {
  /** Whether what has to be read from disk stays in memory. @defaultValue `false` */
  fillCache?: boolean | undefined

  /** Bytes that are read ahead, about. @defaultValue 16 KiB */
  highWaterMarkBytes?: number | undefined
}

export interface GetOptions<K, V> extends AbstractGetOptions<K, V>, ReadOptions {}
export interface GetManyOptions<K, V> extends AbstractGetManyOptions<K, V>, ReadOptions {}
export interface HasOptions<K> extends AbstractHasOptions<K>, ReadOptions {}
export interface HasManyOptions<K> extends AbstractHasManyOptions<K>, ReadOptions {}
export interface PutOptions<K, V> extends AbstractPutOptions<K, V>, WriteOptions, ExpiryOptions {}
export interface DelOptions<K> extends AbstractDelOptions<K>, WriteOptions {}
export interface BatchOptions<K, V> extends AbstractBatchOptions<K, V>, WriteOptions {}
export interface ChainedBatchWriteOptions extends AbstractChainedBatchWriteOptions, WriteOptions {}

export class ChainedBatch<TDatabase, KDefault, VDefault> extends AbstractChainedBatch<TDatabase, KDefault, VDefault> {
  /** As of the database; an error comes when the batch is written. */
  deleteRange (start: KDefault | undefined | null, end: KDefault | undefined | null): this
  deleteRange<K = KDefault> (
    start: K | undefined | null, end: K | undefined | null, options: StartEndOptions<K>): this

  /** As of the database. */
  deletePrefix (prefix: KDefault): this
  deletePrefix<K = KDefault> (prefix: K, options: StartEndOptions<K>): this

  /** As of the database; an error comes when the batch is written. */
  merge (key: KDefault, operand: Operand): this
  merge<K = KDefault> (key: K, operand: Operand, options: BatchMergeOptions<K>): this

  write (): Promise<void>
  write (options: ChainedBatchWriteOptions): Promise<void>
}

export interface StartEndOptions<K> {
  /** How `start` and `end`, or a prefix, are encoded. */
  keyEncoding?: string | Transcoder.PartialEncoder<K> | undefined
}
export interface DeleteRangeOptions<K> extends StartEndOptions<K>, WriteOptions {}

export interface RepairReport {
  tablesKept: number
  entriesKept: number
  logBatchesKept: number
  /** A line for each file or range of bytes that was lost. */
  dropped: string[]
  /** Where the damaged directory is now. */
  damaged: string
}

export interface LevelStats {
  tables: number
  runs: number
  bytes: number
  entries: number
  deletes: number
}

export interface FamilyStats {
  tables: number
  bytes: number
  entries: number
  deletes: number

  /** Stretches of keys in which range deletes still hide something. */
  range_deletes: number
  levels: LevelStats[]
  [figure: string]: any
}

export interface Stats {
  levels: LevelStats[]

  /** The number of the last entry that reads see, and of the last one that a power loss cannot take any more. */
  sequence: number
  durable_sequence: number

  /** Of one that follows: its reads see all that the writer's saw `age_ms` ago; what that one has published last. */
  follower: { age_ms: number | null, writer_sequence: number | null, writer_durable_sequence: number | null } | null
  [counter: string]: any
}

export interface BatchMergeOptions<K> extends ExpiryOptions {
  keyEncoding?: string | Transcoder.PartialEncoder<K> | undefined

  /** The family, or the sublevel of one, that the operation is for. */
  sublevel?: AbstractLevel<any, any, any> | undefined
}

/** `sublevel` may be a family of the database, or a sublevel of one. */
export type BatchOperation<TDatabase, K, V> =
  | (AbstractBatchOperation<TDatabase, K, V> & ExpiryOptions)
  | (Omit<AbstractBatchOperation<TDatabase, K, V>, 'sublevel'> & ExpiryOptions &
      { sublevel: AbstractLevel<any, any, any> })
export type Iterator<TDatabase, K, V> = AbstractIterator<TDatabase, K, V>
export type KeyIterator<TDatabase, K> = AbstractKeyIterator<TDatabase, K>
export type ValueIterator<TDatabase, K, V> = AbstractValueIterator<TDatabase, K, V>
export type IteratorOptions<K, V> = AbstractIteratorOptions<K, V> & AdditionalIteratorOptions
export type KeyIteratorOptions<K> = AbstractKeyIteratorOptions<K> & AdditionalIteratorOptions
export type ValueIteratorOptions<K, V> = AbstractValueIteratorOptions<K, V> & AdditionalIteratorOptions
export type Snapshot = AbstractSnapshot
