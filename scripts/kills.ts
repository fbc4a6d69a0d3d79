// Kills one of three peers with SIGKILL, again and again, while persons remove and rename files and folders at all of them, and
// starts it again. In the end of each round all shares must hold exactly what the persons left: nothing torn, nothing lost, nothing that
// came back, no conflict copy; and what was removed elsewhere is in the trash. `npm run kills -- --help`.
//
//     fill ─▶ in step ─▶ changes, and kills meanwhile ─▶ the same everywhere ─▶ … ─▶ stopped, started again: nothing to do
//
// Ends with 0 where everything held, otherwise with 1.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArguments, refuse } from '../harness/peers/arguments.js'
import { freeEndpoints } from '../harness/peers/endpoints.js'
import { addressesOfOthers, Peer, waitForPeers } from '../harness/peers/peer.js'
import { Sandbox } from '../harness/peers/sandbox.js'
import { differences, type Tree } from '../harness/peers/tree.js'
import { sleep } from '../harness/peers/wait.js'
import { childrenOf } from '../harness/processes.js'
import type { PeerEvent } from '../src/app/events.js'
import { SeededRandom } from '../src/sim/random.js'
import { Garden } from './kills/garden.js'

const SCRIPT = 'kills'

const HELP = `npm run kills -- [--seed N] [--kills N] [--minutes M] [--keep]

  --seed N      all that is drawn comes from it (default: a fresh one, which is printed)
  --kills N     how many (default: 200)
  --minutes M   no new round begins after so long (default: 20)
  --keep        leave the shares and the story where they are
`

const KILLS_PER_ROUND = 5

/** From the first change of a round to its last kill: what was told is carried out in that time. */
const ROUND_MS = 2_500

const DOWN_MS_MAX = 500

/** A change that no hint told of is found by a scan, and scans are 30 s apart. */
const SAME_MS_MAX = 90_000

const TREES = ['one', 'two', 'three']

