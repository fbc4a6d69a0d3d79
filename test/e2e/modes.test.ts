// Who may read a file or a folder is the same on every machine, as far as its umask allows.

import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { describe } from 'vitest'
import { longTest, type RecordedPeer, test, type World } from './world.js'

const modeOf = (peer: RecordedPeer, path: string): string | undefined => {
  const stats = statSync(peer.path(path), { throwIfNoEntry: false })
  return stats === undefined ? undefined : (stats.mode & 0o777).toString(8)
}

async function untilModes(
  world: World,
  peer: RecordedPeer,
  wanted: Readonly<Record<string, string>>,
): Promise<void> {
  const modes = () => Object.fromEntries(Object.keys(wanted).map((path) => [path, modeOf(peer, path)]))
  const isSo = () => JSON.stringify(modes()) === JSON.stringify(wanted)
  await world.until(`${peer.name} to have ${JSON.stringify(wanted)}`, isSo).catch((error: Error) => {
    throw new Error(`${error.message}; it has ${JSON.stringify(modes())}`, { cause: error })
  })
}

/** Starts a peer as a user with this umask. */
function startWith(umask: number, peer: RecordedPeer): void {
  const before = process.umask(umask)
  try {
    peer.start()
  } finally {
    process.umask(before)
  }
}

const bothInStep = (world: World, peers: readonly RecordedPeer[]) =>
  world.until('the peers to be in step', () => peers.every(({ inStep }) => inStep.size > 0))

function fill(peer: RecordedPeer): void {
  mkdirSync(peer.path('own'))
  mkdirSync(peer.path('team'))
  mkdirSync(peer.path('open'))
  for (const [path, mode] of [
    ['diary', 0o600],
    ['minutes', 0o640],
    ['news', 0o644],
    ['own/run', 0o700],
    ['open/large', 0o600],
  ] as const) {
    writeFileSync(peer.path(path), path === 'open/large' ? 'x'.repeat(500_000) : `${path}\n`)
    chmodSync(peer.path(path), mode)
  }
  chmodSync(peer.path('own'), 0o700)
  chmodSync(peer.path('team'), 0o750)
  chmodSync(peer.path('open'), 0o755)
}

const AS_MADE = {
  diary: '600',
  minutes: '640',
  news: '644',
  own: '700',
  'own/run': '700',
  team: '750',
  open: '755',
  'open/large': '600',
}

describe('who may read', () => {
  test('arrives, travels both ways, and stays with the next content', async ({ world }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    fill(a)
    for (const peer of [a, b]) startWith(0o022, peer)
    await bothInStep(world, [a, b])
    await world.untilSame([a, b])
    await untilModes(world, b, AS_MADE)

    chmodSync(a.path('news'), 0o600)
    chmodSync(a.path('open'), 0o700)
    chmodSync(b.path('minutes'), 0o644)
    chmodSync(b.path('team'), 0o700)
    await untilModes(world, b, { news: '600', open: '700' })
    await untilModes(world, a, { minutes: '644', team: '700' })

    writeFileSync(b.path('diary'), 'edited there\n')
    writeFileSync(a.path('open/large'), 'y'.repeat(500_000))
    await world.untilSame([a, b])
    for (const peer of [a, b])
      await untilModes(world, peer, { ...AS_MADE, news: '600', open: '700', minutes: '644', team: '700' })
  })

  longTest('is cut by the umask of a peer, and the others are not told of that', async ({ world }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    fill(a)
    startWith(0o022, a)
    startWith(0o077, b)
    await bothInStep(world, [a, b])
    await world.untilSame([a, b])
    const cut = { ...AS_MADE, minutes: '600', news: '600', team: '700', open: '700' }
    await untilModes(world, b, cut)

    // Its own edit goes with the mode that the file has there, and so does a restart.
    writeFileSync(b.path('news'), 'edited there\n')
    await world.untilSame([a, b])
    await b.stop()
    startWith(0o077, b)
    await world.until('B to be in step again', () => b.inStep.size > 0)
    writeFileSync(b.path('last'), 'all before it is known\n')
    await untilModes(world, a, { ...AS_MADE, last: AS_LAST })
    await untilModes(world, b, cut)
  })
})

/** Made with the umask of the tests, not with that of the peer. */
const AS_LAST = (0o666 & ~process.umask()).toString(8)
