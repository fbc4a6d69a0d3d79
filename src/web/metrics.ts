// The state of a peer in the text format of Prometheus, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/). Pure. Used by WebServer; README.md lists the metrics.
//
//   # HELP name words
//   # TYPE name gauge
//   name{label="value"} 12.5

import type { Status } from '../control/status.js'

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export interface ProcessFacts {
  /** Events told since the start, by kind. */
  readonly counts: ReadonlyMap<string, number>
  readonly cpuS: number
  readonly residentBytes: number
}

type Labels = Readonly<Record<string, string>>

interface Sample {
  readonly labels?: Labels
  readonly value: number
}

/** `status` is undefined while the peer is starting: then only what is of the process is told. */
export function metricsOf(status: Status | undefined, facts: ProcessFacts): string {
  const lines: string[] = []
  const add = (type: 'gauge' | 'counter', name: string, help: string, samples: readonly Sample[]) => {
    if (samples.length === 0) return
    lines.push(`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`)
    for (const { labels = {}, value } of samples) lines.push(`${name}${labelsText(labels)} ${value}`)
  }
  const gauge = (name: string, help: string, value: number) => add('gauge', name, help, [{ value }])
  gauge('left_up', 'Whether the peer has started.', status === undefined ? 0 : 1)
  add('counter', 'process_cpu_seconds_total', 'Processor time of the process that owns the socket.', [
    { value: facts.cpuS },
  ])
  gauge('process_resident_memory_bytes', 'Memory of the same process.', facts.residentBytes)
  add(
    'counter',
    'left_events_total',
    'Events told since the start, as --json prints them.',
    [...facts.counts].map(([event, value]) => ({ labels: { event }, value })),
  )
  if (status !== undefined) addStatus(status, { add, gauge })
  return `${lines.join('\n')}\n`
}

interface Adding {
  add(type: 'gauge' | 'counter', name: string, help: string, samples: readonly Sample[]): void
  gauge(name: string, help: string, value: number): void
}

function addStatus(status: Status, { add, gauge }: Adding): void {
  const { version, peer, holds, receiving, trackers } = status
  add('gauge', 'left_info', 'Version and id of the peer.', [{ labels: { version, peer }, value: 1 }])
  gauge('left_start_time_seconds', 'When the peer started, since 1970.', Date.parse(status.since) / 1_000)
  gauge('left_in_step', 'Whether nothing is lacking, here or at a peer.', Number(status.isInStep))
  gauge('left_paused', 'Whether a person paused all peers or some.', Number(status.pause !== null))
  gauge(
    'left_writing_stopped',
    'Whether nothing is written for now, for want of room.',
    Number(status.paused !== null),
  )
  if (holds !== null) {
    gauge('left_share_read', 'Whether the share has been read since the start.', Number(holds.isRead))
    gauge('left_share_files', 'Files that are held.', holds.files)
    gauge('left_share_folders', 'Folders that are held.', holds.folders)
    gauge('left_share_bytes', 'Bytes of the files that are held.', holds.bytes)
    add('gauge', 'left_paths', 'Paths that are not simply in step, by how they stand.', [
      ...(
        ['waiting', 'unsettled', 'skipped', 'notHeld', 'local', 'stopped', 'away', 'conflicts'] as const
      ).map((name) => ({ labels: { standing: STANDINGS[name] }, value: holds[name].count })),
    ])
  }
  gauge('left_receiving_files', 'Files wanted and not in place.', receiving.filesWanted - receiving.files)
  gauge('left_receiving_bytes', 'Bytes wanted and not here.', receiving.bytesWanted - receiving.bytes)
  addPeers(status.peers, add)
  add(
    'gauge',
    'left_tracker_up',
    'Whether the tracker answers.',
    trackers.map(({ address, state }) => ({ labels: { address }, value: Number(state === 'answers') })),
  )
}

const STANDINGS = {
  waiting: 'waiting',
  unsettled: 'unsettled',
  skipped: 'skipped',
  notHeld: 'not_held',
  local: 'local',
  stopped: 'held_back',
  away: 'away',
  conflicts: 'conflict',
} as const

function addPeers(all: Status['peers'], add: Adding['add']): void {
  const peers = all.filter(({ state }) => state !== 'self')
  const each = (value: (peer: Status['peers'][number]) => number | null): Sample[] =>
    peers.flatMap((peer) => {
      const known = value(peer)
      return known === null
        ? []
        : [{ labels: { address: peer.address, peer: peer.peer ?? '' }, value: known }]
    })
  const isHere = (state: string) => state !== 'waiting' && state !== 'not-called' && state !== 'away'
  add(
    'gauge',
    'left_peer_up',
    'Whether there is a session with the peer.',
    each(({ state }) => Number(isHere(state))),
  )
  add(
    'gauge',
    'left_peer_in_step',
    'Whether it has the same.',
    each(({ isInStep }) => Number(isInStep)),
  )
  add(
    'gauge',
    'left_peer_wanted_entries',
    'Entries to come from it.',
    each(({ wanted }) => wanted),
  )
  add(
    'counter',
    'left_peer_received_bytes_total',
    'Bytes received in its session.',
    each((peer) => peer.receivedBytes),
  )
  add(
    'counter',
    'left_peer_sent_bytes_total',
    'Bytes sent in its session.',
    each((peer) => peer.sentBytes),
  )
  add(
    'gauge',
    'left_peer_rtt_seconds',
    'Smoothed round-trip time.',
    each(({ rttMs }) => secondsOf(rttMs)),
  )
  add(
    'gauge',
    'left_peer_rtt_min_seconds',
    'Least round-trip time of its session.',
    each(({ minRttMs }) => secondsOf(minRttMs)),
  )
  add(
    'gauge',
    'left_peer_loss_ratio',
    'Part of the segments that were asked of it of late and lost.',
    each(({ loss }) => loss),
  )
}

function secondsOf(ms: number | null): number | null {
  return ms === null ? null : Number((ms / 1_000).toFixed(6))
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`,
  )
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

/** Of HELP and of label values: a backslash and a line end. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
