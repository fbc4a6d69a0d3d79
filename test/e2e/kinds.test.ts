// A file, a folder and a link that take each other's places, between real peers: the last one stands on all machines, and what was
// there is in the trash or in a conflict copy.

import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { describe, expect } from 'vitest'
import { longTest, type RecordedPeer, test, type World } from './world.js'

type Kind = 'file' | 'folder' | 'link'
const KINDS: readonly Kind[] = ['file', 'folder', 'link']

function make(path: string, kind: Kind, text: string): void {
  if (kind === 'file') writeFileSync(path, text)
  else if (kind === 'link') symlinkSync(text, path)
  else {
    mkdirSync(`${path}/deep`, { recursive: true })
    writeFileSync(`${path}/inside`, text)
    writeFileSync(`${path}/deep/inside`, text)
  }
}

/** The kind and the text of what stands there. */
function seenAt(path: string): string {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return 'nothing'
  if (stats.isSymbolicLink()) return `link ${readlinkSync(path)}`
  if (stats.isFile()) return `file ${readFileSync(path, 'utf8')}`
  return `folder ${readdirSync(path, { recursive: true }).sort().join(' ')}`
}

const WHOLE = 'folder deep deep/inside inside'
const expected = (kind: Kind, text: string) => (kind === 'folder' ? WHOLE : `${kind} ${text}`)

async function inStep(world: World, names = 'ABC'): Promise<RecordedPeer[]> {
  const peers = await world.group(names)
  writeFileSync(peers[0]!.path('stays'), 'stays')
  await world.start(peers)
  return peers
}

const CHANGES = KINDS.flatMap((from) => KINDS.map((to) => [from, to] as const)).filter(
  ([from, to]) => from !== to,
)

describe('a change of kind', () => {
  test('arrives while the peers are connected, in every direction', async ({ world }) => {
    const peers = await inStep(world)
    const [a, b] = peers as [RecordedPeer, RecordedPeer]
    for (const [from, to] of CHANGES) make(a.path(`${from}-${to}`), from, 'first')
    const hold = (which: 'first' | 'second') => () =>
      peers.every((peer) =>
        CHANGES.every(([from, to]) => {
          const kind = which === 'first' ? from : to
          return seenAt(peer.path(`${from}-${to}`)) === expected(kind, which)
        }),
      )
    await world.until('all to have the first', hold('first'))
    for (const [from, to] of CHANGES) {
      rmSync(b.path(`${from}-${to}`), { recursive: true })
      make(b.path(`${from}-${to}`), to, 'second')
    }
    await world.until('all to have the second', hold('second'))
    for (const peer of peers)
      expect(readdirSync(peer.share).filter((name) => name.includes('conflict'))).toEqual([])
    const trash = readdirSync(a.path('.left/trash'), { recursive: true, encoding: 'utf8' })
    for (const path of [
      'file-folder',
      'file-link',
      'link-file',
      'link-folder',
      'folder-file/inside',
      'folder-link/deep/inside',
    ])
      expect([path, trash.some((name) => name.endsWith(`/${path}`))]).toEqual([path, true])
  })

  longTest('that was made while the others were away arrives when they are back', async ({ world }) => {
    const peers = await inStep(world)
    const [a, , c] = peers as [RecordedPeer, RecordedPeer, RecordedPeer]
    for (const [from, to] of CHANGES) make(a.path(`${from}-${to}`), from, 'first')
    await world.until('C to have the first', () =>
      CHANGES.every(([from, to]) => seenAt(c.path(`${from}-${to}`)) === expected(from, 'first')),
    )
    await c.stop()
    for (const [from, to] of CHANGES) {
      rmSync(a.path(`${from}-${to}`), { recursive: true })
      make(a.path(`${from}-${to}`), to, 'second')
    }
    await world.until('B to have the second', () =>
      CHANGES.every(([from, to]) => seenAt(peers[1]!.path(`${from}-${to}`)) === expected(to, 'second')),
    )
    await a.stop()
    c.start()
    await world.until('C to have the second', () =>
      CHANGES.every(([from, to]) => seenAt(c.path(`${from}-${to}`)) === expected(to, 'second')),
    )
  })

  test('keeps what the other machine wrote at the same time', async ({ world }) => {
    const [a, b] = (await inStep(world, 'AB')) as [RecordedPeer, RecordedPeer]
    make(a.path('folder'), 'folder', 'first')
    make(a.path('file'), 'file', 'first')
    await world.until(
      'B to have both',
      () => seenAt(b.path('folder')) === WHOLE && existsSync(b.path('file')),
    )
    await a.stop()
    await b.stop()
    rmSync(a.path('folder'), { recursive: true })
    make(a.path('folder'), 'file', 'now a file')
    writeFileSync(b.path('folder/inside'), 'edited')
    rmSync(a.path('file'))
    make(a.path('file'), 'folder', 'now a folder')
    writeFileSync(b.path('file'), 'edited')
    await world.start([a, b])
    await world.untilSame([a, b])
    const texts = readdirSync(a.share, { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.startsWith('.left') && lstatSync(a.path(name)).isFile())
      .map((name) => readFileSync(a.path(name), 'utf8'))
    for (const text of ['now a file', 'edited', 'now a folder']) expect(texts).toContain(text)
    expect(texts.filter((text) => text === 'edited')).toHaveLength(2)
  })
})
