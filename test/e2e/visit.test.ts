// Visits of a machine that keeps no share: what peers hold as one list, and files of theirs once. The peers do not see a peer in it.

import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { writeContent } from '../../harness/peers/content.js'
import { PROGRAM } from '../../harness/peers/peer.js'
import { type Ended, runLeft } from '../../harness/processes.js'
import { hexOf } from '../../src/base/bytes.js'
import { IDENTITY_FILE, PINS_FILE } from '../../src/seal/config-folder.js'
import { makeX25519 } from '../../src/seal/exchange.js'
import { type Identity, openIdentity } from '../../src/seal/identity.js'
import { Pins } from '../../src/seal/pins.js'
import { eventually, statusOf } from './left.js'
import { expectSameBytes, longTest, type RecordedPeer, test, type World } from './world.js'

/** A user on a machine without a share, who was told the key of the peers' user and whose key that user trusts. */
interface Guest {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  left(...words: string[]): Promise<Ended>
}

async function guestOf(world: World): Promise<Guest> {
  const config = world.otherConfig()
  const env = { ...process.env, XDG_CONFIG_HOME: config }
  const host = await openIdentity({ file: join(world.config, 'left', IDENTITY_FILE) })
  const own = await openIdentity({ file: join(config, 'left', IDENTITY_FILE) })
  await knowKey(config, host)
  await new Pins(join(world.config, 'left', PINS_FILE)).trust(own.fingerprint, {})
  const folder = world.path('guest')
  mkdirSync(folder)
  return { folder, env, left: (...words) => runLeft(words, { env, cwd: folder }) }
}

/** As `left trust --static` does. */
async function knowKey(config: string, key: Pick<Identity, 'fingerprint' | 'staticSeed'>): Promise<void> {
  const pins = new Pins(join(config, 'left', PINS_FILE))
  await pins.trust(key.fingerprint, {})
  await pins.bindStatic(key.fingerprint, hexOf(makeX25519(key.staticSeed).publicKey))
}

/** Peers that do not know each other, so that they stay different; started. */
async function loners(world: World, fill: (...peers: RecordedPeer[]) => Promise<void> | void, count: number) {
  const endpoints = await world.endpoints(count + 1)
  const nobody = endpoints.pop()!
  const others = [`${nobody.host}:${nobody.port}`]
  const peers = endpoints.map((endpoint, index) => world.peer('AB'[index]!, endpoint, others))
  await fill(...peers)
  for (const peer of peers) peer.start()
  await world.until('the shares to be read', () => peers.every((peer) => peer.of('scanned').length > 0))
  return peers
}

/** As `find` tells it: path, bytes, milliseconds. */
function found(share: string): string[] {
  const lines = execFileSync('find', [
    share,
    '-name',
    '.left',
    '-prune',
    '-o',
    '-type',
    'f',
    '-printf',
    '%P %s %T@\n',
  ])
  return lines
    .toString()
    .trim()
    .split('\n')
    .map((line) => line.replace(/ ([0-9.]+)$/, (_, seconds) => ` ${Math.round(1_000 * Number(seconds))}`))
    .sort()
}

interface Row {
  readonly path: string
  readonly versions: readonly {
    kind: string
    bytes: number
    mtimeMs: number
    holders: string[]
    newest: boolean
  }[]
}

