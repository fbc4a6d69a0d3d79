// One page of a folder: some of its names, their packed entries, and what it was last listed as. `FolderPages` cuts them,
// `TreeItems` lists them.

import type { ItemRef } from '../base/item.js'

/** In the place of a record: the name is that of a subfolder alone. */
export const NO_RECORD = ''

/** Lines of a listing, not yet written out. */
export interface Rows {
  readonly names: readonly string[]
  /** One for each name, or NO_RECORD. */
  readonly records: readonly string[]
  /** One for each name. Undefined where no name is a subfolder's. */
  readonly subtrees: readonly (ItemRef | undefined)[] | undefined
}

/** Subfolders by name, each with its listing as of the last `root()`. */
export type Subfolders = ReadonlyMap<string, { readonly item: ItemRef | undefined }>

export class Page {
  /** Ascending by UTF-16 code units; never empty. */
  names: string[]
  records: string[]
  /** As last listed. */
  item: ItemRef | undefined
  /** Whether it begins and ends where its folder's names say. */
  isCut = false
  /** The rows as last listed, where they have changed since. */
  private listed: Rows | undefined

  constructor(
    names: string[],
    records: string[],
    private readonly subfolders: Subfolders,
  ) {
    this.names = names
    this.records = records
  }

  /** Whether it is of the folder with these subfolders: each has its own. */
  isIn(subfolders: Subfolders): boolean {
    return this.subfolders === subfolders
  }

  get isChanged(): boolean {
    return this.item === undefined || this.listed !== undefined
  }

  /** Before each change of its names, its records and the items of its subfolders. */
  beforeChange(): void {
    if (this.item !== undefined) this.listed ??= this.rowsNow({ copied: true })
  }

  handleListed(item: ItemRef): void {
    this.item = item
    this.listed = undefined
  }

  /** The rows of `item`. */
  rowsListed(): Rows {
    return this.listed ?? this.rowsNow({ copied: false })
  }

  rowsNow({ copied }: { copied: boolean }): Rows {
    const { names, records, subfolders } = this
    const subtrees = subfolders.size === 0 ? undefined : names.map((name) => this.subfolders.get(name)?.item)
    return copied
      ? { names: names.slice(), records: records.slice(), subtrees }
      : { names, records, subtrees }
  }
}
