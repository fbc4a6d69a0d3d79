// Checks whether things of ours stand as they did: those in whose place a change of a peer was stopped, or that were set aside. A part
// of looking.ts.

import type { Catalogue } from '../index/catalogue.js'
import { sameSignature, signatureOf } from '../index/signature.js'
import type { Settling } from './settling.js'
import type { Sight } from './sight.js'

export interface KeepingOptions {
  readonly catalogue: Catalogue
  readonly settling: Settling
}

export class Keeping {
  constructor(private readonly options: KeepingOptions) {}

  /** Nothing is done while it stands as it is; what has changed in it, or its absence, settles first. Answers false where it is edited. */
  isAsKept(path: string, sight: Sight, nowMs: number): boolean {
    const { catalogue, settling } = this.options
    const { entry, signature } = (catalogue.kept(path) ?? catalogue.aside.get(path))!
    switch (sight.type) {
      case 'nothing':
        settling.arm(path, undefined, nowMs)
        return true
      case 'unshared':
      case 'withheld':
      case 'ignored':
        settling.disarm(path)
        return true
      case 'file': {
        const seen = signatureOf(sight.stat)
        if (entry.kind === 'file' && sameSignature(signature, seen)) settling.disarm(path)
        else settling.arm(path, seen, nowMs)
        return true
      }
      case 'folder':
        return entry.kind === 'folder'
      case 'link':
        return entry.kind === 'link' && sight.target === entry.target
    }
  }
}
