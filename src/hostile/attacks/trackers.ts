// A tracker that lies to a peer, and strangers that flood a tracker. Neither a wrong address nor a replayed answer lets anybody in, and a
// tracker sends an address that has not proved itself less than came from there.

import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { utf8 } from '../../base/bytes.js'
import { DISCOVERY_VERSION, GROUP_NAME_BYTES, MARK_BYTES, MEMBER_ID_BYTES } from '../../discovery/limits.js'
import { TrackerClient } from '../../discovery/tracker-client.js'
import { decodeDiscovery, encodeDiscovery, type MemberLine } from '../../discovery/wire.js'
import { crc32 } from '../../io/hash.js'
import { programFile } from '../../io/program.js'
import { SystemRandom } from '../../io/random.js'
import { COOKIE_BYTES, NONCE_BYTES } from '../../rdt/wire/limits.js'
import { type GroupKeys, groupKeysOf } from '../../seal/group-keys.js'
import { makeSecret } from '../../seal/secret.js'
import { type Attack, sleep } from '../attack.js'
import {
  ANSWER_RATIO_MAX,
  LYING_TRACKER_MS,
  TRACKER_FLOOD,
  TRACKER_FLOOD_HOSTS,
  TRACKER_MEMORY_BYTES_MAX,
  WAIT_MS_MAX,
} from '../limits.js'
import { residentBytes } from '../processes.js'
import { nodeOptions, Target } from '../target.js'

const random = new SystemRandom()

export const lyingTracker: Attack = {
  name: 'lying tracker',
  only: 'yes',
  async run({ target, quick }) {
    const secret = makeSecret().trim()
    const tracker = await LyingTracker.open(target.stranger, groupKeysOf(utf8(secret)))
    const victim = await bound(target.elsewhere(11))
    let victimCalls = 0
    victim.on('message', () => victimCalls++)
    let guarded: Target | undefined
    try {
      guarded = await Target.start('yes', { secret, options: ['--tracker', tracker.address], callsAll: true })
      // The address that a member has marked: where it was once, or as this tracker told it.
      const { stranger } = guarded.guises
      const attacker = await guarded.attacker({ host: guarded.elsewhere(12), guise: stranger })
      let calls = 0
      attacker.onHello = () => calls++
      tracker.lie({ marked: `${attacker.host}:${attacker.port}`, unmarked: addressOf(victim) })
      const isCalled = await until(() => calls > 0, WAIT_MS_MAX)
      const isLetIn = await attacker.connect(quick ? LYING_TRACKER_MS.quick : LYING_TRACKER_MS.full)
      await attacker.close()
      const friend = await guarded.attacker()
      const isFriendLetIn = await friend.getsIn()
      await friend.close()
      const said = JSON.stringify(guarded.said.filter(({ event }) => event === 'pinned'))
      const faults = [
        ...(isCalled ? [] : ['the target did not call the address that a member has marked']),
        ...(victimCalls > 0 ? ['it called an address that no member has marked'] : []),
        ...(isLetIn ? ['somebody was let in because a tracker named it'] : []),
        ...(said.includes(attacker.host) ? ['an address that a tracker named was PINNED'] : []),
        ...(isFriendLetIn ? [] : ['a peer that is trusted does not get in any more']),
        ...(guarded.isRunning ? [] : ['the target ended']),
      ]
      return {
        fault: faults.length === 0 ? undefined : faults.join('; '),
        seen: `wrong addresses, old answers and ${tracker.sentCount} datagrams; ${calls} calls to the one that was marked`,
      }
    } finally {
      guarded?.stop()
      tracker.close()
      victim.close()
    }
  },
}

/** Answers heartbeats with lies, each many times. */
class LyingTracker {
  readonly address: string
  sentCount = 0
  private lies: { readonly marked: string; readonly unmarked: string } | undefined
  private readonly old: Uint8Array[] = []

  static async open(host: string, keys: GroupKeys): Promise<LyingTracker> {
    return new LyingTracker(await bound(host), keys)
  }

  private constructor(
    private readonly socket: Socket,
    private readonly keys: GroupKeys,
  ) {
    this.address = addressOf(socket)
    socket.on('message', (bytes, { address, port }) =>
      this.handle(bytes, (answer) => this.send(answer, address, port)),
    )
  }

