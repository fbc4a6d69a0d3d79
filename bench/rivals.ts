// The programs that bench:peers puts LEFT beside: each pulls a file or a folder from a server on the source's host.

import type { ChildProcess } from 'node:child_process'
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Sandbox } from '../harness/peers/sandbox.js'
import type { Link } from './links.js'
import {
  type Congestion,
  hasRsync,
  pull,
  rsyncAddress,
  setCongestion,
  startRsyncDaemon,
  stop,
} from './others.js'
import type { Measure } from './pairs.js'
import { hasSsh, rsyncOverSsh, scp, startSshd } from './ssh.js'
import { type Means, openTestbed, sentBytes, type Testbed } from './testbed.js'
import type { Job } from './transfer.js'

/** scp waits several round trips for each file; a link where one of each takes longer is left out. */
const SCP_WAIT_MS_MAX = 10_000

export interface Rival {
  readonly name: string
  /** Compared with LEFT in the same mode. */
  readonly mode: 'encrypted' | 'plain'
  readonly isIncremental: boolean
  /** The program that is not installed. */
  readonly missing: string | undefined
  /** `folder` is for files of the server's own. */
  readonly start: (testbed: Testbed, job: Job, folder: string) => Promise<ChildProcess>
  /** Command line of the client, which puts what it pulls into the folder `into`. */
  readonly words: (testbed: Testbed, job: Job, into: string) => string[]
}

export function rivalsIn(sandbox: Sandbox): Rival[] {
  const sshd = (testbed: Testbed) => startSshd(sandbox, testbed)
  const rsyncMissing = hasRsync() ? undefined : 'rsync'
  const sshMissing = hasSsh() ? undefined : 'OpenSSH’s client or server'
  return [
    {
      name: 'rsync over ssh',
      mode: 'encrypted',
      isIncremental: true,
      missing: rsyncMissing ?? sshMissing,
      start: sshd,
      words: (testbed, { source }, into) => rsyncOverSsh(sandbox, testbed, source, into),
    },
    {
      name: 'scp',
      mode: 'encrypted',
      isIncremental: false,
      missing: sshMissing,
      start: sshd,
      words: (testbed, { source }, into) => scp(sandbox, testbed, source, into),
    },
    {
      name: 'rsync daemon',
      mode: 'plain',
      isIncremental: true,
      missing: rsyncMissing,
      start: (testbed, { source }, folder) =>
        startRsyncDaemon(sandbox, testbed, { folder, shared: dirname(source) }),
      words: (testbed, job, into) => ['rsync', '-a', rsyncAddress(testbed, job), `${into}/`],
    },
  ]
}

/** A reason to leave a program out over a link, for the person; undefined where it is measured. */
export function reasonAgainst(
  { isIncremental }: Rival,
  congestion: Congestion,
  { cubicFileBytes, rttMs }: Link,
  { fileCount, isThere }: { readonly fileCount: number; readonly isThere: boolean },
): string | undefined {
  if (congestion === 'cubic' && cubicFileBytes !== undefined) return 'this loss brings TCP CUBIC to a stand'
  if (isIncremental) return undefined
  if (isThere) return 'it copies everything again'
  return fileCount * rttMs > SCP_WAIT_MS_MAX ? 'it waits for each file, here for minutes' : undefined
}

/** Pulls a job over a link of its own. `isThere`: the sink has the same already. */
export async function measureRival(
  { start, words }: Rival,
  {
    sandbox,
    means,
    link,
    congestion,
    job,
    isThere,
  }: {
    readonly sandbox: Sandbox
    readonly means: Means
    readonly link: Link
    readonly congestion: Congestion
    readonly job: Job
    readonly isThere: boolean
  },
): Promise<Measure> {
  const folder = sandbox.path('rival')
  const into = join(folder, 'sink')
  mkdirSync(into, { recursive: true })
  if (isThere) copyTree(job.source, into)
  const testbed = await openTestbed(sandbox, means, link)
  try {
    setCongestion(testbed, congestion)
    const server = await start(testbed, job, folder)
    try {
      const before = sentBytes(testbed)
      const { seconds, cpuSeconds } = await pull(sandbox, testbed, server, words(testbed, job, into))
      const wireBytes = sentBytes(testbed) - before
      await job.check(join(into, basename(job.source)))
      return { seconds, cpuSeconds, wireBytes }
    } finally {
      await stop(server)
    }
  } finally {
    testbed.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** With times to the nanosecond, by which all programs tell that nothing changed. */
export function copyTree(source: string, into: string): void {
  execFileSync('cp', ['-a', source, into])
}
