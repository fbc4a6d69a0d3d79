// A running peer at rest, and how soon it notices. What is measured here is printed and not asserted: bench/latency.ts
// measures it well.

import { existsSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { writeContent } from '../../harness/peers/content.js'
import { sleep } from '../../harness/peers/wait.js'
import { childrenOf, cpuMsOf } from '../../harness/processes.js'
import type { PeerEvent } from '../../src/app/events.js'
import { test } from './world.js'

const QUIET_MS = 5_000

/** Pings of silent sessions, and what repeats them: nothing that carries content is so short. */
const QUIET_BYTES_MAX = 1_000

/** Events that say that something was done. */
const ACTS: readonly PeerEvent['event'][] = [
  'changed',
  'fetching',
  'received',
  'totals',
  'in-step',
  'conflict',
]

describe('peers that are in step', () => {
  test('send each other no content, do nothing, and take next to no processor time', async ({ world }) => {
    const { a, b, relay } = await world.pairOverRelay({ seed: 1 })
    for (let index = 0; index < 200; index++)
      await writeContent(a.path(`many/${index}`), `${index}`, index * 40)
    await writeContent(b.path('large.bin'), 'large', 2_000_000)
    await world.start([a, b])
    await world.untilSame([a, b])
    const crossed = () =>
      relay.counters(a.address, b.address).receivedBytes + relay.counters(b.address, a.address).receivedBytes
    const acted = () =>
      [a, b].flatMap((peer) => peer.events).filter(({ event }) => ACTS.includes(event)).length
    // Path probes and the news of what was placed may still be under way.
    let before = { crossed: -1, acted: -1 }
    await world.until(
      'both to come to rest',
      () => {
        const now = { crossed: crossed(), acted: acted() }
        const isSame = now.crossed === before.crossed && now.acted === before.acted
        before = now
        return isSame
      },
      1_000,
    )
    const pids = [a, b].flatMap(({ pid }) => [pid!, ...childrenOf(pid!)])
    const cpuBeforeMs = pids.map(cpuMsOf)
    await sleep(QUIET_MS)
    const cpuMs = pids.map((pid, index) => (cpuMsOf(pid) ?? 0) - (cpuBeforeMs[index] ?? 0))
    console.log(
      `${QUIET_MS / 1_000} s of rest: ${crossed() - before.crossed} bytes crossed; processor time ${cpuMs.join(', ')} ms`,
    )
    expect(acted() - before.acted).toBe(0)
    expect(crossed() - before.crossed).toBeLessThanOrEqual(QUIET_BYTES_MAX)
  })
})

describe('a new file of 1 KB', () => {
  test('is on the two others', async ({ world }) => {
    const [a, b, c] = await world.group('ABC')
    await world.start([a!, b!, c!])
    const tookMs: number[] = []
    for (let index = 0; index < 5; index++) {
      await sleep(200)
      await writeContent(a!.path(`${index}.txt`), `${index}`, 1_000)
      const closedMs = performance.now()
      await world.until(
        'B and C to have it',
        () => [b!, c!].every((peer) => existsSync(peer.path(`${index}.txt`))),
        2,
      )
      tookMs.push(Math.round(performance.now() - closedMs))
    }
    console.log(`a new file of 1 KB was on two others ${tookMs.join(', ')} ms after it was closed`)
    await world.untilSame([a!, b!, c!])
  })
})
