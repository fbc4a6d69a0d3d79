// Addresses of --ip that were this machine's own, kept with the share: one that is not any more is said to be gone, and nobody else is
// blamed for not answering there. One IP address a line.

import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OWN_ADDRESSES_PATH } from '../base/own-folder.js'
import { canonicalHost } from '../io/net/address.js'
import { OWN_ADDRESSES_NOTED_MAX } from './limits.js'

export class OwnAddressNotes {
  private readonly file: string
  private hosts: readonly string[]

  /** `share` is an absolute path, and need not be there. */
  constructor(share: string) {
    this.file = join(share, OWN_ADDRESSES_PATH)
    this.hosts = readHosts(this.file)
  }

  /** `host` is canonical. */
  has(host: string): boolean {
    return this.hosts.includes(host)
  }

  add(host: string): void {
    if (!this.has(host)) this.write([...this.hosts, host].slice(-OWN_ADDRESSES_NOTED_MAX))
  }

  /** It is another machine's. */
  remove(host: string): void {
    if (this.has(host)) this.write(this.hosts.filter((each) => each !== host))
  }

  /** Where it cannot be written, a later run does not know of it. */
  private write(hosts: readonly string[]): void {
    this.hosts = hosts
    try {
      writeFileSync(`${this.file}.new`, hosts.map((host) => `${host}\n`).join(''), { mode: 0o600 })
      renameSync(`${this.file}.new`, this.file)
    } catch {
      // As said above.
    }
  }
}

function readHosts(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, OWN_ADDRESSES_NOTED_MAX)
    return lines.filter((line) => canonicalHost(line) === line)
  } catch {
    return []
  }
}
