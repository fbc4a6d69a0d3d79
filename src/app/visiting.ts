// A visit in the real world: the visitor's machine drained into a socket, with this user's key and the peers that it trusts. One
// process, and no share. Used by `left ls` and `left get`.

import { setTimeout as sleep } from 'node:timers/promises'
import { hexOf } from '../base/bytes.js'
import { LeftError } from '../base/errors.js'
import { DEFAULT_PORT } from '../base/limits.js'
import { visitorId } from '../base/visitor.js'
import { nowMs } from '../io/clock.js'
import { crc32, hash, loadHash } from '../io/hash.js'
import { formatAddress } from '../io/net/address.js'
import { datagramBytesMax, resolveHost } from '../io/net/interfaces.js'
import { chooseOffload } from '../io/net/offload-probe.js'
import { UdpSocket } from '../io/net/udp.js'
import { SystemRandom } from '../io/random.js'
import type { IdentityRequest, OpenedIdentity } from '../pipe/watcher-protocol.js'
import type { Address } from '../rdt/endpoint.js'
import { firstDatagramBytes } from '../rdt/wire/gro-split.js'
import type { RsaSigner } from '../seal/rsa.js'
import type { Entry } from '../share/entry.js'
import type { Manifest } from '../share/manifest.js'
import { type VisitEvent, Visitor } from '../visit/visitor.js'
import type { PeerEvent } from './events.js'
import { SENDS_PER_TURN_MAX } from './limits.js'
import type { VisitedPeer } from './options.js'
import { type OpenProtection, openProtection, type ProtectionOptions } from './protection.js'
import { PROGRAM_VERSION } from './version.js'
import { keysToTry } from './visit-keys.js'

export interface VisitOptions extends ProtectionOptions {
  /** All that are visited. */
  readonly peers: readonly VisitedPeer[]
  /** Local port; undefined for the usual one of a peer where that is free, else any. Who was never met answers an address that it
   *  names, and that is the usual one. */
  readonly port: number | undefined
  /** Local address; every one where it is left out. */
  readonly bind?: string | undefined
  /** How long a peer that does not answer is waited for. */
  readonly timeoutMs: number
}

export interface Listed {
  readonly address: Address
  /** The id of the peer. */
  readonly peer: string
  readonly fingerprint: string | undefined
  /** Ascending by path. */
  readonly entries: readonly Entry[]
  /** Paths of so many more are held otherwise. */
  readonly untoldCount: number
}

export type ListingEnd = Listed | { readonly failure: string }

interface Waiter {
  readonly peer: VisitedPeer
  readonly addresses: readonly Address[]
  resolve(end: ListingEnd): void
}

/** @throws LeftError 'identity-unusable', 'pins-unusable', 'secret-unusable', 'port-in-use'. */
export async function openVisiting(
  options: VisitOptions,
  onNote: (words: string) => void,
): Promise<Visiting> {
  await loadHash()
  const visiting = new Visiting(options, onNote)
  await visiting.open()
  return visiting
}

export class Visiting {
  private readonly options: VisitOptions
  private readonly onNote: (words: string) => void
  private socket!: UdpSocket
  private protection!: OpenProtection
  private visitor!: Visitor
  private signer: RsaSigner | undefined
  private readonly texts = new Map<Address, VisitedPeer>()
  private readonly waiters = new Set<Waiter>()
  /** The last word about an address: why it does not let us in. */
  private readonly reasons = new Map<string, string>()
  /** Which of the keys that may be at an address is asked for, counted up. */
  private readonly rounds = new Map<Address, number>()
  /** Addresses at which no key was met: then several may be tried. */
  private readonly unsure = new Set<Address>()
  private turn: NodeJS.Immediate | undefined
  private timer: NodeJS.Timeout | undefined
  private isClosed = false
  /** Events of files on their way. */
  onFetch: (event: VisitEvent & { type: 'list' | 'block' | 'lost' }) => void = () => {}

  constructor(options: VisitOptions, onNote: (words: string) => void) {
    this.options = options
    this.onNote = onNote
  }

