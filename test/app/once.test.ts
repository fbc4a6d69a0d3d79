import { describe, expect, test, vi } from 'vitest'
import { untilInStep } from '../../src/app/once.js'
import type { Status } from '../../src/control/status.js'
import { statusOf } from '../control/statuses.js'

const never = new Promise<void>(() => {})

const at = (isInStep: boolean) => statusOf({ isInStep })

/** The states that are seen one after the other; the last one stays. */
function states(...seen: (Status | undefined)[]) {
  let asked = 0
  return { status: async () => seen[Math.min(asked++, seen.length - 1)], count: () => asked }
}

/** On a clock that the test moves. */
async function run(seen: ReturnType<typeof states>, timeoutMs?: number, stopped: Promise<void> = never) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] })
  try {
    const endMs = timeoutMs === undefined ? undefined : performance.now() + timeoutMs
    const startedMs = performance.now()
    let isOver = false
    const outcome = untilInStep({ status: seen.status, endMs, stopped }).finally(() => {
      isOver = true
    })
    while (!isOver) await vi.advanceTimersByTimeAsync(10)
    return { ...(await outcome), afterMs: performance.now() - startedMs }
  } finally {
    vi.useRealTimers()
  }
}

describe('left --once', () => {
  test('ends when all has been in step for a moment', async () => {
    const outcome = await run(states(undefined, at(false), at(true)))
    expect(outcome).toMatchObject({ end: 'in-step', lacking: [] })
    expect(outcome.afterMs).toBeGreaterThanOrEqual(500)
  })

  test('goes on where something comes meanwhile', async () => {
    const seen = states(at(true), at(true), at(false), at(true))
    expect((await run(seen)).end).toBe('in-step')
    expect(seen.count()).toBeGreaterThan(4)
  })

  test('ends when the time is over, and says what is missing', async () => {
    expect(await run(states(at(false)), 1_000)).toMatchObject({
      end: 'late',
      lacking: [expect.stringContaining('no machine was found yet')],
    })
    expect(await run(states(undefined), 1_000)).toMatchObject({ end: 'late', lacking: [expect.any(String)] })
  })

  test('is in step where the time is over while it still lingers', async () => {
    expect((await run(states(at(false), at(true)), 200)).end).toBe('in-step')
  })

  test('ends when it is stopped, in step or not', async () => {
    expect((await run(states(at(false)), undefined, Promise.resolve())).end).toBe('stopped')
    expect((await run(states(at(true)), undefined, Promise.resolve())).end).toBe('in-step')
  })
})
