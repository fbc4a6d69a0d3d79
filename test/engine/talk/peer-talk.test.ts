import { describe, expect, test } from 'vitest'
import type { ItemRef } from '../../../src/base/item.js'
import { CONTROL_BYTES_MAX } from '../../../src/base/limits.js'
import { decodeMessage, encodeMessage, type Message } from '../../../src/ecp/message.js'
import { HELD_BACK_MS } from '../../../src/engine/talk/limits.js'
import { OwnState } from '../../../src/engine/talk/own-state.js'
import { PeerTalk } from '../../../src/engine/talk/peer-talk.js'
import { CHANGES_LISTED_MAX } from '../../../src/pipe/limits.js'
import { EARLY_BYTES_MAX } from '../../../src/rdt/protection.js'
import type { Entry } from '../../../src/share/entry.js'
import { encodeEntry } from '../../../src/share/entry-line.js'
import { bareState } from '../../ecp/bare-state.js'
import { digestOf, fileEntry } from '../../share/entries.js'
import { OWN_COUNTS, tell } from './tell.js'

const PEER = 'b'.repeat(16)
const AUTHOR = OWN_COUNTS.author

const BARE = bareState(AUTHOR)

/** A conversation with a peer that may be told of entries. */
function vettedTalk(initiator: boolean): PeerTalk {
  const talk = new PeerTalk(PEER, initiator, undefined)
  talk.handleVetted()
  return talk
}

const rootOf = (name: string): ItemRef => ({ kind: 'tree', digest: digestOf(name), sizeBytes: 100 })
const first = rootOf('first')
const second = rootOf('second')
const third = rootOf('third')
const theirs = rootOf('theirs')
const file = fileEntry('a')
const other = fileEntry('b')

function ownState(root: ItemRef, whole: readonly Entry[] | undefined = [file]): OwnState {
  const own = new OwnState()
  tell(own, root, undefined, whole)
  return own
}

function asking(type: 'have' | 'update', root: ItemRef): { type: 'have' | 'update'; theirs: string } {
  return { type, theirs: root.digest }
}

function decoded(body: Uint8Array | undefined): Message | undefined {
  const message = decodeMessage(body ?? new Uint8Array(0))
  return message.ok ? message.value : undefined
}

/** A conversation in which the peer has been told the root. */
function told(own: OwnState): PeerTalk {
  const talk = vettedTalk(true)
  expect(talk.pollRequest(own, 0)?.type).toBe('have')
  talk.handleSettled('excess')
  expect(talk.pollRequest(own, 0)).toBeUndefined()
  return talk
}

describe('who speaks first', () => {
  test('the side that opened the session greets, once, with all that it holds', () => {
    const talk = vettedTalk(true)
    const own = ownState(first)
    expect(talk.pollRequest(own, 0)).toEqual({
      type: 'have',
      root: first,
      author: AUTHOR,
      knows: undefined,
      scope: { type: 'whole' },
      notHeldCount: 0,
      lines: [encodeEntry(file)],
    })
    expect(talk.pollRequest(own, 1_000_000)).toBeUndefined()
  })

  test('nobody speaks before the share has been read', () => {
    const talk = vettedTalk(true)
    const own = new OwnState()
    expect(talk.pollRequest(own, 0)).toBeUndefined()
    tell(own, first, undefined, [])
    expect(talk.pollRequest(own, 0)?.type).toBe('have')
  })

  test('the side that was called is silent until it has been greeted', () => {
    const talk = vettedTalk(false)
    const own = ownState(first)
    expect(talk.pollRequest(own, 1_000_000)).toBeUndefined()
    talk.replyTo(asking('have', first), true, own)
    tell(own, second, [file], [file])
    expect(talk.pollRequest(own, 1_000_000)).toMatchObject({ type: 'update', root: second })
  })

  test('two that hold the same know it after one greeting and its answer, on both sides', () => {
    const own = ownState(first)
    const called = vettedTalk(false)
    expect(called.replyTo(asking('have', first), true, own)).toBeUndefined()
    expect(called.pollRequest(own, 0)).toBeUndefined()
    const caller = vettedTalk(true)
    caller.pollRequest(own, 0)
    expect(caller.handleSettled('same')).toEqual(first)
    expect(caller.pollRequest(own, 0)).toBeUndefined()
  })

  test('an update answered with same says nothing of what the peer holds', () => {
    const own = ownState(first)
    const talk = told(own)
    tell(own, second, [file], [file])
    talk.pollRequest(own, 0)
    expect(talk.handleSettled('same')).toBeUndefined()
  })

  test('the side that was called need not tell in an update what it has told in its reply', () => {
    const talk = vettedTalk(false)
    const own = ownState(first)
    expect(talk.replyTo(asking('have', theirs), false, own)).toMatchObject({
      type: 'excess',
      root: first,
    })
    expect(talk.pollRequest(own, 0)).toBeUndefined()
  })
})

