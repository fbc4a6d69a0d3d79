// The world of one simulated peer: its plan, its neighbours, and who observes it. Used by the peer and its watcher.

import type { Hash } from '../../base/item.js'
import type { EngineEvent } from '../../engine/engine.js'
import type { Recovered } from '../../keeper/recover/recovery.js'
import type { EngineToKeeper, KeeperToEngine } from '../../pipe/messages.js'
import type { Address } from '../../rdt/endpoint.js'
import type { Crc32 } from '../../seal/frames/frame.js'
import type { Network } from '../network.js'
import type { PeerPlan, Victim } from '../plan.js'
import type { SeededRandom } from '../random.js'
import type { Scheduler } from '../scheduler.js'
import type { SimKey } from '../trust.js'

/** The events of a peer, for the parts that prove the invariants. */
export interface PeerObserver {
  handleSharePath(peer: number, path: string): void
  /** The keeper renamed something, or died while it did. */
  handleRenamed(peer: number, from: string, to: string): void
  /** The keeper made a file below `.left`. */
  handleOwnFile(peer: number, path: string): void
  handleWrittenInPlace(peer: number, path: string): void
  /** A running keeper takes the name of what stands here away. The answer is called when that is done. */
  handleTaking(peer: number, path: string, to?: string): () => void
  /** Something other than waiting goes on. */
  handleActivity(peer: number, what: string): void
  handleEvent(peer: number, event: EngineEvent): void
  /** A datagram leaves for the network. */
  handleDatagram(peer: number, to: Address, bytes: Uint8Array): void
  /** The share was opened and recovered; nothing has been done with it yet. */
  handleOpened(peer: number, recovered: Recovered): void
  /** A message between the two processes. */
  handleMessage(peer: number, message: EngineToKeeper | KeeperToEngine): void
  /** A block of a large file is in its temporary file. */
  handleBlockWritten(peer: number, temporary: string, position: number): void
  /** The disk refused what the keeper wrote into an open file. */
  handleRefusedWrite(peer: number): void
  /** Calls `lose`, in which the disk loses what was not synced. `wasOpen`: LEFT had the share open. */
  handlePowerLoss(peer: number, wasOpen: boolean, lose: () => void): void
  handleDeath(peer: number, victim: Victim): void
  /** The share could not be opened: the disk refuses. */
  handleRefusal(peer: number, reason: string): void
  /** An error that no keeper or engine may let out. */
  handleError(peer: number, error: unknown): void
}

export interface SimPeerOptions {
  readonly number: number
  readonly plan: PeerPlan
  readonly address: Address
  /** Whom it calls and lets call. */
  readonly neighbours: Set<Address>
  readonly scheduler: Scheduler
  readonly network: Network
  readonly random: SeededRandom
  readonly hash: Hash
  readonly crc32: Crc32
  readonly key: SimKey
  readonly observer: PeerObserver
}
