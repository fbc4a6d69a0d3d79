// First contacts, by whoever stands on the way: a copied introduction, an answer in the place of a peer whose public keys are
// known, and a dictionary against a shared secret.

import { createHmac } from 'node:crypto'
import { equalBytes, utf8 } from '../../base/bytes.js'
import { crc32 } from '../../io/hash.js'
import { decodeControl, encodeControl } from '../../rdt/wire/control.js'
import { hardenedGenerator } from '../../seal/secret.js'
import { type Attack, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import type { Guise } from '../guise.js'
import type { Cookie, Hello } from '../initiator.js'
import { openingOf } from '../initiator.js'
import { GUESSED_MS } from '../limits.js'
import { Target } from '../target.js'

export const copiedIntroduction: Attack = {
  name: 'copied introduction',
  only: 'yes',
  async run({ target, attacker: open }) {
    const knowing = await open({ host: target.stranger, guise: target.guises.acquaintance })
    const thief = await open({ host: target.elsewhere(150), guise: target.guises.stranger })
    for (let count = 0; count < 5; count++) {
      const { introduction, nonce } = knowing.initiator.hello()
      const own = thief.initiator.hello()
      thief.send(encodeControl({ ...own, nonce, introduction }, crc32))
      await sleep(50)
    }
    await sleep(200)
    const isAnswered = thief.answeredBytes > 0
    // And the one that it was copied from is.
    const cookie = await knowing.initiator.askCookie(undefined, 3_000)
    return {
      fault: isAnswered
        ? 'an introduction is worth an answer before another first flight'
        : cookie === undefined
          ? 'whoever knows the key is not answered'
          : undefined,
      seen: '5 introductions of somebody who knows the key, before first flights of another',
    }
  },
}

export const modulusOnly: Attack = {
  name: 'flight 3 with the modulus',
  only: 'yes',
  isCalled: true,
  async run({ target, attacker: open }) {
    // Pinned at this address; then somebody else answers there, who knows the pinned public key and no private one.
    const peer = await open()
    if (!(await peer.connect()) || !(await peer.isAlive()))
      return { fault: 'a peer did not get in', seen: '' }
    const { port } = peer
    await peer.close()
    const forger = await open({ port, guise: target.guises.stranger })
    const opened = await answerCalls(forger, [target.guises.stranger('00000000000000aa')], 8_000)
    return {
      fault:
        opened.calls === 0
          ? 'the target did not call'
          : opened.count > 0
            ? 'it shows its key to whoever answers in the place of a pinned peer'
            : undefined,
      seen: `${opened.calls} first flights answered in the place of a pinned peer`,
    }
  },
}

/** Answers the target's calls with flight 2 of the first of these guises, and tries to open what comes of it with each. */
async function answerCalls(
  forger: Attacker,
  guises: readonly Guise[],
  forMs: number,
): Promise<{
  readonly calls: number
  readonly opens: number
  readonly count: number
  readonly hello: Hello | undefined
}> {
  const seed = new Uint8Array(32).fill(7)
  let calls = 0
  let opens = 0
  let count = 0
  let captured: Hello | undefined
  const seen = new Set<string>()
  forger.onHello = (bytes) => {
    const hello = decodeControl(bytes, crc32)
    if (!hello.ok || hello.value.type !== 'hello') return
    const { nonce, introduction, flight: body } = hello.value
    const flight = guises[0]!.protection.offer(openingOf('', nonce), { introduction, body }, seed)
    if (flight !== undefined) {
      calls++
      captured ??= hello.value
    }
    const cookie: Cookie = { cookie: new Uint8Array(16), flight: flight ?? new Uint8Array(0) }
    forger.send(encodeControl({ type: 'cookie', nonce, ...cookie }, crc32))
  }
  await forger.replies.waitFor(({ control }) => {
    if (control?.type !== 'open' || seen.has(String(control.nonce))) return false
    seen.add(String(control.nonce))
    opens++
    const { nonce, introduction, flight: body } = control
    for (const { protection } of guises)
      if (protection.answer(openingOf('', nonce), { introduction, body }, seed) !== undefined) count++
    return false
  }, forMs)
  return { calls, opens, count, hello: captured }
}

/** Until an attempt that was not answered is given up, and the next one begins. */
const RIGHT_MS = 20_000

/** The last of them is right. */
const DICTIONARY = ['wrong horse battery', 'another horse battery', 'correct horse battery']

export const dictionary: Attack = {
  name: 'dictionary',
  only: 'yes',
  async run({ quick }) {
    const secret = DICTIONARY.at(-1)!
    const guarded = await Target.start('yes', { secret, callsAll: true })
    try {
      const generators = await Promise.all(DICTIONARY.map((word) => hardenedGenerator(utf8(word))))
      const makers = await Promise.all(
        // In both shares: the target tries one after the other.
        generators.map((generator) => guarded.guises.strangerWith([generator, generator])),
      )
      const guises = makers.map((make) => make('00000000000000ab'))
      const forger = await guarded.attacker({ guise: guarded.guises.stranger })
      const forMs = quick ? GUESSED_MS.quick : GUESSED_MS.full
      const { calls, opens, count, hello } = await answerCalls(forger, guises, forMs)
      // Once the right secret is offered, one guess is right: the attack is one.
      const rightFirst = [...guises].reverse()
      const isAttack = (await answerCalls(forger, rightFirst, RIGHT_MS)).count > 0
      await forger.close()
      const isTold = hello !== undefined && DICTIONARY.some((word) => tells(hello, word))
      return {
        fault:
          calls === 0 || opens === 0
            ? 'the target did not call'
            : isTold
              ? 'a captured hello tells whether a guess is right'
              : count > 0
                ? 'an answered hello tests more than the guess that answered it'
                : isAttack
                  ? undefined
                  : 'the right secret opened nothing, so that this shows nothing',
        seen: `${DICTIONARY.length} sentences against a captured hello and ${opens} answered ones`,
      }
    } finally {
      guarded.stop()
    }
  },
}

/** As wire version 1 let anybody test. */
function tells({ introduction, nonce }: Hello, secret: string): boolean {
  return ['LEFT 1 introduction: ', 'LEFT 2 introduction: '].some((label) => {
    const mac = createHmac('sha256', secret).update(label).update(nonce).digest()
    return equalBytes(introduction, mac.subarray(0, introduction.length))
  })
}