describe('an update', () => {
  test('lists what has changed since the root that the peer knows', () => {
    const own = ownState(first)
    const talk = told(own)
    tell(own, second, [file], [file, other])
    tell(own, third, [other], [file, other])
    expect(talk.pollRequest(own, 0)).toEqual({
      type: 'update',
      root: third,
      author: AUTHOR,
      knows: undefined,
      scope: { type: 'since', base: first },
      notHeldCount: 0,
      lines: [encodeEntry(file), encodeEntry(other)],
    })
  })

  test('is one at a time, and what changes meanwhile goes with the next', () => {
    const own = ownState(first)
    const talk = told(own)
    tell(own, second, [file], [file])
    expect(talk.pollRequest(own, 0)).toMatchObject({ root: second })
    tell(own, third, [other], [file, other])
    expect(talk.pollRequest(own, 0)).toBeUndefined()
    talk.handleSettled('excess')
    expect(talk.pollRequest(own, 0)).toMatchObject({
      root: third,
      author: AUTHOR,
      knows: undefined,
      scope: { type: 'since', base: second },
      notHeldCount: 0,
      lines: [encodeEntry(other)],
    })
  })

  test('whose changes are not known lists the whole share, where that is little', () => {
    const own = ownState(first)
    const talk = told(own)
    tell(own, second, undefined, [file])
    expect(talk.pollRequest(own, 0)).toMatchObject({
      scope: { type: 'whole' },
      notHeldCount: 0,
      lines: [encodeEntry(file)],
    })
  })

  test('whose changes are too long for one message lists nothing', () => {
    const own = ownState(first)
    const talk = told(own)
    const changes = Array.from({ length: 20 }, (_, index) => fileEntry(`file ${index}`))
    tell(own, second, changes, changes)
    const message = talk.pollRequest(own, 0)!
    expect(message).toEqual({
      type: 'update',
      root: second,
      ...BARE,
    })
    expect(encodeMessage(message).length).toBeLessThan(CONTROL_BYTES_MAX)
  })

  test('whose changes are too long lists the whole share where that is shorter', () => {
    const own = ownState(first)
    const talk = told(own)
    const changes = Array.from({ length: 20 }, (_, index) => fileEntry(`file ${index % 2}`))
    tell(own, second, changes, [file])
    expect(talk.pollRequest(own, 0)).toMatchObject({
      scope: { type: 'whole' },
      notHeldCount: 0,
      lines: [encodeEntry(file)],
    })
  })

  test('of a share that is too large to list and whose changes are not known is its root alone', () => {
    const own = ownState(first, undefined)
    const talk = told(own)
    tell(own, second, undefined, undefined)
    expect(talk.pollRequest(own, 0)).toEqual({
      type: 'update',
      root: second,
      ...BARE,
    })
  })

  test('of a share that is too large to list tells a peer that it meets what changed last', () => {
    const own = new OwnState()
    tell(own, first, undefined, undefined)
    tell(own, second, [fileEntry('b')], undefined)
    tell(own, third, [fileEntry('c')], undefined)
    const lines = [encodeEntry(fileEntry('c'))]
    const some = { ...BARE, root: third, lines }
    expect(vettedTalk(true).pollRequest(own, 0)).toEqual({ type: 'have', ...some })
    expect(decoded(new PeerTalk(PEER, false, undefined).tidings(own, EARLY_BYTES_MAX))).toEqual({
      type: 'update',
      ...some,
      lines: [],
    })
    tell(own, first, undefined, undefined)
    expect(decoded(new PeerTalk(PEER, false, undefined).tidings(own, EARLY_BYTES_MAX))).toEqual({
      type: 'update',
      root: first,
      ...BARE,
    })
  })

  test('is due again when the share is as it was before', () => {
    const own = ownState(first)
    const talk = told(own)
    tell(own, second, [other], [file, other])
    talk.pollRequest(own, 0)
    talk.handleSettled('excess')
    tell(own, first, [file], [file])
    expect(talk.pollRequest(own, 0)).toMatchObject({
      root: first,
      author: AUTHOR,
      knows: undefined,
      scope: { type: 'since', base: second },
      notHeldCount: 0,
    })
  })
})

