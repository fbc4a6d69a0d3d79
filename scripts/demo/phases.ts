// The three phases of the demo, each a story of its own.

import { cp, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { overwriteContent, writeContent } from '../../harness/peers/content.js'
import { sleep } from '../../harness/peers/wait.js'
import { formatBytes, formatCount, formatFiles } from '../../src/cli/format.js'
import type { Stage } from './stage.js'
import type { PhaseResult } from './table.js'

const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))

const FIRST_FILE_BYTES = 18_400_000
const SECOND_FILE_BYTES = 1_250_000
const FOLDER_FILE_COUNT = 50
const LARGE_FILE_BYTES = 248_000_000
const CHANGED_BYTES = 319_000

/** A is killed so long after the first drop of phase 2. */
const KILL_MS = 2_000

/** The large folder is dropped so long before the kill: enough to be read, announced and begun. */
const FOLDER_BEFORE_KILL_MS = 1_000

/** Bytes that A must have received by then, so that large files are under way; if need be, the kill waits. */
const KILL_BYTES_MIN = 40_000_000

/** How long A is down. */
const DOWN_MS = 500

/** A wait that takes so long is a failure. */
const PHASE_MS_MAX = 45_000
const MIDDLE_MS_MAX = 15_000

export const PHASES = [
  oneFileThenAThirdPeer,
  killedInTheMiddle,
  aLargeFile,
  aSmallChange,
] as const satisfies readonly ((stage: Stage) => Promise<PhaseResult>)[]

async function oneFileThenAThirdPeer(stage: Stage): Promise<PhaseResult> {
  const { a, b, c, screen } = stage
  const size = formatBytes(FIRST_FILE_BYTES)
  screen.line(`\nPhase 1: a file of ${size} goes from A to B, then C joins`)
  await writeContent(stage.staged('first.bin'), 'first', FIRST_FILE_BYTES)
  await stage.expect('first.bin')
  await stage.start([a, b])
  screen.say(`first.bin, ${size}, is dropped into the share of A`)
  const toB = await stage.timed(async () => {
    await stage.drop('first.bin', a)
    await stage.waitForAll([b], 'B to have first.bin', PHASE_MS_MAX)
  })
  screen.say(`B has it, ${toB.toFixed(2)} s after the drop`)
  const toC = await stage.timed(async () => {
    c.start()
    await stage.waitForAll([c], 'C to have first.bin', PHASE_MS_MAX)
  })
  screen.say(`C was started and has it too, ${toC.toFixed(2)} s after its start`)
  return stage.finishPhase(`1  ${size} from A to B, then C joins`)
}

async function killedInTheMiddle(stage: Stage): Promise<PhaseResult> {
  const { a, b, screen } = stage
  const size = formatBytes(SECOND_FILE_BYTES)
  screen.line(
    `\nPhase 2: a file of ${size}, a folder of ${FOLDER_FILE_COUNT} files and node_modules on B; A is killed in the middle`,
  )
  await writeContent(stage.staged('second.bin'), 'second', SECOND_FILE_BYTES)
  await stageFolder(stage.staged('folder'))
  await cp(NODE_MODULES, stage.staged('node_modules'), { recursive: true, dereference: true })
  for (const name of ['second.bin', 'folder', 'node_modules']) await stage.expect(name)
  await stage.start(stage.peers)
  const seconds = await stage.timed(async () => {
    const dropMs = performance.now()
    const untilMs = (ms: number) => sleep(Math.max(0, dropMs + ms - performance.now()))
    screen.say('second.bin and folder are dropped into the share of B')
    await stage.drop('second.bin', b)
    await stage.drop('folder', b)
    await untilMs(KILL_MS - FOLDER_BEFORE_KILL_MS)
    screen.say('node_modules is dropped into the share of B')
    await stage.drop('node_modules', b)
    await untilMs(KILL_MS)
    await killA(stage, dropMs)
    await sleep(DOWN_MS)
    a.start()
    screen.say('A is started again')
    await stage.waitForAll(stage.peers, 'all three to have everything', PHASE_MS_MAX)
  })
  screen.say(`A and C have all of it, ${seconds.toFixed(2)} s after the first drop`)
  return stage.finishPhase(`2  ${size}, a folder, node_modules; A killed`)
}

