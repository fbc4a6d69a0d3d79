// Events that a running peer's engine reports: for the screen, and for `--json`.

import type { KeeperNotice } from '../pipe/messages.js'
import type { Address, RefusalReason } from '../rdt/endpoint.js'
import type { Receipt } from './receipt.js'

export type EngineEvent =
  | {
      readonly event: 'connected'
      readonly peer: string
      readonly address: Address
      readonly fingerprint: string | undefined
    }
  | {
      readonly event: 'disconnected'
      readonly peer: string
      readonly address: Address
      readonly reason: string
    }
  | { readonly event: 'waiting'; readonly address: Address; readonly answers: boolean }
  | {
      readonly event: 'refused'
      readonly address: Address
      readonly reason: RefusalReason
      readonly agent: string
      readonly wireVersion: number
    }
  | { readonly event: 'cloned'; readonly peer: string; readonly addresses: readonly Address[] }
  | { readonly event: 'crowded'; readonly address: Address; readonly fingerprint: string }
  | { readonly event: 'stranger'; readonly address: Address; readonly agent: string | undefined }
  | {
      readonly event: 'in-step'
      readonly peer: string
      readonly address: Address
      readonly equal: boolean
      readonly files: number
      readonly notHeldHere: number
      readonly notHeldThere: number
    }
  | {
      readonly event: 'progress'
      readonly path: string
      readonly sizeBytes: number
      readonly doneBytes: number
    }
  | {
      readonly event: 'work'
      readonly filesWanted: number
      readonly bytesWanted: number
      readonly filesDone: number
      readonly bytesDone: number
    }
  | ({ readonly event: 'receipt' } & Receipt)
  | KeeperNotice
