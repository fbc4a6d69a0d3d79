// Kills a real transfer between two real processes with SIGKILL, at moments drawn from a seed, on either side, and
// starts what was killed again until the file is there. Says for each kill what it cost: blocks that were on the
// receiver's disk and had to be fetched again, because the log did not say so yet.
//
//   sender A ══▶ relay (a link so slow that every kill hits the transfer) ══▶ receiver B
//
// Called by resume-after-kill.sh. Ends with 0 where the file arrived whole and no more was fetched again than the
// bound allows, otherwise with 1.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArguments, refuse } from '../harness/peers/arguments.js'
import { writeContent } from '../harness/peers/content.js'
import { endpointText, freePorts } from '../harness/peers/endpoints.js'
import { Peer, waitForPeers } from '../harness/peers/peer.js'
import { Sandbox } from '../harness/peers/sandbox.js'
import { sha256Of } from '../harness/peers/tree.js'
import { sleep } from '../harness/peers/wait.js'
import { start as startRelay } from '../harness/relay/lossy-relay.js'
import type { PeerEvent } from '../src/app/events.js'
import { BLOCK_BYTES } from '../src/base/limits.js'
import { formatBytes, formatCount, formatRate } from '../src/cli/format.js'
import { BLOCKS_PER_REPORT } from '../src/engine/receive/limits.js'
import { countEqualBlocks } from './resume/blocks.js'
import { drawKills, type Kill, rateFor } from './resume/kills.js'

const NAME = 'killed.bin'

/** How long a killed process is down: longer than the receiver holds back what it tells the log. */
const DOWN_MS = 300

const WAIT_MS_MAX = 30_000

/** Bytes of a block on the wire where it is one datagram: header, codec byte and checksum are small change. */
const WIRE_BLOCK_BYTES = BLOCK_BYTES + 40

type Fetching = Extract<PeerEvent, { event: 'fetching' }>

const SCRIPT = 'resume-after-kill'
const values = parseArguments(SCRIPT, {
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  kills: { type: 'string', default: '6' },
  size: { type: 'string', default: '100' },
  window: { type: 'string', default: '16' },
  keep: { type: 'boolean', default: false },
})
const seed = whole('seed', values.seed, 0)
const sizeBytes = whole('size', values.size, 1) * 1_000_000
const windowBlocks = whole('window', values.window, 1)
const kills = drawKills(seed, whole('kills', values.kills, 0))
const rateBytesPerS = rateFor(sizeBytes, kills)
const blockCount = Math.ceil(sizeBytes / BLOCK_BYTES)
const refetchedMax = kills.length * (windowBlocks + BLOCKS_PER_REPORT)

console.log(
  `seed ${seed}: ${formatBytes(sizeBytes)} in ${formatCount(blockCount)} blocks, window ${windowBlocks}, ${kills.length} kills, a link of ${formatRate(rateBytesPerS)}`,
)
const sandbox = new Sandbox(values)
try {
  process.exitCode = (await run()) ? 0 : 1
} catch (error) {
  console.error(`${SCRIPT}: ${(error as Error).message}`)
  process.exitCode = 1
}
sandbox.close()
process.exit()

async function run(): Promise<boolean> {
  const { a, b, source, target, crossing, close } = await openScene()
  let fetching: Fetching | undefined
  b.onEvent = (event) => {
    if (event.event === 'fetching' && event.path === NAME) fetching = event
  }
  // Not its `received` event: a kill may come between the rename and the word about it.
  const isThere = () => existsSync(target)
  /** Answers the bytes that an earlier run left, undefined where the whole file is there. */
  const waitForFetching = async (why: string): Promise<number | undefined> => {
    const isUnderWay = () => fetching !== undefined || isThere()
    await waitForPeers([a, b], why, isUnderWay, { timeoutMs: WAIT_MS_MAX, pollMs: 5 })
    return fetching?.resumedBytes
  }

  const startMs = performance.now()
  a.start()
  b.start()
  await waitForFetching('B to begin fetching')
  console.log('  kill        at   killed                 blocks on disk   in the log   fetched again')
  let refetched = 0
  for (const [index, kill] of kills.entries()) {
    await sleep(kill.afterMs)
    const atMs = performance.now() - startMs
    if (isThere()) {
      console.log(`  ${index + 1} and later: B had the whole file already`)
      break
    }
    fetching = undefined
    const victim = kill.side === 'sender' ? a : b
    await victim.kill(kill.whom)
    await sleep(DOWN_MS)
    const onDisk = await blocksOnDisk(b, source)
    victim.start()
    const resumedBytes = await waitForFetching('B to go on fetching')
    const logged = resumedBytes === undefined ? onDisk : Math.ceil(resumedBytes / BLOCK_BYTES)
    refetched += Math.max(0, onDisk - logged)
    console.log(killLine(index + 1, atMs, kill, { onDisk, logged }))
  }
  await waitForPeers([a, b], 'B to have the whole file', isThere, { timeoutMs: 2 * WAIT_MS_MAX })
  const seconds = (performance.now() - startMs) / 1_000
  await Promise.all([a.stop(), b.stop()])
  const sentBytes = crossing()
  await close()
  const isEqual = (await sha256Of(source)) === (await sha256Of(target))
  return report({ refetched, sentBytes, seconds, isEqual })
}