const rowsOf = ({ stdout }: Ended): Row[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('left ls', () => {
  test('shows both dates of a file that differs and the newest, and names, sizes and dates as find does', async ({
    world,
  }) => {
    const at = (seconds: number) => [seconds, seconds] as const
    const [a, b] = (await loners(
      world,
      (...[a, b]) => {
        for (const peer of [a!, b!]) mkdirSync(peer.path('docs'))
        writeFileSync(a!.path('docs/plan.txt'), 'the older plan')
        utimesSync(a!.path('docs/plan.txt'), ...at(1_700_000_000.25))
        writeFileSync(b!.path('docs/plan.txt'), 'the newer one')
        utimesSync(b!.path('docs/plan.txt'), ...at(1_700_000_500.5))
        for (const peer of [a!, b!]) writeFileSync(peer.path('same'), 'same')
        for (const peer of [a!, b!]) utimesSync(peer.path('same'), ...at(1_600_000_000))
        writeFileSync(a!.path('odd\nname'), '')
      },
      2,
    )) as [RecordedPeer, RecordedPeer]
    const guest = await guestOf(world)
    const listed = await guest.left('ls', a.address, b.address, '--json')
    expect(listed).toMatchObject({ exitCode: 0, stderr: '' })
    const rows = rowsOf(listed)
    expect(rows.map(({ path }) => path)).toEqual(['docs', 'docs/plan.txt', 'odd\nname', 'same'])
    expect(rows[1]!.versions).toMatchObject([
      { bytes: 13, mtimeMs: 1_700_000_500_500, holders: [b.address], newest: true },
      { bytes: 14, mtimeMs: 1_700_000_000_250, holders: [a.address], newest: false },
    ])
    expect(rows[3]!.versions).toMatchObject([{ holders: [a.address, b.address] }])
    for (const peer of [a, b]) {
      const held = rows.flatMap(({ path, versions }) =>
        versions
          .filter(({ kind, holders }) => kind === 'file' && holders.includes(peer.address))
          .map(({ bytes, mtimeMs }) => `${path} ${bytes} ${mtimeMs}`),
      )
      expect(held.join('\n').split('\n').sort()).toEqual(found(peer.share))
    }
    const text = await guest.left('ls', `${a.address}:docs`, `${b.address}:docs/plan.txt`, '--bytes')
    const lines = text.stdout.split('\n')
    expect(lines[1]).toMatch(/^\* +13 {2}2023-11-1\d .*docs\/plan\.txt$/)
    expect(lines[2]).toMatch(/^ +14 {2}2023-11-1\d .*docs\/plan\.txt$/)
    expect(lines).toHaveLength(4)
    expect(await guest.left('ls', `${a.address}:nothing`)).toMatchObject({ exitCode: 1, stdout: '' })
    // In a share, its peer and those that it names; of those, one is not there.
    const here = await runLeft(['ls', 'same', '--timeout', '1s'], {
      cwd: a.share,
      env: { ...process.env, XDG_CONFIG_HOME: world.config },
    })
    expect(here).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/^ +4 bytes {2}2020-09-13 .* same\n$/),
    })
    expect(here.stderr).toContain('no answer')
    // Nobody of that is a peer, and nothing was taken over.
    const status = await statusOf(a)
    expect(status.peers).toMatchObject([{ state: 'waiting', peer: null }])
    expect([...a.of('connected'), ...a.of('disconnected'), ...a.of('changed'), ...a.of('in-step')]).toEqual(
      [],
    )
    expect(readdirSync(guest.folder)).toEqual([])
  })

  longTest('is answered by nobody who does not trust the key', async ({ world }) => {
    const [a] = (await loners(world, (peer) => writeFileSync(peer!.path('x'), 'x'), 1)) as [RecordedPeer]
    const config = world.otherConfig()
    const env = { ...process.env, XDG_CONFIG_HOME: config }
    await knowKey(config, await openIdentity({ file: join(world.config, 'left', IDENTITY_FILE) }))
    const refused = await runLeft(['ls', a.address, '--timeout', '4s'], { env, cwd: world.folder })
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
    expect(refused.stderr).toMatch(/does not let this machine in: there, left trust [0-9a-f]{64}/)
  })
})

