// The state of a running peer, for whoever asks: gathered from the events that a person is told, from the engine's figures, and
// at the moment of asking from the keeper. Used by Peer.

import type { ReasonCode } from '../base/reason.js'
import { wordsOf } from '../control/reason-words.js'
import {
  type FileStatus,
  isFound,
  type PathWithCode,
  type PeerState,
  type PeerStatus,
  type ReceivedFileStatus,
  type Status,
} from '../control/status.js'
import type { EnginePeer, FileMap } from '../engine/engine.js'
import type { SentFile } from '../engine/serve/sent-files.js'
import type { PathWithReasons, PeerStanding, ShareState } from '../pipe/commands.js'
import type { PeerEvent } from './events.js'
import { RATE_GAIN, SENDING_MS } from './limits.js'
import { type Absence, peerCause } from './peer-reasons.js'
import { advance, type Rate } from './rate.js'

interface Rates {
  received: Rate
  sent: Rate
  asked: number
  lost: number
  /** Undefined while nothing was asked. */
  loss: number | undefined
}

interface Sending {
  rate: Rate
  changedMs: number
}

/** Facts of the moment of asking. */
/** A machine that no person named. */
export interface FoundFacts {
  /** As in events. */
  readonly addresses: readonly string[]
  /** Whether it is the peer of this id; false where that is not known. */
  readonly isPeer: (peer: string) => boolean
}

export interface StatusFacts {
  /** Undefined while the watcher process does not answer. */
  readonly share: ShareState | undefined
  readonly enginePeers: readonly EnginePeer[]
  readonly sentFiles: readonly SentFile[]
  readonly fileMaps: readonly FileMap[]
  /** As the person wrote it. */
  readonly nameOf: (address: string) => string
  /** All that an address of `--ip` may be called in events: two of them may lead to one machine. */
  readonly namesOf: (text: string) => readonly string[]
  /** Whether the address is this peer's own. */
  readonly isSelf: (text: string) => boolean
  /** Whether no session is sought with any address that this one of `--ip` stands for. */
  readonly isPassedOver: (text: string) => boolean
  /** The address of --bind, where this machine does not have it any more. */
  readonly bindGone: string | undefined
  /** Whether peers are there that nobody named. */
  readonly isDiscovering: boolean
  readonly found: readonly FoundFacts[]
  readonly trackers: Status['trackers']
  readonly callers: Status['callers']
  readonly pause: Status['pause']
  /** Of the key of a peer that is connected. */
  readonly fingerprintOf: (peer: string) => string | null
}

type Started = PeerEvent & { event: 'started' }

export class StatusBook {
  private readonly wall: () => Date
  private started: Started | undefined
  private since = ''
  /** By address, as in `--ip`. */
  private readonly met = new Map<string, string>()
  private readonly absences = new Map<string, Absence>()
  /** By address, when a session with it began. */
  private readonly metMs = new Map<string, number>()
  /** By path. */
  private readonly fetching = new Map<string, FileStatus>()
  private totals: PeerEvent & { event: 'totals' } = NO_TOTALS
  private paused: string | null = null
  private lastProblem: Status['lastProblem'] = null
  private readonly rates = new Map<number, Rates>()
  private readonly sending = new Map<string, Sending>()
  private sampledMs: number | undefined

  constructor(wall: () => Date) {
    this.wall = wall
  }

