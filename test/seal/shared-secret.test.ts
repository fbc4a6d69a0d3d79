import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { World } from '../../harness/rdt/world.js'
import { utf8 } from '../../src/base/bytes.js'
import { DatagramType } from '../../src/rdt/wire/control.js'
import {
  ASKED_GUESSES_BURST,
  ASKED_GUESSES_PER_S_MAX,
  GUESSES_BURST,
  GUESSES_PER_S_MAX,
} from '../../src/seal/limits.js'
import { A, B, earlyOf, pair, SealedNode, type SealedNodeOptions, talks, tap } from './world.js'

describe('a shared secret', () => {
  const secret = new Uint8Array(randomBytes(32))
  const newer = new Uint8Array(randomBytes(32))
  const withSecrets = (...secrets: Uint8Array[]): SealedNodeOptions => ({ secrets, isReal: true })

  function meet(left: SealedNodeOptions, right: SealedNodeOptions, ms = 200) {
    const world = new World(1, { delayMs: 5 })
    const [asker, answerer] = pair(world, { left, right })
    for (const [node, { secrets }] of [
      [asker, left],
      [answerer, right],
    ] as const)
      if (secrets !== undefined) node.trust.policy = 'secret'
    asker.connect(answerer)
    world.run(ms)
    return { world, asker, answerer }
  }

  it('lets those in who hold it, at the first attempt, and pins them', () => {
    const { world, asker, answerer } = meet(withSecrets(secret), withSecrets(secret))
    expect(talks(world, asker)).toBe(true)
    expect([asker.trust.told, answerer.trust.told]).toEqual([[`secret ${B}`], [`secret ${A}`]])
  })

  it('may be one of two on either side: each pair of them is tried', () => {
    const other = new Uint8Array(randomBytes(32))
    for (const [left, right] of [
      [withSecrets(secret), withSecrets(newer, secret)],
      [withSecrets(other, secret), withSecrets(secret)],
      [withSecrets(other, secret), withSecrets(newer, secret)],
    ] as const) {
      const { world, asker } = meet(left, right, 60_000)
      expect(talks(world, asker)).toBe(true)
    }
  })

  it.each([
    ['holds another', withSecrets(new Uint8Array(32))],
    ['holds none', { isReal: true }],
  ])('keeps out who %s, on either side, and shows its key to nobody who holds none', (_who, wrong) => {
    const greeting = () => utf8('names of files')
    for (const isAskerWrong of [true, false]) {
      const holds = { ...withSecrets(secret), greeting }
      const { asker, answerer } = isAskerWrong
        ? meet({ ...wrong, greeting }, holds, 30_000)
        : meet(holds, { ...wrong, greeting }, 30_000)
      const [holder, other] = isAskerWrong ? [answerer, asker] : [asker, answerer]
      expect([holder.session, other.session]).toEqual([undefined, undefined])
      expect([...earlyOf(asker), ...earlyOf(answerer)]).toEqual([])
      expect(holder.trust.pinned.size).toBe(0)
      expect(other.trust.pinned.size).toBe(0)
      if (isAskerWrong) expect(holder.trust.told[0]).toMatch(/^(refused secret|wrong guess)/)
    }
  })

  it('does not matter between those who trust each other already', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world, { left: { secrets: [secret] } })
    left.trust.policy = 'secret'
    left.trust.pinned.set(B, right.fingerprint)
    left.trust.statics.set(right.fingerprint, right.signer.staticKey.publicKey)
    left.connect(right)
    world.run(200)
    expect(talks(world, left)).toBe(true)
  })

  it('is guessed a few times by one host and a few more by all together, and no more', () => {
    const world = new World(1, { delayMs: 1 })
    const target = SealedNode.make(world, A, { secrets: [secret] })
    target.trust.policy = 'secret'
    const guessers = Array.from({ length: 2 * GUESSES_BURST }, (_, index) =>
      SealedNode.make(world, `10.1.${index}.1:1`, { secrets: [newer] }),
    )
    for (const guesser of guessers) {
      guesser.trust.policy = 'secret'
      guesser.connect(A)
    }
    world.run(4_000)
    const wrong = target.trust.told.filter((word) => word.startsWith('wrong guess')).length
    expect(wrong).toBeGreaterThanOrEqual(GUESSES_BURST)
    expect(wrong).toBeLessThanOrEqual(GUESSES_BURST + 4 * GUESSES_PER_S_MAX + 1)
    const before = target.trust.told.length
    world.run(60_000)
    expect(target.trust.told.length - before).toBeLessThanOrEqual(60 * GUESSES_PER_S_MAX + 1)
    // Whoever is pinned gets in meanwhile.
    const friend = SealedNode.make(world, B)
    friend.trust.pinned.set(A, target.fingerprint)
    friend.trust.statics.set(target.fingerprint, target.signer.staticKey.publicKey)
    target.trust.pinned.set(B, friend.fingerprint)
    friend.connect(A)
    world.run(500)
    expect(talks(world, friend)).toBe(true)
  })

  it('is given to somebody who answers in the place of peers a few times as well, for all of them together', () => {
    const world = new World(1, { delayMs: 1 })
    const asker = SealedNode.make(world, A, { secrets: [secret] })
    asker.trust.policy = 'secret'
    let attempts = 0
    for (let index = 0; index < 2 * ASKED_GUESSES_BURST; index++) {
      const address = `10.1.${index}.1:1`
      SealedNode.make(world, address, { secrets: [newer] }).trust.policy = 'secret'
      const seen = new Set<string>()
      tap(world, A, address, (bytes, send) => {
        const text = Buffer.from(bytes).toString('hex')
        if (bytes[0] === DatagramType.open && !seen.has(text)) {
          seen.add(text)
          attempts++
        }
        send()
      })
      asker.connect(address)
    }
    world.run(300_000)
    expect(attempts).toBeGreaterThanOrEqual(ASKED_GUESSES_BURST)
    expect(attempts).toBeLessThanOrEqual(ASKED_GUESSES_BURST + 300 * ASKED_GUESSES_PER_S_MAX + 1)
  })
})