describe('left get', () => {
  test('brings a folder with modes, times and links, refuses to replace, and counts what is there', async ({
    world,
  }) => {
    const [a] = (await loners(
      world,
      async (peer) => {
        mkdirSync(peer!.path('docs/inner'), { recursive: true })
        await writeContent(peer!.path('docs/large.bin'), 'large', 3_000_000)
        writeFileSync(peer!.path('docs/inner/tool'), '#!/bin/sh\n')
        chmodSync(peer!.path('docs/inner/tool'), 0o700)
        writeFileSync(peer!.path('docs/empty'), '')
        utimesSync(peer!.path('docs/empty'), 1_500_000_000, 1_500_000_000)
        symlinkSync('inner/tool', peer!.path('docs/link'))
        writeFileSync(peer!.path('aside'), 'not wanted')
      },
      1,
    )) as [RecordedPeer]
    const guest = await guestOf(world)
    expect(await guest.left('get', `${a.address}:docs`)).toMatchObject({ exitCode: 0, stderr: '' })
    const at = (path: string) => join(guest.folder, path)
    expect(readdirSync(guest.folder, { recursive: true }).sort()).toEqual(
      ['docs', 'docs/empty', 'docs/inner', 'docs/inner/tool', 'docs/large.bin', 'docs/link'].sort(),
    )
    expectSameBytes(a.path('docs/large.bin'), at('docs/large.bin'))
    expect(readlinkSync(at('docs/link'))).toBe('inner/tool')
    expect(statSync(at('docs/inner/tool')).mode & 0o777).toBe(0o700)
    expect(statSync(at('docs/empty')).mtimeMs).toBe(1_500_000_000_000)
    writeFileSync(at('docs/large.bin'), 'of my own')
    const again = await guest.left('get', `${a.address}:docs`)
    expect(again.exitCode).toBe(1)
    expect(again.stdout).toContain('docs/large.bin: another file stands there; --force replaces it')
    expect(again.stdout).toContain('got 0 files, 0 bytes; 3 files there already')
    expect(readFileSync(at('docs/large.bin'), 'utf8')).toBe('of my own')
    // What a killed one left is not fetched again, where its blocks are right.
    const [digest] = rowsOf(await guest.left('ls', `${a.address}:docs/large.bin`, '--json'))[0]!
      .versions as unknown as {
      digest: string
    }[]
    const begun = readFileSync(a.path('docs/large.bin')).subarray(0, 2_000_000)
    begun[100_000]! ^= 1
    writeFileSync(at(`docs/.left-get-${digest!.digest.slice(0, 32)}`), begun)
    const forced = await guest.left('get', `${a.address}:docs/large.bin`, 'docs', '--force', '--json')
    expect(forced.exitCode).toBe(0)
    const events = forced.stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
    // 30 whole blocks, of which one is damaged.
    expect(events).toContainEqual(expect.objectContaining({ event: 'fetching', resumedBytes: 29 * 65_300 }))
    expectSameBytes(a.path('docs/large.bin'), at('docs/large.bin'))
    expect(readdirSync(at('docs')).filter((name) => name.startsWith('.left-get-'))).toEqual([])
    expect(await runLeft(['get', `${a.address}:aside`], { env: guest.env, cwd: a.share })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('is in the share'),
    })
    await eventually(async () => (await statusOf(a)).sending).toEqual([])
    expect([...a.of('connected'), ...a.of('changed')]).toEqual([])
  })

  longTest('of 200 MB goes on where it was killed in the middle', async ({ world }) => {
    const [a] = (await loners(
      world,
      (peer) => writeContent(peer!.path('big.bin'), 'big', 200_000_000),
      1,
    )) as [RecordedPeer]
    const guest = await guestOf(world)
    const child = spawn(process.execPath, [PROGRAM, 'get', `${a.address}:big.bin`], {
      cwd: guest.folder,
      env: guest.env,
      stdio: 'ignore',
    })
    const hereBytes = () =>
      readdirSync(guest.folder).reduce((sum, name) => sum + statSync(join(guest.folder, name)).size, 0)
    await world.until('half of it', () => hereBytes() > 60_000_000, 5)
    child.kill('SIGKILL')
    expect(existsSync(join(guest.folder, 'big.bin'))).toBe(false)
    const ended = await guest.left('get', `${a.address}:big.bin`, '--json')
    expect(ended.exitCode).toBe(0)
    const events = ended.stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
    const { resumedBytes } = events.find(({ event }) => event === 'fetching')
    expect(resumedBytes).toBeGreaterThan(40_000_000)
    expectSameBytes(a.path('big.bin'), join(guest.folder, 'big.bin'))
  })
})