  handle(event: PeerEvent): void {
    switch (event.event) {
      case 'started':
        this.started = event
        this.since = this.wall().toISOString()
        return
      case 'waiting':
        // A call of whom this peer does not let in comes to nothing here, which looks as if there were no answer, or as if it let
        // nobody in.
        if ((event.code === 'not-reached' || event.code === 'not-let-in') && this.isShutOut(event.address))
          return
        this.absent(event.address, event.code, event.reason)
        return
      case 'connected':
        this.met.set(event.address, event.peer)
        this.absences.delete(event.address)
        this.metMs.set(event.address, this.wall().getTime())
        return
      case 'disconnected':
        this.absent(event.address, 'left', event.reason)
        return
      case 'refused':
        this.absent(event.address, 'refused', event.reason)
        this.note(event)
        return
      case 'key-changed':
        this.absent(event.address, 'key-changed', 'it has another key than before')
        this.note(event)
        return
      case 'fetching':
        this.fetching.set(event.path, {
          path: event.path,
          address: null,
          bytes: event.bytes,
          doneBytes: event.resumedBytes + event.reusedBytes,
          bytesPerS: 0,
          etaMs: null,
        })
        return
      case 'progress': {
        const { event: _, ...file } = event
        this.fetching.set(event.path, { ...file, address: null })
        return
      }
      case 'received':
        this.fetching.delete(event.path)
        return
      case 'abandoned':
        this.fetching.delete(event.path)
        this.note(event)
        return
      case 'problem':
        this.note(event)
        return
      case 'totals':
        this.totals = event
        if (event.files === event.filesWanted) this.fetching.clear()
        return
      case 'paused':
        this.paused = event.reason
        this.note(event)
        return
      case 'resumed':
        this.paused = null
        return
    }
  }

  private isShutOut(address: string): boolean {
    const code = this.absences.get(address)?.code
    return code === 'refused' || code === 'key-changed'
  }

  /** Since when stays, where the reason is the same. */
  private absent(address: string, code: ReasonCode, words: string): void {
    const before = this.absences.get(address)
    const sinceMs = before?.code === code ? before.sinceMs : this.wall().getTime()
    this.absences.set(address, { code, words, sinceMs })
  }

  private note(event: PeerEvent): void {
    this.lastProblem = { time: this.wall().toISOString(), ...event }
  }

  /** Measures rates; call it a few times a second. */
  sample(peers: Iterable<EnginePeer>, sent: Iterable<SentFile>, nowMs: number): void {
    this.sampledMs = nowMs
    const sessions = new Set<number>()
    for (const { session, stats } of peers) {
      sessions.add(session)
      if (stats === undefined) continue
      const before = this.rates.get(session)
      this.rates.set(session, {
        received: advance(before?.received, stats.bytesReceived, nowMs),
        sent: advance(before?.sent, stats.bytesSent, nowMs),
        asked: stats.segmentsAsked,
        lost: stats.segmentsLost,
        loss: lossAfter(before, stats),
      })
    }
    for (const session of this.rates.keys()) if (!sessions.has(session)) this.rates.delete(session)
    const keys = new Set<string>()
    for (const { session, path, sentBytes } of sent) {
      if (!sessions.has(session)) continue
      const key = keyOf(session, path)
      keys.add(key)
      const before = this.sending.get(key)
      const hasChanged = before === undefined || sentBytes > before.rate.doneBytes
      const rate = advance(before?.rate, sentBytes, nowMs)
      this.sending.set(key, { rate, changedMs: hasChanged ? nowMs : before.changedMs })
    }
    for (const key of this.sending.keys()) if (!keys.has(key)) this.sending.delete(key)
  }

  /** Undefined before the peer has started. */
  status(facts: StatusFacts): Status | undefined {
    const { started } = this
    if (started === undefined) return undefined
    const { share, trackers } = facts
    const told = [
      ...started.peers.map((address) => this.peerStatus(address, facts)),
      ...this.trackedPeers(facts),
    ]
    const peers = facts.isDiscovering ? [...told, ...this.foundStatus(told, facts)] : told
    const isAtRest = share?.isRead === true && !share.isBusy && share.unsettled.count === 0
    const { event: _, ...totals } = this.totals
    return {
      version: started.version,
      pid: process.pid,
      share: started.share,
      listening: started.listening,
      peer: started.peer,
      since: this.since,
      holds: share === undefined ? null : holdsOf(share, this.wall().getTime()),
      peers,
      trackers,
      callers: facts.callers,
      isInStep: isAtRest && share.wantedCount === 0 && isMet(peers) && isFound({ peers, trackers }),
      receiving: { ...totals, now: this.receivingOf(facts) },
      sending: this.sendingOf(facts),
      pause: facts.pause,
      paused: share === undefined || share.pause === '' ? this.paused : share.pause,
      lastProblem: this.lastProblem,
    }
  }

