// The saves of saves.ts while the peers are connected: the name never vanishes at the receivers and never holds anything else.

import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RecordedPeer, World } from '../world.js'
import { SAVES, type Save } from './saves.js'
import { put, type Tree, treeOf } from './things.js'
import { Watch } from './watch.js'

const ROUNDS = 4

/** Longer than a file that is gone is waited for: every save is told by itself. */
const BETWEEN_SAVES_MS = 400

const folderOf = (save: Save) => `${SAVES.indexOf(save)}`
const contentsOf = (save: Save) =>
  Array.from({ length: ROUNDS + 1 }, (_, round) => `${save.name}, saved ${round} times`)

function wanted(save: Save): Tree {
  const contents = contentsOf(save)
  return { f: contents.at(-1)!, ...save.beside?.(contents) }
}

describe('a program saves a file at one of three machines', () => {
  const world = new World()
  let peers: readonly [RecordedPeer, RecordedPeer, RecordedPeer]
  let faults: readonly string[]

  beforeAll(async () => {
    peers = (await world.group('ABC')) as unknown as typeof peers
    const [a, b] = peers
    for (let file = 0; file < 200; file++) put(a.path('others', `${file}`), `${file}`)
    for (const save of SAVES) put(a.path(folderOf(save), 'f'), contentsOf(save)[0]!)
    await world.start(peers)
    await world.untilSame(peers)
    const watch = new Watch(
      SAVES.map((save) => ({
        place: b.path(folderOf(save), 'f'),
        contents: [...contentsOf(save), ...(save.between === undefined ? [] : [save.between])],
      })),
    )
    await watch.begun()
    for (let round = 1; round <= ROUNDS; round++) {
      for (const save of SAVES)
        for (const step of save.steps(contentsOf(save)[round]!)) step(a.path(folderOf(save)))
      await sleep(BETWEEN_SAVES_MS)
    }
    put(a.path('later'), 'later')
    await world
      .until('all to have all', () =>
        peers.every(
          (peer) =>
            existsSync(peer.path('later')) &&
            SAVES.every((save) => isDeepStrictEqual(treeOf(peer.path(folderOf(save))), wanted(save))),
        ),
      )
      .catch(() => {}) // Each test tells for itself.
    faults = await watch.end()
  })
  afterAll(async () => {
    await world.close()
    world.checkEvents()
  })

  test.each(SAVES)('$name', (save) => {
    for (const { name, path } of peers.map((peer) => ({ name: peer.name, path: peer.path(folderOf(save)) })))
      expect({ name, tree: treeOf(path) }).toEqual({ name, tree: wanted(save) })
    const place = peers[1].path(folderOf(save), 'f')
    expect(faults.filter((fault) => fault.startsWith(place))).toEqual([])
  })

  test('nobody else edited anything, and no copy was kept', () => {
    const [, b, c] = peers
    expect([...b.of('changed'), ...c.of('changed'), ...peers.flatMap((peer) => peer.of('conflict'))]).toEqual(
      [],
    )
  })
})
