// The cost of a tracker: processor time and memory of one `left tracker` that serves 1,000 groups of 10. Its peers are the client's
// machines in this process, each with a socket of its own on an address of the loopback, in 20 groups. Linux.
// LEFT_PROGRAM names another build to measure.
//
//     npm run build && npm run bench:tracker [-- --groups 1000 --seconds 60 --json]

import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { createInterface } from 'node:readline'
import { crc32 } from 'node:zlib'
import { parseArguments, refuse } from '../harness/peers/arguments.js'
import { PROGRAM } from '../harness/peers/peer.js'
import { sleep } from '../harness/peers/wait.js'
import { utf8 } from '../src/base/bytes.js'
import { HEARTBEAT_MS } from '../src/discovery/limits.js'
import { TrackerClient } from '../src/discovery/tracker-client.js'
import { SystemRandom } from '../src/io/random.js'
import { groupKeysOf } from '../src/seal/group-keys.js'
import { keepResults } from './results.js'
import { formatTable } from './table.js'
import { usageOf } from './usage.js'

const GROUP_MEMBERS = 10
const GROUPS_PER_PEER = 20
const TRACKER = { host: '127.40.0.1', port: 22_100 }
/** How often a peer's machine is looked at. */
const TICK_MS = 100

const values = parseArguments('tracker', {
  groups: { type: 'string', default: '1000' },
  seconds: { type: 'string', default: '60' },
  json: { type: 'boolean', default: false },
})
const groups = wholeNumber(values.groups, '--groups')
const seconds = wholeNumber(values.seconds, '--seconds')
const random = new SystemRandom()
const address = `${TRACKER.host}:${TRACKER.port}`

const tracker = await startTracker()
const peerCount = Math.ceil((groups * GROUP_MEMBERS) / GROUPS_PER_PEER)
const peers = await Promise.all(Array.from({ length: peerCount }, (_, index) => peerAt(index)))
// They come over the time of one heartbeat, as peers that were started at any time do.
const beganMs = performance.now()
for (const [index, peer] of peers.entries()) {
  await sleep(Math.max(0, beganMs + (HEARTBEAT_MS * index) / peerCount - performance.now()))
  peer.client.addTracker(address, performance.now())
}
await sleep(HEARTBEAT_MS)
const before = usageOf([tracker.pid!]).cpuSeconds
const startedMs = performance.now()
await sleep(1_000 * seconds)
const elapsedS = (performance.now() - startedMs) / 1_000
const { cpuSeconds, peakRssBytes } = usageOf([tracker.pid!])
const found = peers.map(({ client }) => client.foundBy(address).size)
const answering = peers.filter(({ client }) => client.stateOf(address) === 'answers').length
tracker.kill()
for (const { socket } of peers) socket.close()

const figures = {
  groups,
  members: groups * GROUP_MEMBERS,
  seconds: elapsedS,
  cpuPercent: (100 * (cpuSeconds - before)) / elapsedS,
  peakRssBytes,
  answeringPeers: answering,
  peers: peerCount,
  foundMin: Math.min(...found),
}
const table = formatTable(
  ['groups', 'members', '% of a core', 'peak MB', 'peers that it answers', 'others known at least'],
  [
    [
      `${groups}`,
      `${figures.members}`,
      figures.cpuPercent.toFixed(2),
      (peakRssBytes / 1e6).toFixed(1),
      `${answering} of ${peerCount}`,
      `${figures.foundMin}`,
    ],
  ],
)
console.log(values.json ? JSON.stringify(figures) : table)
keepResults('tracker', { table, figures })
process.exit(0)

async function startTracker(): Promise<ChildProcess> {
  const words = ['tracker', '--json', '--bind', TRACKER.host, '--port', String(TRACKER.port)]
  const child = spawn(process.execPath, [PROGRAM, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  process.on('exit', () => child.kill('SIGKILL'))
  await new Promise((resolve) => createInterface({ input: child.stdout! }).once('line', resolve))
  return child
}

/** Peer `index` is in the groups that follow its number: each group has GROUP_MEMBERS of them. */
async function peerAt(index: number): Promise<{ readonly client: TrackerClient; readonly socket: Socket }> {
  const own = Array.from({ length: GROUPS_PER_PEER }, (_, count) => {
    const member = index * GROUPS_PER_PEER + count
    return member % groups
  })
  const client = new TrackerClient({
    groups: own.map((number) => {
      const { name, memberOf, mark } = groupKeysOf(utf8(`left-bench-${number}`))
      return { name, member: memberOf(`peer ${index}`), mark }
    }),
    random,
    crc32,
  })
  const socket = createSocket({ type: 'udp4', lookup: (host, _options, answer) => answer(null, host, 4) })
  await new Promise<void>((resolve) =>
    socket.bind({ address: `127.41.${index >> 7}.${1 + (index & 127)}`, port: 22_001 }, resolve),
  )
  const drain = (): void => {
    while (client.pollEvent() !== undefined);
    for (
      let next = client.pollDatagram(performance.now());
      next !== undefined;
      next = client.pollDatagram(performance.now())
    )
      socket.send(next.bytes, TRACKER.port, TRACKER.host)
  }
  socket.on('message', (bytes, from) => {
    client.handleDatagram(`${from.address}:${from.port}`, bytes, performance.now())
    drain()
  })
  setInterval(() => {
    client.handleTimeout(performance.now())
    drain()
  }, TICK_MS)
  return { client, socket }
}

function wholeNumber(text: string, option: string): number {
  return /^[1-9]\d{0,8}$/.test(text)
    ? Number(text)
    : refuse('tracker', `${option} takes a whole number above 0`)
}