const values = parseArguments(SCRIPT, {
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  kills: { type: 'string', default: '200' },
  minutes: { type: 'string', default: '20' },
  keep: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit()
}
const seed = positive('seed')
const killsWanted = positive('kills')
const endMs = performance.now() + positive('minutes') * 60_000
const random = new SeededRandom(seed)
const sandbox = new Sandbox(values)
const story: string[] = []
const failures: string[] = []
console.log(`seed ${seed}`)
try {
  await run()
} catch (error) {
  fail((error as Error).message)
}
if (failures.length > 0) console.log(story.slice(-200).join('\n'))
for (const failure of failures) console.log(`FAILED: ${failure}`)
process.exitCode = failures.length === 0 ? 0 : 1
sandbox.close()
process.exit()

async function run(): Promise<void> {
  const peers = await startPeers()
  const garden = new Garden(random.fork())
  let kills = 0
  for (let round = 1; kills < killsWanted && performance.now() < endMs && failures.length === 0; round++) {
    for (const tree of TREES) garden.fill(pick(peers).share, tree)
    await untilAsLeft(peers, garden)
    garden.begin()
    const actors = TREES.map((tree) => ({ tree, peer: pick(peers) }))
    const count = Math.min(KILLS_PER_ROUND, killsWanted - kills)
    await Promise.all([...actors.map((actor) => change(actor, garden)), killSome(peers, count)])
    kills += count
    await untilAsLeft(peers, garden)
    checkTrash(peers, actors, garden)
    console.log(`round ${round}: ${kills} kills, ${garden.gone.size} contents removed, all the same`)
  }
  // The last kill may have come when all were the same already: a process that has just begun dies of a SIGINT.
  await untilInStep(peers)
  for (const peer of peers) await peer.stop()
  const changes: string[] = []
  for (const peer of peers) {
    const { onEvent } = peer
    peer.onEvent = (event, isOfThisLife) => {
      onEvent(event, isOfThisLife)
      if (event.event === 'changed')
        changes.push(`${peer.name} counted ${event.path} as changed with its last start`)
    }
    peer.start()
  }
  await untilInStep(peers)
  await untilAsLeft(peers, garden)
  failures.push(...changes)
  for (const peer of peers) await peer.stop()
  console.log(`${kills} kills of ${killsWanted}, ${failures.length} failures, seed ${seed}`)
  if (kills < killsWanted && failures.length === 0) fail('the time was over')
}

async function startPeers(): Promise<Peer[]> {
  const endpoints = await freeEndpoints(3, `127.${110 + random.below(80)}.${random.below(256)}`)
  const peers = endpoints.map((endpoint, index) => {
    const name = 'ABC'[index]!
    const share = sandbox.path(name, 'share')
    mkdirSync(share, { recursive: true })
    const peer = sandbox.adopt(
      new Peer({
        name,
        endpoint,
        share,
        config: sandbox.path(name, 'config'),
        others: addressesOfOthers(endpoints, endpoint),
        options: ['--max-delete', 'no'],
      }),
    )
    peer.onEvent = (event) => handleEvent(peer, event)
    return peer
  })
  for (const peer of peers) peer.start()
  await untilInStep(peers)
  return peers
}

function handleEvent({ name }: Peer, event: PeerEvent): void {
  if (['progress', 'totals', 'receipt', 'scanning'].includes(event.event)) return
  tell(`${name} says ${JSON.stringify(event)}`)
  if (event.event === 'conflict') fail(`${name} kept ${event.kept}, and nobody edited anything apart`)
}

/** A person at this peer changes a tree that nobody else changes meanwhile. */
async function change({ tree, peer }: { tree: string; peer: Peer }, garden: Garden): Promise<void> {
  const own = random.fork()
  for (let left = 5 + own.below(15); left > 0; left--) {
    await sleep(own.next() * own.next() * 200)
    tell(`${peer.name} ${garden.change(peer.share, tree)}`)
  }
}

async function killSome(peers: readonly Peer[], count: number): Promise<void> {
  const times = Array.from({ length: count }, () => random.next() * ROUND_MS).sort(
    (one, other) => one - other,
  )
  const startMs = performance.now()
  for (const time of times) {
    await sleep(Math.max(0, time - (performance.now() - startMs)))
    const peer = pick(peers)
    const whom = pick(['engine', 'watcher', 'both'] as const)
    const [watcher] = childrenOf(peer.pid!)
    // None while its engine starts one.
    if (whom === 'watcher' && watcher !== undefined) {
      tell(`${peer.name} kill watcher`)
      process.kill(watcher, 'SIGKILL')
      continue
    }
    tell(`${peer.name} kill ${whom}`)
    await peer.kill(whom === 'watcher' ? 'both' : whom)
    await sleep(random.chance(0.5) ? 0 : random.next() * DOWN_MS_MAX)
    peer.start()
  }
}

/** Waits until all shares hold what the persons left, and nothing else; throws with the differences. */
async function untilAsLeft(peers: readonly Peer[], garden: Garden): Promise<void> {
  const wanted: Tree = new Map([
    ...garden.files,
    ...[...garden.folders].map((path) => [path, 'folder'] as const),
  ])
  let found: string[] = []
  const isAsLeft = () => {
    found = peers.flatMap(({ name, share }) =>
      differences(wanted, treeOf(share)).map((line) => `${name} ${short(line)}`),
    )
    return found.length === 0
  }
  await waitForPeers(peers, 'all shares to be as they were left', isAsLeft, {
    timeoutMs: SAME_MS_MAX,
    pollMs: 100,
  }).catch((error: Error) => {
    throw new Error([error.message.split('\n')[0], ...found.slice(0, 20)].join('\n  '))
  })
}

/** Fails unless contents that were removed or replaced for another's sake can be given back. */
function checkTrash(
  peers: readonly Peer[],
  actors: readonly { readonly tree: string; readonly peer: Peer }[],
  { gone }: Garden,
): void {
  // A person who removes something keeps no copy.
  const idle = peers.filter((peer) => actors.every((actor) => actor.peer !== peer))
  for (const { name, share } of idle) {
    const kept = new Set(treeOf(join(share, '.left/trash')).values())
    for (const [content, path] of gone)
      if (!kept.has(content))
        fail(`${name} has ${JSON.stringify(short(content))} of ${path} neither in its share nor in its trash`)
  }
}

/** Contents by path, and 'folder'. */
function treeOf(folder: string, path = '', tree: Map<string, string> = new Map()): Map<string, string> {
  if (!existsSync(join(folder, path))) return tree
  for (const name of readdirSync(join(folder, path))) {
    if (path === '' && name === '.left') continue
    const below = path === '' ? name : `${path}/${name}`
    try {
      if (statSync(join(folder, below)).isDirectory()) {
        tree.set(below, 'folder')
        treeOf(folder, below, tree)
      } else tree.set(below, readFileSync(join(folder, below), 'utf8'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return tree
}

async function untilInStep(peers: readonly Peer[]): Promise<void> {
  await waitForPeers(peers, 'all to be in step', () => peers.every(({ inStep }) => inStep.size === 2), {
    timeoutMs: SAME_MS_MAX,
  })
}

function short(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

function tell(line: string): void {
  story.push(`${(performance.now() / 1_000).toFixed(3)} ${line}`)
}

function fail(text: string): void {
  tell(`FAILED: ${text}`)
  failures.push(text)
}

function pick<T>(from: readonly T[]): T {
  return from[random.below(from.length)]!
}

function positive(name: 'seed' | 'kills' | 'minutes'): number {
  const value = Number(values[name])
  return value >= 0 ? value : refuse(SCRIPT, `--${name} ${values[name]} is not a number from 0 on`)
}
