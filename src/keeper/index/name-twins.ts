// Known paths whose names differ in case or Unicode form alone. Kept only where the disk takes such names for one: then what stands at
// one of them stands at the other too. The catalogue fills it; the scanner asks.

import { foldedName } from '../../base/folded-name.js'

export interface Twin {
  /** The path that was asked about, or a folder on its way. */
  readonly path: string
  /** Another path that is known, at which the same may stand. */
  readonly other: string
}

export class NameTwins {
  private readonly paths = new Map<string, string | Set<string>>()
  private isOn = false

  enable(paths: Iterable<string>): void {
    this.isOn = true
    for (const path of paths) this.add(path)
  }

  add(path: string): void {
    if (!this.isOn) return
    const key = foldedName(path)
    const known = this.paths.get(key)
    if (known === undefined) this.paths.set(key, path)
    else if (typeof known !== 'string') known.add(path)
    else if (known !== path) this.paths.set(key, new Set([known, path]))
  }

  /** The first name on the way to `path` that has a twin of which `isOf` is true. */
  find(path: string, isOf: (other: string) => boolean): Twin | undefined {
    if (!this.isOn) return undefined
    for (let slash = path.indexOf('/'); ; slash = path.indexOf('/', slash + 1)) {
      const prefix = slash < 0 ? path : path.slice(0, slash)
      const known = this.paths.get(foldedName(prefix)) ?? []
      for (const other of typeof known === 'string' ? [known] : known)
        if (other !== prefix && isOf(other)) return { path: prefix, other }
      if (slash < 0) return undefined
    }
  }
}
