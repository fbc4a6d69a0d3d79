// The side of a running peer that answers a person who asks: its state, and the control socket at which it can be asked. Used by
// Peer.

import { join } from 'node:path'
import { OWN_FOLDER } from '../base/own-folder.js'
import type { DoctorResult } from '../control/doctor-results.js'
import type { PauseResult } from '../control/pause-results.js'
import { ControlError, ControlServer } from '../control/server.js'
import type { Status } from '../control/status.js'
import type { WhomToVisit } from '../control/visit-results.js'
import type { WhyResult } from '../control/why-results.js'
import type { Engine, PauseTarget, PeerAnswer } from '../engine/engine.js'
import { nowMs } from '../io/clock.js'
import { parseAddress } from '../io/net/address.js'
import type { ShareCommand, ShareCommands } from '../pipe/commands.js'
import type { Address } from '../rdt/endpoint.js'
import type { WebServer } from '../web/server.js'
import { commandsOf } from './commands.js'
import { checkPeers } from './doctor/checking.js'
import { doctorRunning } from './doctor/doctor.js'
import type { PeerEvent } from './events.js'
import type { Knocks } from './knocks.js'
import { STATE_MS_MAX } from './limits.js'
import type { NamedPeers } from './named-peers.js'
import type { PeerOptions } from './options.js'
import { Pausing, peerNamed } from './pausing.js'
import { PeerAsking } from './peer-asking.js'
import type { Reporter } from './reporter.js'
import { type FoundFacts, StatusBook } from './status-book.js'
import { PROGRAM_VERSION } from './version.js'
import type { WatcherProcess } from './watcher-process.js'
import { whyOf } from './why.js'

export interface SteeringHost {
  readonly options: PeerOptions
  readonly reporter: Reporter
  readonly named: NamedPeers
  readonly isDiscovering: boolean
  /** Where the peer is reached; undefined before it has started. */
  readonly listening: () => Address | undefined
  readonly found: () => readonly FoundFacts[]
  readonly trackers: () => Status['trackers']
  /** Undefined before the peer has started. */
  readonly engine: () => Engine | undefined
  readonly watcher: () => WatcherProcess
  readonly knocks: Knocks
  /** There may be something to send. */
  readonly wake: () => void
}

export class Steering {
  private readonly host: SteeringHost
  private readonly book = new StatusBook(() => new Date())
  private control: ControlServer | undefined
  private web: WebServer | undefined
  private readonly asking = new PeerAsking()
  private readonly pausing = new Pausing()
  /** Fingerprints of peers that are connected, by peer id. */
  private readonly keys = new Map<string, string>()

  constructor(host: SteeringHost) {
    this.host = host
  }

  /** Without its socket the peer does its work all the same; a page that was asked for has to be there.
   *  @throws LeftError as of WebServer. */
  async open(share: string): Promise<void> {
    const ownFolder = join(share, OWN_FOLDER)
    const commands = commandsOf(this)
    const place = this.host.options.web
    if (place !== undefined) {
      // Most peers have no page.
      const { WebServer } = await import('../web/server.js')
      this.web = await WebServer.open({ ownFolder, place, commands, status: () => this.status() })
    }
    try {
      this.control = await ControlServer.open(ownFolder, commands, PROGRAM_VERSION)
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message
      const message = `no control socket can be made in ${ownFolder} (${reason}): left status and the like cannot ask this peer`
      this.host.reporter.say({ event: 'note', message })
    }
  }

  /** Of the page, with its token; undefined where there is none. */
  get link(): string | undefined {
    return this.web?.link
  }

  close(): void {
    this.control?.close()
    this.web?.close()
  }

  /** An event that the person is told. */
  handle(event: PeerEvent): void {
    this.book.handle(event)
    this.web?.handle(event)
    if (event.event === 'connected' && event.fingerprint !== null)
      this.keys.set(event.peer, event.fingerprint)
    else if (event.event === 'disconnected') this.keys.delete(event.peer)
  }

  /** Measures rates; call it a few times a second. */
  sample(nowMs: number): void {
    const engine = this.host.engine()
    if (engine !== undefined) this.book.sample(engine.peers(''), engine.sentFiles(), nowMs)
  }

  share<Command extends ShareCommand>(
    command: Command,
  ): Promise<ShareCommands[Command['name']]['result'] | undefined> {
    return this.host.watcher().command(command)
  }

  whomToVisit(): WhomToVisit | undefined {
    const { options, listening } = this.host
    const own = listening()
    if (own === undefined) return undefined
    const { encryption, identity, passphraseFile } = options
    return {
      encryption,
      identity: identity ?? null,
      passphraseFile: passphraseFile ?? null,
      listening: own,
      peers: [...this.namedPeers(), ...this.unnamedPeers()],
    }
  }

  private namedPeers(): WhomToVisit['peers'] {
    const { options, named } = this.host
    const connected = this.connected()
    return options.peers
      .filter(({ text }) => !named.isSelf(text))
      .map((peer) => {
        const addresses = new Set(named.addressesOf(peer.text))
        const known = connected.find(({ address }) => addresses.has(address))
        return { ...peer, fingerprint: known?.fingerprint ?? null }
      })
  }

