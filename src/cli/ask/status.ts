// `left status`: the state of a running peer on one screen.

import type { PeerEvent } from '../../app/events.js'
import { PROGRAM_VERSION } from '../../app/version.js'
import { CALLER_REMEDY, callerWords } from '../../control/reason-words.js'
import {
  type FileStatus,
  type Listed,
  lackingOf,
  type PathWithReason,
  type PeerStatus,
  type ShareStatus,
  type Status,
  TRACKER_WORDS,
  type TrackerStatus,
} from '../../control/status.js'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatEta,
  formatFiles,
  formatRate,
  percentOf,
} from '../format.js'
import { STATUS_NAMES_MAX } from '../limits.js'
import { fitted, printable, printableName } from '../names.js'
import { sentence } from '../wording.js'
import type { AskCommand } from './ask-command.js'
import { STATE_WORDS } from './state-words.js'
import { pauseWords } from './steer.js'

export const statusCommand: AskCommand = {
  name: 'status',
  description: 'show how a running peer is: who is in step, what is missing, what is under way',
  words: '',
  options: [{ flags: '--watch', description: 'show it again every second, until Ctrl-C' }],
  asksPeer: true,
  given: () => ({}),
  lines: (result) => statusLines(result as Status, new Date()),
}

export function statusLines(status: Status, now: Date): string[] {
  const {
    share,
    peers,
    trackers,
    callers = [],
    holds,
    receiving,
    sending,
    pause,
    paused,
    lastProblem,
  } = status
  const upMs = Math.max(0, now.getTime() - Date.parse(status.since))
  const nameColumns = Math.max(0, ...peers.map(({ address }) => printable(address).length))
  return [
    `${printableName(share)}  ${holds === null ? 'not open yet' : holdsWords(holds)}`,
    ...versionLines(status.version),
    `left ${printable(status.version)} on ${printable(status.listening)} for ${formatDuration(upMs)} (pid ${status.pid}, peer ${printable(status.peer)})`,
    '',
    ...peers.map((peer) => `  ${fitted(printable(peer.address), nameColumns)}  ${peerWords(peer, status)}`),
    ...section('trackers', trackers.map(trackerLine)),
    ...section(
      'not named here',
      callers.map(({ address, agent }) => printable(`${callerWords(address, agent)}: ${CALLER_REMEDY}`)),
    ),
    ...section('receiving', receivingLines(receiving)),
    ...section('sending', sending.map(fileLine)),
    ...(pause === null ? [] : ['', pauseWords(pause)]),
    ...(paused === null ? [] : ['', `paused: ${printable(paused)}`]),
    ...(holds === null ? [] : countLines(holds)),
    ...(lastProblem === null
      ? []
      : ['', `last problem, ${ago(lastProblem.time, now)}: ${problemWords(lastProblem)}`]),
    ...section('not in step', lackingOf(status).map(printable)),
  ]
}

/** A program of another version may miss some of what the peer tells. */
function versionLines(version: string): string[] {
  if (version === PROGRAM_VERSION) return []
  return [`the peer is left ${printable(version)}, and this program left ${PROGRAM_VERSION}`]
}

function holdsWords({ isRead, files, folders, bytes }: ShareStatus): string {
  const counts = `${formatFiles(files)} in ${formatCount(folders)} ${folders === 1 ? 'folder' : 'folders'}, ${formatBytes(bytes)}`
  return isRead ? counts : `being read: ${counts} so far`
}

function peerWords(peer: PeerStatus, { holds }: Status): string {
  const { state, isInStep, reason, code, wanted, notHeldThere } = peer
  const { receivedBytesPerS, sentBytesPerS, rttMs, loss } = peer
  const parts: string[] = [state === 'away' && isInStep ? 'gone, and was in step' : STATE_WORDS[state]]
  if (state === 'paused') parts[0] = code === 'paused-there' ? 'paused there' : 'paused here'
  if (code === 'full-there') parts.push('its disk is full')
  if (reason !== '') parts.push(printable(reason))
  if (wanted > 0) parts.push(`${formatCount(wanted)} to come`)
  if (state === 'in-step' && holds !== null && holds.notHeld.count > 0)
    parts.push(`${formatCount(holds.notHeld.count)} not held here`)
  if (notHeldThere > 0) parts.push(`${formatCount(notHeldThere)} not held there`)
  if (receivedBytesPerS > 0) parts.push(`in ${formatRate(receivedBytesPerS)}`)
  if (sentBytesPerS > 0) parts.push(`out ${formatRate(sentBytesPerS)}`)
  if (rttMs !== null) parts.push(`RTT ${rttMs.toFixed(1)} ms`)
  if (loss !== null && loss >= 0.001) parts.push(`loss ${(100 * loss).toFixed(1)}%`)
  return parts.join(', ')
}

