// The user's own secrets in the share: the target's configuration folder is moved into its share, with a link where it was,
// as in a home folder that is shared. The peer tries to read the identity and to write itself among the trusted peers.

import { linkSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { hexOf, utf8 } from '../../base/bytes.js'
import { hash } from '../../io/hash.js'
import { DatagramType } from '../../rdt/wire/control.js'
import { RequestWriter } from '../../rdt/wire/request.js'
import { IDENTITY_FILE, PINS_FILE } from '../../seal/config-folder.js'
import { type Attack, type AttackResult, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import { line, listOf, subtree } from '../content.js'
import type { Target } from '../target.js'

/** Time for the target to notice what moved, to let it settle and to announce it. */
const NOTICE_MS = 1_500

const THEIR_PIN = `${'a'.repeat(64)} 2024-01-01T00:00:00.000Z 192.0.2.1:22001 attacker\n`

export const ownSecrets: Attack = {
  name: 'secrets in the share',
  // Without encryption there is no identity and nobody is trusted.
  only: 'yes',
  async run({ target, connected }) {
    const attacker = await connected()
    const ground = new SharedConfiguration(target)
    try {
      await sleep(NOTICE_MS)
      return await look(attacker, target, ground)
    } finally {
      ground.restore()
      await sleep(NOTICE_MS)
    }
  },
}

async function look(attacker: Attacker, target: Target, ground: SharedConfiguration): Promise<AttackResult> {
  const faults: string[] = []
  const identity = readFileSync(ground.identity)
  const pins = readFileSync(ground.pins, 'utf8')
  const named = target.said.filter(
    ({ event, path }) => event === 'changed' && SECRET_NAMES.test(String(path)),
  )
  if (named.length > 0) faults.push(`it announced ${JSON.stringify(named[0]!.path)}`)
  for (const file of [ground.identity, ground.pins])
    if (await serves(attacker, readFileSync(file))) faults.push(`it served ${JSON.stringify(file)}`)

  // The same content wanted elsewhere would be copied there, and served from there.
  const { items } = attacker
  const digest = hexOf(hash(listOf(identity)))
  const mtime = String(Date.now())
  const forged = utf8(pins + THEIR_PIN)
  const inConfig = items.addTree([
    items.addFile(IDENTITY_FILE, utf8('no key\n'), { mtime }),
    items.addFile(`${PINS_FILE}`, forged, { mtime }),
    items.addFile(`${PINS_FILE}.lock`, utf8('held\n'), { mtime }),
  ])
  const root = items.addTree([
    subtree('config', items.addTree([subtree('left', inConfig)])),
    items.addFile('pins', forged, { mtime }),
    line({ path: 'same', size: String(identity.length), digest, mtime }),
    items.addFile('spare', utf8('no key\n'), { mtime }),
  ])
  await attacker.have(root)
  await sleep(NOTICE_MS)
  if (await serves(attacker, identity)) faults.push('it served the identity under another name')
  if (!readFileSync(ground.identity).equals(identity)) faults.push('the identity was replaced')
  if (readFileSync(ground.pins, 'utf8').includes('attacker')) faults.push('the peer TRUSTED ITSELF')
  if (statSync(`${ground.pins}.lock`, { throwIfNoEntry: false }) !== undefined)
    faults.push('the peer wrote beside the trusted peers')
  const isTold = target.said.some(({ event, path }) => event === 'problem' && String(path) === 'config/left')
  if (faults.length === 0 && !isTold) faults.push('nobody was told that the share holds the configuration')
  return {
    fault: faults.length === 0 ? undefined : faults.join('; '),
    seen: 'the configuration folder in the share, hard links to it, and files of the peer in its place',
  }
}

const SECRET_NAMES = /identity\.pem|trusted-peers|^spare$|^pins$/

/** The configuration of the target within its share, and a hard link to each of its secrets. */
class SharedConfiguration {
  readonly identity: string
  readonly pins: string
  private readonly former: string
  private readonly folder: string
  private readonly links: readonly string[]

  constructor(target: Target) {
    this.former = join(target.folder, 'target', 'config')
    this.folder = join(target.share, 'config')
    this.identity = join(this.former, 'left', IDENTITY_FILE)
    this.pins = join(this.former, 'left', PINS_FILE)
    this.links = [join(target.share, 'spare'), join(target.share, 'pins')]
    renameSync(this.former, this.folder)
    symlinkSync(this.folder, this.former)
    linkSync(this.identity, this.links[0]!)
    linkSync(this.pins, this.links[1]!)
  }

  restore(): void {
    rmSync(this.former)
    renameSync(this.folder, this.former)
    for (const link of this.links) rmSync(link, { force: true })
  }
}

/** Whether a file of one block can be had by its digest, or its list. */
async function serves(attacker: Attacker, content: Uint8Array): Promise<boolean> {
  const digest = hexOf(hash(listOf(content)))
  const writer = new RequestWriter()
  writer.start(attacker.session!.remote, 1)
  for (const [index, kind] of (['file', 'list'] as const).entries())
    writer.add({ handle: index + 1, kind, digest }, 1_232, { blockIndex: 0, low: 1, high: 0 })
  const request = attacker.sealed(writer.finish())
  const answer = attacker.replies.waitFor(({ bytes }) => bytes[0] === DatagramType.segment, 700)
  attacker.send(request)
  return (await answer) !== undefined
}