  async open(): Promise<void> {
    const { options } = this
    const random = new SystemRandom()
    const peerId = visitorId(hexOf(random.bytes(4)))
    this.socket = await this.openSocket()
    try {
      this.protection = await openProtection({
        options,
        settlePeerId: () => peerId,
        random,
        crc32,
        isNamed: (address) => this.texts.get(address)?.isOwn === false,
        isFound: () => false,
        isFoundOnly: false,
        isTracked: false,
        nameOf: (address) => this.texts.get(address)?.text ?? address,
        onEvent: (event) => this.handlePeerEvent(event),
        expectedAt: (address, known) => {
          const keys = keysToTry(address, this.texts.get(address), known)
          if (keys.length > 1) this.unsure.add(address)
          return keys[(this.rounds.get(address) ?? 0) % keys.length]
        },
        openIdentity: (request, onMaking) => this.openIdentity(request, onMaking),
      })
    } catch (error) {
      await this.socket.close()
      throw error
    }
    this.visitor = new Visitor(
      {
        peerId,
        random,
        protection: this.protection.protection,
        hash,
        crc32,
        window: 'auto',
        agent: `left ${PROGRAM_VERSION}`,
        admit: (address) => this.texts.has(address),
        datagramBytesMax: (address) => datagramBytesMax(address, options.bind),
        receiveBufferBytes: this.socket.receiveBufferBytes,
      },
      nowMs(),
    )
  }

  get fingerprint(): string | undefined {
    return this.protection.fingerprint
  }

  /** Answers what this peer holds at and below the paths, or what it knows otherwise than `against`; or why that is not known. */
  async list(peer: VisitedPeer, paths: readonly string[], against?: Manifest): Promise<ListingEnd> {
    const hosts = await resolveHost(peer.host)
    if (hosts.length === 0) return { failure: 'no address is known for this name: check its spelling' }
    const addresses = hosts.map((host) => formatAddress(host, peer.port))
    const listed = new Promise<ListingEnd>((resolve) => this.waiters.add({ peer, addresses, resolve }))
    for (const address of addresses) {
      this.texts.set(address, peer)
      this.visitor.list(address, paths, nowMs(), against)
    }
    this.wake()
    const unreached = this.whenUnreached(addresses, listed)
    const end = await Promise.race([listed, unreached])
    for (const waiter of this.waiters) if (waiter.addresses === addresses) this.waiters.delete(waiter)
    return end
  }

  /** The machine, for whoever fetches. Call `wake` after each command. */
  get machine(): Visitor {
    return this.visitor
  }

  /** Has the machine drained soon. */
  wake(): void {
    this.turn ??= setImmediate(() => {
      this.turn = undefined
      if (!this.isClosed) this.drain()
    })
  }

  /** Resolves with a reason once nothing of the peer has been there for as long as it is waited for. `until` ends the waiting. */
  async whenUnreached(addresses: readonly Address[], until: Promise<unknown>): Promise<{ failure: string }> {
    let isOver = false
    void until.finally(() => {
      isOver = true
    })
    let lastMs = nowMs()
    while (nowMs() - lastMs < this.options.timeoutMs && !isOver && !this.isClosed) {
      await sleep(UNREACHED_LOOK_MS)
      if (addresses.some((address) => this.visitor.isReached(address))) lastMs = nowMs()
    }
    const reason = addresses.map((address) => this.reasons.get(address)).find((words) => words !== undefined)
    return { failure: reason ?? NO_ANSWER }
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    clearTimeout(this.timer)
    this.visitor.close(nowMs())
    this.send(Number.POSITIVE_INFINITY)
    this.isClosed = true
    await this.protection.settled()
    await this.socket.close()
  }

  private async openSocket(): Promise<UdpSocket> {
    const { port, peers } = this.options
    const offload = await chooseOffload(true)
    const open = (chosen: number) =>
      UdpSocket.open({
        port: chosen,
        bind: this.options.bind,
        ipv6: peers.some(({ host }) => host.includes(':')),
        offload: offload.native && { native: offload.native, firstDatagramBytes },
        onDatagram: (from, bytes, datagramBytes) => {
          if (this.isClosed || this.visitor === undefined) return
          this.visitor.handleDatagrams(from, bytes, datagramBytes, nowMs())
          this.wake()
        },
        onRoom: () => this.wake(),
      })
    if (port !== undefined) return open(port)
    try {
      return await open(DEFAULT_PORT)
    } catch (error) {
      if (!(error instanceof LeftError) || error.code !== 'port-in-use') throw error
      return open(0)
    }
  }

  private async openIdentity(request: IdentityRequest, onMaking: () => void): Promise<OpenedIdentity> {
    const { openIdentity, relockedNote } = await import('../seal/identity.js')
    const { RsaSigner } = await import('../seal/rsa.js')
    const identity = await openIdentity({ ...request, onMaking })
    const { fingerprint, modulus, staticSeed } = identity
    this.signer = new RsaSigner(modulus, identity.privateKey)
    return { fingerprint, modulus, staticSeed, note: relockedNote(identity) }
  }

