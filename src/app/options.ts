import type { Direction, LinkPolicy } from '../pipe/settings.js'
import type { WebPlace } from '../web/server.js'

/** The options that `left` needs to run one peer; the command line makes it, tests make it directly. */
export interface PeerOptions {
  /** Peers to keep in step with: host, host:port or [v6]:port, as given. Names are resolved at run time. */
  readonly peers: readonly PeerAddress[]
  /** Trackers that tell where others of the group are; needs `secretFiles`, and encryption. */
  readonly trackers: readonly PeerAddress[]
  /** 0 for any that is free. */
  readonly port: number
  /** Whether peers are looked for on the local network. */
  readonly discover: boolean
  /** Local address to bind, undefined for every one. */
  readonly bind: string | undefined
  /** Absolute path of the share folder; made if missing. */
  readonly share: string
  readonly encryption: 'yes' | 'no'
  readonly compression: 'auto' | 'no'
  /** PEM file with this user's key and certificate; undefined for the one in the user's configuration folder. */
  readonly identity: string | undefined
  /** Holds the passphrase of the identity; undefined for LEFT_PASSPHRASE, if any. */
  readonly passphraseFile: string | undefined
  /** Whether a peer that is met at an address of `peers` for the first time is trusted from then on. */
  readonly trust: 'first-use' | 'pinned'
  /** Each holds a secret that the machines of a group share: one, and the one that is to take its place. */
  readonly secretFiles: readonly string[]
  readonly window: number | 'auto'
  /** Whether to give way to everything else on the network. */
  readonly background: boolean
  /** Bytes per second received at most, undefined for no limit. */
  readonly limitBytesPerS: number | undefined
  /** Bytes per second sent at most, undefined for no limit. */
  readonly limitSendBytesPerS: number | undefined
  /** 'auto' uses what the kernel offers beyond Node's sockets where that is faster. */
  readonly offload: 'auto' | 'no'
  readonly links: LinkPolicy
  readonly direction: Direction
  /** Disk space that stays free, however much peers send: at least so many hundredths of the disk, and so many bytes.
   */
  readonly minFree: { readonly percent: number; readonly bytes: number }
  /** How many days the contents that peers delete or replace are kept, 0 for not at all; and hundredths of the disk that
   *  they may take, those of the last week apart. */
  readonly trash: { readonly days: number; readonly percent: number }
  /** Hundredths of the files, and a count, that one machine may delete or replace in a day before a person is asked; 100 for all. Whether also
   *  what was confirmed on another machine is asked about. */
  readonly maxDelete: { readonly percent: number; readonly filesMin: number; readonly isStrict: boolean }
  /** Where the page is served; undefined for nowhere. */
  readonly web: WebPlace | undefined
  /** Whether the person means it where the share is a folder that one rarely shares. */
  readonly yes: boolean
  /** Whether the person knows that the share that was last in this folder is gone. */
  readonly anew: boolean
  readonly verbose: boolean
}

export interface PeerAddress {
  readonly host: string
  readonly port: number
  /** As the person wrote it: used in every message. */
  readonly text: string
}

export interface VisitedPeer extends PeerAddress {
  /** It runs here, for this user: it has our own key. */
  readonly isOwn: boolean
  /** Of the key that is known to be there. */
  readonly fingerprint?: string | undefined
}