describe('a busy peer', () => {
  test('is greeted again after the time that it asked for', () => {
    const talk = vettedTalk(true)
    const own = ownState(first)
    talk.pollRequest(own, 0)
    talk.handleWorking(300, 1_000)
    expect(talk.pollTimeout()).toBe(1_300)
    expect(talk.pollRequest(own, 1_299)).toBeUndefined()
    expect(talk.pollRequest(own, 1_300)).toMatchObject({ type: 'have', root: first })
    expect(talk.pollTimeout()).toBeUndefined()
  })

  test('is sent an update again, as it is by then', () => {
    const own = ownState(first)
    const talk = told(own)
    tell(own, second, [file], [file])
    talk.pollRequest(own, 0)
    talk.handleWorking(300, 0)
    tell(own, third, [other], [file, other])
    expect(talk.pollRequest(own, 300)).toMatchObject({
      type: 'update',
      root: third,
      author: AUTHOR,
      knows: undefined,
      scope: { type: 'since', base: first },
      notHeldCount: 0,
      lines: [encodeEntry(file), encodeEntry(other)],
    })
  })

  test('wakes nobody while our own share is not known', () => {
    const talk = vettedTalk(true)
    const own = ownState(first)
    talk.pollRequest(own, 0)
    talk.handleWorking(300, 0)
    own.forget()
    expect(talk.pollRequest(own, 300)).toBeUndefined()
    expect(talk.pollTimeout()).toBeUndefined()
    tell(own, second, undefined, [file])
    expect(talk.pollRequest(own, 300)).toMatchObject({ type: 'have', root: second })
  })
})

describe('a reply', () => {
  test('to a greeting of a peer that holds the same is nothing', () => {
    const talk = vettedTalk(false)
    expect(talk.replyTo(asking('have', first), true, ownState(first))).toBeUndefined()
  })

  test('to a greeting that differs is all that we hold, or what changed since the peer last knew', () => {
    const own = ownState(first)
    const talk = vettedTalk(false)
    expect(talk.replyTo(asking('have', theirs), false, own)).toMatchObject({
      type: 'excess',
      scope: { type: 'whole' },
      notHeldCount: 0,
    })
    tell(own, second, [other], [file, other])
    expect(talk.replyTo(asking('have', theirs), false, own)).toMatchObject({
      scope: { type: 'since', base: first },
      notHeldCount: 0,
      lines: [encodeEntry(other)],
    })
  })

  test('to a greeting of a peer that knows our root tells it again, since it asks', () => {
    const own = ownState(first)
    const talk = told(own)
    expect(talk.replyTo(asking('have', theirs), false, own)).toMatchObject({
      type: 'excess',
      root: first,
    })
  })

  test('to an update of a peer that knows our root is nothing', () => {
    const own = ownState(first)
    const talk = told(own)
    expect(talk.replyTo(asking('update', theirs), false, own)).toBeUndefined()
  })

  test('to an update of a peer that does not know our root brings it along', () => {
    const own = ownState(first)
    const talk = told(own)
    tell(own, second, [other], [file, other])
    expect(talk.replyTo(asking('update', theirs), false, own)).toMatchObject({
      type: 'excess',
      root: second,
      author: AUTHOR,
      knows: undefined,
      scope: { type: 'since', base: first },
      notHeldCount: 0,
    })
    expect(talk.pollRequest(own, 0)).toBeUndefined()
  })
})

test('a state tells what is known by now, also where its root was told before', () => {
  const own = ownState(first)
  const knows = { author: 'c'.repeat(16), count: 7 }
  own.updateKnown({ known: [{ peer: PEER, ...knows }] })
  expect(new PeerTalk(PEER, true, undefined).pollRequest(own, 0)).toMatchObject({ root: first, knows })
})

