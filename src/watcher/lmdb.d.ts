// lmdb as far as this folder calls it: the build must not need an optional package.

declare module 'lmdb' {
  interface Options {
    readonly encoding: 'binary'
    readonly keyEncoding: 'binary'
    readonly cache: boolean
  }
  interface RootOptions extends Options {
    readonly path: string
    readonly noSubdir: boolean
    readonly maxDbs: number
    readonly overlappingSync: boolean
    readonly mapSize: number
  }
  export interface Database<Value, Key> {
    get(key: Key): Value | undefined
    getKeys(): Iterable<Key>
    getRange(options: {
      readonly snapshot: boolean
      readonly limit: number
      readonly start?: Key
      readonly exclusiveStart?: boolean
    }): Iterable<{ readonly key: Key; readonly value: Value }>
    putSync(key: Key, value: Value): void
    removeSync(key: Key): void
  }
  export interface RootDatabase<Value, Key> extends Database<Value, Key> {
    openDB(name: string, options: Options): Database<Value, Key>
    transactionSync(work: () => void): void
    close(): Promise<void>
  }
  export function open(options: RootOptions): RootDatabase<Uint8Array, Uint8Array>
}
