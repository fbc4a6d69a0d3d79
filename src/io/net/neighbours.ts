// Reads the system's neighbour table: the hosts on the links of this machine that it has spoken with of late. Used by
// src/app/discovery.ts where beacons are not answered.

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { NEIGHBOUR_TABLE_BYTES_MAX, NEIGHBOUR_TABLE_MS_MAX } from '../limits.js'
import { canonicalHost } from './address.js'

/** Hosts in the one spelling, link-local IPv6 with '%zone'; empty where the system does not tell. */
export async function readNeighbours(): Promise<string[]> {
  if (process.platform === 'darwin') return parseArp(await outputOf('arp', ['-an']))
  const table = parseIpNeigh(await outputOf('ip', ['neigh']))
  return table.length > 0 ? table : parseProcArp(procArp())
}

/** `192.168.1.1 dev eth0 lladdr 52:54:00:12:34:56 REACHABLE` */
export function parseIpNeigh(text: string): string[] {
  return hostsOf(
    text,
    /^(\S+) dev (\S+) lladdr [0-9a-f:]+ (?:.* )?(?:REACHABLE|STALE|DELAY|PROBE|PERMANENT) *$/,
  )
}

/** `192.168.1.1  0x1  0x2  52:54:00:12:34:56  *  eth0`: flag 2 of an entry is that it is complete. */
export function parseProcArp(text: string): string[] {
  return hostsOf(text, /^(\d+\.\d+\.\d+\.\d+) +0x[0-9a-f]+ +0x[0-9a-f]*[2367abef] +[0-9a-f:]+ +\S+ +(\S+)$/)
}

/** `? (192.168.1.1) at 52:54:0:12:34:56 on en0 ifscope [ethernet]` */
export function parseArp(text: string): string[] {
  return hostsOf(text, /^\S+ \((\d+\.\d+\.\d+\.\d+)\) at [0-9a-f]+:[0-9a-f:]+ on (\S+)/)
}

/** Of each line that has a host and its link. */
function hostsOf(text: string, entry: RegExp): string[] {
  const hosts = new Set<string>()
  for (const line of text.split('\n')) {
    const [, address = '', link = ''] = entry.exec(line.trim()) ?? []
    const host = canonicalHost(/^fe[89ab]/i.test(address) ? `${address}%${link}` : address)
    if (host !== undefined && !/^(?:22[4-9]|23\d|255)\.|^ff/i.test(host)) hosts.add(host)
  }
  return [...hosts]
}

async function outputOf(command: string, words: readonly string[]): Promise<string> {
  const limits = { timeout: NEIGHBOUR_TABLE_MS_MAX, maxBuffer: NEIGHBOUR_TABLE_BYTES_MAX }
  try {
    return (await promisify(execFile)(command, words, limits)).stdout
  } catch {
    return ''
  }
}

function procArp(): string {
  try {
    return readFileSync('/proc/net/arp', 'utf8').slice(0, NEIGHBOUR_TABLE_BYTES_MAX)
  } catch {
    return ''
  }
}
