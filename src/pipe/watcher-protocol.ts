// Messages between the engine's process and the watcher process, beside the keeper's own.

import type { PrivatePlaces } from '../base/ports.js'
import type { SlowStep } from '../rdt/protection.js'
import type { ShareCommand, ShareResult } from './commands.js'
import type { EngineToKeeper, KeeperToEngine } from './messages.js'
import type { Direction, LinkPolicy, MaxDelete, MinFree, TrashPolicy } from './settings.js'

export interface WatcherStart {
  /** Absolute path of the share. */
  readonly share: string
  readonly peer: string
  readonly links: LinkPolicy
  /** Neither read nor written by the watcher, wherever they are. */
  readonly privatePlaces: PrivatePlaces
  readonly minFree: MinFree
  readonly trash: TrashPolicy
  readonly maxDelete: MaxDelete
  readonly direction: Direction
}

/** The file of an identity, made where there is none. */
export interface IdentityRequest {
  readonly file: string
  readonly passphrase: string | undefined
}

/** An identity, but for its private RSA key, which stays in the watcher process. */
export interface OpenedIdentity {
  readonly fingerprint: string
  readonly modulus: Uint8Array
  /** The private half of its static X25519 key. */
  readonly staticSeed: Uint8Array
  /** For the person, where there is something to tell. */
  readonly note: string | undefined
}

export type ToWatcher =
  /** Comes before 'start'. `expects` is the fingerprint that it had when it was opened first: from then on none is made. */
  | { readonly type: 'identity'; readonly request: IdentityRequest; readonly expects: string | undefined }
  | { readonly type: 'start'; readonly start: WatcherStart }
  | { readonly type: 'keeper'; readonly messages: readonly EngineToKeeper[] }
  /** RSA of handshakes; each is answered by 'rsa-done'. */
  | { readonly type: 'rsa'; readonly step: SlowStep }
  /** A person's command; answered by 'command-done' with the same number. */
  | { readonly type: 'command'; readonly number: number; readonly command: ShareCommand }
  | { readonly type: 'stop' }

export type FromWatcher =
  | { readonly type: 'making-identity' }
  | { readonly type: 'identity'; readonly identity: OpenedIdentity }
  /** `result` as of `Protection.handleStep`. */
  | { readonly type: 'rsa-done'; readonly id: number; readonly result: Uint8Array | undefined }
  | { readonly type: 'keeper'; readonly messages: readonly KeeperToEngine[] }
  /** Comes behind what the keeper has told before. */
  | { readonly type: 'command-done'; readonly number: number; readonly result: ShareResult }
  /** The share is open: the keeper answers from now on. */
  | { readonly type: 'ready' }
  /** Nothing more will come: the share cannot be kept, or the identity not be used. */
  | {
      readonly type: 'failed'
      readonly code: 'state-newer' | 'share-unusable' | 'share-in-use' | 'disk-failed' | 'identity-unusable'
      readonly message: string
    }
