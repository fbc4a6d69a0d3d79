// Ten faults of the world around LEFT, each brought about, and what `left status`, `left why` or `left doctor` says of it: a person
// is to find out without reading code. README.md has the table.

import { expect } from 'vitest'
import { endpointText } from '../../harness/peers/endpoints.js'
import type { HostPort } from '../../src/io/net/address.js'
import { left, statusOf } from './left.js'
import { test } from './world.js'

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
