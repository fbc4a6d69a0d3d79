// Events as sentences, for the views that people read. Pure. Everything that another machine had a say in
// passes through `printable` here and nowhere later.

import type { PeerEvent } from '../app/events.js'
import { unreachable } from '../base/assert.js'
import { TRASH_FOLDER } from '../base/own-folder.js'
import { formatBytes, formatCount, formatDuration, formatFiles, formatRate, percentOf } from './format.js'
import { SMALL_FILE_BYTES } from './limits.js'
import { printable, printableName } from './names.js'

type Of<Name extends PeerEvent['event']> = Extract<PeerEvent, { event: Name }>

/** One line without its end, or undefined for events that are drawn and not told. `from` names a peer the way
 *  the person knows it: by address. */
export function sentence(event: PeerEvent, from: (peer: string) => string): string | undefined {
  switch (event.event) {
    case 'started':
      return startedSentence(event)
    case 'page':
      return `the page is at ${printable(event.link)}`
    case 'note':
      return `note: ${printable(event.message)}`
    case 'scanning':
      return 'reading the share'
    case 'scanned':
      return (
        `the share holds ${formatFiles(event.files)} in ${counted(event.folders, 'folder')}, ` +
        `${formatBytes(event.bytes)} (read in ${formatDuration(event.durationMs)})`
      )
    case 'changed':
      return changedSentence(event)
    case 'problem':
      return `skipped ${printableName(event.path)}: ${printable(event.reason)}`
    case 'waiting':
      return `waiting for ${printable(event.address)} (${printable(event.reason)}; retrying)`
    case 'connected':
      return `connected to ${printable(event.address)} (peer ${printable(event.peer)})`
    case 'pinned':
      return pinnedSentence(event)
    case 'key-changed':
      return keyChangedSentence(event)
    case 'disconnected':
      return `disconnected from ${printable(event.address)} (${printable(event.reason)})`
    case 'refused':
      return `refused ${printable(event.address)}: ${printable(event.reason)}`
    case 'fetching':
      return fetchingSentence(event, from)
    case 'received':
      return receivedSentence(event, from)
    case 'moved':
      return `moved ${printableName(event.from)}/ to ${printableName(event.path)}/, with all that is in it: moved on ${printable(from(event.peer))}`
    case 'removed':
      return `removed ${printableName(event.path)}${event.kind === 'folder' ? '/' : ''}: deleted on ${printable(from(event.peer))}`
    case 'abandoned':
      return `stopped fetching ${printableName(event.path)}: ${printable(event.reason)}; it will be tried again`
    case 'conflict':
      return `conflict: ${printableName(event.path)} was changed on two machines; the older version is kept as ${keptWords(event.kept)}`
    case 'paused':
      return `paused: ${printable(event.reason)}; it goes on by itself when there is room`
    case 'resumed':
      return 'resumed: going on where it paused'
    case 'receipt':
      return receiptSentence(event)
    case 'in-step':
      return inStepSentence(event)
    case 'summary':
      return summarySentence(event)
    case 'debug':
      return `debug: ${printable(event.message)}`
    case 'stopped':
      return 'stopped'
    case 'sent':
      return sentSentence(event)
    case 'progress':
    case 'totals':
    case 'sending':
    case 'reading':
      return undefined
    default:
      return unreachable(event)
  }
}

/** How a fetch began: `resumed from 43%`, `reused 98%`, both, or ''. */
export function beginning(event: Of<'fetching'>): string {
  const parts: string[] = []
  if (event.resumedBytes > 0) parts.push(`resumed from ${percentOf(event.resumedBytes, event.bytes)}%`)
  if (event.reusedBytes > 0) parts.push(`reused ${percentOf(event.reusedBytes, event.bytes)}%`)
  return parts.join(', ')
}

function startedSentence(event: Of<'started'>): string {
  const window = event.window === 'auto' ? '' : `, window ${printable(event.window)}`
  return (
    `left ${printable(event.version)} shares ${printableName(event.share)} on ${printable(event.listening)} ` +
    `with ${withWhom(event)} (peer ${printable(event.peer)}${window}, ` +
    `${event.fingerprint === null ? 'no encryption' : `our key ${keyName(event.fingerprint)}`})`
  )
}

function withWhom({ peers, trackers }: Of<'started'>): string {
  const found = trackers.length === 0 ? [] : [`those whom ${trackers.map(printable).join(', ')} names`]
  const whom = [...peers.map(printable), ...found]
  return whom.length === 0 ? 'those whom it finds on the local network' : whom.join(', ')
}

/** Enough to tell keys apart at a glance; where it matters the whole is shown. */
function keyName(fingerprint: string): string {
  return `${fingerprint.slice(0, 4)} ${fingerprint.slice(4, 8)} …`
}

function inGroups(fingerprint: string): string {
  return printable(fingerprint).replace(/.{4}(?=.)/g, '$& ')
}

function pinnedSentence(event: Of<'pinned'>): string {
  const why =
    event.how === 'secret'
      ? 'it holds the shared secret'
      : 'met there for the first time; compare it if in doubt'
  return `trusting ${printable(event.address)} from now on, by its key ${inGroups(event.fingerprint)} (${why})`
}

