// Runs the attacks one after the other against one target, and tells of each what it did, what it cost and what it
// changed. `left selftest --hostile` prints it.

import { existsSync } from 'node:fs'
import { loadHash } from '../io/hash.js'
import type { Attack, AttackResult } from './attack.js'
import type { Attacker } from './attacker.js'
import { beacons } from './attacks/beacons.js'
import { bombs } from './attacks/bombs.js'
import { helloFlood, otherKeys, slowHandshake, strangers, unproved } from './attacks/floods.js'
import { earlyOffer, forgedRefusal, openFlood, pendingFlood } from './attacks/handshakes.js'
import { manyIds, removedKey, stolenId } from './attacks/identities.js'
import { counters, deepNames, endlessIndex, unfinished } from './attacks/indexes.js'
import { copiedIntroduction, dictionary, modulusOnly } from './attacks/introductions.js'
import { linkRace, ownLink } from './attacks/links.js'
import { endlessFiles, manyWants, treeBomb } from './attacks/listings.js'
import { massDeletion } from './attacks/mass-deletion.js'
import { falseMoves } from './attacks/moves.js'
import { oldCopy } from './attacks/old-copies.js'
import { overflow } from './attacks/overflow.js'
import { goneFlood, repetitions } from './attacks/queues.js'
import { reflection } from './attacks/reflection.js'
import { replay } from './attacks/replay.js'
import { beyondTheEnd, forgedRequests, stolenSession } from './attacks/requests.js'
import {
  heldAccept,
  reflectedResumption,
  relayedResumption,
  replayedResumption,
} from './attacks/resumptions.js'
import { ownSecrets } from './attacks/secrets.js'
import { longFrames, segments } from './attacks/segments.js'
import { curiousPeer, pauseFlood, questionFlood, unaskedAnswers } from './attacks/stops-and-questions.js'
import { times } from './attacks/times.js'
import { lyingTracker, trackerFlood } from './attacks/trackers.js'
import { traversal } from './attacks/traversal.js'
import { lyingLister, pushyVisitor } from './attacks/visits.js'
import type { Encryption } from './guises.js'
import { ANSWER_RATIO_MAX, ATTACK_ROUNDS_MAX, MEMORY_BYTES_MAX, MEMORY_GROWTH_BYTES_MAX } from './limits.js'
import { changes } from './snapshot.js'
import { Target } from './target.js'

/** In the order in which they run: those that want the target fresh come first. */
export const ATTACKS: readonly Attack[] = [
  strangers,
  otherKeys,
  unproved,
  helloFlood,
  slowHandshake,
  forgedRefusal,
  earlyOffer,
  copiedIntroduction,
  modulusOnly,
  reflectedResumption,
  heldAccept,
  relayedResumption,
  stolenId,
  openFlood,
  pendingFlood,
  manyIds,
  removedKey,
  forgedRequests,
  stolenSession,
  traversal,
  pushyVisitor,
  lyingLister,
  overflow,
  counters,
  bombs,
  segments,
  longFrames,
  replay,
  reflection,
  times,
  oldCopy,
  ownLink,
  linkRace,
  falseMoves,
  ownSecrets,
  deepNames,
  endlessIndex,
  endlessFiles,
  manyWants,
  treeBomb,
  unfinished,
  goneFlood,
  repetitions,
  questionFlood,
  pauseFlood,
  curiousPeer,
  unaskedAnswers,
  beyondTheEnd,
  dictionary,
  beacons,
  lyingTracker,
  trackerFlood,
  // Behind it the target is another process, whose memory has not grown yet.
  replayedResumption,
  massDeletion,
]

export interface Outcome {
  readonly name: string
  readonly encryption: Encryption
  readonly isRejected: boolean
  /** Why not, where it was not. */
  readonly faults: readonly string[]
  readonly seen: string
  readonly sentBytes: number
  readonly answeredBytes: number
  /** Bytes answered to addresses that had not proved themselves, per byte that came from them; undefined where the
   *  attacker had proved its address. */
  readonly ratio: number | undefined
  /** Growth in each round; empty where it was not measured. */
  readonly memoryGrowthBytes: readonly number[]
  readonly inside: readonly string[]
  readonly outside: readonly string[]
  readonly tookMs: number
}

