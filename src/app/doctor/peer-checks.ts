// Checks of a running peer: of its addresses, and of each peer that it knows. Pure; used by doctor.ts.

import { formatDuration } from '../../base/quantities.js'
import type { ReasonCode } from '../../base/reason.js'
import { type Check, hint, ok, unknown, wrong } from '../../control/doctor-results.js'
import { CALLER_REMEDY, callerWords, remedyOf, wordsOf } from '../../control/reason-words.js'
import { lackingOf, type PeerStatus, type Status, TRACKER_WORDS } from '../../control/status.js'
import { CLOCK_OFF_MS_MAX, PATH_BYTES_USUAL, PATH_KNOWN_MS } from './limits.js'

/** A peer's answer to the check message, and the path to it as far as it is known. */
export interface PeerFacts {
  /** Largest datagrams, UDP payload: that are known to arrive, and that this machine's interface carries. */
  readonly path: { readonly bytes: number; readonly interfaceBytes: number } | undefined
  readonly answer:
    | {
        /** How far its clock is ahead of ours, and how much of that may be the time of the question. */
        readonly aheadMs: number
        readonly doubtMs: number
        readonly program: string
        /** Whether a datagram from a port of it that we never spoke to came. */
        readonly isKnockHeard: boolean
      }
    | undefined
}

/** Facts by peer id, of those that are connected. */
export function runningChecks(
  status: Status,
  facts: ReadonlyMap<string, PeerFacts>,
  {
    program,
    bind,
    wallMs,
  }: { readonly program: string; readonly bind: string | undefined; readonly wallMs: number },
): Check[] {
  const others = status.peers.filter(({ state }) => state !== 'self')
  return [
    shareCheck(status),
    ...addressChecks(status, bind),
    ok('port', `listening on ${status.listening}`),
    ...others.flatMap((peer) => peerChecks(peer, facts.get(peer.peer ?? ''), { program, wallMs })),
    ...(others.length === 0 ? [noPeerCheck(status)] : []),
    ...status.trackers.map(trackerCheck),
    ...(status.callers ?? []).map(({ address, agent }) =>
      wrong('caller', callerWords(address, agent), CALLER_REMEDY),
    ),
    firewallCheck([...facts.values()]),
  ]
}

function shareCheck(status: Status): Check {
  if (status.isInStep) return ok('share', 'in step with all peers')
  const waits = status.holds?.waiting.count ?? 0
  const more = waits > 0 ? `; ${waits} ${waits === 1 ? 'path waits' : 'paths wait'}` : ''
  return hint(
    'share',
    `not in step: ${lackingOf(status)[0] ?? 'something is being compared'}${more}`,
    'left why says what each path waits for',
  )
}

function addressChecks({ peers }: Status, bind: string | undefined): Check[] {
  const bindGone = peers.find(({ code }) => code === 'bind-gone')
  const gone = peers.filter(({ code }) => code === 'own-address-gone')
  const lost = [
    ...(bindGone === undefined
      ? []
      : [
          wrong(
            'address',
            wordsOf({ code: 'bind-gone', detail: bind ?? '' }),
            remedyOf({ code: 'bind-gone' }),
          ),
        ]),
    ...gone.map(({ address, reason }) =>
      wrong('address', reason, remedyOf({ code: 'own-address-gone' }), address),
    ),
  ]
  if (lost.length > 0) return lost
  const selves = peers.filter(({ state }) => state === 'self').map(({ address }) => address)
  const own = selves.length > 0 ? ` (${selves.join(', ')} in --ip)` : ''
  return [ok('address', `${bind === undefined ? 'all addresses of this machine' : bind}${own}`)]
}

function noPeerCheck({ trackers }: Status): Check {
  const remedy =
    trackers.length > 0
      ? 'start left on another machine of the group'
      : 'name another machine with --ip, or start left there'
  return wrong('peer', 'no other machine is known', remedy)
}

function trackerCheck({ address, state, peers }: Status['trackers'][number]): Check {
  const words = `tracker ${TRACKER_WORDS[state]}`
  if (state === 'answers') return ok('peer', `${words}, and names ${peers}`, address)
  if (state === 'asked') return unknown('peer', words, address)
  return wrong('peer', words, 'left tracker must run there, and its UDP port be open', address)
}

