// Segments that lie about their size, their number and their place, that nobody asked for, and that come ten thousand
// at a time; and in between the honest ones. What arrives is what was announced, or nothing. And frames that are longer
// than what they are of: whoever has nothing else is given up, and is not waited for.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hexOf } from '../../base/bytes.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import { type Attack, sleep } from '../attack.js'
import { contentOf } from '../content.js'

export const segments: Attack = {
  name: 'lying segments',
  mayWrite: (path) => path === 'segments.bin',
  async run({ target, quick, connected }) {
    const attacker = await connected()
    const { items } = attacker
    const content = contentOf('segments', 3 * BLOCK_BYTES)
    const file = items.addFile('segments.bin', content)
    const fileDigest = items.addContent(content)
    let rounds = 0
    attacker.onRequest = (request) => {
      for (const group of request.groups) {
        if (hexOf(group.digest) !== fileDigest || group.kind !== 'file' || rounds >= 40) continue
        rounds++
        const { blockIndex } = group.asks[0]!
        const whole = group.segmentBytes - 20
        const lies = [
          { segmentIndex: 0, segmentCount: 1, payload: new Uint8Array(whole) },
          { segmentIndex: 0, segmentCount: 64, payload: new Uint8Array(whole) },
          { segmentIndex: 63, segmentCount: 64, payload: new Uint8Array(whole) },
          { segmentIndex: 44, segmentCount: 45, payload: new Uint8Array(60_000) },
          { segmentIndex: 0, segmentCount: 45, payload: new Uint8Array(1) },
          { segmentIndex: 1, segmentCount: 45, payload: new Uint8Array(whole + 1) },
          { segmentIndex: 5, segmentCount: 5, payload: new Uint8Array(whole) },
          { segmentIndex: 255, segmentCount: 255, payload: new Uint8Array(whole) },
          { segmentIndex: 0, segmentCount: 0, payload: new Uint8Array(whole) },
          { blockIndex: 0xffff_ffff, payload: new Uint8Array(whole) },
          { blockIndex: blockIndex + 1, segmentCount: 2, payload: new Uint8Array(whole) },
          { handle: 0xff_ffff, segmentCount: 45, payload: new Uint8Array(whole) },
          {
            requestNumber: (request.number + 30_000) & 0xffff,
            segmentCount: 45,
            payload: new Uint8Array(whole),
          },
        ]
        for (const lie of lies) attacker.segment(request, group, blockIndex, lie)
      }
      attacker.serve(request)
      if (rounds === 1) {
        rounds++
        const group = request.groups[0]!
        for (let count = 0; count < (quick ? 1_000 : 10_000); count++)
          attacker.segment(request, group, count, {
            handle: count,
            segmentCount: 45,
            payload: new Uint8Array(1_000),
          })
      }
    }
    await attacker.have(items.addTree([file]))
    await target.says(({ event, path }) => event === 'received' && path === 'segments.bin', 6_000)
    await sleep(100)
    const isThere = target.received('segments.bin')
    const isWhole = isThere && readFileSync(join(target.share, 'segments.bin')).equals(content)
    return {
      fault: isThere && !isWhole ? 'other bytes than those announced were put in place' : undefined,
      seen: `13 kinds of lies, ${rounds} times; the honest file ${isThere ? 'arrived whole among them' : 'did not arrive'}`,
    }
  },
}

/** More than the wire leaves room for. */
const TOO_MANY_BYTES = 1_000

export const longFrames: Attack = {
  name: 'frames that are too long',
  mayWrite: (path) => path === 'long-honest.bin',
  async run({ target, connected }) {
    const attacker = await connected()
    const { items } = attacker
    const honest = contentOf('long honest', 3 * BLOCK_BYTES)
    const lies = [
      { path: 'long-large.bin', content: contentOf('long large', 3 * BLOCK_BYTES) },
      { path: 'long-small.bin', content: contentOf('long small', 10_000) },
    ]
    const lying = new Set(lies.map(({ content }) => items.addContent(content)))
    const tree = items.addTree([
      items.addFile('long-honest.bin', honest),
      ...lies.map(({ path, content }) => items.addFile(path, content)),
    ])
    const { frameOf } = attacker
    let frames = 0
    attacker.frameOf = (name, block) => {
      const frame = frameOf(name, block)
      if (name.kind !== 'file' || !lying.has(name.digest)) return frame
      frames++
      const longer = new Uint8Array(frame.length + TOO_MANY_BYTES)
      longer.set(frame)
      return longer
    }
    await attacker.have(tree)
    const givenUp = lies.map(({ path }) =>
      target.says((told) => told.event === 'abandoned' && told.path === path, 6_000),
    )
    const areGivenUp = await Promise.all(givenUp)
    const isThere = await target.says(
      ({ event, path }) => event === 'received' && path === 'long-honest.bin',
      6_000,
    )
    const waited = lies.filter((_, index) => !areGivenUp[index]).map(({ path }) => path)
    const fault =
      waited.length > 0
        ? `it waits for ${waited.join(' and ')} for ever`
        : isThere
          ? undefined
          : 'the honest file beside them did not arrive'
    return {
      fault,
      seen: `${frames} times ${TOO_MANY_BYTES.toLocaleString('en')} bytes too much; the file beside them ${isThere ? 'arrived' : 'did not arrive'}`,
    }
  },
}
