// What a visitor is told of a share that holds something else than it knows.

import { describe, expect, test } from 'vitest'
import { hash } from '../../../src/io/hash.js'
import { Catalogue } from '../../../src/keeper/index/catalogue.js'
import { holdingsOf } from '../../../src/keeper/serve/holdings.js'
import { decodeHeld } from '../../../src/share/held-item.js'
import { SimIndex } from '../../../src/sim/peer/index.js'
import { entryOf, fileEntry, versionOf } from '../../share/entries.js'

function shareOf(...paths: readonly string[]): Catalogue {
  const catalogue = new Catalogue(hash, new SimIndex())
  for (const path of paths) catalogue.record(fileEntry(path), undefined)
  return catalogue
}

function held(catalogue: Catalogue) {
  const { held: bytes } = holdingsOf(catalogue)
  const read = bytes && decodeHeld(bytes)
  return read?.ok ? [...read.value] : undefined
}

describe('what is held', () => {
  test('is what the tree says, mostly', () => {
    const catalogue = shareOf('a', 'b')
    const root = catalogue.manifest.root()
    expect(holdingsOf(catalogue)).toEqual({ root, held: undefined, untoldCount: 0 })
  })

  test('is nothing, where an entry is known and not held or cannot be seen', () => {
    const catalogue = shareOf('a', 'hidden', 'missing')
    catalogue.recordNotHeld(fileEntry('lacking'))
    catalogue.setHidden('hidden', true)
    catalogue.stopDeletion('missing')
    expect(held(catalogue)).toEqual([
      ['hidden', undefined],
      ['lacking', undefined],
      ['missing', undefined],
    ])
  })

  test('is the older version, where a change of a peer was stopped', () => {
    const catalogue = shareOf('deleted', 'replaced')
    catalogue.keptEntries.keep(entryOf('tombstone', 'deleted', { version: versionOf(0, 1) }))
    catalogue.keptEntries.keep(fileEntry('replaced', { sizeBytes: 9, version: versionOf(0, 1) }))
    expect(held(catalogue)).toEqual([
      ['deleted', fileEntry('deleted')],
      ['replaced', fileEntry('replaced')],
    ])
  })
})
