// Cost of encryption and gain of compression: two real peers on this machine, a new pair of shares each time.
//
//   1. A file that does not shrink over the loopback, plain and encrypted in turn: the ratio of the medians.
//   2. Source code over a link of 100 Mbit/s (`--limit 12.5M` at the receiver), with and without compression.
//
//     npm run bench:seal [-- --bytes 600000000 --rounds 3 --source node_modules/typescript/lib --json]
//
// A time is from the receiver's first request for the file to its place on the disk, as its `received` event says; for
// many files, from the connection until it is in step.

import { cpSync, linkSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArguments, refuse } from '../harness/peers/arguments.js'
import { writeContent } from '../harness/peers/content.js'
import { freeEndpoints } from '../harness/peers/endpoints.js'
import { addressesOfOthers, Peer, waitForPeers } from '../harness/peers/peer.js'
import { Sandbox } from '../harness/peers/sandbox.js'
import type { PeerEvent } from '../src/app/events.js'
import { formatBytes, formatRate } from '../src/cli/format.js'
import { keepResults } from './results.js'

const WAIT_MS_MAX = 300_000
const LIMIT = '12.5M'

/** Least ratio of encrypted to plain throughput. */
const RATIO_MIN = 0.75

const values = parseArguments('seal', {
  bytes: { type: 'string', default: '600000000' },
  rounds: { type: 'string', default: '3' },
  source: { type: 'string', default: 'node_modules/typescript/lib' },
  json: { type: 'boolean', default: false },
})
const fileBytes = wholeNumber(values.bytes, '--bytes')
const rounds = wholeNumber(values.rounds, '--rounds')

interface Outcome {
  readonly bytes: number
  readonly seconds: number
  readonly savedBytes: number
}

const sandbox = new Sandbox({ keep: false })
const lines: string[] = []
let runCount = 0

const file = sandbox.path('file.bin')
await writeContent(file, 'seal', fileBytes)
const plain: Outcome[] = []
const sealed: Outcome[] = []
for (let round = 0; round < rounds; round++) {
  plain.push(await fetchFile(['--encryption', 'no']))
  sealed.push(await fetchFile(['--encryption', 'yes']))
}
say(`one file of ${formatBytes(fileBytes)} over the loopback, ${rounds} times each, in turn`)
sayRate('plain    ', plain)
sayRate('encrypted', sealed)
const ratio = rateOf(median(sealed)) / rateOf(median(plain))
say(`  encrypted / plain: ${ratio.toFixed(2)} (at least ${RATIO_MIN} is wanted)`)

const compressed: Outcome[] = []
const uncompressed: Outcome[] = []
for (let round = 0; round < rounds; round++) {
  compressed.push(await fetchTree(['--compression', 'auto']))
  uncompressed.push(await fetchTree(['--compression', 'no']))
}
say(`${values.source} over a link of 100 Mbit/s (--limit ${LIMIT}), encrypted, ${rounds} times each, in turn`)
sayRate('--compression auto', compressed)
sayRate('--compression no  ', uncompressed)
const { savedBytes, bytes } = median(compressed)
const gain = rateOf(median(compressed)) / rateOf(median(uncompressed))
say(`  ${gain.toFixed(2)} times as fast; ${Math.round((100 * savedBytes) / bytes)}% did not cross`)
sandbox.close()
const figures = { fileBytes, plain, encrypted: sealed, ratio, compressed, uncompressed, gain }
keepResults('seal', { table: lines.join('\n'), figures })
if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`)
process.exit(ratio >= RATIO_MIN && gain > 1 ? 0 : 1)

async function fetchFile(options: readonly string[]): Promise<Outcome> {
  const { a, b } = await makePair(options)
  mkdirSync(a.share, { recursive: true })
  linkSync(file, join(a.share, 'file.bin'))
  let received: Extract<PeerEvent, { event: 'received' }> | undefined
  b.onEvent = (event) => {
    if (event.event === 'received') received = event
  }
  a.start()
  await until([a], 'A to have read its share', () => a.totals === undefined)
  b.start()
  await until([a, b], 'the file on B', () => received !== undefined)
  await Promise.all([a.stop(), b.stop()])
  return { bytes: received!.bytes, seconds: received!.durationMs / 1_000, savedBytes: received!.savedBytes }
}

async function fetchTree(options: readonly string[]): Promise<Outcome> {
  const { a, b } = await makePair([...options, '--limit', LIMIT])
  cpSync(values.source, join(a.share, 'source'), { recursive: true })
  let bytes = 0
  let savedBytes = 0
  let isInStep = false
  let startMs = 0
  let endMs = 0
  b.onEvent = (event) => {
    if (event.event === 'connected') startMs = performance.now()
    if (event.event === 'received') {
      bytes += event.bytes
      savedBytes += event.savedBytes
      endMs = performance.now()
    }
    if (event.event === 'in-step' && event.equal && bytes > 0) isInStep = true
  }
  a.start()
  b.start()
  await until([a, b], 'B to be in step', () => isInStep)
  await Promise.all([a.stop(), b.stop()])
  return { bytes, savedBytes, seconds: (endMs - startMs) / 1_000 }
}

async function makePair(options: readonly string[]): Promise<{ a: Peer; b: Peer }> {
  const endpoints = await freeEndpoints(2)
  const run = `run-${runCount++}`
  const [a, b] = ['A', 'B'].map((name, index) => {
    const endpoint = endpoints[index]!
    const share = sandbox.path(run, name)
    const config = sandbox.path('config')
    return sandbox.adopt(
      new Peer({ name, endpoint, share, config, others: addressesOfOthers(endpoints, endpoint), options }),
    )
  })
  return { a: a!, b: b! }
}

function until(peers: readonly Peer[], what: string, isDone: () => boolean): Promise<void> {
  return waitForPeers(peers, what, isDone, { timeoutMs: WAIT_MS_MAX, pollMs: 20 })
}

function rateOf({ bytes, seconds }: Outcome): number {
  return bytes / seconds
}

function median(outcomes: readonly Outcome[]): Outcome {
  return [...outcomes].sort((one, other) => rateOf(one) - rateOf(other))[outcomes.length >> 1]!
}

function sayRate(what: string, outcomes: readonly Outcome[]): void {
  const { bytes, seconds } = median(outcomes)
  const all = outcomes.map((outcome) => Math.round(rateOf(outcome) / 1e6)).sort((one, other) => one - other)
  const spread = all.length > 1 ? ` (${all.join(', ')} MB/s)` : ''
  say(`  ${what}  ${formatRate(bytes / seconds)}: ${formatBytes(bytes)} in ${seconds.toFixed(2)} s${spread}`)
}

function say(line: string): void {
  lines.push(line)
  if (!values.json) process.stdout.write(`${line}\n`)
}

function wholeNumber(text: string, option: string): number {
  const value = /^[0-9]{1,12}$/.test(text) ? Number(text) : 0
  return value > 0 ? value : refuse('seal', `${option} ${text} is not a whole number above 0`)
}