/** Two peers with a slow link between them and a file on the first. */
async function openScene() {
  const endpoints = await freePorts('127.0.0.1', 4)
  const [realA, realB, standInA, standInB] = endpoints.map(endpointText) as [string, string, string, string]
  const relay = await startRelay({
    peers: [
      { real: realA, standIn: standInA },
      { real: realB, standIn: standInB },
    ],
    seed,
    rateBytesPerS,
    queueBytes: (windowBlocks + 4) * WIRE_BLOCK_BYTES,
  })
  const options = ['--window', String(windowBlocks)]
  // Two peers of one user.
  const config = sandbox.path('config')
  const [a, b] = [
    { name: 'A', endpoint: endpoints[0]!, share: sandbox.path('A'), config, others: [standInB], options },
    { name: 'B', endpoint: endpoints[1]!, share: sandbox.path('B'), config, others: [standInA], options },
  ].map((setup) => sandbox.adopt(new Peer(setup))) as [Peer, Peer]
  const source = join(a.share, NAME)
  await writeContent(source, `seed ${seed}`, sizeBytes)
  return {
    a,
    b,
    source,
    target: join(b.share, NAME),
    /** Bytes that A sent to B, all its lives together. */
    crossing: () => relay.counters(realA, realB).receivedBytes,
    close: () => relay.close(),
  }
}

interface Outcome {
  readonly refetched: number
  readonly sentBytes: number
  readonly seconds: number
  readonly isEqual: boolean
}

/** Answers whether all is as it should be. */
function report({ refetched, sentBytes, seconds, isEqual }: Outcome): boolean {
  const extra = Math.max(0, Math.round((sentBytes - sizeBytes) / WIRE_BLOCK_BYTES))
  const bound = `${kills.length} kills × (window ${windowBlocks} + ${BLOCKS_PER_REPORT} not in the log yet)`
  console.log(`on the disk and fetched again: ${refetched} blocks; the bound is ${refetchedMax} = ${bound}`)
  console.log(
    `A sent ${formatBytes(sentBytes)} for ${formatBytes(sizeBytes)}: ${extra} blocks' worth more (in flight at a kill, fetched again, digest lists, path probes, headers)`,
  )
  console.log(`${isEqual ? 'equal' : 'DIFFERENT'} by SHA-256 after ${seconds.toFixed(1)} s`)
  const isGood = isEqual && refetched <= refetchedMax
  if (refetched > refetchedMax) console.log('MORE was fetched again than the bound allows')
  if (!isGood) {
    const size = sizeBytes / 1_000_000
    console.log(
      `again: scripts/resume-after-kill.sh --seed ${seed} --kills ${kills.length} --size ${size} --window ${windowBlocks}`,
    )
  }
  return isGood
}

/** Whole blocks of the file that B is building, or of the file in its place. */
async function blocksOnDisk(b: Peer, source: string): Promise<number> {
  const building = join(b.share, '.left', 'tmp')
  const name = readdirSync(building).find((found) => /^[0-9a-f]{64}$/.test(found))
  if (name !== undefined) return countEqualBlocks(source, join(building, name), BLOCK_BYTES)
  const placed = join(b.share, NAME)
  return existsSync(placed) ? countEqualBlocks(source, placed, BLOCK_BYTES) : 0
}

function killLine(
  number: number,
  atMs: number,
  { side, whom }: Kill,
  { onDisk, logged }: { onDisk: number; logged: number },
): string {
  const killed = `${side === 'sender' ? 'A, sender' : 'B, receiver'}${whom === 'both' ? ' + watcher' : ''}`
  return [
    String(number).padStart(6),
    `${(atMs / 1_000).toFixed(2)} s`.padStart(10),
    `  ${killed.padEnd(21)}`,
    formatCount(onDisk).padStart(16),
    formatCount(logged).padStart(13),
    formatCount(Math.max(0, onDisk - logged)).padStart(16),
  ].join('')
}

function whole(name: string, text: string, min: number): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= min) return value
  return refuse(SCRIPT, `--${name} must be a whole number from ${min} on, not "${text}"`)
}