export interface HostileOptions {
  readonly quick: boolean
  /** With each of these `--encryption` once, one after the other. */
  readonly encryptions: readonly Encryption[]
  /** ATTACKS, or some of them. */
  readonly attacks: readonly Attack[]
  readonly onOutcome: (outcome: Outcome) => void
}

/** Answers whether all were rejected. Throws a LeftError where the target cannot be had. */
export async function runHostile(options: HostileOptions): Promise<boolean> {
  await loadHash()
  let isAllRejected = true
  for (const encryption of options.encryptions)
    isAllRejected = (await runWith(encryption, options)) && isAllRejected
  return isAllRejected
}

async function runWith(
  encryption: Encryption,
  { quick, attacks, onOutcome }: HostileOptions,
): Promise<boolean> {
  const those = attacks.filter(({ only }) => only === undefined || only === encryption)
  let isAllRejected = true
  const tell = (outcome: Outcome): void => {
    isAllRejected &&= outcome.isRejected
    onOutcome(outcome)
  }
  let target = await Target.start(encryption)
  /** Attacks of this target so far. */
  let done: Attack[] = []
  try {
    const waiting = those
      .filter(({ waits }) => waits)
      .map((attack) =>
        attack.isCalled
          ? onOwn(attack, encryption, (own) => runWaiting(attack, own, quick))
          : runWaiting(attack, target, quick),
      )
    for (const attack of those.filter(({ waits }) => !waits)) {
      if (attack.wantsOwnTarget || attack.isCalled) {
        tell(await onOwn(attack, encryption, (own) => runOne(attack, own, quick, [attack])))
        continue
      }
      if (!target.isRunning) {
        target.stop()
        target = await Target.start(encryption)
        done = []
      }
      done.push(attack)
      tell(await runOne(attack, target, quick, done))
    }
    for (const outcome of await Promise.all(waiting)) tell(outcome)
  } finally {
    target.stop()
  }
  return isAllRejected
}

/** Runs an attack on a target of its own. */
async function onOwn(
  attack: Attack,
  encryption: Encryption,
  run: (target: Target) => Promise<Outcome>,
): Promise<Outcome> {
  const target = await Target.start(encryption, { callsAll: attack.isCalled ?? false })
  try {
    return await run(target)
  } finally {
    target.stop()
  }
}

/** `done` are the attacks of this target up to this one. What one of them may write can come during a later one: on a busy
 *  machine files wait for the disk, and a refused path is tried again a minute later. */
