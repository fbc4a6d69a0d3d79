// A dry run: what a peer with these options would do to its share, by what the peers of --ip tell a visitor. Keeps no share: nothing is
// written there, and peers are told of nothing. Called by src/cli/dry-run.ts.

import { join } from 'node:path'
import { LeftError } from '../base/errors.js'
import { DEFAULT_PORT } from '../base/limits.js'
import { OWN_FOLDER } from '../base/own-folder.js'
import { isShareLocked } from '../io/lock.js'
import { isOwnAddress, resolveHost } from '../io/net/interfaces.js'
import { stateFolder } from '../io/witness.js'
import type { ForetoldDeed } from '../pipe/deeds.js'
import { openRehearsal, type Rehearsal } from '../watcher/rehearsal.js'
import type { PeerAddress, PeerOptions } from './options.js'
import { privatePlacesOf } from './private-places.js'
import { refuseDangerousShare } from './share-danger.js'
import { refuseUnmounted } from './share-folder.js'
import { openVisiting, type Visiting } from './visiting.js'

export type { ForetoldDeed } from '../pipe/deeds.js'

export interface DryRunOptions {
  readonly peer: PeerOptions
  /** How long a peer that does not answer is waited for. */
  readonly silenceMs: number
  /** How long all of it may take; undefined for as long as peers answer. */
  readonly timeoutMs: number | undefined
  /** Resolves where somebody asks to stop. */
  readonly stopped: Promise<void>
  readonly onNote: (words: string) => void
}

export interface DryRunResult {
  /** By path, of all peers that were compared. */
  readonly deeds: readonly ForetoldDeed[]
  /** By --ip, as given. */
  readonly compared: readonly string[]
  readonly missed: readonly { readonly address: string; readonly reason: string }[]
}

/** @throws LeftError as a peer that starts, 'share-in-use' where one runs; a DiskError where the share cannot be read. */
export async function dryRun(options: DryRunOptions): Promise<DryRunResult> {
  const { peer } = options
  const { share, links, maxDelete, direction } = peer
  refuseDangerousShare(share, { isMeant: peer.yes })
  if (!peer.anew) refuseUnmounted(share, stateFolder())
  if (isShareLocked(join(share, OWN_FOLDER)))
    throw new LeftError(
      'share-in-use',
      `left runs on ${share}: left status shows what is missing there, and left ls what peers hold`,
    )
  const privatePlaces = privatePlacesOf(peer)
  const rehearsal = await openRehearsal({ share, links, maxDelete, direction, privatePlaces })
  try {
    return await rehearsed(rehearsal, options)
  } finally {
    await rehearsal.close()
  }
}

async function rehearsed(rehearsal: Rehearsal, options: DryRunOptions): Promise<DryRunResult> {
  const { peer, silenceMs, stopped, timeoutMs, onNote } = options
  const end = endOf(timeoutMs, stopped)
  const scanned = await Promise.race([rehearsal.scan().then(() => undefined), end.over])
  const peers = await othersOf(peer, onNote)
  if (scanned !== undefined)
    return { deeds: [], compared: [], missed: peers.map(({ text }) => ({ address: text, reason: scanned })) }
  const visiting = await openVisiting(
    {
      peers: peers.map((other) => ({ ...other, isOwn: false })),
      port: peer.port === DEFAULT_PORT ? undefined : peer.port,
      bind: peer.bind,
      encryption: peer.encryption,
      compression: peer.compression,
      identity: peer.identity,
      passphraseFile: peer.passphraseFile,
      trust: peer.trust,
      secretFiles: peer.secretFiles,
      timeoutMs: silenceMs,
    },
    onNote,
  )
  try {
    return await compared(rehearsal, visiting, peers, end.over)
  } finally {
    end.cancel()
    await visiting.close()
  }
}

async function compared(
  rehearsal: Rehearsal,
  visiting: Visiting,
  peers: readonly PeerAddress[],
  over: Promise<string>,
): Promise<DryRunResult> {
  const late = over.then((reason) => ({ failure: reason }))
  const ends = await Promise.all(
    peers.map(async (peer) => {
      const end = await Promise.race([
        visiting.list({ ...peer, isOwn: false }, [''], rehearsal.manifest),
        late,
      ])
      return { name: peer.text, end }
    }),
  )
  const missed: { address: string; reason: string }[] = []
  const names: string[] = []
  // In the order of --ip, so that the same peers foretell the same.
  for (const { name, end } of ends) {
    if ('failure' in end) missed.push({ address: name, reason: end.failure })
    else {
      names.push(name)
      rehearsal.handleListed(end.entries, { peer: end.peer, name })
    }
  }
  return { deeds: rehearsal.deeds(), compared: names, missed }
}

/** Without this machine itself. */
async function othersOf(
  { peers, bind, port }: PeerOptions,
  onNote: (words: string) => void,
): Promise<PeerAddress[]> {
  const others: PeerAddress[] = []
  for (const peer of peers) {
    const hosts = await resolveHost(peer.host)
    const isSelf =
      hosts.length > 0 && hosts.every((host) => isOwnAddress({ host, port: peer.port }, { bind, port }))
    if (isSelf) onNote(`${peer.text} is this machine; ignored`)
    else others.push(peer)
  }
  return others
}

/** Resolves with the reason when the time is over or somebody asks to stop. */
function endOf(
  timeoutMs: number | undefined,
  stopped: Promise<void>,
): { over: Promise<string>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    if (timeoutMs !== undefined) timer = setTimeout(() => resolve('not compared in time'), timeoutMs)
  })
  return {
    over: Promise.race([late, stopped.then(() => 'stopped before it was compared')]),
    cancel: () => clearTimeout(timer),
  }
}