describe('a count of what is not held', () => {
  test('is told by an update where nothing else is new, once', () => {
    const own = ownState(first)
    const talk = told(own)
    tell(own, first, [], [file], 3)
    const news = {
      type: 'update',
      root: first,
      ...BARE,
      notHeldCount: 3,
    }
    expect(talk.pollRequest(own, 0)).toEqual(news)
    talk.handleSettled('same')
    expect(talk.pollRequest(own, 0)).toBeUndefined()
    tell(own, first, [], [file], 0)
    expect(talk.pollRequest(own, 0)).toEqual({ ...news, notHeldCount: 0 })
  })

  test('is told a peer that greets with our own root, which is no more asked for then', () => {
    const own = ownState(first)
    tell(own, first, [], [file], 3)
    const talk = new PeerTalk(PEER, false, undefined)
    const reply = {
      type: 'excess',
      root: first,
      ...BARE,
      notHeldCount: 3,
    }
    expect(talk.replyTo(asking('have', first), true, own)).toEqual(reply)
    expect(talk.replyTo(asking('have', first), true, own)).toBeUndefined()
    expect(talk.pollRequest(own, 0)).toBeUndefined()
  })

  test('is told a peer that is not vetted, which is told no entry', () => {
    const own = new OwnState()
    tell(own, first, undefined, [file], 3)
    const bare = {
      root: first,
      ...BARE,
      notHeldCount: 3,
    }
    expect(new PeerTalk(PEER, true, undefined).pollRequest(own, 0)).toEqual({ type: 'have', ...bare })
    const tidings = new PeerTalk(PEER, false, undefined).tidings(own, EARLY_BYTES_MAX)
    expect(decoded(tidings)).toEqual({ type: 'update', ...bare })
    const answering = new PeerTalk(PEER, false, undefined)
    expect(answering.replyTo(asking('have', theirs), false, own)).toEqual({ type: 'excess', ...bare })
  })

  test('of the peer is none until it says one', () => {
    const talk = new PeerTalk(PEER, true, undefined)
    expect(talk.theirNotHeldCount).toBe(0)
    talk.handleState({
      type: 'update',
      root: theirs,
      ...BARE,
      notHeldCount: 2,
    })
    expect(talk.theirNotHeldCount).toBe(2)
  })
})

test('greeting anew asks for the state of a peer that knows ours', () => {
  const own = ownState(first)
  const talk = told(own)
  talk.greet()
  expect(talk.pollRequest(own, 0)).toMatchObject({
    type: 'have',
    root: first,
    author: AUTHOR,
    knows: undefined,
    scope: { type: 'whole' },
    notHeldCount: 0,
  })
  talk.handleSettled('excess')
  expect(talk.pollRequest(own, 0)).toBeUndefined()
})

test('a greeting wanted while a request is outstanding follows it', () => {
  const own = ownState(first)
  const talk = told(own)
  tell(own, second, [other], [file, other])
  expect(talk.pollRequest(own, 0)?.type).toBe('update')
  talk.greet()
  expect(talk.pollRequest(own, 0)).toBeUndefined()
  talk.handleSettled('excess')
  expect(talk.pollRequest(own, 0)?.type).toBe('have')
})

test('as many changes as are listed never make a message too long', () => {
  const own = ownState(first)
  const talk = told(own)
  const changes = Array.from({ length: CHANGES_LISTED_MAX }, (_, index) => fileEntry(`f/${index}`.repeat(40)))
  tell(own, second, changes, changes)
  expect(encodeMessage(talk.pollRequest(own, 0)!).length).toBeLessThanOrEqual(CONTROL_BYTES_MAX)
})

describe('a peer that may not be told of entries', () => {
  test('is told our root, what we know, and nothing else', () => {
    const own = new OwnState()
    tell(own, second, [file], [file])
    const talk = new PeerTalk(PEER, true, undefined)
    expect(talk.pollRequest(own, 0)).toMatchObject({ type: 'have', scope: { type: 'some' }, lines: [] })
    const reply = talk.replyTo({ type: 'have', theirs: first.digest }, false, own)
    expect(reply).toMatchObject({ type: 'excess', scope: { type: 'some' }, lines: [] })
  })

  test('is told of them once it is vetted, and no more when the keeper was lost', () => {
    const own = new OwnState()
    tell(own, second, [file], [file])
    const talk = new PeerTalk(PEER, false, undefined)
    talk.handleVetted()
    expect(talk.replyTo({ type: 'have', theirs: first.digest }, false, own)?.lines).toHaveLength(1)
    talk.handleKeeperLost()
    expect(talk.verdict).toBe('unknown')
    expect(talk.pollRequest(own, 0)?.lines).toEqual([])
  })
})

