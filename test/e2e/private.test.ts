// Readers of the files that LEFT writes: its own folder is for its user alone, and a file of the share for nobody who
// could not read it before.

import { chmodSync, lstatSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { type RecordedPeer, test } from './world.js'

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe('what is private', () => {
  test('stays private when a peer edits it, and so does all of .left, though it was open before', async ({
    world,
  }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    mkdirSync(a.path('.left'), { mode: 0o755 })
    writeFileSync(a.path('.left', 'format'), '1\n', { mode: 0o644 })
    for (const [name, mode] of [
      ['diary', 0o600],
      ['shared', 0o664],
    ] as const) {
      writeFileSync(a.path(name), 'first\n')
      chmodSync(a.path(name), mode)
    }
    await world.start([a, b])
    await world.untilSame([a, b])
    for (const name of ['diary', 'shared']) writeFileSync(b.path(name), 'edited there\n')
    writeFileSync(b.path('new'), 'x'.repeat(100_000))
    await world.untilSame([a, b])
    expect(modeOf(a.path('diary'))).toBe('600')
    expect(modeOf(a.path('shared'))).toBe('664')
    expect(modeOf(a.path('new'))).toBe((0o666 & ~process.umask()).toString(8))
    for (const peer of [a, b]) {
      expect(modeOf(peer.path('.left'))).toBe('700')
      for (const name of readdirSync(peer.path('.left'), { recursive: true, encoding: 'utf8' })) {
        const path = join(peer.path('.left'), name)
        const isFolder = lstatSync(path).isDirectory()
        // What is in the trash is as it was, behind folders that nobody else can enter.
        if (!isFolder && name.startsWith('trash/')) continue
        expect([name, modeOf(path)]).toEqual([name, isFolder ? '700' : '600'])
      }
    }
  })
})
