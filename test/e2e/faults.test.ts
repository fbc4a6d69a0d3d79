// Ten faults of the world around LEFT, each brought about, and what `left status`, `left why` or `left doctor` says of it: a person
// is to find out without reading code. README.md has the table.

import { expect } from 'vitest'
import { Bridge, whyNoBridge } from '../../harness/peers/bridge.js'
import { endpointText } from '../../harness/peers/endpoints.js'
import type { HostPort } from '../../src/io/net/address.js'
import { left, statusOf } from './left.js'
import { type RecordedPeer, test } from './world.js'

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

test('an address of --bind that is gone while left runs: this machine is said to lack it', async ({
  world,
  skip,
}) => {
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
})
