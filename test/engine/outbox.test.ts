import { beforeEach, describe, expect, test } from 'vitest'
import { Outbox } from '../../src/engine/outbox.js'
import type { EngineToKeeper } from '../../src/pipe/messages.js'

const contents = (fetch: number): EngineToKeeper & { type: 'contents' } => ({
  type: 'contents',
  files: [{ fetch, bytes: new Uint8Array(fetch), savedBytes: 0 }],
})
const locate = (digit: number): EngineToKeeper & { type: 'locate' } => ({
  type: 'locate',
  items: [{ kind: 'file', digest: `${digit}`.repeat(64) }],
})
const gone = { type: 'peer-gone', peer: 'a'.repeat(16) } as const
const claim = (question: number, peer: string): EngineToKeeper => ({
  type: 'claim',
  question,
  claim: {
    peer,
    root: { kind: 'tree', digest: '0'.repeat(64), sizeBytes: 0 },
    author: undefined,
    theyKnow: undefined,
    notHeldCount: 0,
    scope: { type: 'whole' },
    changes: [],
  },
})
const suspect = (path: string): EngineToKeeper => ({ type: 'suspect', path })

let outbox: Outbox
beforeEach(() => {
  outbox = new Outbox()
})

function polled(): EngineToKeeper[] {
  const messages: EngineToKeeper[] = []
  for (let message = outbox.poll(); message !== undefined; message = outbox.poll()) messages.push(message)
  return messages
}

test('claims of a peer that wait are taken back, and nothing else is', () => {
  const [paused, other] = ['a', 'b'].map((digit) => digit.repeat(16)) as [string, string]
  const told = [claim(1, paused), gone, claim(2, other), claim(3, paused)]
  for (const message of told) outbox.push(message)
  expect(outbox.withdrawClaims(paused)).toEqual([1, 3])
  expect(outbox.withdrawClaims(paused)).toEqual([])
  expect(polled()).toEqual([gone, claim(2, other)])
})

describe('messages to the keeper', () => {
  test('leave in the order in which they were pushed', () => {
    const messages = [suspect('a'), gone, contents(1), suspect('b'), locate(2)]
    for (const message of messages) outbox.push(message)
    expect(polled()).toEqual(messages)
    expect(polled()).toEqual([])
  })

  test('that list small files or items leave as one while nothing else comes between', () => {
    for (const message of [contents(1), contents(2), gone, contents(3), locate(1), locate(2)])
      outbox.push(message)
    expect(polled()).toEqual([
      { type: 'contents', files: [...contents(1).files, ...contents(2).files] },
      gone,
      contents(3),
      { type: 'locate', items: [...locate(1).items, ...locate(2).items] },
    ])
  })

  test('to a keeper that is lost are dropped, but for the paths that were read wrong', () => {
    for (const message of [locate(1), suspect('a'), contents(1), gone]) outbox.push(message)
    outbox.handleKeeperLost()
    expect(polled()).toEqual([suspect('a')])
  })
})