  private handlePeerEvent(event: PeerEvent): void {
    if (event.event === 'note') this.onNote(event.message)
    else if (event.event === 'pinned')
      this.onNote(
        `met ${event.address} for the first time: its key ${event.fingerprint} is trusted from now on`,
      )
    else if (event.event === 'refused') this.explain(event.address, event.reason)
    else if (event.event === 'key-changed')
      this.explain(
        event.address,
        `its key is ${event.fingerprint} and was ${event.pinned}: either it was set up anew, and then left trust ${event.fingerprint} ` +
          'after comparing it there, or somebody is in between',
      )
  }

  /** `text` as the person wrote the address. */
  private explain(text: string, reason: string): void {
    for (const [address, peer] of this.texts) if (peer.text === text) this.reasons.set(address, reason)
  }

  // — The loop —

  private drain(): void {
    const { visitor } = this
    const dueMs = visitor.pollTimeout()
    if (dueMs !== undefined && dueMs <= nowMs()) visitor.handleTimeout(nowMs())
    this.send(SENDS_PER_TURN_MAX)
    for (let step = visitor.pollStep(); step !== undefined; step = visitor.pollStep()) {
      const { id } = step
      void this.signer?.carryOut(step).then((result) => {
        if (this.isClosed) return
        visitor.handleStep(id, result, nowMs())
        this.wake()
      })
    }
    for (let event = visitor.pollEvent(); event !== undefined; event = visitor.pollEvent())
      this.handleEvent(event)
    this.schedule()
  }

  private send(sendsMax: number): void {
    for (let sends = 0; this.socket.hasRoom(); sends++) {
      if (sends === sendsMax) {
        this.wake()
        return
      }
      const outgoing = this.visitor.pollDatagram(nowMs())
      if (outgoing === undefined) return
      if (this.socket.send(outgoing)) this.visitor.endpoint.releaseDatagram(outgoing)
    }
  }

  private schedule(): void {
    clearTimeout(this.timer)
    const dueMs = this.visitor.pollTimeout()
    if (dueMs === undefined) return
    const waitMs = dueMs - nowMs()
    if (waitMs <= 0) this.wake()
    else this.timer = setTimeout(() => this.wake(), waitMs)
  }

  private handleEvent(event: VisitEvent): void {
    switch (event.type) {
      case 'listed':
        this.endListing(event.address, event)
        break
      case 'fault':
        this.endListing(event.address, { failure: `sent a listing that cannot be read (${event.fault})` })
        break
      case 'unreachable':
        if (!event.answers) this.handleSilence(event.address)
        else if (!this.reasons.has(event.address)) this.reasons.set(event.address, this.lockedOut())
        break
      case 'refused':
        this.reasons.set(event.address, refusalWords(event))
        break
      default:
        this.onFetch(event)
    }
  }

  private lockedOut(): string {
    const { fingerprint } = this.protection
    const advice = fingerprint === undefined ? '' : `: there, left trust ${fingerprint}`
    return `it answers and does not let this machine in${advice}`
  }

  private endListing(address: Address, end: ListingEnd): void {
    for (const waiter of this.waiters) if (waiter.addresses.includes(address)) waiter.resolve(end)
  }

  /** Somebody who does not know us, or whom we ask for the wrong key, is silent: the next key is asked for. */
  private handleSilence(address: Address): void {
    if (!this.unsure.has(address) || this.reasons.has(address)) return
    this.rounds.set(address, (this.rounds.get(address) ?? 0) + 1)
    this.visitor.callAgain(address, nowMs())
    this.wake()
  }
}

/** How often it is looked whether a peer is there. */
const UNREACHED_LOOK_MS = 100

const NO_ANSWER =
  'no answer: either left does not run there, or a firewall is in between, or it does not know this machine, and then it names it ' +
  'with --ip or has met it before'

function refusalWords({ reason, agent }: VisitEvent & { type: 'refused' }): string {
  if (reason === 'version') return `runs ${agent}, which speaks another version of the protocol`
  if (reason === 'same-peer') return 'no left runs there: at that port this command listens itself'
  if (reason === 'encryption') return 'one of the two runs with --encryption no and the other does not'
  return `refuses (${reason})`
}
