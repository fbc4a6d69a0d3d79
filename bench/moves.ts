// A folder of many files is renamed while two peers are in step: how long until it is renamed at the other one, what that costs
// and what crosses. Over the loopback, which counts what crosses: run it in a network namespace of its own, so that
// nothing else does.
//
//   unshare -n sh -c 'ip link set lo up; npx tsx bench/moves.ts [files]'

import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endpointText, freeEndpoints } from '../harness/peers/endpoints.js'
import { Peer } from '../harness/peers/peer.js'

const FILES_PER_FOLDER = 500
const POLL_MS = 10
const SETTLED_MS = 3_000

const fileCount = Number(process.argv[2] ?? 50_000)
const root = mkdtempSync(join(tmpdir(), 'left-moves-'))
const endpoints = await freeEndpoints(2)
const peers = endpoints.map((endpoint, index) => {
  const share = join(root, `share-${index}`)
  mkdirSync(share)
  const others = endpoints.filter((other) => other !== endpoint).map(endpointText)
  return new Peer({ name: `P${index}`, endpoint, share, others, config: join(root, 'config') })
})
const [a, b] = peers as [Peer, Peer]
let crossedBytes = 0
let events = 0
b.onEvent = (event) => {
  events++
  if (event.event === 'received') crossedBytes += event.crossedBytes
}
try {
  const names: string[] = []
  for (let file = 0; file < fileCount; file++) {
    const folder = `${Math.floor(file / FILES_PER_FOLDER)}`
    if (file % FILES_PER_FOLDER === 0) mkdirSync(join(a.share, 'tree', folder), { recursive: true })
    names.push(`${folder}/file-${file}`)
    writeFileSync(join(a.share, 'tree', names.at(-1)!), `${file} `.repeat(20))
  }
  writeFileSync(join(a.share, 'stays'), 'stays')
  writeFileSync(join(a.share, 'stays too'), 'stays too')
  for (const peer of peers) peer.start()
  await until(() => a.inStep.size > 0 && b.inStep.size > 0 && isThere('tree'))
  await sleep(SETTLED_MS)
  const inodes = names.map((name) => statSync(join(b.share, 'tree', name)).ino)
  const before = { bytes: loopbackBytes(), cpu: cpuSeconds() }
  crossedBytes = 0
  events = 0
  const startMs = performance.now()
  renameSync(join(a.share, 'tree'), join(a.share, 'wood'))
  await until(
    () => isThere('wood') && statSync(join(b.share, 'tree'), { throwIfNoEntry: false }) === undefined,
  )
  const seconds = (performance.now() - startMs) / 1_000
  await sleep(SETTLED_MS)
  const kept = names.filter(
    (name, index) => statSync(join(b.share, 'wood', name)).ino === inodes[index],
  ).length
  const bytes = loopbackBytes() - before.bytes
  const cpu = cpuSeconds().map((seconds, index) => (seconds - before.cpu[index]!).toFixed(2))
  process.stdout.write(
    `${fileCount} files: ${seconds.toFixed(2)} s; ${bytes} bytes on the wire, ${crossedBytes} of content; ` +
      `${kept} kept their inode; CPU ${cpu[0]} s at the origin, ${cpu[1]} s at the receiver; ${events} events\n`,
  )
} finally {
  for (const peer of peers) await peer.stop()
  rmSync(root, { recursive: true, force: true })
}

function isThere(folder: string): boolean {
  try {
    return statSync(
      join(b.share, folder, `${Math.floor((fileCount - 1) / FILES_PER_FOLDER)}/file-${fileCount - 1}`),
    ).isFile()
  } catch {
    return false
  }
}

function loopbackBytes(): number {
  const line = readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .find((each) => each.includes('lo:'))
  return Number(line?.trim().split(/[\s:]+/)[1])
}

/** CPU seconds that each peer has used so far, both of its processes. */
function cpuSeconds(): number[] {
  return peers.map(({ pid }) => {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
    return [String(pid), ...children].reduce((sum, each) => {
      const fields = readFileSync(`/proc/${each}/stat`, 'utf8').split(') ')[1]!.split(' ')
      return sum + (Number(fields[11]) + Number(fields[12])) / 100
    }, 0)
  })
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await sleep(POLL_MS)
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
