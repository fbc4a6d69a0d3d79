import { beforeEach, describe, expect, test } from 'vitest'
import {
  COUNT_TOLD_MS,
  COUNT_TOLD_MS_MAX,
  NOTICES_NAMED_MAX,
  NOTICES_PEERS_MAX,
} from '../../../src/keeper/peers/limits.js'
import { NoticeThrottle } from '../../../src/keeper/peers/notice-throttle.js'
import type { KeeperNotice } from '../../../src/pipe/messages.js'

let told: KeeperNotice[]
let throttle: NoticeThrottle

beforeEach(() => {
  told = []
  throttle = new NoticeThrottle()
})

function refuse(peer: string, count: number, nowMs = 0): void {
  for (let index = 0; index < count; index++)
    tell(throttle.handle(peer, 'path', { event: 'problem', path: `p${index}`, reason: 'no' }, nowMs))
}

function tell(...notices: readonly (KeeperNotice | undefined)[]): void {
  for (const notice of notices) if (notice !== undefined) told.push(notice)
}

describe('notices about a peer', () => {
  test('name the first few of a peer, and no more', () => {
    refuse('a', NOTICES_NAMED_MAX)
    expect(told).toHaveLength(NOTICES_NAMED_MAX)
    expect(throttle.pollTimeout()).toBeUndefined()
    refuse('a', 1)
    expect(told).toHaveLength(NOTICES_NAMED_MAX)
    refuse('b', 1)
    expect(told).toHaveLength(NOTICES_NAMED_MAX + 1)
  })

  test('tell the rest as a number, later and later', () => {
    refuse('a', NOTICES_NAMED_MAX + 1_234)
    told.length = 0
    expect(throttle.pollTimeout()).toBe(COUNT_TOLD_MS)
    tell(...throttle.takeDue(COUNT_TOLD_MS - 1))
    expect(told).toEqual([])
    tell(...throttle.takeDue(COUNT_TOLD_MS))
    expect(told).toEqual([{ event: 'note', message: '1234 more paths were refused of peer a' }])
    expect(throttle.pollTimeout()).toBeUndefined()
    refuse('a', 1, 10_000)
    expect(throttle.pollTimeout()).toBe(10_000 + 2 * COUNT_TOLD_MS)
  })

  test('that never end are a line in ten minutes at last', () => {
    let nowMs = 0
    refuse('a', NOTICES_NAMED_MAX)
    told.length = 0
    for (const endMs = 24 * 3_600_000; nowMs < endMs; nowMs = throttle.pollTimeout()!) {
      tell(...throttle.takeDue(nowMs))
      refuse('a', 1_000, nowMs)
    }
    expect(told.length).toBeLessThan((24 * 3_600_000) / COUNT_TOLD_MS_MAX + 20)
  })

  test('of peers under ever new names are counted together', () => {
    for (let index = 0; index < NOTICES_PEERS_MAX; index++) refuse(`peer ${index}`, 1)
    told.length = 0
    for (let index = 0; index < 1_000; index++) refuse(`other ${index}`, 1)
    expect(told).toHaveLength(NOTICES_NAMED_MAX)
    tell(...throttle.takeDue(COUNT_TOLD_MS))
    expect(told.at(-1)).toEqual({
      event: 'note',
      message: `${1_000 - NOTICES_NAMED_MAX} more paths were refused of other peers`,
    })
  })
})
