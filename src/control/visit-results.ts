// The result of the command `visit` of a running peer: whom `left ls` lists, and as whom.

export interface WhomToVisit {
  readonly encryption: 'yes' | 'no'
  /** File of the key that the peer runs with, where that is not the usual one. */
  readonly identity: string | null
  readonly passphraseFile: string | null
  /** Where the peer itself is reached: IP address and port. */
  readonly listening: string
  /** As they stand in --ip, those that are the peer itself left out; then those that are connected and that nobody named. */
  readonly peers: readonly {
    readonly text: string
    readonly host: string
    readonly port: number
    /** Of its key, where it is connected. */
    readonly fingerprint: string | null
  }[]
}
