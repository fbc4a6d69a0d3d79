// Pauses that begin and end all the time, floods of questions about paths, questions about what is no business of a peer's, and answers
// that nobody asked for.

import { join } from 'node:path'
import { hexOf, utf8 } from '../../base/bytes.js'
import { OWN_FOLDER } from '../../base/own-folder.js'
import { visitorId } from '../../base/visitor.js'
import { encodeMessage, type Message } from '../../ecp/message.js'
import { SystemRandom } from '../../io/random.js'
import { type Attack, type Ground, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import { contentOf } from '../content.js'
import {
  ASKED_AGAIN_MS,
  ASKING_BYTES_MAX,
  ASKING_MS,
  ASKING_STALL_MS_MAX,
  GREETINGS_PER_S_MAX,
  PATH_ANSWERS_PER_S_MAX,
  UNASKED_ROUND_MS,
  UNASKED_ROUNDS,
  WAIT_MS_MAX,
} from '../limits.js'
import { LEFT_OUT, type Target } from '../target.js'
import { judge, Watch } from '../watch.js'

const VICTIM = 'victim.txt'

const PAUSED = encodeMessage({ type: 'stop', stop: 'paused' })
const GOES_ON = encodeMessage({ type: 'stop', stop: undefined })
const FORGED_KEY = `q|*|-|*|-|*|key-changed|*|${'f'.repeat(64)}|*|1`

/** Answers as a peer would give them that was asked something else, or nothing. */
const ANSWERS = [
  `q|*|f:5:0:${'a'.repeat(16)}:1|*|+|*|-|*|-|*|-`,
  FORGED_KEY,
  'q|*|-|*|-|*|held|*|\u001b[2J|*|999999999',
  'p|*|full',
  'p|*|paused',
  'p|*|-',
  'q|*|victim.txt',
  'v',
  `|*|${'f'.repeat(64)}:9|*|whole`,
].map(utf8)

/** Asks about one path as fast as it is answered. */
export const questionFlood: Attack = {
  name: 'flood of questions about a path',
  async run(ground) {
    const attacker = await greeted(ground)
    let toldCount = 0
    return besides(
      ground,
      async () => {
        const answer = await attacker.ask(why(VICTIM))
        if (answer === undefined) return 'a question was not answered'
        if (answer.type === 'stands') toldCount++
        return undefined
      },
      (seconds, count) => ({
        fault:
          toldCount > (seconds + 1) * PATH_ANSWERS_PER_S_MAX
            ? `${toldCount} questions went to its keeper`
            : undefined,
        seen: `${count} questions, ${toldCount} of them answered`,
      }),
    )
  },
}

/** Begins and ends a pause as fast as it is answered. */
export const pauseFlood: Attack = {
  name: 'pauses that begin and end all the time',
  mayWrite: (path) => path === 'after-pauses',
  async run(ground) {
    const attacker = await greeted(ground)
    let greetingCount = 0
    attacker.onMessage = (body) => {
      if (body[0] === 0x68) greetingCount++
      return encodeMessage({ type: 'same' })
    }
    const result = await besides(
      ground,
      async () => {
        const answers = [await attacker.ask(PAUSED), await attacker.ask(GOES_ON)]
        return answers.includes(undefined) ? 'a pause was not answered' : undefined
      },
      (seconds, count) => ({
        fault:
          greetingCount > (seconds + 1) * GREETINGS_PER_S_MAX
            ? `it greeted ${greetingCount} times`
            : undefined,
        seen: `${count} pauses, ${greetingCount} greetings`,
      }),
    )
    answerBusy(attacker)
    const isThere = await gives(attacker, ground.target, 'after-pauses')
    return isThere ? result : { ...result, fault: result.fault ?? 'nothing is taken of a peer that goes on' }
  },
}

interface Row {
  readonly what: string
  readonly from: 'peer' | 'unvetted' | 'visitor'
  readonly body: (target: Target) => Uint8Array
  readonly isTold?: true
}

/** Only the first is told how the path stands. */
const QUESTIONS: readonly Row[] = [
  { what: 'a file of the share', from: 'peer', body: () => why(VICTIM), isTold: true },
  ...['index', 'journal', 'replica', 'ignore', 'events.jsonl'].map<Row>((name) => ({
    what: `${OWN_FOLDER}/${name}`,
    from: 'peer',
    body: () => why(`${OWN_FOLDER}/${name}`),
  })),
  { what: "left's own folder", from: 'peer', body: () => why(OWN_FOLDER) },
  { what: 'a file that rules leave out', from: 'peer', body: () => why(LEFT_OUT) },
  { what: 'a file beside the share', from: 'peer', body: () => why('../outside/secret') },
  { what: 'the same by its whole path', from: 'peer', body: (target) => why(join(target.outside, 'secret')) },
  { what: 'the folder of the share', from: 'peer', body: () => why('..') },
  { what: 'another spelling', from: 'peer', body: () => why(`./${VICTIM}`) },
  { what: 'another case', from: 'peer', body: () => why(VICTIM.toUpperCase()) },
  { what: 'a NUL behind a name', from: 'peer', body: () => why(`${VICTIM}\0`) },
  { what: 'a property of every object', from: 'peer', body: () => why('__proto__') },
  { what: 'control characters', from: 'peer', body: () => why('\u001b[2J\u2028\u202e') },
  { what: 'a name of 1,100 bytes', from: 'peer', body: () => why('x'.repeat(1_100)) },
  { what: '360 folders', from: 'peer', body: () => why('d/'.repeat(360)) },
  { what: 'no path', from: 'peer', body: () => utf8('q|*|') },
  { what: 'two paths', from: 'peer', body: () => utf8(`q|*|${VICTIM}|*|${VICTIM}`) },
  { what: 'an answer', from: 'peer', body: () => utf8(FORGED_KEY) },
  { what: 'a file of the share', from: 'unvetted', body: () => why(VICTIM) },
  { what: 'a file of the share', from: 'visitor', body: () => why(VICTIM) },
]

/** Asks about everything that a peer may not know of, as everybody who gets a session. */
export const curiousPeer: Attack = {
  name: 'questions about what is not shared',
  async run(ground) {
    const { target } = ground
    const askers: Record<Row['from'], Attacker> = {
      peer: await greeted(ground),
      unvetted: await ground.connected(),
      visitor: await ground.attacker({ peerId: visitorId(hexOf(new SystemRandom().bytes(4))) }),
    }
    if (!(await askers.visitor.getsIn())) return { fault: 'a visitor does not get in', seen: '' }
    const faults: string[] = []
    for (const { what, from, body, isTold = false } of QUESTIONS) {
      const answer = await askers[from].ask(body(target))
      const fault = faultOf(answer, isTold)
      if (fault !== undefined) faults.push(`${what}, asked by a ${from}: ${fault}`)
    }
    return {
      fault: faults.length === 0 ? undefined : faults.join('; '),
      seen: `${QUESTIONS.length} questions of a peer, of one that is not vetted, and of a visitor`,
    }
  },
}

function faultOf(answer: Message | undefined, isTold: boolean): string | undefined {
  if (answer === undefined) return 'not answered'
  const isSaid =
    answer.type === 'stands' && (answer.stands !== undefined || answer.isHeld || answer.reason !== undefined)
  if (isSaid !== isTold) return isSaid ? JSON.stringify(answer) : 'nothing is said of it'
  return answer.type === 'stands' || answer.type === 'working' ? undefined : `answered ${answer.type}`
}

/** Answers all that it is told with what nobody asked for, and sends answers to nothing. */
export const unaskedAnswers: Attack = {
  name: 'answers that nobody asked for',
  mayWrite: (path) => path.startsWith('unasked-'),
  async run(ground) {
    const { target, quick, connected } = ground
    const attacker = await greeted(ground)
    const honest = await connected()
    const keyChanges = () => target.said.filter(({ event }) => event === 'key-changed').length
    const before = keyChanges()
    let heardCount = 0
    attacker.onMessage = () => ANSWERS[heardCount++ % ANSWERS.length]!
    const faults: string[] = []
    const rounds = quick ? UNASKED_ROUNDS.quick : UNASKED_ROUNDS.full
    for (let round = 0; round < rounds && faults.length === 0; round++) {
      const { remote } = attacker.session!
      for (let number = 0; number < 200; number++)
        attacker.control({ type: 'reply', session: remote, number, body: ANSWERS[number % ANSWERS.length]! })
      if (!(await gives(honest, target, `unasked-${round}`))) faults.push("another peer's file does not come")
      if (!(await attacker.isAlive())) faults.push('the session ended')
      await attacker.ask(GOES_ON)
      // What was answered so is told again a moment later.
      await sleep(UNASKED_ROUND_MS)
    }
    answerBusy(attacker)
    await attacker.ask(GOES_ON)
    if (faults.length === 0 && !(await gives(attacker, target, 'unasked-last')))
      faults.push('nothing is taken of it when it keeps to the protocol again')
    if (keyChanges() > before) faults.push('the person is told of a key that changed')
    return {
      fault: faults.length === 0 ? undefined : faults.join('; '),
      seen: `${heardCount} messages answered so, ${rounds * 200} answers to nothing`,
    }
  },
}

/** A peer of which the target has considered all, and that is vetted. */
async function greeted({ connected }: Ground): Promise<Attacker> {
  const attacker = await connected()
  await attacker.have(attacker.items.addTree([]))
  return attacker
}

/** The target greets a peer after its last pause: told that the two are the same, it would rightly take nothing. */
function answerBusy(peer: Attacker): void {
  peer.onMessage = () => encodeMessage({ type: 'working', retryMs: ASKED_AGAIN_MS })
}

/** Whether the target takes this file of a peer. */
async function gives(peer: Attacker, target: Target, path: string): Promise<boolean> {
  const file = peer.items.addFile(path, contentOf(path, 200))
  void peer.have(peer.items.addTree([file]))
  return target.says((said) => said.event === 'received' && said.path === path, 2 * WAIT_MS_MAX)
}

/** Does this again and again, while another peer is served. */
async function besides(
  ground: Ground,
  turn: () => Promise<string | undefined>,
  found: (seconds: number, count: number) => { readonly fault: string | undefined; readonly seen: string },
): Promise<{ readonly fault: string | undefined; readonly seen: string }> {
  const watch = await Watch.start(ground)
  const startMs = performance.now()
  const endMs = startMs + (ground.quick ? ASKING_MS.quick : ASKING_MS.full)
  let [fault, count]: [string | undefined, number] = [undefined, 0]
  for (; performance.now() < endMs && fault === undefined; count++) fault = await turn()
  const seconds = (performance.now() - startMs) / 1_000
  const own = found(seconds, count)
  const watched = judge(await watch.stop(), {
    growthBytesMax: ASKING_BYTES_MAX,
    stallMsMax: ASKING_STALL_MS_MAX,
  })
  return { fault: fault ?? own.fault ?? watched.fault, seen: `${own.seen}; ${watched.seen}` }
}

function why(path: string): Uint8Array {
  return encodeMessage({ type: 'why', path })
}