async function runOne(
  attack: Attack,
  target: Target,
  quick: boolean,
  done: readonly Attack[],
): Promise<Outcome> {
  const besideBefore = target.beside()
  const insideBefore = target.inside()
  const complaintsBefore = target.complaints.length
  const saidBefore = target.said.length
  const startedMs = performance.now()
  const memoryGrowthBytes: number[] = []
  let round: Round
  do {
    const memoryBefore = target.memoryBytes()
    round = await runRound(attack, target, quick)
    if (!target.isRunning) break
    const enoughBytes = memoryBefore + MEMORY_GROWTH_BYTES_MAX
    memoryGrowthBytes.push((await target.settledMemoryBytes(enoughBytes)) - memoryBefore)
  } while (
    memoryGrowthBytes.at(-1)! > MEMORY_GROWTH_BYTES_MAX &&
    memoryGrowthBytes.length < ATTACK_ROUNDS_MAX
  )
  const { finding, sentBytes, answeredBytes } = round

  const faults = finding.fault === undefined ? [] : [finding.fault]
  if (!target.isRunning) faults.push('the target ended')
  else if (!(await isWell(target))) {
    faults.push('the target takes no session any more')
    target.stop()
  }
  for (const { message } of target.said.slice(saidBefore).filter(isRestart)) faults.push(String(message))
  if (target.complaints.length > complaintsBefore)
    faults.push(`it printed: ${target.complaints.slice(complaintsBefore).split('\n', 1)[0]}`)
  const lastGrowthBytes = memoryGrowthBytes.at(-1) ?? 0
  if (lastGrowthBytes > MEMORY_GROWTH_BYTES_MAX)
    faults.push(`its memory grew by ${Math.round(lastGrowthBytes / 1e6)} MB`)
  if (target.isRunning && target.memoryBytes() > MEMORY_BYTES_MAX)
    faults.push(`it holds ${Math.round(target.memoryBytes() / 1e6)} MB`)
  const isThere = existsSync(target.share)
  const inside = isThere ? changes(insideBefore, target.inside()) : []
  const outside = isThere ? changes(besideBefore, target.beside()) : []
  const unexpected = inside.filter((path) => !done.some(({ mayWrite }) => mayWrite?.(path)))
  if (unexpected.length > 0) faults.push(`it wrote ${shown(unexpected)} in the share`)
  if (outside.length > 0) faults.push(`it WROTE OUTSIDE of the share: ${shown(outside)}`)
  const ratio = finding.isUnproved ? answeredBytes / Math.max(1, sentBytes) : undefined
  if (ratio !== undefined && ratio > ANSWER_RATIO_MAX) faults.push(`it answers ${ratio.toFixed(1)} times`)
  return {
    name: attack.name,
    encryption: target.encryption,
    isRejected: faults.length === 0,
    faults,
    seen: finding.seen,
    sentBytes,
    answeredBytes,
    ratio,
    memoryGrowthBytes,
    inside,
    outside,
    tookMs: performance.now() - startedMs,
  }
}

async function runWaiting(attack: Attack, target: Target, quick: boolean): Promise<Outcome> {
  const startedMs = performance.now()
  const { finding, sentBytes, answeredBytes } = await runRound(attack, target, quick)
  return {
    name: attack.name,
    encryption: target.encryption,
    isRejected: finding.fault === undefined,
    faults: finding.fault === undefined ? [] : [finding.fault],
    seen: finding.seen,
    sentBytes,
    answeredBytes,
    ratio: undefined,
    memoryGrowthBytes: [],
    inside: [],
    outside: [],
    tookMs: performance.now() - startedMs,
  }
}

interface Round {
  readonly finding: AttackResult
  readonly sentBytes: number
  readonly answeredBytes: number
}

async function runRound(attack: Attack, target: Target, quick: boolean): Promise<Round> {
  const attackers: Attacker[] = []
  const keep = (attacker: Attacker): Attacker => {
    attackers.push(attacker)
    return attacker
  }
  let finding: AttackResult
  try {
    finding = await attack.run({
      target,
      quick,
      connected: async () => keep(await target.connected()),
      attacker: async (options) => keep(await target.attacker(options)),
    })
  } catch (error) {
    finding = { fault: `the attack came to nothing: ${(error as Error).message}`, seen: '' }
  }
  const sentBytes = attackers.reduce((sum, attacker) => sum + attacker.sentBytes, 0)
  const answeredBytes = attackers.reduce((sum, attacker) => sum + attacker.answeredBytes, 0)
  await Promise.all(attackers.map((attacker) => attacker.close()))
  return { finding, sentBytes, answeredBytes }
}

/** Whether an honest peer still gets in. */
async function isWell(target: Target): Promise<boolean> {
  const honest = await target.attacker()
  const isLetIn = (await honest.getsIn()) && (await honest.isAlive())
  await honest.close()
  return isLetIn
}

function isRestart({ event, message }: { readonly event: string; readonly message?: unknown }): boolean {
  return event === 'note' && String(message).includes('watcher process ended')
}

function shown(paths: readonly string[]): string {
  const names = paths.slice(0, 3).map((path) => JSON.stringify(path.slice(0, 60)))
  return paths.length > 3 ? `${names.join(', ')} and ${paths.length - 3} more` : names.join(', ')
}
