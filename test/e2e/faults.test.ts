// Ten faults of the world around LEFT, each brought about, and what `left status`, `left why` or `left doctor` says of it: a person
// is to find out without reading code. README.md has the table.

import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync } from 'node:fs'
import { expect } from 'vitest'
import { Bridge, whyNoBridge } from '../../harness/peers/bridge.js'
import { endpointText } from '../../harness/peers/endpoints.js'
import type { Check, DoctorResult } from '../../src/control/doctor-results.js'
import type { HostPort } from '../../src/io/net/address.js'
import { left, statusOf } from './left.js'
import { longTest, type RecordedPeer, test } from './world.js'

/** The lines of `left doctor` of one kind, and how it ended. */
async function doctor(
  share: string,
): Promise<{ exitCode: number | null; of: (check: Check['check']) => Check[] }> {
  const { exitCode, stdout, stderr } = await left(share, 'doctor', '--json')
  if (stderr !== '') throw new Error(stderr)
  const { checks } = JSON.parse(stdout) as DoctorResult
  return { exitCode, of: (check) => checks.filter((each) => each.check === check) }
}

async function codesOf(share: string, path: string): Promise<string[]> {
  const { reasons } = JSON.parse((await left(share, 'why', path, '--json')).stdout)
  return reasons.map(({ code }: { code: string }) => code)
}

/** What it takes for a process to have another clock. */
const HOUR_AHEAD = 'data:text/javascript,{const%20now=Date.now;Date.now=()=>now()+3600000}'

/** Watches of one user, in a user namespace of its own. */
const FEW_WATCHES = 6
const fewWatches = [
  'unshare',
  '--user',
  '--map-root-user',
  'sh',
  '-c',
  `echo ${FEW_WATCHES} > /proc/sys/user/max_inotify_watches && exec "$@"`,
  'sh',
]

function canUnshare(): boolean {
  const [command, ...words] = [...fewWatches, 'true']
  return process.platform === 'linux' && spawnSync(command!, words).status === 0
}

test('a machine that is not in --ip of another: both are told, and the other one by address', async ({
  world,
}) => {
  const [endpointA, endpointB, nobody] = (await world.endpoints(3)) as [HostPort, HostPort, HostPort]
  // A user of its own each: with one key they would know each other by it.
  const a = world.peer('A', endpointA, [endpointText(endpointB)], [], world.otherConfig())
  const b = world.peer('B', endpointB, [endpointText(nobody)])
  a.start()
  b.start()
  await world.until('B to tell', () => b.notes.some((message) => message.startsWith(a.address)))
  expect(b.notes.find((message) => message.startsWith(a.address))).toMatch(/ calls as left .*name it in --ip/)
  const { callers } = await statusOf(b)
  expect(callers).toMatchObject([{ address: a.address, agent: expect.stringMatching(/^left /) }])
  expect((await left(b.share, 'status')).stdout).toMatch(/not named here\n.*name it in --ip here/)
  const { exitCode, of } = await doctor(b.share)
  expect(exitCode).toBe(1)
  expect(of('caller')).toMatchObject([{ state: 'wrong', words: expect.stringContaining(a.address) }])
  await world.until('A to tell', () => a.of('waiting').length > 0)
  expect(a.of('waiting')[0]!.reason).toMatch(/with this machine in its --ip/)
})