/** Codes with a session, or by intention, that are no fault. */
const FAULTLESS: ReadonlySet<ReasonCode> = new Set([
  'not-called',
  'comparing',
  'reading-there',
  'wanted-of-it',
  'untold-there',
  'behind-there',
])

function peerChecks(
  peer: PeerStatus,
  facts: PeerFacts | undefined,
  { program, wallMs }: { readonly program: string; readonly wallMs: number },
): Check[] {
  const { address } = peer
  const standing = standingCheck(peer)
  if (facts === undefined) return standing
  const { answer, path } = facts
  const sinceMs = peer.since === null ? 0 : wallMs - Date.parse(peer.since)
  return [
    ...standing,
    ...(path === undefined || sinceMs < PATH_KNOWN_MS ? [] : [pathCheck(path, address)]),
    ...(answer === undefined
      ? [unknown('clock', 'it does not say what time it is there: an older left, or a busy one', address)]
      : [clockCheck(answer, address), programCheck(answer.program, program, address)]),
  ]
}

function standingCheck({ address, code, reason, rttMs, state }: PeerStatus): Check[] {
  // Said of this machine.
  if (code === 'own-address-gone' || code === 'bind-gone') return []
  if (code === null || FAULTLESS.has(code)) {
    const rtt = rttMs === null ? '' : `, RTT ${rttMs.toFixed(1)} ms`
    return [ok('peer', `${state === 'not-called' ? 'through others' : 'connected'}${rtt}`, address)]
  }
  // The reason has what to do in it, for who reads it alone.
  const isPlain = reason === '' || code === 'not-reached'
  const words = isPlain ? wordsOf({ code, detail: '' }) : reason
  const isMeant = code === 'paused-here' || code === 'paused-there'
  return [(isMeant ? hint : wrong)('peer', words, remedyOf({ code }), address)]
}

function clockCheck(
  { aheadMs, doubtMs }: { readonly aheadMs: number; readonly doubtMs: number },
  address: string,
): Check {
  const offMs = Math.max(0, Math.abs(aheadMs) - doubtMs)
  if (offMs <= CLOCK_OFF_MS_MAX)
    return ok(
      'clock',
      Math.abs(aheadMs) <= doubtMs + 100
        ? 'the same as here'
        : `${formatDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead' : 'behind'}`,
      address,
    )
  return wrong(
    'clock',
    `its clock is ${formatDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} that of this machine: where two machines change a file at once, the wrong one is taken for the newer`,
    'set both clocks by the network: timedatectl set-ntp true',
    address,
  )
}

function pathCheck({ bytes, interfaceBytes }: NonNullable<PeerFacts['path']>, address: string): Check {
  const wantedBytes = Math.min(interfaceBytes, PATH_BYTES_USUAL)
  const headers = address.startsWith('[') ? 48 : 28
  if (bytes >= wantedBytes) return ok('path', `datagrams of ${bytes} bytes get through`, address)
  return hint(
    'path',
    `packets above ${bytes + headers} bytes are lost on the way: left sends smaller ones, and is slower`,
    'look for a VPN, a tunnel or a firewall that drops ICMP, and lower the MTU of this machine or raise that of the way',
    address,
  )
}

function programCheck(theirs: string, ours: string, address: string): Check {
  if (theirs === ours) return ok('program', theirs, address)
  return hint(
    'program',
    `it runs ${theirs}, and this machine ${ours}: they understand each other`,
    'install the newer one on both',
    address,
  )
}

/** One peer is enough to show that the firewall is open. */
function firewallCheck(peers: readonly PeerFacts[]): Check {
  const asked = peers.flatMap(({ answer }) => answer ?? [])
  if (asked.some(({ isKnockHeard }) => isKnockHeard)) return ok('firewall', 'datagrams of others come in')
  if (asked.length === 0) return unknown('firewall', 'no peer is connected that could knock from outside')
  return hint(
    'firewall',
    'only replies come in: a peer reaches this machine only while this machine calls it too',
    FIREWALL_REMEDY,
  )
}

export const FIREWALL_REMEDY =
  "open left's UDP port in the firewall of this machine (sudo ufw allow 22001/udp), and forward it where a router translates addresses"
