// Three peers with one share, in which other programs work.

import { appendFileSync, lstatSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { freeEndpoints } from '../../harness/peers/endpoints.js'
import { addressesOfOthers, Peer, waitForPeers } from '../../harness/peers/peer.js'
import type { Sandbox } from '../../harness/peers/sandbox.js'
import { differences, readDigests, readSizes, type Tree } from '../../harness/peers/tree.js'
import { runLeft } from '../../harness/processes.js'
import type { Status } from '../../src/control/status.js'

/** Ends a wait that would never end. */
const REST_MS_MAX = 20 * 60_000

/** Matches side files, which programs have beside their files only while they work, and copies of conflicts. */
const SIDE_FILE = /(-wal|-shm|-journal|\.lock|gc\.pid|rebase-merge|rebase-apply|\.conflict-[^/]*)$/

export interface Site {
  readonly sandbox: Sandbox
  readonly peers: readonly [Peer, Peer, Peer]
  readonly say: (text: string) => void
  /** For a person who looks into a failure: a line in the file `story` of the sandbox, between the events of the peers. */
  readonly note: (text: string) => void
  /** For git and npm: nothing of the person who runs this. */
  readonly env: NodeJS.ProcessEnv
}

export async function openSite(sandbox: Sandbox, say: (text: string) => void): Promise<Site> {
  const endpoints = await freeEndpoints(3, `127.${200 + (process.pid % 50)}.${(process.pid >> 6) % 256}`)
  const peers = endpoints.map((endpoint, index) => {
    const name = 'ABC'[index]!
    const share = sandbox.path(name, 'share')
    mkdirSync(share, { recursive: true })
    const others = addressesOfOthers(endpoints, endpoint)
    // Whole trees are to go, and nobody is asked.
    const options = ['--max-delete', 'no']
    return sandbox.adopt(
      new Peer({ name, endpoint, share, config: sandbox.path(name, 'config'), others, options }),
    )
  }) as [Peer, Peer, Peer]
  const note = (text: string) =>
    appendFileSync(sandbox.path('story'), `${new Date().toISOString()} ${text}\n`)
  for (const peer of peers) {
    peer.onEvent = (event) => {
      if (!['progress', 'totals', 'receipt'].includes(event.event))
        note(`${peer.name} ${JSON.stringify(event)}`)
    }
    peer.start()
  }
  await waitForPeers(peers, 'all to be in step', () => peers.every(({ inStep }) => inStep.size === 2), {
    timeoutMs: REST_MS_MAX,
  })
  const home = sandbox.path('home')
  mkdirSync(home)
  const who = { NAME: 'Somebody', EMAIL: 'somebody@example.org' }
  const env = {
    HOME: home,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    ...Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((role) =>
        Object.entries(who).map(([key, value]) => [`GIT_${role}_${key}`, value]),
      ),
    ),
    npm_config_cache: sandbox.path('npm cache'),
    npm_config_userconfig: join(home, '.npmrc'),
    npm_config_update_notifier: 'false',
  }
  return { sandbox, peers, say, note, env }
}

/** Until all peers say that nothing is lacking anywhere, and the shares are the same. Answers what is wrong with them. */
export async function rest({ peers, say }: Site, what: string): Promise<string[]> {
  const startMs = performance.now()
  let found: string[] = []
  const isAtRest = async () => {
    for (const read of [readSizes, readDigests]) {
      const trees = await Promise.all(peers.map(({ share }) => withLinks(share, read))).catch(
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error
          found = [`${error.path} went while it was read`]
        },
      )
      if (trees === undefined) return false
      const [first, ...others] = trees
      found = others.flatMap((tree, index) =>
        differences(first!, tree).map((line) => `${peers[index + 1]!.name} ${line}`),
      )
      if (found.length > 0) return false
      if (read === readSizes) for (const peer of peers) if (!(await isInStep(peer))) return false
    }
    return true
  }
  await waitForPeers(peers, `${what} to be the same`, isAtRest, {
    timeoutMs: REST_MS_MAX,
    pollMs: 500,
  }).catch((error: Error) => {
    throw new Error([error.message.split('\n')[0], ...found.slice(0, 20)].join('\n  '))
  })
  const tree = await readSizes(peers[0].share)
  say(
    `${what}: the same on all after ${((performance.now() - startMs) / 1_000).toFixed(1)} s, ${tree.size} paths`,
  )
  return [...tree.keys()].filter((path) => SIDE_FILE.test(path)).map((path) => `${what}: ${path} is left`)
}

async function isInStep({ share }: Peer): Promise<boolean> {
  const { exitCode, stdout } = await runLeft(['status', '--json'], { cwd: share })
  if (exitCode !== 0) return false
  const { isInStep, holds } = JSON.parse(stdout) as Status
  return isInStep && holds?.isRead === true && holds.unsettled.count === 0
}

/** Links as links. */
async function withLinks(root: string, read: (root: string) => Promise<Tree>): Promise<Tree> {
  const tree = await read(root)
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue
    const place = join(entry.parentPath, entry.name)
    const path = place.slice(root.length + 1)
    if (path.startsWith('.left/')) continue
    if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink())
      tree.set(path, `link to ${readlinkSync(place)}`)
  }
  return tree
}
