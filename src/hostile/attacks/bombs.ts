// Frames that open to more than they are, or to nothing: unknown codecs, LZ4 that repeats one byte for ever or claims
// more than a block, garbage with a check that fits. The items are announced as honest ones.

import { concatBytes } from '../../base/bytes.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import { type Attack, sleep } from '../attack.js'
import { contentOf, FrameCodec } from '../content.js'

const { lz4: LZ4, none: NONE } = FrameCodec

/** A raw LZ4 block: one literal, then one match that goes on for 255 bytes with each byte of its length: 250 times
 *  what it takes. */
function lz4Bomb(sizeBytes: number): Uint8Array {
  const bomb = new Uint8Array(sizeBytes).fill(255)
  bomb.set([0x1f, 0x41, 0x01, 0x00]) // one literal 'A', a match of the byte before it, longer than 19
  return bomb
}

/** A claimed length of 4 GiB − 1 in front, either byte order. */
const claims = concatBytes([new Uint8Array(4).fill(255), lz4Bomb(60_000)])

type Forge = (codec: number, payload: Uint8Array) => Uint8Array

const FRAMES: readonly ((forge: Forge) => Uint8Array)[] = [
  (forge) => forge(LZ4, lz4Bomb(65_000)),
  (forge) => forge(LZ4, claims),
  (forge) => forge(LZ4, contentOf('garbage', 60_000)),
  (forge) => forge(LZ4, new Uint8Array(0)),
  (forge) => forge(LZ4, Uint8Array.of(0xf0)),
  (forge) => forge(2, lz4Bomb(65_000)),
  (forge) => forge(255, lz4Bomb(65_000)),
  (forge) => forge(NONE, contentOf('other content', 40_000)),
  (forge) => forge(NONE, new Uint8Array(BLOCK_BYTES + 1)),
  () => new Uint8Array(1),
  () => new Uint8Array(65_310).fill(255),
]

export const bombs: Attack = {
  name: 'decompression bombs',
  async run({ target, connected }) {
    const attacker = await connected()
    const { items } = attacker
    const frameOfHonest = attacker.frameOf
    const bombOf = new Map<string, number>()
    const lines = FRAMES.map((_, index) => {
      const content = contentOf(`bomb ${index}`, BLOCK_BYTES)
      bombOf.set(items.addContent(content), index)
      return items.addFile(`bomb-${String(index).padStart(2, '0')}`, content)
    })
    attacker.frameOf = (name, block) => {
      const index = bombOf.get(name.digest)
      return index === undefined
        ? frameOfHonest(name, block)
        : FRAMES[index]!((codec, payload) => attacker.forge(name, codec, payload))
    }
    await attacker.have(items.addTree(lines))
    const asked = () => [...bombOf.keys()].filter((digest) => attacker.asked.has(digest)).length
    for (let waits = 0; asked() < FRAMES.length && waits < 30; waits++) await sleep(100)
    await sleep(300)
    const isTaken = ({ event, path }: { event: string; path?: unknown }) =>
      event === 'received' && String(path).startsWith('bomb-')
    const takenCount = target.said.filter(isTaken).length
    return {
      fault:
        takenCount > 0 ? `${takenCount} of them were taken` : asked() === 0 ? 'it asked for none' : undefined,
      seen: `${FRAMES.length} kinds of frames, ${asked()} of them asked for`,
    }
  },
}