  /** But for those that are the peers of `--ip`, at other addresses. */
  private trackedPeers(facts: StatusFacts): PeerStatus[] {
    const names = (this.started?.peers ?? []).flatMap((address) => facts.namesOf(address))
    const named = names.flatMap((name) => this.met.get(name) ?? [])
    return facts.found
      .filter(({ isPeer }) => !named.some(isPeer))
      .map(({ addresses, isPeer }) => this.peerStatus(addresses[0]!, facts, { names: addresses, isPeer }))
  }

  private peerStatus(
    address: string,
    facts: StatusFacts,
    known: { names: readonly string[]; isPeer: (peer: string) => boolean } = {
      names: facts.namesOf(address),
      isPeer: () => false,
    },
  ): PeerStatus {
    const { share, enginePeers, nameOf } = facts
    const { names, isPeer } = known
    const session = enginePeers.find((each) => names.includes(nameOf(each.address)) || isPeer(each.peer))
    const met = names.find((name) => this.met.has(name))
    const isMet = met === undefined ? [...this.met.values()].find(isPeer) : this.met.get(met)
    const peer = session?.peer ?? isMet ?? null
    const away = names.map((name) => this.absences.get(name)).find((each) => each !== undefined)
    const metMs = names.map((name) => this.metMs.get(name)).find((each) => each !== undefined)
    const standing = share?.peers.find((each) => each.peer === peer)
    const state = this.stateAt(address, { peer, session, standing }, facts)
    const rates = session && this.rates.get(session.session)
    const isGone = state === 'away' || state === 'paused'
    const absence = session === undefined ? away : undefined
    const cause = peerCause(state, session, absence, facts.bindGone)
    const sinceMs = session === undefined ? away?.sinceMs : metMs
    return {
      address,
      peer,
      state,
      isInStep: state === 'self' || state === 'in-step' || (isGone && standing?.isEqual === true),
      reason: cause?.code === 'bind-gone' ? wordsOf(cause) : (absence?.words ?? ''),
      code: cause?.code ?? null,
      since: sinceMs === undefined ? null : new Date(sinceMs).toISOString(),
      fingerprint: session === undefined ? null : facts.fingerprintOf(session.peer),
      wanted: standing?.wantedCount ?? 0,
      notHeldThere: standing?.notHeldCount ?? 0,
      receivedBytesPerS: Math.round(rates?.received.bytesPerS ?? 0),
      sentBytesPerS: Math.round(rates?.sent.bytesPerS ?? 0),
      receivedBytes: session?.stats?.bytesReceived ?? 0,
      sentBytes: session?.stats?.bytesSent ?? 0,
      rttMs: msOf(session?.stats?.srttMs),
      minRttMs: msOf(session?.stats?.minRttMs),
      loss: rates?.loss === undefined ? null : Number(rates.loss.toFixed(4)),
    }
  }

  private stateAt(
    address: string,
    known: { peer: string | null; session: EnginePeer | undefined; standing: PeerStanding | undefined },
    { share, isSelf, isPassedOver }: StatusFacts,
  ): PeerState {
    if (isSelf(address)) return 'self'
    if (known.session === undefined && isPassedOver(address)) return 'not-called'
    return stateOf(known.peer, known.session, known.standing, share)
  }

  /** Of the peers that are connected and are none of `--ip`. */
  private foundStatus(named: readonly PeerStatus[], facts: StatusFacts): PeerStatus[] {
    const found = facts.enginePeers.filter(({ peer }) => named.every((each) => each.peer !== peer))
    return found.map(({ address }) => {
      const name = facts.nameOf(address)
      return this.peerStatus(name, { ...facts, namesOf: () => [name] })
    })
  }