/** Not before A has begun to receive: a kill while it has nothing to do shows nothing. */
async function killA(stage: Stage, dropMs: number): Promise<void> {
  const { a, screen } = stage
  const isInTheMiddle = () =>
    a.totals !== undefined && a.totals.bytes >= KILL_BYTES_MIN && a.totals.files < a.totals.filesWanted
  const isReady = async () => isInTheMiddle() || (await stage.hasAll(a))
  await stage.waitFor([a], 'A to be in the middle of receiving', isReady, MIDDLE_MS_MAX)
  const { files, filesWanted, bytes, bytesWanted } = a.totals!
  const where = isInTheMiddle()
    ? `at ${formatCount(files)} of ${formatFiles(filesWanted)}, ${formatBytes(bytes)} of ${formatBytes(bytesWanted)}`
    : 'but this machine is too quick: it had everything already'
  await a.kill()
  const seconds = ((performance.now() - dropMs) / 1_000).toFixed(2)
  screen.say(`A is killed (SIGKILL) ${seconds} s after the first drop, ${where}`)
}

async function aLargeFile(stage: Stage): Promise<PhaseResult> {
  const { a, b, c, screen } = stage
  const size = formatBytes(LARGE_FILE_BYTES)
  screen.line(`\nPhase 3: a file of ${size} on C, then ${formatBytes(CHANGED_BYTES)} changed in its middle`)
  await writeContent(stage.staged('large.bin'), 'large', LARGE_FILE_BYTES)
  await stage.expect('large.bin')
  await stage.start(stage.peers)
  screen.say(`large.bin, ${size}, is dropped into the share of C`)
  const seconds = await stage.timed(async () => {
    await stage.drop('large.bin', c)
    await stage.waitForAll([a, b], 'A and B to have large.bin', PHASE_MS_MAX)
  })
  screen.say(`A and B have it, ${seconds.toFixed(2)} s after the drop`)
  return stage.finishPhase(`3  ${size} from C to A and B`)
}

async function aSmallChange(stage: Stage): Promise<PhaseResult> {
  const { a, b, c, screen } = stage
  const size = formatBytes(CHANGED_BYTES)
  const path = join(c.share, 'large.bin')
  const before = await stat(path)
  await stage.start(stage.peers)
  screen.say(`${size} in the middle of large.bin are changed on C`)
  const position = Math.floor((before.size - CHANGED_BYTES) / 2)
  const seconds = await stage.timed(async () => {
    await overwriteContent(path, 'changed', { position, sizeBytes: CHANGED_BYTES })
    const tell: Parameters<typeof stage.waitForNew>[2] = (peer, { crossedBytes }) =>
      screen.say(`${peer.name} has it: ${formatBytes(crossedBytes)} of content crossed`)
    await stage.waitForNew('large.bin', [a, b], tell, PHASE_MS_MAX)
  })
  screen.say(`A and B have the change, ${seconds.toFixed(2)} s after it was made`)
  await stage.expect('large.bin', path)
  return stage.finishPhase(`3  ${size} of it changed on C`)
}

/** Files of 0 to 73,500 bytes in two folders, and an empty folder. */
async function stageFolder(folder: string): Promise<void> {
  await mkdir(join(folder, 'empty'), { recursive: true })
  for (let index = 0; index < FOLDER_FILE_COUNT; index++) {
    const name = `${index % 2 === 0 ? 'even' : 'odd'}/${String(index + 1).padStart(2, '0')}.bin`
    await writeContent(join(folder, name), name, index * 1_500)
  }
}
