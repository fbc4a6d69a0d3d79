// How soon a new file is on the other peers: three real peers on this machine, a file of 1 KB at a time, from its closing
// (which the settling follows) to its presence on each of the other two.
//
//     npm run build && npx tsx bench/latency.ts [--files 30] [--bytes 1000] [--json]

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArguments, refuse } from '../harness/peers/arguments.js'
import { writeContent } from '../harness/peers/content.js'
import { freeEndpoints } from '../harness/peers/endpoints.js'
import { addressesOfOthers, Peer, waitForPeers } from '../harness/peers/peer.js'
import { Sandbox } from '../harness/peers/sandbox.js'
import { sleep } from '../harness/peers/wait.js'
import { keepResults } from './results.js'

const WAIT_MS_MAX = 30_000

/** Delay that the measurement itself may add. */
const POLL_MS = 1

/** Between two files, so that each is a first change and not part of a stream; jittered against any rhythm of ours. */
const PAUSE_MS = 250
const PAUSE_JITTER_MS = 100

const values = parseArguments('latency', {
  files: { type: 'string', default: '30' },
  bytes: { type: 'string', default: '1000' },
  json: { type: 'boolean', default: false },
})
const fileCount = wholeNumber(values.files, '--files')
const fileBytes = wholeNumber(values.bytes, '--bytes')

const sandbox = new Sandbox({ keep: false })
const endpoints = await freeEndpoints(3)
const peers = ['A', 'B', 'C'].map((name, index) => {
  const endpoint = endpoints[index]!
  const share = sandbox.path(name, 'share')
  const config = sandbox.path(name, 'config')
  return sandbox.adopt(
    new Peer({ name, endpoint, share, config, others: addressesOfOthers(endpoints, endpoint) }),
  )
})
for (const peer of peers) peer.start()
await waitForPeers(peers, 'the peers to be in step', () => peers.every(({ inStep }) => inStep.size === 2), {
  timeoutMs: WAIT_MS_MAX,
})

const tookMs: number[] = []
for (let index = 0; index < fileCount; index++) {
  await sleep(PAUSE_MS + ((index * 37) % PAUSE_JITTER_MS))
  const source = peers[index % peers.length]!
  const others = peers.filter((peer) => peer !== source)
  const name = `${index}.bin`
  await writeContent(join(source.share, name), name, fileBytes)
  const closedMs = performance.now()
  const waiting = new Set(others)
  await waitForPeers(
    peers,
    `${name} on all`,
    () => {
      for (const peer of waiting) {
        if (!existsSync(join(peer.share, name))) continue
        waiting.delete(peer)
        tookMs.push(performance.now() - closedMs)
      }
      return waiting.size === 0
    },
    { timeoutMs: WAIT_MS_MAX, pollMs: POLL_MS },
  )
}
for (const peer of peers) await peer.stop()
sandbox.close()

tookMs.sort((left, right) => left - right)
const at = (share: number) => tookMs[Math.min(tookMs.length - 1, Math.floor(share * tookMs.length))]!
const table =
  `${fileCount} new files of ${fileBytes} bytes on two other peers, from close to presence: ` +
  `median ${at(0.5).toFixed(0)} ms, 90% ${at(0.9).toFixed(0)} ms, max ${at(1).toFixed(0)} ms, min ${at(0).toFixed(0)} ms`
const figures = { files: fileCount, bytes: fileBytes, tookMs }
console.log(values.json ? JSON.stringify(figures) : table)
keepResults('latency', { table, figures })
process.exit(0)

function wholeNumber(text: string, option: string): number {
  return /^[1-9]\d{0,8}$/.test(text)
    ? Number(text)
    : refuse('latency', `${option} takes a whole number above 0`)
}
