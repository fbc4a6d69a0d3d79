/** What `left` needs to run one peer; the command line makes it, tests make it directly. */
export interface PeerOptions {
  /** Peers to keep in step with: host, host:port or [v6]:port, as given. Names are resolved at run time. */
  readonly peers: readonly PeerAddress[]
  readonly port: number
  /** Local address to bind, undefined for every one. */
  readonly bind: string | undefined
  /** Absolute path of the share folder; made if missing. */
  readonly share: string
  /** File that holds this peer's identity; undefined for the share's own `.left/identity`. */
  readonly identity: string | undefined
  readonly window: number | 'auto'
  /** Bytes per second received at most, undefined for no limit. */
  readonly limitBytesPerS: number | undefined
  readonly links: 'follow' | 'keep' | 'skip'
  readonly verbose: boolean
}

export interface PeerAddress {
  readonly host: string
  readonly port: number
  /** As the person wrote it: used in every message. */
  readonly text: string
}
