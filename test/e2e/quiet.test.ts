// A running peer at rest: nothing crosses, nothing is written, and its processes sleep. How soon it notices a new file is
// printed and not asserted: bench/latency.ts measures it.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { writeContent } from '../../harness/peers/content.js'
import { sleep } from '../../harness/peers/wait.js'
import { childrenOf } from '../../harness/processes.js'
import type { PeerEvent } from '../../src/app/events.js'
import { longTest, test } from './world.js'

const QUIET_MS = 5_000

/** Pings of silent sessions, and what repeats them: nothing that carries content is so short. */
const QUIET_BYTES_MAX = 1_000
const QUIET_DATAGRAMS_MAX = 20

/** A process at rest wakes 8 times a second for its timers: so many mean that something runs again and again. */
const WAKES_PER_S_MAX = 40

/** Every file and folder of a share, LEFT's own too, as it would look after any write. */
function stampsOf(share: string): string[] {
  return readdirSync(share, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { size, mtimeNs, ctimeNs } = statSync(join(share, name), { bigint: true })
      return `${name} ${size} ${mtimeNs} ${ctimeNs}`
    })
}

/** Whether everything that was placed is on stable storage: the last thing that a transfer writes. */
function hasCheckpoint(share: string): boolean {
  return readFileSync(join(share, '.left/journal'), 'latin1').endsWith('checkpoint')
}

/** How often the threads of a process slept and woke; 0 where the system does not tell. */
function wakesOf(pid: number): number {
  if (process.platform !== 'linux') return 0
  let wakes = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1')
    wakes += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1] ?? 0)
  }
  return wakes
}

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
  test('send each other no content, write nothing to their disks, and sleep', async ({ world }) => {
    const { a, b, relay } = await world.pairOverRelay({ seed: 1 })
    for (let index = 0; index < 200; index++)
      await writeContent(a.path(`many/${index}`), `${index}`, index * 40)
    await writeContent(b.path('large.bin'), 'large', 2_000_000)
    await world.start([a, b])
    await world.untilSame([a, b])
    const crossed = () =>
      relay.counters(a.address, b.address).receivedBytes + relay.counters(b.address, a.address).receivedBytes
    const datagrams = () =>
      relay.counters(a.address, b.address).received + relay.counters(b.address, a.address).received
    const acted = () =>
      [a, b].flatMap((peer) => peer.events).filter(({ event }) => ACTS.includes(event)).length
    // Path probes and the news of what was placed may still be under way, and the log waits with its checkpoint.
    const looks = () => [a, b].flatMap((peer) => stampsOf(peer.share))
    let before = { crossed: -1, acted: -1 }
    await world.until(
      'both to come to rest',
      () => {
        const now = { crossed: crossed(), acted: acted() }
        const isSame = now.crossed === before.crossed && now.acted === before.acted
        before = now
        return isSame && [a, b].every((peer) => hasCheckpoint(peer.share))
      },
      1_000,
    )
    const datagramsBefore = datagrams()
    const looksBefore = looks()
    const pids = [a, b].flatMap(({ pid }) => [pid!, ...childrenOf(pid!)])
    const wakesBefore = pids.map(wakesOf)
    const sinceMs = performance.now()
    await sleep(QUIET_MS)
    const restedS = (performance.now() - sinceMs) / 1_000
    const wakes = pids.map((pid, index) => wakesOf(pid) - wakesBefore[index]!)
    expect(acted() - before.acted).toBe(0)
    expect(crossed() - before.crossed).toBeLessThanOrEqual(QUIET_BYTES_MAX)
    expect(looks()).toEqual(looksBefore)
    expect(datagrams() - datagramsBefore).toBeLessThanOrEqual(QUIET_DATAGRAMS_MAX)
    expect(pids).toHaveLength(4)
    for (const count of wakes) expect(count).toBeLessThanOrEqual(WAKES_PER_S_MAX * restedS)
  })
})

describe('a new file of 1 KB', () => {
  longTest('is on the two others', async ({ world }) => {
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