  private receivingOf({ fileMaps, enginePeers, nameOf }: StatusFacts): ReceivedFileStatus[] {
    const addressOf = (id: string) => {
      const peer = enginePeers.find((each) => each.peer === id)
      return peer === undefined ? id : nameOf(peer.address)
    }
    return [...this.fetching.values()].map((file) => {
      const { cells = '', sources = [] } = fileMaps.find(({ path }) => path === file.path) ?? {}
      return {
        ...file,
        map: cells,
        sources: sources.map(({ peer, bytes }) => ({ address: addressOf(peer), bytes })),
      }
    })
  }

  private sendingOf({ enginePeers, sentFiles, nameOf }: StatusFacts): FileStatus[] {
    const sampledMs = this.sampledMs ?? 0
    return sentFiles.flatMap(({ session, path, sizeBytes, sentBytes }) => {
      const peer = enginePeers.find((each) => each.session === session)
      const sending = this.sending.get(keyOf(session, path))
      const isOver = sentBytes >= sizeBytes || sampledMs - (sending?.changedMs ?? 0) > SENDING_MS
      if (peer === undefined || sending === undefined || isOver) return []
      const bytesPerS = Math.round(sending.rate.bytesPerS)
      const etaMs = bytesPerS > 0 ? Math.round(((sizeBytes - sentBytes) / bytesPerS) * 1_000) : null
      return [
        { path, address: nameOf(peer.address), bytes: sizeBytes, doneBytes: sentBytes, bytesPerS, etaMs },
      ]
    })
  }
}

/** Nobody is in step with nobody. */
function isMet(peers: readonly PeerStatus[]): boolean {
  return peers.length > 0 && peers.every(({ isInStep, state }) => isInStep || state === 'not-called')
}

function stateOf(
  peer: string | null,
  session: EnginePeer | undefined,
  standing: PeerStanding | undefined,
  share: ShareState | undefined,
): PeerState {
  if (peer === null) return 'waiting'
  if (session === undefined) return 'away'
  if (session.isPausedHere || session.stopThere === 'paused') return 'paused'
  if (share === undefined || !share.isRead || standing === undefined || !standing.isHere) return 'comparing'
  if (standing.wantedCount > 0) return 'receiving'
  if (!standing.isCompared) return 'comparing'
  return standing.isEqual && session.isTold ? 'in-step' : 'behind'
}

function holdsOf(state: ShareState, wallMs: number) {
  const { isRead, direction, files, folders, bytes, unwatchedCount: unwatchedFolders } = state
  const { unsettled, skipped, notHeld, local, stopped, away, conflicts } = state
  const waiting = {
    count: state.waiting.count,
    first: state.waiting.first.map((each) => withCode(each, wallMs)),
  }
  const lists = { waiting, unsettled, skipped, notHeld, local, stopped, away, conflicts }
  return { isRead, direction, files, folders, bytes, unwatchedFolders, ...lists }
}

function withCode({ path, reasons: [first] }: PathWithReasons, wallMs: number): PathWithCode {
  if (first === undefined) return { path, reason: '', code: null, since: null }
  const { code, forMs } = first
  const since = forMs === undefined ? null : new Date(wallMs - forMs).toISOString()
  return { path, reason: wordsOf(first), code, since }
}

function msOf(ms = 0): number | null {
  return ms > 0 && Number.isFinite(ms) ? Number(ms.toFixed(3)) : null
}

function lossAfter(
  before: Rates | undefined,
  { segmentsAsked, segmentsLost }: { segmentsAsked: number; segmentsLost: number },
): number | undefined {
  const asked = segmentsAsked - (before?.asked ?? 0)
  if (asked <= 0) return before?.loss
  // What was called lost may come after all.
  const newest = Math.min(1, Math.max(0, segmentsLost - (before?.lost ?? 0)) / asked)
  return before?.loss === undefined ? newest : before.loss + RATE_GAIN * (newest - before.loss)
}

function keyOf(session: number, path: string): string {
  return `${session} ${path}`
}

const NO_TOTALS = {
  event: 'totals',
  files: 0,
  filesWanted: 0,
  bytes: 0,
  bytesWanted: 0,
  bytesPerS: 0,
} as const
