// Endpoints that seal, in the simulated world of harness/rdt/world.ts. Their slow steps are carried out at once or later,
// by stand-ins or by RSA.

import { Node, type NodeOptions, type World } from '../../harness/rdt/world.js'
import { hexOf, textOf } from '../../src/base/bytes.js'
import type { SlowStep } from '../../src/rdt/protection.js'
import { generatorOf } from '../../src/seal/cpace.js'
import { CPACE_BINDING } from '../../src/seal/curves.js'
import type { KeyExchange } from '../../src/seal/exchange.js'
import { fingerprintOf } from '../../src/seal/fingerprint.js'
import { loadCodec } from '../../src/seal/frames/codec.js'
import { SealedProtection } from '../../src/seal/sealed.js'
import type { Party, Shown, Trust, Verdict, Welcome } from '../../src/seal/trust.js'
import { SeededRandom } from '../../src/sim/random.js'
import { StandInKey, standInCurves } from '../../src/sim/stand-ins.js'

/** Pins on first use, in memory; says what happened. */
export class TestTrust implements Trust {
  readonly pinned = new Map<string, string>()
  readonly told: string[] = []
  readonly removed = new Set<string>()
  readonly statics = new Map<string, Uint8Array>()
  private readonly owners = new Map<string, string>()
  policy: 'first-use' | 'pinned' | 'secret' = 'first-use'

  judge({ fingerprint, address }: Party): Verdict {
    if (this.removed.has(fingerprint)) return 'removed'
    if ([...this.pinned.values()].includes(fingerprint)) return 'trusted'
    if (this.pinned.has(address)) return 'changed'
    return this.policy === 'pinned' ? 'stranger' : this.policy
  }

  keyAt(address: string): string | undefined {
    return this.pinned.get(address)
  }

  staticOf(fingerprint: string): Uint8Array | undefined {
    return this.statics.get(fingerprint)
  }

  idsOf(fingerprint: string): readonly string[] {
    return [...this.owners].flatMap(([id, owner]) => (owner === fingerprint ? [id] : []))
  }

  mayShow({ fingerprint, address }: Party, { peerId, staticKey }: Shown): boolean {
    const owner = this.owners.get(peerId)
    const isAnothers =
      owner !== undefined && owner !== fingerprint && [...this.pinned.values()].includes(owner)
    if (isAnothers) this.told.push(`refused id ${address}`)
    const known = this.statics.get(fingerprint)
    const isOther = known !== undefined && hexOf(known) !== hexOf(staticKey)
    if (isOther) this.told.push(`refused static ${address}`)
    return !isAnothers && !isOther
  }

  handleProved({ fingerprint, address }: Party, verdict: Welcome, { peerId, staticKey }: Shown): void {
    this.owners.set(peerId, fingerprint)
    this.statics.set(fingerprint, staticKey)
    if (verdict !== 'trusted') this.told.push(`${verdict} ${address}`)
    this.pinned.set(address, fingerprint)
  }

  handleWrongGuess(address: string): void {
    this.told.push(`wrong guess ${address}`)
  }

  handleRefused({ address }: Party, verdict: Verdict): void {
    this.told.push(`refused ${verdict} ${address}`)
  }
}

export interface Signer {
  readonly modulus: Uint8Array
  readonly staticKey: KeyExchange
  carryOut(step: SlowStep): Uint8Array | undefined | Promise<Uint8Array | undefined>
}

export interface SealedNodeOptions extends Partial<NodeOptions> {
  signer?: Signer
  secrets?: readonly Uint8Array[]
  /** How long a slow step takes. */
  stepMs?: number
  /** The real agreement. */
  isReal?: boolean
}

let keyCount = 0
export const codec = loadCodec()

export class SealedNode extends Node {
  readonly trust = new TestTrust()
  readonly steps: SlowStep['type'][] = []
  signer!: Signer
  stepMs!: number
  /** Of its latest life. */
  protection!: () => SealedProtection

  static make(world: World, address: string, options: SealedNodeOptions = {}): SealedNode {
    const { signer, secrets = [], stepMs, isReal, ...own } = options
    const exchangeRandom = new SeededRandom(++keyCount)
    let node: SealedNode | undefined
    let protection: SealedProtection
    const key = signer ?? new StandInKey(new SeededRandom(keyCount))
    const trust = new TestTrust()
    node = new SealedNode(world, address, {
      ...own,
      protect: ({ peerId, random }) => {
        protection = new SealedProtection({
          peerId,
          random,
          modulus: (node?.signer ?? key).modulus,
          staticKey: (node?.signer ?? key).staticKey,
          trust: node?.trust ?? trust,
          generators: secrets.map((secret) => generatorOf(secret, CPACE_BINDING)),
          codec,
          compresses: true,
          curves: isReal ? undefined : standInCurves(exchangeRandom),
        })
        return protection
      },
    })
    Object.assign(node, { trust, signer: key, stepMs: stepMs ?? 1, protection: () => protection })
    const made = node
    made.seal = (block, name) => made.endpoint.framesOf(made.session!)!.seal(name, block)
    made.open = (frame, name) => {
      const opened = made.endpoint.framesOf(made.session!)?.open(name, frame)
      return opened?.ok ? opened.value.block : undefined
    }
    return node
  }

  get fingerprint(): string {
    return fingerprintOf(this.signer.modulus)
  }

  override drain(): void {
    super.drain()
    for (let step = this.endpoint.pollStep(); step !== undefined; step = this.endpoint.pollStep()) {
      this.steps.push(step.type)
      const { id } = step
      const { endpoint, world } = this
      const result = this.signer.carryOut(step)
      if (result instanceof Promise) {
        void result.then((value) => {
          endpoint.handleStep(id, value, world.nowMs)
          this.drain()
        })
        continue
      }
      world.scheduler.at(world.nowMs + this.stepMs, () => {
        if (this.endpoint !== endpoint) return
        endpoint.handleStep(id, result, world.nowMs)
        this.drain()
      })
    }
  }
}

export const A = '10.0.0.1:1'
export const B = '10.0.0.2:1'

export function pair(
  world: World,
  options: { left?: SealedNodeOptions; right?: SealedNodeOptions } = {},
): [SealedNode, SealedNode] {
  return [SealedNode.make(world, A, options.left), SealedNode.make(world, B, options.right)]
}

/** Whether a request gets through and is answered. */
export function talks(world: World, node: Node): boolean {
  if (node.session === undefined) return false
  const before = node.count('reply')
  node.request(Uint8Array.of(7))
  world.run(5_000)
  return node.count('reply') > before
}

/** Hands each datagram from one to the other to `handle`; `send` puts it on the link. */
export function tap(
  world: World,
  from: string,
  to: string,
  handle: (bytes: Uint8Array, send: () => void) => void,
) {
  const link = world.network.link(from, to)
  const send = link.send.bind(link)
  link.send = (bytes) => handle(bytes, () => send(bytes))
}

/** Early bytes of each asker, said before there was a session. */
export function earlyOf(node: Node): (string | undefined)[] {
  return node.events.flatMap((event) =>
    event.type === 'answered' && event.early ? [textOf(event.early)] : [],
  )
}
