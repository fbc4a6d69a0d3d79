import { beforeEach, describe, expect, test } from 'vitest'
import { Complaints } from '../../../src/keeper/peers/complaints.js'
import {
  COMPLAINTS_NAMED_MAX,
  COMPLAINTS_PEERS_MAX,
  COUNT_TOLD_MS,
  COUNT_TOLD_MS_MAX,
} from '../../../src/keeper/peers/limits.js'
import type { KeeperNotice } from '../../../src/pipe/messages.js'

let told: KeeperNotice[]
let complaints: Complaints

beforeEach(() => {
  told = []
  complaints = new Complaints()
})

function refuse(peer: string, count: number, nowMs = 0): void {
  for (let index = 0; index < count; index++)
    tell(complaints.handle(peer, 'path', { event: 'problem', path: `p${index}`, reason: 'no' }, nowMs))
}

function tell(...notices: readonly (KeeperNotice | undefined)[]): void {
  for (const notice of notices) if (notice !== undefined) told.push(notice)
}

describe('complaints', () => {
  test('name the first few of a peer, and no more', () => {
    refuse('a', COMPLAINTS_NAMED_MAX)
    expect(told).toHaveLength(COMPLAINTS_NAMED_MAX)
    expect(complaints.pollTimeout()).toBeUndefined()
    refuse('a', 1)
    expect(told).toHaveLength(COMPLAINTS_NAMED_MAX)
    refuse('b', 1)
    expect(told).toHaveLength(COMPLAINTS_NAMED_MAX + 1)
  })

  test('tell the rest as a number, later and later', () => {
    refuse('a', COMPLAINTS_NAMED_MAX + 1_234)
    told.length = 0
    expect(complaints.pollTimeout()).toBe(COUNT_TOLD_MS)
    tell(...complaints.takeDue(COUNT_TOLD_MS - 1))
    expect(told).toEqual([])
    tell(...complaints.takeDue(COUNT_TOLD_MS))
    expect(told).toEqual([{ event: 'note', message: '1234 more paths were refused of peer a' }])
    expect(complaints.pollTimeout()).toBeUndefined()
    refuse('a', 1, 10_000)
    expect(complaints.pollTimeout()).toBe(10_000 + 2 * COUNT_TOLD_MS)
  })

  test('that never end are a line in ten minutes at last', () => {
    let nowMs = 0
    refuse('a', COMPLAINTS_NAMED_MAX)
    told.length = 0
    for (const endMs = 24 * 3_600_000; nowMs < endMs; nowMs = complaints.pollTimeout()!) {
      tell(...complaints.takeDue(nowMs))
      refuse('a', 1_000, nowMs)
    }
    expect(told.length).toBeLessThan((24 * 3_600_000) / COUNT_TOLD_MS_MAX + 20)
  })

  test('of peers under ever new names are counted together', () => {
    for (let index = 0; index < COMPLAINTS_PEERS_MAX; index++) refuse(`peer ${index}`, 1)
    told.length = 0
    for (let index = 0; index < 1_000; index++) refuse(`other ${index}`, 1)
    expect(told).toHaveLength(COMPLAINTS_NAMED_MAX)
    tell(...complaints.takeDue(COUNT_TOLD_MS))
    expect(told.at(-1)).toEqual({
      event: 'note',
      message: `${1_000 - COMPLAINTS_NAMED_MAX} more paths were refused of other peers`,
    })
  })
})