test('an own address that is gone: no other machine is said not to answer there', async ({ world }) => {
  const [before, after, other] = (await world.endpoints(3)) as [HostPort, HostPort, HostPort]
  const everybody = [before, other].map(endpointText)
  const a = world.peer('A', before, everybody)
  a.start()
  await world.until('A to know itself', () =>
    a.notes.some((message) => message.includes('is this peer itself')),
  )
  await a.stop()
  // The machine was given another address meanwhile.
  const moved = world.peer('A', after, everybody)
  moved.start()
  const code = 'own-address-gone'
  await world.until('A to tell', () => moved.of('waiting').some((event) => event.code === code))
  const [told] = moved.of('waiting').filter(({ address }) => address === endpointText(before))
  expect(told).toMatchObject({ code, reason: expect.stringContaining(`has ${after.host} now`) })
  expect((await statusOf(moved)).peers[0]).toMatchObject({ address: endpointText(before), code })
  expect((await left(moved.share, 'why')).stdout).toMatch(
    /it was an address of this machine.*\(own-address-gone/,
  )
})

const noBridge = whyNoBridge()

longTest(
  'an address of --bind that is gone while left runs: this machine is said to lack it',
  async ({ world, skip }) => {
    if (noBridge !== undefined) return skip(noBridge)
    const bridge = new Bridge({ count: 2 })
    world.atEnd(() => bridge.close())
    const [one, two] = bridge.hosts as [(typeof bridge.hosts)[0], (typeof bridge.hosts)[0]]
    const [a, b] = [one, two].map(({ namespace, host }, index) => {
      const others = [one, two].filter((each) => each.host !== host).map((each) => `${each.host}:22001`)
      return world.peer('AB'[index]!, { host, port: 22_001 }, others, [], world.config, namespace)
    }) as [RecordedPeer, RecordedPeer]
    await world.start([a, b])
    bridge.move(one, '10.88.0.9')
    await world.until('A to tell', () => a.notes.some((message) => message.includes('the address of --bind')))
    await world.until('A to see B no more', () => a.of('disconnected').length > 0)
    const { peers } = await statusOf(a)
    expect(peers[0]).toMatchObject({ code: 'bind-gone', reason: expect.stringContaining(one.host) })
  },
)

test('packets above 1,280 bytes that are lost, and a firewall that lets only replies in', async ({
  world,
}) => {
  // The relay is such a firewall too: it knows the address of each peer alone, and forwards nothing from another.
  const { a, b } = await world.pairOverRelay({ seed: 1, datagramBytesMax: 1_252 })
  await world.start([a, b])
  await world.until('the path to be known', async () => {
    const { of } = await doctor(a.share)
    return of('path').length > 0 && of('clock').some(({ state }) => state === 'ok')
  })
  const { of } = await doctor(a.share)
  expect(of('path')).toMatchObject([
    { state: 'hint', words: expect.stringMatching(/^packets above 1260 bytes are lost on the way/) },
  ])
  expect(of('firewall')).toMatchObject([
    { state: 'hint', words: expect.stringMatching(/^only replies come in/) },
  ])
  expect(of('program')).toMatchObject([{ state: 'ok' }, { state: 'ok' }, { state: 'ok' }])
})

test('a clock an hour off, and more folders than the system watches', async ({ world, skip }) => {
  if (!canUnshare()) return skip('needs user namespaces')
  const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
  for (let index = 0; index < 2 * FEW_WATCHES; index++) mkdirSync(b.path(`${index}`))
  b.wrap = [...fewWatches, 'env', `NODE_OPTIONS=--import=${HOUR_AHEAD}`]
  await world.start([a, b])
  const ofA = await doctor(a.share)
  expect(ofA.of('clock')).toMatchObject([
    {
      about: b.address,
      state: 'wrong',
      words: expect.stringMatching(/^its clock is (1 h 0 min|59 min \d+ s) ahead/),
    },
  ])
  // Nothing is between them.
  expect(ofA.of('firewall')).toMatchObject([{ state: 'ok' }])
  expect(ofA.exitCode).toBe(1)
  await world.until('B to have looked at its folders', async () => {
    const { holds } = await statusOf(b)
    return holds?.isRead === true && holds.unwatchedFolders > 0
  })
  const ofB = await doctor(b.share)
  expect(ofB.of('clock')).toMatchObject([{ state: 'wrong', words: expect.stringContaining('behind') }])
  expect(ofB.of('watching')).toMatchObject([
    { state: 'wrong', words: expect.stringMatching(/^\d+ of 13 folders are not watched/) },
  ])
  expect(b.notes.filter((message) => message.includes('max_user_watches'))).toHaveLength(1)
  expect((await left(b.share, 'status')).stdout).toMatch(
    /folders that are not watched: \d+; left doctor says why/,
  )
})

longTest('a file that grows for ever', async ({ world }) => {
  const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
  await world.start([a, b])
  const timer = setInterval(() => appendFileSync(a.path('growing.log'), 'one more line\n'), 20)
  world.atEnd(() => clearInterval(timer))
  await world.until('A to say so', async () => (await codesOf(a.share, 'growing.log')).includes('growing'))
  expect((await left(a.share, 'why', 'growing.log')).stdout).toMatch(
    /it is written all the time at its end: it is sent every few seconds, as far as it has grown \(growing/,
  )
})