describe('an answer that comes after what the peer has told by itself meanwhile', () => {
  const update = (root: ItemRef) =>
    ({
      type: 'update',
      root,
      ...BARE,
    }) as const

  test('may be the older of the two: the peer is greeted again', () => {
    const own = ownState(first)
    for (const reply of ['same', 'excess'] as const) {
      const talk = vettedTalk(true)
      talk.pollRequest(own, 0)
      talk.handleRequest(update(second))
      talk.handleSettled(reply, third.digest)
      expect(talk.pollRequest(own, 0)?.type).toBe('have')
      talk.handleSettled('excess', second.digest)
      expect(talk.pollRequest(own, 0)).toBeUndefined()
    }
  })

  test('needs no greeting where both say the same, or the answer tells of no root', () => {
    const own = ownState(first)
    const talk = vettedTalk(true)
    talk.pollRequest(own, 0)
    talk.handleRequest(update(second))
    talk.handleSettled('excess', second.digest)
    tell(own, third, [other], [file, other])
    expect(talk.pollRequest(own, 0)?.type).toBe('update')
    talk.handleRequest(update(second))
    talk.handleSettled('same')
    expect(talk.pollRequest(own, 0)).toBeUndefined()
  })
})

describe('a peer that others come before', () => {
  const HELD_AT_MS = 100

  test('is told of what changed when they have it, and after a while at the latest', () => {
    const { talk, own } = toldAndChanged()
    expect(talk.holdBack(own, true, HELD_AT_MS)).toBe(true)
    expect(talk.pollTimeout()).toBe(HELD_AT_MS + HELD_BACK_MS)
    expect(talk.holdBack(own, true, HELD_AT_MS + HELD_BACK_MS - 1)).toBe(true)
    expect(talk.holdBack(own, true, HELD_AT_MS + HELD_BACK_MS)).toBe(false)
    expect(talk.pollTimeout()).toBeUndefined()
    expect(talk.holdBack(own, true, HELD_AT_MS + HELD_BACK_MS + 1)).toBe(true)
    expect(talk.holdBack(own, false, HELD_AT_MS + HELD_BACK_MS + 2)).toBe(false)
    expect(talk.pollTimeout()).toBeUndefined()
    expect(talk.pollRequest(own, HELD_AT_MS + HELD_BACK_MS + 2)?.type).toBe('update')
  })

  test('does not wait longer where more changes meanwhile', () => {
    const { talk, own } = toldAndChanged()
    talk.holdBack(own, true, HELD_AT_MS)
    tell(own, third, [other], undefined)
    talk.holdBack(own, true, HELD_AT_MS + 1_000)
    expect(talk.pollTimeout()).toBe(HELD_AT_MS + HELD_BACK_MS)
  })

  test('is held back from nothing else: a greeting, an answer that is awaited, what it knows already', () => {
    const own = ownState(first)
    const greeting = vettedTalk(true)
    expect(greeting.holdBack(own, true, 0)).toBe(false)
    greeting.pollRequest(own, 0)
    expect(greeting.holdBack(own, true, 0)).toBe(false)
    greeting.handleSettled('same')
    expect(greeting.holdBack(own, true, 0)).toBe(false)
  })

  test('is behind from the time that it is told of a root until it tells that root', () => {
    const { talk, own } = toldAndChanged()
    expect(talk.isBehind(second.digest)).toBe(false)
    talk.pollRequest(own, 0)
    expect(talk.isBehind(second.digest)).toBe(true)
    talk.handleSettled('same')
    expect(talk.isBehind(second.digest)).toBe(true)
    talk.handleState({ ...BARE, type: 'update', root: second })
    expect(talk.isBehind(second.digest)).toBe(false)
  })

  function toldAndChanged(): { talk: PeerTalk; own: OwnState } {
    const own = ownState(first)
    const talk = vettedTalk(true)
    talk.pollRequest(own, 0)
    talk.handleSettled('same')
    tell(own, second, [file], undefined)
    return { talk, own }
  }
})
