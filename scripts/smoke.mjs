// A short transfer with a kill and a resume, with nothing but Node and a built `left`: for machines and installations without
// the development tools. Two peers on the loopback, each with a home of its own; the receiver is killed in the middle of a large
// file, started again, and both shares are compared by SHA-256.
//
//   node scripts/smoke.mjs [PROGRAM]
//
// PROGRAM is a main.js, which this Node runs, or a command (default: dist/cli/main.js of this checkout). Ends with 0 if all is
// well, else with 1 and the reason. Takes 6 to 20 s and 100 MB in the temporary folder, and leaves nothing behind.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const LARGE_BYTES = 30_000_000
const SMALL_COUNT = 200

/** A third of the large file takes a second at this rate. */
const SLOW = ['--limit', '8M']

/** A wait ends after this long; a busy machine may take a fifth of it. */
const WAIT_MS_MAX = 60_000

/** `left` promises to stop in under a second. */
const STOP_MS_MAX = 5_000

const program = resolve(process.argv[2] ?? fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)))
const [command, ...firstWords] = program.endsWith('.js') ? [process.execPath, program] : [program]

// Paths with a space: there are such temporary folders.
const folder = mkdtempSync(join(realpathSync(tmpdir()), 'left smoke '))
const peers = []
process.once('exit', () => {
  for (const peer of peers) peer.kill()
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

class Peer {
  events = []
  stderr = ''
  #child
  #ended
  #waiting = () => {}

  constructor(name, port, otherPort) {
    this.name = name
    this.share = join(folder, name, 'share')
    this.home = join(folder, name, 'home')
    this.network = ['--bind', '127.0.0.1', '--port', String(port), '--ip', `127.0.0.1:${otherPort}`]
    mkdirSync(this.share, { recursive: true })
    mkdirSync(this.home)
    peers.push(this)
  }

  start(words = []) {
    const all = [...firstWords, '--json', ...this.network, '--share', this.share, ...words]
    const child = spawn(command, all, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        HOME: this.home,
        XDG_CONFIG_HOME: join(this.home, '.config'),
        XDG_STATE_HOME: join(this.home, '.local/state'),
      },
      // A process group of its own: a kill means both processes.
      detached: true,
    })
    this.#child = child
    this.events = []
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (this.#child !== child) return
      this.events.push(JSON.parse(line))
      this.#waiting()
    })
    child.stderr.on('data', (text) => {
      this.stderr += text
    })
    this.#ended = new Promise((done) => {
      child.once('error', (error) => done(`cannot be started: ${error.message}`))
      child.once('close', (code, signal) => done(signal ?? code))
    })
    this.#ended.then(() => {
      if (this.#child === child) this.#waiting()
      if (this.#child === child) this.#child = undefined
    })
  }

  of(name) {
    return this.events.filter(({ event }) => event === name)
  }

  /** Fails where the peer ends meanwhile. */
  async until(what, isDone) {
    const late = new Promise((_, fail) => {
      setTimeout(() => fail(new Error(`${this.name} was waited for in vain: ${what}`)), WAIT_MS_MAX).unref()
    })
    const seen = new Promise((done) => {
      this.#waiting = () => isDone() && done()
      this.#waiting()
    })
    const ended = this.#ended.then((how) => {
      throw new Error(`${this.name} ended (${how}) while it was waited for: ${what}`)
    })
    await Promise.race([seen, ended, late])
  }

  kill() {
    const child = this.#child
    this.#child = undefined
    try {
      if (child?.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // The process has ended already.
    }
    return this.#ended
  }

  async stop() {
    const child = this.#child
    const late = setTimeout(() => void this.kill(), STOP_MS_MAX)
    child.kill('SIGINT')
    const how = await this.#ended
    clearTimeout(late)
    if (how !== 0) throw new Error(`${this.name} did not stop as asked: ${how}`)
  }
}

async function freePorts(count) {
  const sockets = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((done) => {
          const socket = createSocket('udp4')
          socket.bind(0, '127.0.0.1', () => done(socket))
        }),
    ),
  )
  const ports = sockets.map((socket) => socket.address().port)
  for (const socket of sockets) socket.close()
  return ports
}

/** Bytes that do not compress and are the same each time. */
function content(name, bytes) {
  const pieces = []
  for (let at = 0; at < bytes; at += 65_536) {
    const seed = createHash('sha256').update(`${name} ${at}`).digest()
    const piece = new Uint32Array(16_384)
    let state = seed.readUInt32LE(0) | 1
    for (let index = 0; index < piece.length; index++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      piece[index] = state
    }
    pieces.push(Buffer.from(piece.buffer))
  }
  return Buffer.concat(pieces).subarray(0, bytes)
}

function fill(share) {
  writeFileSync(join(share, 'large.bin'), content('large', LARGE_BYTES))
  for (let number = 0; number < SMALL_COUNT; number++) {
    const path = join(share, `folder ${number % 10}`, `small ${number}.bin`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content(path.slice(share.length), 200 + 40 * number))
  }
}

/** By path in the share: SHA-256 of each file. */
function digestsOf(share) {
  const digests = new Map()
  for (const entry of readdirSync(share, { recursive: true, withFileTypes: true })) {
    const path = relative(share, join(entry.parentPath, entry.name))
    if (entry.isFile() && path.split('/')[0] !== '.left')
      digests.set(
        path,
        createHash('sha256')
          .update(readFileSync(join(share, path)))
          .digest('hex'),
      )
  }
  return digests
}

async function main() {
  const startMs = performance.now()
  const [portA, portB] = await freePorts(2)
  const a = new Peer('A', portA, portB)
  const b = new Peer('B', portB, portA)
  fill(a.share)
  a.start()
  await a.until('its share is read', () => a.of('scanned').length > 0)
  b.start(SLOW)
  const doneBytes = () => b.of('progress').at(-1)?.doneBytes ?? 0
  await b.until('it is in the middle of the large file', () => doneBytes() > LARGE_BYTES / 3)
  if (b.of('received').some(({ path }) => path === 'large.bin'))
    throw new Error('the kill would come too late')
  const killedAt = doneBytes()
  await b.kill()
  b.start()
  const isWhole = ({ equal, files }) => equal && files === SMALL_COUNT + 1
  await b.until('it has everything', () => b.of('in-step').some(isWhole))
  const resumed = b.of('fetching').find(({ path }) => path === 'large.bin')?.resumedBytes ?? 0
  if (resumed === 0) throw new Error('the large file was begun anew after the kill')
  await b.stop()
  await a.stop()
  const [here, there] = [digestsOf(a.share), digestsOf(b.share)]
  if (here.size !== SMALL_COUNT + 1) throw new Error(`A has ${here.size} files`)
  const other = [...here].find(([path, digest]) => there.get(path) !== digest)
  if (other !== undefined || there.size !== here.size)
    throw new Error(`the shares differ: ${other?.[0] ?? `${there.size} files on B`}`)
  for (const { name, stderr } of peers)
    if (stderr !== '') throw new Error(`${name} wrote on stderr: ${stderr}`)
  const percent = Math.round((100 * killedAt) / LARGE_BYTES)
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1)
  return `Node ${process.versions.node}: killed at ${percent}%, went on at ${Math.round((100 * resumed) / LARGE_BYTES)}%; ${there.size} files are the same by SHA-256, ${seconds} s`
}

try {
  console.log(await main())
  process.exit(0)
} catch (error) {
  console.error(`smoke: ${error.message}`)
  for (const { name, stderr } of peers)
    if (stderr !== '') console.error(`smoke: ${name} wrote on stderr: ${stderr}`)
  process.exit(1)
}