  lie(lies: { readonly marked: string; readonly unmarked: string }): void {
    this.lies = lies
  }

  close(): void {
    this.socket.close()
  }

  private handle(bytes: Uint8Array, answer: (bytes: Uint8Array) => void): void {
    const { lies, keys } = this
    const decoded = decodeDiscovery(bytes, crc32)
    if (!decoded.ok || decoded.value.type !== 'beat' || lies === undefined) return
    const { nonce, member: theirs, mark: theirMark } = decoded.value
    const cookie = random.bytes(COOKIE_BYTES)
    for (const seen of [lies.unmarked, lies.marked, '224.0.0.1:1', '0.0.0.0:0'])
      answer(encodeDiscovery({ type: 'challenge', nonce, cookie, seen }, crc32))
    const member = keys.memberOf('a member of before')
    const marked: MemberLine = { member, mark: keys.mark(member, lies.marked), address: lies.marked }
    const wrong: MemberLine[] = [
      { ...marked, address: lies.unmarked },
      { member: theirs, mark: theirMark, address: lies.unmarked },
      { member: random.bytes(MEMBER_ID_BYTES), mark: random.bytes(MARK_BYTES), address: lies.unmarked },
    ]
    const members = { type: 'members', cookie, page: 0, pages: 200 } as const
    const honest = encodeDiscovery({ ...members, nonce, lines: [...wrong, marked] }, crc32)
    const foreign = encodeDiscovery({ ...members, nonce: random.bytes(NONCE_BYTES), lines: [marked] }, crc32)
    this.old.push(honest)
    for (const each of [honest, foreign, ...this.old.slice(0, 8)])
      for (let time = 0; time < 200; time++) answer(each)
    for (let time = 0; time < 200; time++) answer(random.bytes(1 + (time % 1_200)))
  }

  private send(bytes: Uint8Array, host: string, port: number): void {
    this.sentCount++
    this.socket.send(bytes, port, host)
  }
}

export const trackerFlood: Attack = {
  name: 'flood at a tracker',
  // A tracker speaks to peers with encryption only.
  only: 'yes',
  async run({ target, quick }) {
    const tracker = await RunningTracker.start(target.stranger)
    // Each stands for a sender that somebody forged: none of them ever shows that it receives there.
    const sockets = await Promise.all(
      Array.from({ length: TRACKER_FLOOD_HOSTS }, (_, index) => bound(target.elsewhere(index))),
    )
    let [sentBytes, answeredBytes] = [0, 0]
    for (const socket of sockets)
      socket.on('message', (bytes) => {
        answeredBytes += bytes.length
      })
    try {
      const count = quick ? TRACKER_FLOOD.quick : TRACKER_FLOOD.full
      for (let sent = 0; sent < count; sent++) {
        const bytes = KINDS[sent % KINDS.length]!()
        sentBytes += bytes.length
        sockets[sent % sockets.length]!.send(bytes, tracker.port, tracker.host)
        if (sent % 256 === 0) await sleep(1)
      }
      const isHeard = await isAnswered(target.elsewhere(TRACKER_FLOOD_HOSTS), tracker.address)
      await sleep(200)
      const memoryBytes = tracker.memoryBytes
      const ratio = answeredBytes / sentBytes
      const faults = [
        ...(ratio > ANSWER_RATIO_MAX ? [`it answers ${ratio.toFixed(1)} times`] : []),
        ...(answeredBytes === 0 ? ['nobody was answered, so that this shows nothing'] : []),
        ...(isHeard ? [] : ['a peer is not answered meanwhile']),
        ...(tracker.isRunning ? [] : ['the tracker ended']),
        ...(memoryBytes > TRACKER_MEMORY_BYTES_MAX ? [`it holds ${Math.round(memoryBytes / 1e6)} MB`] : []),
      ]
      return {
        fault: faults.length === 0 ? undefined : faults.join('; '),
        seen:
          `${count} datagrams of ${KINDS.length} kinds from ${sockets.length} hosts, answered ${ratio.toFixed(2)} ×; ` +
          `the tracker holds ${Math.round(memoryBytes / 1e6)} MB`,
      }
    } finally {
      tracker.stop()
      for (const socket of sockets) socket.close()
    }
  },
}

