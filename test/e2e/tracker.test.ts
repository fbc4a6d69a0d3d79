// `left tracker` with real peers that know nothing of each other but what it tells them.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createInterface } from 'node:readline'
import { describe, expect } from 'vitest'
import { endpointText } from '../../harness/peers/endpoints.js'
import { PROGRAM } from '../../harness/peers/peer.js'
import type { TrackerEvent } from '../../src/app/tracker.js'
import type { HostPort } from '../../src/io/net/address.js'
import { eventually, left, leftOf, statusOf } from './left.js'
import { longTest, type RecordedPeer, test, type World } from './world.js'

/** The real one, in a process of its own. */
class RealTracker {
  readonly address: string
  /** Of all its processes. */
  readonly events: TrackerEvent[] = []
  private child: ChildProcess | undefined

  constructor(
    world: World,
    private readonly endpoint: HostPort,
  ) {
    this.address = endpointText(endpoint)
    world.atEnd(() => void this.child?.kill('SIGKILL'))
  }

  async start(): Promise<void> {
    const { host, port } = this.endpoint
    const words = ['tracker', '--json', '--bind', host, '--port', String(port)]
    const child = spawn(process.execPath, [PROGRAM, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.child = child
    const lines = createInterface({ input: child.stdout! })
    lines.on('line', (line) => this.events.push(JSON.parse(line)))
    await new Promise((resolve) => lines.once('line', resolve))
  }

  /** As Ctrl-C. Answers the exit code. */
  stop(): Promise<number | null> {
    const { child } = this
    return new Promise((resolve) => {
      child?.once('close', resolve)
      child?.kill('SIGINT')
    })
  }

  get members(): number | undefined {
    return this.events.findLast((event) => event.event === 'members')?.members
  }
}

/** A secret as `left secret` makes it. */
async function secretIn(world: World, name: string): Promise<string> {
  const file = world.path(name)
  expect((await left(world.folder, 'secret', file)).exitCode).toBe(0)
  return file
}

const conflictsOf = (peer: RecordedPeer) =>
  readdirSync(peer.share).filter((name) => name.includes('.conflict-'))

describe('peers that know only a tracker', () => {
  test('keep one folder, and see nothing of another group; a tracker that is started again is no matter', async ({
    world,
  }) => {
    const endpoints = await world.endpoints(5)
    const tracker = new RealTracker(world, endpoints[4]!)
    await tracker.start()
    const [ours, theirs] = [await secretIn(world, 'ours'), await secretIn(world, 'theirs')]
    const peerOf = (name: string, at: number, secret: string) =>
      world.peer(name, endpoints[at]!, [], ['--tracker', tracker.address, '--secret-file', secret])
    const [a, b, c] = [peerOf('A', 0, ours), peerOf('B', 1, ours), peerOf('C', 2, ours)]
    const stranger = peerOf('X', 3, theirs)
    for (const peer of [a, b, c, stranger]) writeFileSync(peer.path(`of ${peer.name}`), peer.name)
    for (const [peer, text, second] of [
      [a, 'the older', 1_700_000_000],
      [b, 'the newer', 1_800_000_000],
    ] as const) {
      writeFileSync(peer.path('notes.txt'), text)
      utimesSync(peer.path('notes.txt'), second, second)
    }
    for (const peer of [a, b, c, stranger]) peer.start()
    await world.until('A, B and C to be in step', () => [a, b, c].every((peer) => peer.inStep.size >= 2))
    await world.untilSame([a, b, c])
    expect(readFileSync(c.path('notes.txt'), 'utf8')).toBe('the newer')
    const [kept, ...others] = conflictsOf(c)
    expect(others).toEqual([])
    expect(readFileSync(c.path(kept!), 'utf8')).toBe('the older')

    for (let file = 0; file < 10; file++)
      writeFileSync(a.path(`ten ${file}`), `content ${file}`.repeat(1_000))
    mkdirSync(b.path('program'))
    writeFileSync(b.path('program', 'Makefile'), 'hello: hello.c\n\t$(CC) -o hello hello.c\n')
    writeFileSync(
      b.path('program', 'hello.c'),
      '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n',
    )
    const canCompile = hasCompiler()
    if (canCompile) execFileSync('make', ['-C', b.path('program')], { stdio: 'ignore' })
    else writeFileSync(b.path('program', 'hello'), '#!/bin/sh\necho hello\n', { mode: 0o755 })
    await world.untilSame([a, b, c])
    expect(existsSync(c.path('ten 9'))).toBe(true)
    expect(statSync(c.path('program', 'hello')).mode & 0o111).not.toBe(0)
    expect(execFileSync(c.path('program', 'hello'), { encoding: 'utf8' })).toBe('hello\n')

    await eventually(async () => {
      const { trackers, peers } = await statusOf(a)
      return { trackers, peers: peers.map(({ address, state }) => [address, state]).sort() }
    }).toEqual({
      trackers: [{ address: tracker.address, state: 'answers', peers: 2 }],
      peers: [b, c].map(({ address }) => [address, 'in-step']),
    })
    expect(readdirSync(stranger.share).filter((name) => name !== '.left')).toEqual(['of X'])
    expect(await statusOf(stranger)).toMatchObject({
      peers: [],
      trackers: [{ state: 'answers', peers: 0 }],
      isInStep: false,
    })
    expect(stranger.of('connected')).toEqual([])

    expect(await tracker.stop()).toBe(0)
    expect(tracker.events.at(-1)).toMatchObject({ event: 'stopped' })
    await c.stop()
    writeFileSync(a.path('meanwhile'), 'while neither C nor a tracker was there')
    await tracker.start()
    c.start()
    await world.untilSame([a, b, c])
    for (const peer of [a, b, stranger]) {
      // On a slow machine it was away for long enough to be missed.
      expect(peer.notes.filter((note) => !note.includes('no answer'))).toEqual([])
      expect(peer.of('refused')).toEqual([])
    }
  })

  longTest('are all known to a tracker that was started again after one heartbeat', async ({ world }) => {
    const [one, other, at] = (await world.endpoints(3)) as [HostPort, HostPort, HostPort]
    const tracker = new RealTracker(world, at)
    await tracker.start()
    const options = ['--tracker', tracker.address, '--secret-file', await secretIn(world, 'secret')]
    const peers = [world.peer('A', one, [], options), world.peer('B', other, [], options)]
    await world.start(peers)
    await tracker.stop()
    tracker.events.length = 0
    await tracker.start()
    await world.until('both to be members again', () => tracker.members === 2)
    for (const peer of peers) expect(peer.of('disconnected')).toEqual([])
  })

  test('end with --once on both sides, though another tracker is not there', async ({ world }) => {
    const [one, other, nobody] = (await world.endpoints(3)) as [HostPort, HostPort, HostPort]
    // A name may stand for several addresses, here those of both families.
    const tracker = new RealTracker(world, { host: '127.0.0.1', port: one.port })
    await tracker.start()
    const trackers = [`localhost:${one.port}`, endpointText(nobody)].flatMap((text) => ['--tracker', text])
    const secret = await secretIn(world, 'secret')
    const peers = [one, other].map((endpoint, index) => {
      const share = world.path(`once ${index}`)
      mkdirSync(share)
      writeFileSync(`${share}/of ${index}`, 'content')
      return { share, words: ['--bind', endpoint.host, '--port', String(endpoint.port), '--share', share] }
    })
    const env = { ...process.env, XDG_CONFIG_HOME: world.config, XDG_STATE_HOME: world.path('state') }
    const ended = peers.map(({ words }) =>
      leftOf(
        env,
        world.folder,
        ...words,
        ...trackers,
        '--secret-file',
        secret,
        '--once',
        '--timeout',
        '60s',
        '--json',
      ),
    )
    for (const { exitCode, stdout, stderr } of await Promise.all(ended)) {
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      const told = stdout.split('\n').filter((line) => line.includes(`tracker ${endpointText(nobody)}`))
      expect(told).toHaveLength(1)
      expect(told[0]).toContain('no answer')
    }
    for (const { share } of peers)
      expect(readdirSync(share)).toEqual(expect.arrayContaining(['of 0', 'of 1']))
  })
})

describe('a tracker that is not there', () => {
  longTest('is told of once, and --ip goes on alone', async ({ world }) => {
    const [one, other, nobody] = (await world.endpoints(3)) as [HostPort, HostPort, HostPort]
    const options = ['--tracker', endpointText(nobody), '--secret-file', await secretIn(world, 'secret')]
    const a = world.peer('A', one, [endpointText(other)], options)
    const b = world.peer('B', other, [endpointText(one)], options)
    writeFileSync(a.path('file'), 'content')
    await world.start([a, b])
    await world.untilSame([a, b])
    await world.until('A to tell', () => a.notes.length > 0)
    writeFileSync(b.path('more'), 'content')
    await world.untilSame([a, b])
    expect(a.notes).toEqual([expect.stringContaining(`tracker ${endpointText(nobody)}: no answer`)])
    await eventually(() => statusOf(a)).toMatchObject({
      trackers: [{ state: 'silent', peers: 0 }],
      isInStep: true,
    })
  })
})

describe('left --tracker refuses', () => {
  test('a sentence as the secret, with the command that makes a good one', async ({ world }) => {
    const file = world.path('sentence')
    writeFileSync(file, 'correct horse battery staple and one more word\n', { mode: 0o600 })
    const [{ host, port }] = (await world.endpoints(1)) as [HostPort]
    const words = ['--bind', host, '--port', String(port), '--tracker', '127.0.0.1', '--secret-file', file]
    const { exitCode, stderr } = await left(world.folder, ...words)
    expect(exitCode).toBe(2)
    expect(stderr).toContain(`left secret ${file}.new`)
  })
})

function hasCompiler(): boolean {
  try {
    execFileSync('make', ['--version'], { stdio: 'ignore' })
    execFileSync('cc', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
