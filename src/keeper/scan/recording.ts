// Enters what was seen into the catalogue with a new version of our own, unless it says nothing new. The scanner owns this.

import type { Digest } from '../../base/item.js'
import type { Entry } from '../../share/entry.js'
import { bumpVersion, type PeerId } from '../../share/version.js'
import type { Catalogue } from '../index/catalogue.js'
import { isKeptTime, type Signature } from '../index/signature.js'
import type { Findings } from './findings.js'

export interface RecordingOptions {
  readonly catalogue: Catalogue
  readonly peer: PeerId
  readonly wallMs: () => number
  readonly onFolder: (path: string, present: boolean) => void
  readonly findings: Findings
}

export class Recording {
  private readonly options: RecordingOptions

  constructor(options: RecordingOptions) {
    this.options = options
  }

  recordFolder(path: string): void {
    this.record(path, { kind: 'folder', ...NO_CONTENT }, undefined)
  }

  recordLink(path: string, target: string): void {
    this.record(path, { kind: 'link', ...NO_CONTENT, target }, undefined)
  }

  recordFile(path: string, signature: Signature, digest: Digest): void {
    const { sizeBytes, executable } = signature
    const mtimeMs = Math.round(signature.mtimeMs)
    this.record(path, { kind: 'file', sizeBytes, mtimeMs, executable, digest, target: '' }, signature)
  }

  /** A new version of our own making, unless it says nothing new. */
  private record(
    path: string,
    seen: Omit<Entry, 'path' | 'version'>,
    signature: Signature | undefined,
  ): void {
    const { catalogue, peer, findings } = this.options
    findings.forgetProblem(path)
    const before = catalogue.get(path)
    const same =
      before !== undefined &&
      before.kind === seen.kind &&
      before.digest === seen.digest &&
      isKeptTime(seen.mtimeMs, before.mtimeMs) &&
      before.executable === seen.executable &&
      before.target === seen.target
    if (same) {
      if (signature !== undefined) catalogue.refreshSignature(path, signature)
      return
    }
    if (before?.kind === 'folder' && seen.kind !== 'folder') this.markDeletedInside(path)
    const entry: Entry = { path, ...seen, version: bumpVersion(before?.version ?? '', peer) }
    catalogue.record(entry, signature)
    findings.addChange(entry)
  }

  /** Nothing is at the path any more: a deletion of ours. */
  markDeleted(path: string): void {
    const entry = this.options.catalogue.live(path)
    if (entry === undefined) return
    if (entry.kind === 'folder') this.markDeletedInside(path)
    this.markOneDeleted(entry)
  }

  private markDeletedInside(folder: string): void {
    const { catalogue, onFolder } = this.options
    for (const entry of [...catalogue.manifest.children(folder)]) {
      if (entry.kind === 'folder') this.markDeletedInside(entry.path)
      if (entry.kind !== 'tombstone') this.markOneDeleted(entry)
    }
    onFolder(folder, false)
  }

  /** The entry is there and not shared: neither it nor what is in it is given. */
  withhold(entry: Entry): void {
    const { catalogue, onFolder } = this.options
    catalogue.doubt(entry.path)
    if (entry.kind !== 'folder') return
    onFolder(entry.path, false)
    for (const child of [...catalogue.manifest.children(entry.path)]) this.withhold(child)
  }

  private markOneDeleted(entry: Entry): void {
    const { catalogue, peer, wallMs, findings } = this.options
    const tombstone: Entry = {
      path: entry.path,
      kind: 'tombstone',
      sizeBytes: 0,
      mtimeMs: Math.round(wallMs()),
      executable: false,
      digest: '',
      target: '',
      version: bumpVersion(entry.version, peer),
    }
    catalogue.record(tombstone, undefined)
    findings.addChange(tombstone)
  }
}

const NO_CONTENT = { sizeBytes: 0, mtimeMs: 0, executable: false, digest: '', target: '' } as const