const KINDS: readonly (() => Uint8Array)[] = [
  () => beat({}),
  () => beat({ cookie: random.bytes(COOKIE_BYTES) }),
  () => beat({ version: 2 }),
  () => {
    const [group, cookie] = [random.bytes(GROUP_NAME_BYTES), random.bytes(COOKIE_BYTES)]
    return encodeDiscovery(
      { type: 'leave', nonce: random.bytes(NONCE_BYTES), version: DISCOVERY_VERSION, group, cookie },
      crc32,
    )
  },
  () => encodeDiscovery({ type: 'refused', nonce: random.bytes(NONCE_BYTES), reason: 'full' }, crc32),
  () => Uint8Array.of(64, ...random.bytes(65)),
  () => random.bytes(1_200),
  () => random.bytes(1),
]

function beat(over: { cookie?: Uint8Array; version?: number }): Uint8Array {
  const fields = {
    nonce: random.bytes(NONCE_BYTES),
    version: DISCOVERY_VERSION,
    group: random.bytes(GROUP_NAME_BYTES),
  }
  const [member, mark] = [random.bytes(MEMBER_ID_BYTES), random.bytes(MARK_BYTES)]
  const cookie = new Uint8Array(COOKIE_BYTES)
  return encodeDiscovery({ type: 'beat', ...fields, member, mark, cookie, ...over }, crc32)
}

/** Whether a peer of a group that nobody else is in becomes a member. */
async function isAnswered(host: string, tracker: string): Promise<boolean> {
  const socket = await bound(host)
  const { name, memberOf, mark } = groupKeysOf(utf8(makeSecret().trim()))
  const client = new TrackerClient({ groups: [{ name, member: memberOf('honest'), mark }], random, crc32 })
  const [to, port] = tracker.split(':') as [string, string]
  const drain = (): void => {
    client.handleTimeout(performance.now())
    for (
      let next = client.pollDatagram(performance.now());
      next !== undefined;
      next = client.pollDatagram(performance.now())
    )
      socket.send(next.bytes, Number(port), to)
  }
  socket.on('message', (bytes, from) => {
    client.handleDatagram(`${from.address}:${from.port}`, bytes, performance.now())
    drain()
  })
  client.addTracker(tracker, performance.now())
  const isHeard = await until(() => {
    drain()
    return client.stateOf(tracker) === 'answers'
  }, WAIT_MS_MAX)
  socket.close()
  return isHeard
}

/** The program itself in a process of its own. */
class RunningTracker {
  private readonly onExit = () => this.stop()

  private constructor(
    private readonly child: ChildProcess,
    readonly host: string,
    readonly port: number,
  ) {
    process.on('exit', this.onExit)
  }

  static async start(host: string): Promise<RunningTracker> {
    const probe = await bound(host)
    const { port } = probe.address()
    probe.close()
    const program = fileURLToPath(programFile('cli/main'))
    const words = ['tracker', '--json', '--bind', host, '--port', String(port)]
    const child = spawn(process.execPath, [...nodeOptions(), program, ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const tracker = new RunningTracker(child, host, port)
    let isStarted = false
    createInterface({ input: child.stdout! }).once('line', () => {
      isStarted = true
    })
    if (await until(() => isStarted, WAIT_MS_MAX)) return tracker
    tracker.stop()
    throw new Error('the tracker did not start')
  }

  get address(): string {
    return `${this.host}:${this.port}`
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  get memoryBytes(): number {
    return residentBytes(this.child.pid!)
  }

  stop(): void {
    process.off('exit', this.onExit)
    this.child.kill('SIGKILL')
  }
}

async function until(isDone: () => boolean, timeoutMs: number): Promise<boolean> {
  for (const deadlineMs = performance.now() + timeoutMs; performance.now() < deadlineMs; await sleep(20))
    if (isDone()) return true
  return isDone()
}

function bound(host: string): Promise<Socket> {
  const socket = createSocket('udp4')
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ address: host, exclusive: true }, () => resolve(socket))
  })
}

function addressOf(socket: Socket): string {
  const { address, port } = socket.address()
  return `${address}:${port}`
}
