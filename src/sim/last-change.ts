// When anything became something else last: what stands in a share, or what a peer tells of it. A try that fails, and a process
// that tells the same again, change nothing.

import type { SimDisk } from './disk/disk.js'

export class LastChange {
  atMs = 0
  private readonly seen = new Map<string, string>()

  handleEdited(nowMs: number): void {
    this.atMs = nowMs
  }

  handleTold(peer: number, root: string, notHeldCount: number, nowMs: number): void {
    this.see(`${peer}`, `${root} ${notHeldCount}`, nowMs)
  }

  /** LEFT has changed the path, or has tried to. `digest` is that of a file. */
  handleTouched(peer: number, path: string, disk: SimDisk, digest: string | undefined, nowMs: number): void {
    this.see(`${peer} ${path}`, standingAt(disk, path, digest), nowMs)
  }

  private see(name: string, state: string, nowMs: number): void {
    if ((this.seen.get(name) ?? '') !== state) this.atMs = nowMs
    this.seen.set(name, state)
  }
}

function standingAt(disk: SimDisk, path: string, digest: string | undefined): string {
  const stat = disk.unharmed(() => disk.statLink(path))
  if (stat === undefined) return ''
  if (stat.kind !== 'file') return `${stat.kind} ${stat.access} ${digest}`
  return `${digest} ${stat.mtimeMs} ${stat.access} ${stat.executable}`
}