  /** Peers that are connected and that no person named. */
  private unnamedPeers(): WhomToVisit['peers'] {
    return this.connected().flatMap(({ address, fingerprint }) => {
      const at = this.host.named.has(address) ? undefined : parseAddress(address)
      return at === undefined ? [] : [{ ...at, text: address, fingerprint }]
    })
  }

  private connected(): { readonly address: Address; readonly fingerprint: string | null }[] {
    const peers = [...(this.host.engine()?.peers('') ?? [])]
    return peers.map(({ peer, address }) => ({ address, fingerprint: this.keys.get(peer) ?? null }))
  }

  async why(path: string): Promise<WhyResult | undefined> {
    const state = await within(STATE_MS_MAX, this.host.watcher().command({ name: 'why', path }))
    const engine = this.host.engine()
    const status = await this.status()
    if (state === undefined || engine === undefined || status === undefined) return undefined
    const asked = !state.isAskable ? [] : [...new Set([...engine.peers('')].map(({ peer }) => peer))]
    const answers = await this.asking.ask('stands', asked, (id, peer) => {
      engine.askPath(id, { peer, path }, nowMs())
      this.host.wake()
    })
    return whyOf({ state, status, answers, wallMs: Date.now() })
  }

  /** Whether all is well, and what to do where it is not. */
  async doctor(): Promise<DoctorResult | undefined> {
    const { options, knocks, wake } = this.host
    const engine = this.host.engine()
    if (engine === undefined) return undefined
    const { asking } = this
    const facts = await checkPeers({ engine, asking, knocks, bind: options.bind, nowMs, wake })
    const status = await this.status()
    if (status === undefined) return undefined
    return doctorRunning({ options, status, facts, watcherPid: this.host.watcher().pid })
  }

  handlePeerAnswer(answer: PeerAnswer): void {
    this.asking.handle(answer)
  }

  /** Exchanges nothing with a peer, or with any where `word` is empty. Undefined before the peer has started. */
  async pause(word: string): Promise<PauseResult | undefined> {
    const [engine, status] = [this.host.engine(), await this.status()]
    if (engine === undefined || status === undefined) return undefined
    const whom = word === '' ? 'all' : this.targetOf(word, status)
    if (!engine.pause(whom, nowMs()))
      throw new ControlError(
        'failed',
        'so many peers are paused one by one that no more can be: left pause pauses all',
      )
    this.pausing.handlePaused(whom, Date.now())
    this.host.wake()
    return { pause: this.pausing.status() }
  }

  async resume(word: string): Promise<PauseResult | undefined> {
    const [engine, status] = [this.host.engine(), await this.status()]
    if (engine === undefined || status === undefined) return undefined
    if (word !== '' && this.pausing.isAll)
      throw new ControlError('failed', 'all peers are paused: left resume without a name lets all go on')
    const name = this.pausing.get(word) === undefined && word !== '' ? this.targetOf(word, status).name : word
    const paused = this.pausing.get(name)
    if (word !== '' && paused === undefined) throw new ControlError('failed', `${word} is not paused`)
    engine.resume(paused ?? 'all', nowMs())
    this.pausing.handleResumed(paused === undefined ? 'all' : name)
    this.host.wake()
    return { pause: this.pausing.status() }
  }

  private targetOf(word: string, status: Status): PauseTarget & { readonly name: string } {
    const found = peerNamed(status, word)
    if (found === undefined) {
      const names = status.peers.filter(({ state }) => state !== 'self').map(({ address }) => address)
      throw new ControlError(
        'bad-arguments',
        `${word} is no peer of this share: there are ${names.join(', ') || 'none yet'}`,
      )
    }
    const { address, peer } = found
    const named = [...this.host.named.addressesOf(address)]
    return {
      name: address,
      peers: peer === null ? [] : [peer],
      addresses: named.length > 0 ? named : [address],
    }
  }

  async status(): Promise<Status | undefined> {
    const { reporter, named } = this.host
    const engine = this.host.engine()
    if (engine === undefined) return undefined
    const share = await within(STATE_MS_MAX, this.host.watcher().command({ name: 'state' }))
    return this.book.status({
      share,
      // The engine has what the keeper told before it answered.
      enginePeers: [...engine.peers(share?.root ?? '')],
      sentFiles: [...engine.sentFiles()],
      fileMaps: [...engine.fileMaps()],
      nameOf: (address) => reporter.nameOf(address),
      namesOf: (text) => [text, ...[...named.addressesOf(text)].map((address) => reporter.nameOf(address))],
      isSelf: (text) => named.isSelf(text),
      isPassedOver: (text) => {
        const addresses = [...named.addressesOf(text)]
        // One that was found stands for itself.
        const all = addresses.length > 0 ? addresses : [text]
        return all.every((address) => engine.isPassedOver(address))
      },
      isDiscovering: this.host.isDiscovering,
      bindGone: named.bindGone,
      found: this.host.found(),
      trackers: this.host.trackers(),
      callers: [...engine.callers(nowMs())],
      pause: this.pausing.status(),
      fingerprintOf: (peer) => this.keys.get(peer) ?? null,
    })
  }
}

/** Undefined where it takes longer. */
async function within<T>(timeoutMs: number, result: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs)
  })
  try {
    return await Promise.race([result, late])
  } finally {
    clearTimeout(timer)
  }
}
