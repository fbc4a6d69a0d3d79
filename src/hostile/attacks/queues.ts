// Queues that a peer in a session can make long: asks for what is not there, and one message said again and again to a
// target that has more to send than it can.

import { hexOf, utf8 } from '../../base/bytes.js'
import { PACK_FILES_MAX } from '../../base/limits.js'
import { packOf } from '../../base/pack.js'
import { encodeMessage } from '../../ecp/message.js'
import { hash } from '../../io/hash.js'
import { encodeFields } from '../../rdt/wire/control.js'
import { type AskedItem, RequestWriter } from '../../rdt/wire/request.js'
import { type Attack, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import { contentOf, listOf } from '../content.js'
import {
  GONE_ASK_US_MAX,
  GONE_BYTES_PER_S,
  GONE_FIRST_BYTES,
  GONE_MS,
  GONE_TURN_MS,
  LATE_ANSWERS_MAX,
  REPETITIONS,
  WAIT_MS_MAX,
} from '../limits.js'
import { processorMs } from '../watch.js'

const SEGMENT_BYTES = 1_232
/** In one group. */
const ASKS_PER_REQUEST_MAX = 150
/** The content of victim.txt in the target's share. */
const VICTIM = utf8('what stood here before\n')

/** Asks for blocks of files that nobody has: as many at once as wait in a session, and then so many that it stays so. Before
 *  that for small packs, so that the target takes blocks for small and looks at hundreds of asks at a time. */
export const goneFlood: Attack = {
  name: 'asks for what is gone',
  mayWrite: (path) => path === 'meanwhile',
  async run({ quick, target, connected }) {
    const attacker = await connected()
    const honest = await connected()
    const flood = new Flood(attacker)
    flood.askForSmallPacks()
    await sleep(GONE_TURN_MS)
    const beforeMs = processorMs(target)
    const startMs = performance.now()
    const sendMore = async () => {
      const tookMs = performance.now() - startMs
      flood.sendUntil(GONE_FIRST_BYTES + (tookMs * GONE_BYTES_PER_S) / 1_000)
      await sleep(GONE_TURN_MS)
      attacker.came.length = 0
    }
    while (performance.now() - startMs < (quick ? GONE_MS.quick : GONE_MS.full)) await sendMore()
    const spentMs = processorMs(target) - beforeMs
    const tookMs = performance.now() - startMs
    const perAskUs = (1_000 * spentMs) / Math.max(1, flood.goneCount * ASKS_PER_REQUEST_MAX)
    // Another peer's file comes all the same, while the flood goes on.
    const file = honest.items.addFile('meanwhile', contentOf('meanwhile', 2_000_000))
    void honest.have(honest.items.addTree([file]))
    const deadlineMs = performance.now() + 2 * WAIT_MS_MAX
    while (!target.received('meanwhile') && performance.now() < deadlineMs) await sendMore()
    const faults = [
      ...(perAskUs > GONE_ASK_US_MAX ? [`it spent ${Math.round(perAskUs)} µs on each of them`] : []),
      ...(target.received('meanwhile') ? [] : ["another peer's file does not come"]),
    ]
    return {
      fault: faults.length === 0 ? undefined : faults.join('; '),
      seen: `${flood.askCount} asks, ${flood.goneCount} files told to be gone, at ${Math.round(perAskUs)} µs of work for each ask; ${Math.round((100 * spentMs) / tookMs)}% of a core`,
    }
  },
}

class Flood {
  askCount = 0
  goneCount = 0
  private handle = 0
  private sentBytes = 0
  private requestNumber = 0

  constructor(private readonly attacker: Attacker) {
    attacker.onControl = ({ type }) => {
      if (type === 'gone') this.goneCount++
    }
  }

  /** Packs of a file of the target's, once to as often as a pack may hold it. */
  askForSmallPacks(): void {
    const file = { kind: 'file', digest: hexOf(hash(listOf(VICTIM))), sizeBytes: VICTIM.length } as const
    for (let count = 1; count <= PACK_FILES_MAX; count++)
      this.send({ ...packOf(hash, Array(count).fill(file)), handle: ++this.handle })
  }

  sendUntil(bytes: number): void {
    while (this.sentBytes < bytes && this.attacker.session !== undefined) {
      const digest = hexOf(hash(contentOf(`gone ${this.askCount}`, 32)))
      this.askCount += this.send({ kind: 'file', digest, handle: ++this.handle & 0xff_ffff })
    }
  }

  /** One request, of as many blocks as it takes; one of a pack, which has no more. Answers how many. */
  private send(item: AskedItem): number {
    const { attacker } = this
    const writer = new RequestWriter()
    writer.start(attacker.session!.remote, this.requestNumber++ & 0xffff)
    let blockIndex = 0
    do writer.add(item, SEGMENT_BYTES, { blockIndex: blockIndex++, low: 1, high: 0 })
    while (item.kind !== 'pack' && writer.hasRoomFor(undefined) && blockIndex < ASKS_PER_REQUEST_MAX)
    const datagram = attacker.sealed(writer.finish())
    this.sentBytes += datagram.length
    attacker.send(datagram)
    return blockIndex
  }
}

/** One greeting, said 100,000 times in bursts that are longer than what the target sends in a turn. */
export const repetitions: Attack = {
  name: 'one message 100,000 times',
  async run({ target, connected }) {
    const attacker = await connected()
    const root = attacker.items.addTree([])
    await attacker.have(root)
    const { remote } = attacker.session!
    const body = encodeMessage({
      type: 'have',
      root,
      author: attacker.peerId,
      knows: undefined,
      notHeldCount: 0,
      scope: { type: 'some' },
      lines: [],
    })
    const number = 1_000_000
    const say = () =>
      attacker.send(attacker.sealed(encodeFields({ type: 'message', session: remote, number, body })))
    const isReply = ({ control }: { control: { type: string } | undefined }) => control?.type === 'reply'
    const first = attacker.replies.waitFor(isReply, WAIT_MS_MAX)
    say()
    if ((await first) === undefined) return { fault: 'it does not answer at all', seen: '' }
    const before = target.memoryBytes()
    let most = 0
    for (let count = 0; count < REPETITIONS; ) {
      for (let burst = 0; burst < 2_000 && count < REPETITIONS; burst++, count++) say()
      await sleep(5)
      most = Math.max(most, target.memoryBytes() - before)
    }
    // Queued blocks come after the last one that was asked for; a ping goes behind them all.
    await attacker.isAlive()
    const atEnd = attacker.answeredDatagrams
    await sleep(1_000)
    const late = attacker.answeredDatagrams - atEnd
    return {
      fault: late > LATE_ANSWERS_MAX ? `${late} answers had piled up` : undefined,
      seen: `${attacker.answeredDatagrams} datagrams came back, ${late} of them when all was said; at most ${Math.round(most / 1e6)} MB more held`,
    }
  },
}
