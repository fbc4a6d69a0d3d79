// What was put in place and may not be on stable storage yet: path and digest, in 150 bytes each, since a share of any size
// may have come at once. The log has one.

import { assert } from '../base/assert.js'
import { bytesOfHex, copyOfText, hexOf } from '../base/bytes.js'
import type { Digest } from '../base/item.js'

export class PlacedPaths implements Iterable<readonly [path: string, digest: Digest | '']> {
  /** Digests with a character for each byte. */
  private readonly digests = new Map<string, string>()

  get size(): number {
    return this.digests.size
  }

  has(path: string): boolean {
    return this.digests.has(path)
  }

  set(path: string, digest: Digest | ''): void {
    const bytes = bytesOfHex(digest)
    assert(bytes !== undefined, 'a digest is hexadecimal')
    // Whoever goes through the paths meets it anew.
    this.digests.delete(path)
    this.digests.set(copyOfText(path), String.fromCharCode(...bytes))
  }

  clear(): void {
    this.digests.clear()
  }

  /** In the order in which they were put in place. */
  keys(): IterableIterator<string> {
    return this.digests.keys()
  }

  *[Symbol.iterator](): Generator<readonly [path: string, digest: Digest | '']> {
    for (const [path, bytes] of this.digests)
      yield [path, hexOf(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)))]
  }
}
