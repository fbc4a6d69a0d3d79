// The side of a running peer that answers a person who asks: its state, and the control socket at which it can be asked. Used by
// Peer.

import { join } from 'node:path'
import { OWN_FOLDER } from '../base/own-folder.js'
import { ControlServer } from '../control/server.js'
import type { Status } from '../control/status.js'
import type { WhomToVisit } from '../control/visit-results.js'
import type { WhyResult } from '../control/why-results.js'
import type { Engine } from '../engine/engine.js'
import { parseAddress } from '../io/net/address.js'
import type { ShareCommand, ShareCommands } from '../pipe/commands.js'
import type { Address } from '../rdt/endpoint.js'
import { commandsOf } from './commands.js'
import type { PeerEvent } from './events.js'
import { STATE_MS_MAX } from './limits.js'
import type { NamedPeers } from './named-peers.js'
import type { PeerOptions } from './options.js'
import type { Reporter } from './reporter.js'
import { type FoundFacts, StatusBook } from './status-book.js'
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
}

export class Steering {
  private readonly host: SteeringHost
  private readonly book = new StatusBook(() => new Date())
  private control: ControlServer | undefined
  /** Fingerprints of peers that are connected, by peer id. */
  private readonly keys = new Map<string, string>()

  constructor(host: SteeringHost) {
    this.host = host
  }

  /** Without its socket the peer does its work all the same. */
  async open(share: string): Promise<void> {
    const ownFolder = join(share, OWN_FOLDER)
    try {
      this.control = await ControlServer.open(ownFolder, commandsOf(this))
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message
      const message = `no control socket can be made in ${ownFolder} (${reason}): left status and the like cannot ask this peer`
      this.host.reporter.say({ event: 'note', message })
    }
  }

  close(): void {
    this.control?.close()
  }

  /** An event that the person is told. */
  handle(event: PeerEvent): void {
    this.book.handle(event)
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
    const status = await this.status()
    if (state === undefined || status === undefined) return undefined
    return whyOf({ state, status, wallMs: Date.now() })
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
      found: this.host.found(),
      trackers: this.host.trackers(),
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
