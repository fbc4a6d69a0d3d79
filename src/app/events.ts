// The events that a running peer tells the person at it: the progress view draws these, `--json` prints them as they
// are, one object a line. `src/app/README.md` documents them for programs.

/** Every event carries `event` (which one) and, in `--json`, `time` (ISO 8601, UTC). Sizes are bytes,
 *  durations milliseconds, rates bytes per second. `peer` is a peer id, `address` an address as in `--ip`. */
export type PeerEvent =
  | {
      event: 'started'
      version: string
      share: string
      listening: string
      peer: string
      window: string
      encryption: 'yes' | 'no'
      /** Fingerprint of our own key, 64 hexadecimal characters; null without encryption. */
      fingerprint: string | null
      peers: string[]
      trackers: string[]
    }
  | { event: 'page'; link: string } // where the page of this peer is, with the token that lets one in
  | { event: 'note'; message: string } // something odd that needs no action
  | { event: 'scanning' } // the share is being read; sent once at start
  | {
      event: 'reading'
      files: number
      bytes: number
      bytesPerS: number
      file: { readonly path: string; readonly bytes: number; readonly doneBytes: number } | null
      isOver: boolean
    } // files that are read to be shared, where it takes a while
  | { event: 'scanned'; files: number; folders: number; bytes: number; durationMs: number }
  | { event: 'changed'; path: string; kind: 'file' | 'folder' | 'link' | 'tombstone'; bytes: number } // a local change, settled and announced
  | { event: 'problem'; path: string; reason: string } // reported once, skipped until it changes
  | {
      event: 'waiting'
      address: string
      reason: string
      code: 'not-reached' | 'not-let-in' | 'name-unknown' | 'own-address-gone'
    } // a peer that is not there yet; once
  | { event: 'connected'; peer: string; address: string; fingerprint: string | null }
  | { event: 'pinned'; address: string; fingerprint: string; how: 'first-use' | 'secret' } // trusted from now on
  | { event: 'key-changed'; address: string; fingerprint: string; pinned: string } // no session until a person has looked
  | { event: 'disconnected'; peer: string; address: string; reason: string }
  | { event: 'refused'; address: string; reason: string }
  | {
      event: 'fetching'
      path: string
      bytes: number
      resumedBytes: number
      reusedBytes: number
      peer: string
    } // a file of several blocks
  | {
      event: 'progress'
      path: string
      bytes: number
      doneBytes: number
      bytesPerS: number
      etaMs: number | null
    }
  | {
      event: 'received'
      path: string
      bytes: number
      crossedBytes: number
      savedBytes: number
      durationMs: number
      /** The peer that gave most of it. */
      peer: string
      /** The bytes that crossed, by the peer that gave them, most first. */
      sources: readonly { readonly peer: string; readonly bytes: number }[]
    }
  | { event: 'moved'; from: string; path: string; things: number; peer: string } // a peer renamed a folder: so it was here, with all that is in it
  | { event: 'removed'; path: string; kind: 'file' | 'folder' | 'link'; bytes: number; peer: string } // a deletion of a peer, carried out: it is in the trash
  | { event: 'abandoned'; path: string; reason: string } // this fetch stopped; it will be tried again when it can
  | { event: 'conflict'; path: string; kept: string } // the loser of two edits, kept beside the winner
  | { event: 'paused'; reason: string } // the disk is full
  | { event: 'resumed' }
  | {
      event: 'totals'
      files: number
      filesWanted: number
      bytes: number
      bytesWanted: number
      bytesPerS: number
    } // of what is being received now
  | {
      event: 'sending'
      peer: string
      address: string
      /** Since it began to pull, and the bytes of their content. */
      files: number
      bytes: number
      bytesPerS: number
      /** The large file that it pulls. */
      file: { readonly path: string; readonly bytes: number; readonly doneBytes: number } | null
    } // what a peer pulls from here
  | { event: 'sent'; peer: string; address: string; files: number; bytes: number; durationMs: number } // it pulls nothing any more
  | {
      event: 'receipt'
      files: number
      bytes: number
      crossedBytes: number
      reusedBytes: number
      savedBytes: number
      durationMs: number
      bytesPerS: number
      linkBytesPerS: number | null
      efficiency: number | null
      redundancy: number | null
      askedAgain: number | null
      loss: number | null
      rttMs: number | null
      minRttMs: number | null
      peers: number
    } // how near the transfer that has just ended came to what the links can do
  | {
      event: 'in-step'
      peer: string
      address: string
      /** The peer knows the same as we. */
      equal: boolean
      /** That are known here. */
      files: number
      /** Entries (files, folders, links) that are known and not held here. */
      notHeldHere: number
      /** The same of the peer, as it says. */
      notHeldThere: number
    } // all that this peer knows is known here, and what can be had is held
  | {
      event: 'summary'
      receivedBytes: number
      sentBytes: number
      savedBytes: number
      receivedDatagrams: number
      sentDatagrams: number
      droppedDatagrams: number
      strangers: number
    }
  | { event: 'debug'; message: string } // only with --verbose
  | { event: 'stopped' }
