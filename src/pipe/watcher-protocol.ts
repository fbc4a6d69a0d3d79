// Messages between the engine's process and the watcher process, beside the keeper's own.

import type { PrivatePlaces } from '../base/ports.js'
import type { EngineToKeeper, KeeperToEngine } from './messages.js'
import type { LinkPolicy, MinFree } from './settings.js'

export interface WatcherStart {
  /** Absolute path of the share. */
  readonly share: string
  readonly peer: string
  readonly links: LinkPolicy
  /** Neither read nor written by the watcher, wherever they are. */
  readonly privatePlaces: PrivatePlaces
  readonly minFree: MinFree
}

export type ToWatcher =
  | { readonly type: 'start'; readonly start: WatcherStart }
  | { readonly type: 'keeper'; readonly messages: readonly EngineToKeeper[] }
  | { readonly type: 'stop' }

export type FromWatcher =
  | { readonly type: 'keeper'; readonly messages: readonly KeeperToEngine[] }
  /** The share is open: the keeper answers from now on. */
  | { readonly type: 'ready' }
  /** Nothing more will come: the share cannot be kept. */
  | {
      readonly type: 'failed'
      readonly code: 'state-newer' | 'share-unusable' | 'share-in-use' | 'disk-failed'
      readonly message: string
    }
