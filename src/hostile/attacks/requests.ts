// Requests for what was never announced: digests of files beside the share, of left's own files, of a guessed folder,
// of blocks that no file has; and a session id that somebody else found out.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { hexOf, utf8 } from '../../base/bytes.js'
import type { ItemKind } from '../../base/item.js'
import { OWN_FOLDER } from '../../base/own-folder.js'
import { packOf } from '../../base/pack.js'
import { crc32, hash } from '../../io/hash.js'
import { DatagramType, encodeControl, encodeFields } from '../../rdt/wire/control.js'
import { RequestWriter } from '../../rdt/wire/request.js'
import { type Attack, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import { contentOf, listOf } from '../content.js'
import type { Target } from '../target.js'

const SEGMENT_BYTES = 1_232

export const forgedRequests: Attack = {
  name: 'forged requests',
  async run({ target, connected }) {
    const attacker = await connected()
    const before = attacker.came.length
    const wanted: Forged[] = []
    for (const file of ownFiles(target)) {
      const content = readFileSync(file)
      const digests = [hexOf(hash(content)), hexOf(hash(listOf(content)))]
      for (const kind of ['tree', 'list', 'file'] as const)
        for (const digest of digests) wanted.push({ kind, digest, block: 0 })
      wanted.push(...forgedPacks(digests[1]!))
    }
    for (let count = 0; count < 200; count++)
      wanted.push({ kind: 'file', digest: hexOf(hash(Uint8Array.of(count, 1))), block: count })
    // Blocks beyond the end of what is there.
    const large = hexOf(hash(listOf(contentOf('large.bin', 400_000))))
    for (const block of [7, 8, 1_000, (1 << 20) - 1]) wanted.push({ kind: 'file', digest: large, block })
    // A pack of an existing file that is too large for a pack; and a pack under the digest of something else.
    wanted.push(packed([large]), { ...packed([large, large]), digest: large })
    askFor(attacker, wanted)
    await sleep(600)
    const segments = attacker.came.slice(before).filter(([type]) => type === DatagramType.segment)
    return {
      fault: segments.length === 0 ? undefined : `${segments.length} segments were sent`,
      seen: `${wanted.length} blocks that were never announced`,
    }
  },
}

/** Asks for nothing but segments that no frame of the block has. */
export const beyondTheEnd: Attack = {
  name: 'segments beyond the end',
  async run({ connected }) {
    const attacker = await connected()
    const digest = hexOf(hash(listOf(contentOf('large.bin', 400_000))))
    const writer = new RequestWriter()
    // Its last block has 8,200 bytes: seven segments.
    for (const segment of [31, 7]) {
      writer.start(attacker.session!.remote, segment)
      const ask = { blockIndex: 6, low: (1 << segment) >>> 0, high: 0 }
      writer.add({ handle: segment, kind: 'file', digest }, SEGMENT_BYTES, ask)
      attacker.send(attacker.sealed(writer.finish()))
      await sleep(100)
    }
    const isAlive = await attacker.isAlive(2_000)
    return {
      fault: isAlive ? undefined : 'it hangs for ever',
      seen: 'segments 31 and 7 of a block that has seven',
    }
  },
}

export const stolenSession: Attack = {
  name: 'stolen session',
  async run({ target, connected, attacker: open }) {
    const owner = await connected()
    const remote = owner.session!.remote
    const large = hexOf(hash(listOf(contentOf('large.bin', 400_000))))
    const thieves = [await open(), await open({ host: target.stranger })]
    for (const thief of thieves) {
      thief.session = owner.session
      // Where there are keys, this thief even has them.
      thief.protection = owner.protection
      for (const bytes of owner.sent) thief.send(bytes)
      askFor(thief, [{ kind: 'file', digest: large, block: 0 }])
      thief.control({ type: 'message', session: remote, number: 99, body: Uint8Array.of(0x73) })
      thief.control({ type: 'ping', session: remote, number: 1 })
      thief.control({ type: 'bye', session: remote })
      thief.control({ type: 'reset', session: owner.session!.local })
    }
    await sleep(300)
    for (const thief of thieves) {
      thief.session = undefined
      const answers = thief.came.filter(
        ([type]) => type !== DatagramType.reset && type !== DatagramType.hello,
      )
      if (answers.length > 0) return { fault: `a thief got ${answers.length} answers`, seen: '' }
    }
    // Without the keys, whoever forges its address does no better, and neither does who guesses.
    if (target.encryption === 'yes') {
      owner.send(encodeControl({ type: 'bye', session: remote }, crc32))
      const bye = owner.sealed(encodeFields({ type: 'bye', session: remote }))
      for (const place of bye.keys()) owner.send(bye.map((byte, at) => (at === place ? byte ^ 1 : byte)))
    }
    for (let count = 0; count < 1_000; count++) {
      const session = { high: remote.high, low: (remote.low + count + 1) >>> 0 }
      owner.send(encodeControl({ type: 'bye', session }, crc32))
    }
    const isAlive = await owner.isAlive(3_000)
    return {
      fault: isAlive ? undefined : 'the session was ended by somebody else',
      seen: 'its id used from another port and another host, sessions ended by forgers, and 1,000 ids beside it',
    }
  },
}

interface Forged {
  readonly kind: ItemKind
  readonly digest: string
  readonly block: number
  readonly members?: Uint8Array
}

/** Files that the target never announced, alone and beside ones that it did announce. */
function forgedPacks(digest: string): Forged[] {
  const announced = hexOf(hash(listOf(utf8('what stood here before\n'))))
  return [packed([digest]), packed([announced, digest]), { ...packed([announced]), digest }]
}

function packed(digests: readonly string[]): Forged & { readonly members: Uint8Array } {
  const files = digests.map((digest) => ({ kind: 'file', digest, sizeBytes: 0 }) as const)
  const { digest, members } = packOf(hash, files)
  return { kind: 'pack', digest, block: 0, members }
}

function askFor(attacker: Attacker, wanted: readonly Forged[]): void {
  const writer = new RequestWriter()
  let number = 0
  let handle = 0
  let isStarted = false
  for (const { kind, digest, block, members } of wanted) {
    if (!isStarted || !writer.hasRoomFor(members)) {
      if (isStarted) attacker.send(attacker.sealed(writer.finish()))
      writer.start(attacker.session!.remote, number++ & 0xffff)
      isStarted = true
    }
    writer.add({ handle: ++handle, kind, digest, members }, SEGMENT_BYTES, {
      blockIndex: block,
      low: 0xffff_ffff,
      high: 0x1fff,
    })
  }
  if (isStarted) attacker.send(attacker.sealed(writer.finish()))
}

/** Paths beside the share, and left's own files in it. */
function ownFiles(target: Target): string[] {
  const own = join(target.share, OWN_FOLDER)
  const files = [join(target.outside, 'secret'), join(target.outside, 'folder', 'precious'), '/etc/passwd']
  for (const name of readdirSync(own, { recursive: true, encoding: 'utf8' })) {
    const file = join(own, name)
    if (statSync(file).isFile() && statSync(file).size < 1_000_000) files.push(file)
  }
  return files
}