function keyChangedSentence(event: Of<'key-changed'>): string {
  return (
    `WARNING: ${printable(event.address)} HAS ANOTHER KEY THAN BEFORE (it was ${inGroups(event.pinned.slice(0, 8))} …) and is ` +
    'kept out. Either it was set up anew, or somebody stands in its place. Compare with what left identity shows there; ' +
    `if it is right: left trust ${printable(event.fingerprint)}`
  )
}

function changedSentence(event: Of<'changed'>): string {
  const path = printableName(event.path)
  switch (event.kind) {
    case 'file':
      return `changed here: ${path} (${formatBytes(event.bytes)})`
    case 'folder':
      return `changed here: ${path}/`
    case 'link':
      return `changed here: ${path} (link)`
    case 'tombstone':
      return `deleted here: ${path}`
    default:
      return unreachable(event.kind)
  }
}

function fetchingSentence(event: Of<'fetching'>, from: (peer: string) => string): string {
  const how = beginning(event)
  return (
    `fetching ${printableName(event.path)} (${formatBytes(event.bytes)}) from ${printable(from(event.peer))}` +
    (how === '' ? '' : `, ${how}`)
  )
}

function receivedSentence(event: Of<'received'>, from: (peer: string) => string): string {
  const { bytes, crossedBytes, savedBytes, durationMs } = event
  const parts = [formatBytes(bytes)]
  if (crossedBytes < bytes) parts.push(`of which ${formatBytes(crossedBytes)} crossed`)
  if (savedBytes > 0) parts.push(`compressed to ${formatBytes(crossedBytes - savedBytes)}`)
  let measure = parts.join(', ')
  // A small file waits for others longer than it takes: its time would say nothing.
  if (bytes >= SMALL_FILE_BYTES) {
    measure += `${parts.length > 1 ? ',' : ''} in ${formatDuration(durationMs)}`
    if (crossedBytes >= bytes && durationMs > 0) measure += `, ${formatRate((1000 * bytes) / durationMs)}`
  }
  return `received ${printableName(event.path)} from ${printable(from(event.peer))} (${measure})`
}

function sentSentence({ address, files, bytes, durationMs }: Of<'sent'>): string {
  const rate = durationMs > 0 ? `, ${formatRate((1000 * bytes) / durationMs)}` : ''
  const time = bytes < SMALL_FILE_BYTES ? '' : ` in ${formatDuration(durationMs)}${rate}`
  return `sent ${formatFiles(files)} to ${printable(address)} (${formatBytes(bytes)}${time})`
}

function receiptSentence(event: Of<'receipt'>): string {
  const percent = (part: number) => `${Number((100 * part).toFixed(part < 0.1 ? 2 : 1))}%`
  const known = (value: number | null, words: (value: number) => string) =>
    value === null ? [] : [words(value)]
  const parts = [
    `${formatBytes(event.crossedBytes)} in ${formatDuration(event.durationMs)}, ${formatRate(event.bytesPerS)}`,
    ...known(
      event.efficiency,
      (part) => `${percent(part)} of a link of ${formatRate(event.linkBytesPerS ?? 0)}`,
    ),
    ...known(event.redundancy, (part) => `${percent(part)} came twice`),
    ...known(event.askedAgain, (part) => `${percent(part)} was asked for again`),
    ...known(event.loss, (part) => `${percent(part)} was lost`),
    ...known(event.rttMs, (ms) => `RTT ${ms.toFixed(1)} ms`),
    ...known(event.minRttMs, (ms) => `at least ${ms.toFixed(1)} ms`),
    ...(event.reusedBytes > 0 ? [`${formatBytes(event.reusedBytes)} were here already`] : []),
    ...(event.savedBytes > 0 ? [`compression kept ${formatBytes(event.savedBytes)} from crossing`] : []),
    ...(event.peers > 1 ? [`from ${event.peers} peers`] : []),
  ]
  return `receipt for ${formatFiles(event.files)}: ${parts.join(', ')}`
}

function inStepSentence(event: Of<'in-step'>): string {
  const { equal, notHeldHere, notHeldThere } = event
  const address = printable(event.address)
  const parts = [
    equal
      ? `in step with ${address} (${formatFiles(event.files)})`
      : `all that ${address} has is here; it has not all of ours yet`,
    ...(notHeldHere > 0 ? [`${formatCount(notHeldHere)} not held here`] : []),
    ...(equal && notHeldThere > 0 ? [`${formatCount(notHeldThere)} not held there`] : []),
  ]
  return parts.join(', ')
}

function summarySentence(event: Of<'summary'>): string {
  const dropped = event.droppedDatagrams > 0 ? `; dropped ${counted(event.droppedDatagrams, 'datagram')}` : ''
  const strangers = event.strangers > 0 ? `; ${counted(event.strangers, 'stranger')} turned away` : ''
  return (
    `received ${formatBytes(event.receivedBytes)} in ${counted(event.receivedDatagrams, 'datagram')}` +
    `${event.savedBytes > 0 ? ` (${formatBytes(event.savedBytes)} less by compression)` : ''}, ` +
    `sent ${formatBytes(event.sentBytes)} in ${counted(event.sentDatagrams, 'datagram')}${dropped}${strangers}`
  )
}

function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

function keptWords(kept: string): string {
  if (!kept.startsWith(`${TRASH_FOLDER}/`)) return printableName(kept)
  return `${printableName(kept)}, beside as many conflict copies as one file may have: left conflicts shows them`
}