function trackerLine({ address, state, peers }: TrackerStatus): string {
  const named = state === 'answers' ? `, and names ${peers === 0 ? 'nobody else' : formatCount(peers)}` : ''
  return `${printable(address)}  ${TRACKER_WORDS[state]}${named}`
}

function receivingLines({
  files,
  filesWanted,
  bytes,
  bytesWanted,
  bytesPerS,
  now,
}: Status['receiving']): string[] {
  if (files === filesWanted) return []
  const all = `${formatCount(files)} of ${formatFiles(filesWanted)}, ${formatBytes(bytes)} of ${formatBytes(bytesWanted)}, ${formatRate(bytesPerS)}`
  return [all, ...now.map(fileLine)]
}

function fileLine({ path, address, bytes, doneBytes, bytesPerS, etaMs }: FileStatus): string {
  const to = address === null ? '' : ` to ${printable(address)}`
  const parts = [`${percentOf(doneBytes, bytes)}% of ${formatBytes(bytes)}`, formatRate(bytesPerS)]
  if (etaMs !== null) parts.push(`${formatEta(etaMs)} to go`)
  return `${printableName(path)}${to}: ${parts.join(', ')}`
}

const WAYS_OUT = {
  both: 'left confirm lets all of it happen, left undo takes all of it back; to change a file releases it',
  'send-only': 'left undo sends back what is here; to change a file sends it too',
  'receive-only': 'left confirm lets all of it happen',
  away: 'it may have been deleted meanwhile: left confirm keeps it and tells the others, left undo moves it to the trash; to change a file keeps it too',
  local: 'left undo takes it back: what was made or edited here goes to the trash',
} as const

function countLines({ direction, local, ...lists }: ShareStatus): string[] {
  const { waiting, unsettled, skipped, notHeld, stopped, away, conflicts, unwatchedFolders } = lists
  return [
    ...(unwatchedFolders > 0
      ? ['', `folders that are not watched: ${formatCount(unwatchedFolders)}; left doctor says why`]
      : []),
    ...listed('wanted, and not here yet', waiting, withReason),
    ...listed('changed here, and told to nobody (--receive-only)', local, withReason),
    ...(local.count === 0 ? [] : [`  ${WAYS_OUT.local}`]),
    ...listed(
      direction === 'send-only' ? 'held (--send-only)' : 'held, because it is so much',
      stopped,
      withReason,
    ),
    ...(stopped.count === 0 ? [] : [`  ${WAYS_OUT[direction]}`]),
    ...listed('held, because no peer knows it since this machine was away for long', away, printableName),
    ...(away.count === 0 ? [] : [`  ${WAYS_OUT.away}`]),
    ...listed('being written here', unsettled, printableName),
    ...listed('conflict copies kept', conflicts, printableName),
    ...listed('skipped here', skipped, withReason),
    ...listed('known, not held here', notHeld, withReason),
  ]
}

function withReason({ path, reason }: PathWithReason): string {
  return reason === '' ? printableName(path) : `${printableName(path)}: ${printable(reason)}`
}

function listed<T>(title: string, { count, first }: Listed<T>, line: (each: T) => string): string[] {
  if (count === 0) return []
  const shown = first.slice(0, STATUS_NAMES_MAX).map(line)
  const rest = count - shown.length
  const head = `${title}: ${formatCount(count)}`
  // Where none is listed, all are in a list above.
  if (shown.length === 0) return ['', head]
  return section(head, rest > 0 ? [...shown, `and ${formatCount(rest)} more`] : shown)
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]
}

function ago(time: string, now: Date): string {
  return `${formatDuration(Math.max(0, now.getTime() - Date.parse(time)))} ago`
}

/** A later version of the peer may tell of an event that this program does not know. */
function problemWords(problem: object & { readonly event: string }): string {
  try {
    return sentence(problem as unknown as PeerEvent, (peer) => peer) ?? printable(problem.event)
  } catch {
    return printable(problem.event)
  }
}
