// `left --once` with real peers: when it ends, with which exit code, and what it says is missing.

import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { writeContent } from '../../harness/peers/content.js'
import { endpointText } from '../../harness/peers/endpoints.js'
import { PROGRAM } from '../../harness/peers/peer.js'
import { differences, readDigests } from '../../harness/peers/tree.js'
import type { HostPort } from '../../src/io/net/address.js'
import { isLong } from '../length.js'
import { statusOf } from './left.js'
import { longTest, type RecordedPeer, test, type World } from './world.js'

interface Ended {
  readonly exitCode: number | null
  readonly stderr: string
}

/** One of several that name each other, with --once. */
class OncePeer {
  readonly share: string
  private readonly words: readonly string[]
  private readonly env: NodeJS.ProcessEnv

  constructor(
    world: World,
    name: string,
    endpoint: HostPort,
    others: readonly HostPort[],
    ...more: string[]
  ) {
    this.share = world.path(name)
    mkdirSync(this.share, { recursive: true })
    const network = [
      '--bind',
      endpoint.host,
      '--port',
      String(endpoint.port),
      '--ip',
      others.map(endpointText).join(','),
    ]
    this.words = [...network, '--share', this.share, '--once', ...more]
    this.env = { ...process.env, XDG_CONFIG_HOME: world.config, XDG_STATE_HOME: join(world.config, 'state') }
  }

  path(...parts: string[]): string {
    return join(this.share, ...parts)
  }

  run(...more: string[]): {
    readonly ended: Promise<Ended>
    readonly kill: (signal: NodeJS.Signals) => void
  } {
    const child = spawn(process.execPath, [PROGRAM, ...this.words, ...more], {
      env: this.env,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.on('data', (bytes) => {
      stderr += bytes
    })
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (exitCode) => resolve({ exitCode, stderr }))
    })
    return { ended, kill: (signal) => void child.kill(signal) }
  }
}

async function group(world: World, names: string, ...more: string[]): Promise<OncePeer[]> {
  const endpoints = await world.endpoints(names.length)
  return [...names].map((name, index) => {
    const others = endpoints.filter((_, other) => other !== index)
    return new OncePeer(world, name, endpoints[index]!, others, ...more)
  })
}

const DONE = { exitCode: 0, stderr: '' }

async function expectSame(peers: readonly OncePeer[]): Promise<void> {
  const [first, ...others] = await Promise.all(peers.map(({ share }) => readDigests(share)))
  for (const other of others) expect(differences(first!, other)).toEqual([])
}

describe('left --once', () => {
  test('of two ends with 0 on both sides, each with all of the other on its disk, and again where nothing is new', async ({
    world,
  }) => {
    const [a, b] = (await group(world, 'AB')) as [OncePeer, OncePeer]
    await writeContent(a.path('large.bin'), 'large', 3_000_000)
    mkdirSync(b.path('folder'))
    for (let count = 0; count < 200; count++) writeFileSync(b.path('folder', `${count}`), `content ${count}`)
    for (let round = 0; round < (isLong ? 3 : 2); round++) {
      expect(await Promise.all([a, b].map((peer) => peer.run().ended))).toEqual([DONE, DONE])
      await expectSame([a, b])
      writeFileSync(a.path(`of round ${round}`), 'more')
    }
  })

  longTest('of three ends with 0 on all, whoever begins', async ({ world }) => {
    const peers = await group(world, 'ABC')
    for (const [index, peer] of peers.entries())
      await writeContent(peer.path(`${index}.bin`), `${index}`, 400_000)
    const running = peers.map((peer) => peer.run())
    expect(await Promise.all(running.map(({ ended }) => ended))).toEqual([DONE, DONE, DONE])
    await expectSame(peers)
  })

  test('beside a peer that goes on running ends with 0, and that one has all', async ({ world }) => {
    const [here, there] = (await world.endpoints(2)) as [HostPort, HostPort]
    const other: RecordedPeer = world.peer('B', there, [endpointText(here)])
    writeFileSync(other.path('theirs'), 'theirs')
    other.start()
    const once = new OncePeer(world, 'A', here, [there])
    await writeContent(once.path('ours.bin'), 'ours', 2_000_000)
    expect(await once.run('--timeout', '2m').ended).toEqual(DONE)
    expect(statSync(other.path('ours.bin')).size).toBe(2_000_000)
    expect(statSync(once.path('theirs')).size).toBe(6)
  })

  longTest(
    'ends with 3 where one peer is never there, though all is well with the other',
    async ({ world }) => {
      const [a, b, nobody] = (await world.endpoints(3)) as [HostPort, HostPort, HostPort]
      const one = new OncePeer(world, 'A', a, [b, nobody])
      const other = new OncePeer(world, 'B', b, [a])
      writeFileSync(one.path('file'), 'file')
      const [left, right] = await Promise.all([
        one.run('--timeout', '8s').ended,
        other.run('--timeout', '60s').ended,
      ])
      expect(right).toEqual(DONE)
      expect(left.exitCode).toBe(3)
      expect(left.stderr.split('\n')).toEqual([
        'left: not in step after 8.0 s',
        expect.stringContaining(`left: ${endpointText(nobody)}: not met (no answer yet`),
        '',
      ])
    },
  )

  longTest('ends with 3 where the time does not suffice, and says how much is missing', async ({ world }) => {
    const [a, b] = (await group(world, 'AB')) as [OncePeer, OncePeer]
    await writeContent(a.path('large.bin'), 'large', 20_000_000)
    const [left, right] = await Promise.all([
      a.run('--timeout', '6s').ended,
      b.run('--timeout', '6s', '--limit', '200K').ended,
    ])
    expect(left).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/has not got all|left before|compared/),
    })
    expect(right).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/1 entry of it lacking|left before/),
    })
  })

  test('ends with 0 where what is skipped or cannot be held keeps the two apart', async ({ world }) => {
    const [a, b] = (await group(world, 'AB')) as [OncePeer, OncePeer]
    symlinkSync('nowhere', a.path('dangling'))
    writeFileSync(a.path('file'), 'file')
    mkdirSync(world.path('elsewhere'))
    // What A has in this folder cannot be put behind a link.
    mkdirSync(a.path('folder'))
    writeFileSync(a.path('folder/child'), 'child')
    symlinkSync(world.path('elsewhere'), b.path('folder'))
    expect(await Promise.all([a, b].map((peer) => peer.run('--timeout', '60s').ended))).toEqual([DONE, DONE])
    expect(statSync(b.path('file')).size).toBe(4)
  })

  longTest('ends with 3 where something is being written all the time, and names it', async ({ world }) => {
    const [a, b] = (await group(world, 'AB')) as [OncePeer, OncePeer]
    writeFileSync(a.path('log'), 'line\n')
    const writing = setInterval(() => appendFileSync(a.path('log'), 'line\n'), 20)
    world.atEnd(() => clearInterval(writing))
    const [left] = await Promise.all([a.run('--timeout', '6s').ended, b.run('--timeout', '7s').ended])
    expect(left).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('log is being written') })
  })

  test('ends with 3 where it is stopped before, and says so', async ({ world }) => {
    const [a] = (await group(world, 'AB')) as [OncePeer]
    const { ended, kill } = a.run()
    await expect.poll(() => statusOf(a).catch(() => undefined), { timeout: 40_000 }).toBeDefined()
    kill('SIGINT')
    expect(await ended).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('left: stopped before all was in step'),
    })
  })
})
