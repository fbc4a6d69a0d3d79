// The private key of the identity, and all that is done with it: it is made and used in the watcher process, so that the
// engine's loop never waits for RSA and the process that talks to the network does not hold the key. Used by main.ts.

import { LeftError } from '../base/errors.js'
import type { FromWatcher, ToWatcher } from '../pipe/watcher-protocol.js'
import type { RsaSigner } from '../seal/rsa.js'

export interface RsaKeeperHost {
  send(message: FromWatcher): void
  /** Told to the person. */
  note(message: string): void
  fail(error: unknown): void
}

export class RsaKeeper {
  /** Undefined where the identity cannot be used any more: then each step fails. */
  private signer: Promise<RsaSigner | undefined> = Promise.resolve(undefined)

  constructor(private readonly host: RsaKeeperHost) {}

  handleIdentity(message: ToWatcher & { type: 'identity' }): void {
    const opening =
      message.expects === undefined ? this.open(message) : this.openAgain(message, message.expects)
    this.signer = opening.catch((error: unknown) => {
      this.host.fail(error)
      return undefined
    })
  }

  handleStep({ step }: ToWatcher & { type: 'rsa' }): void {
    const carriedOut = this.signer.then((signer) => signer?.carryOut(step))
    void carriedOut.then((result) => this.host.send({ type: 'rsa-done', id: step.id, result }))
  }

  private async open({ request }: ToWatcher & { type: 'identity' }): Promise<RsaSigner> {
    // It takes time and memory, which a peer without encryption does without.
    const { openIdentity, relockedNote } = await import('../seal/identity.js')
    const { RsaSigner } = await import('../seal/rsa.js')
    const onMaking = () => this.host.send({ type: 'making-identity' })
    const identity = await openIdentity({ ...request, onMaking })
    const { fingerprint, modulus, staticSeed } = identity
    const opened = { fingerprint, modulus, staticSeed, note: relockedNote(identity) }
    this.host.send({ type: 'identity', identity: opened })
    return new RsaSigner(modulus, identity.privateKey)
  }

  /** After a process before this one: the peer is who it was then, or it shakes hands with nobody. */
  private async openAgain(
    { request }: ToWatcher & { type: 'identity' },
    expects: string,
  ): Promise<RsaSigner | undefined> {
    const { readIdentity } = await import('../seal/identity.js')
    const { RsaSigner } = await import('../seal/rsa.js')
    try {
      const identity = readIdentity(request)
      if (identity?.fingerprint === expects) return new RsaSigner(identity.modulus, identity.privateKey)
    } catch (error) {
      if (!(error instanceof LeftError)) throw error
    }
    this.host.note(
      `the identity ${request.file} is not the one any more that left was started with; no new session begins until left is started again`,
    )
    return undefined
  }
}
