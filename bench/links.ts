// The links that the benches measure over, and what each of them can carry at most.

const MIB = 1 << 20

/** Size of the file of one run where the link is fast. */
export const FULL_FILE_BYTES = 512 * MIB

export interface Link {
  readonly name: string
  readonly title: string
  /** Undefined: as fast as the machine. */
  readonly rateMbit?: number
  readonly rttMs: number
  /** Part of the packets, in each direction. */
  readonly loss: number
  /** Queue of the bottleneck; undefined: two bandwidth-delay products, 256 KiB at least. */
  readonly queueBytes?: number
  /** The kernel's own pair of devices, with its offloads, and nothing between them. */
  readonly isVeth?: boolean
  /** Size of the file of one run, so that it takes about ten seconds at most. */
  readonly fileBytes: number
  /** The same for TCP CUBIC, where loss brings it to a stand. */
  readonly cubicFileBytes?: number
}

/** MTU 1500: IPv4 and UDP headers take 28 bytes of each packet. */
const PAYLOAD_PART = 1_472 / 1_500

export const LINKS: readonly Link[] = [
  {
    name: 'veth',
    title: 'veth with the kernel’s offloads, no delay',
    rttMs: 0,
    loss: 0,
    isVeth: true,
    fileBytes: FULL_FILE_BYTES,
  },
  {
    name: '1g-2ms',
    title: '1 Gbit/s, RTT 2 ms, no loss',
    rateMbit: 1_000,
    rttMs: 2,
    loss: 0,
    fileBytes: FULL_FILE_BYTES,
  },
  {
    name: '1g-20ms-1%',
    title: '1 Gbit/s, RTT 20 ms, 1% lost each way',
    rateMbit: 1_000,
    rttMs: 20,
    loss: 0.01,
    fileBytes: FULL_FILE_BYTES,
    cubicFileBytes: 8 * MIB,
  },
  {
    name: '1g-20ms-5%',
    title: '1 Gbit/s, RTT 20 ms, 5% lost each way',
    rateMbit: 1_000,
    rttMs: 20,
    loss: 0.05,
    fileBytes: FULL_FILE_BYTES,
    cubicFileBytes: 3 * MIB,
  },
  {
    name: '100m-100ms-2%',
    title: '100 Mbit/s, RTT 100 ms, 2% lost each way, queue of 1 BDP',
    rateMbit: 100,
    rttMs: 100,
    loss: 0.02,
    queueBytes: 1_250_000,
    fileBytes: 128 * MIB,
    cubicFileBytes: 1 * MIB,
  },
  {
    name: '100m-100ms-10%',
    title: '100 Mbit/s, RTT 100 ms, 10% lost each way, queue of 1 BDP',
    rateMbit: 100,
    rttMs: 100,
    loss: 0.1,
    queueBytes: 1_250_000,
    fileBytes: 64 * MIB,
    cubicFileBytes: 256 * 1_024,
  },
  {
    name: '100m-100ms-20%',
    title: '100 Mbit/s, RTT 100 ms, 20% lost each way, queue of 1 BDP',
    rateMbit: 100,
    rttMs: 100,
    loss: 0.2,
    queueBytes: 1_250_000,
    fileBytes: 64 * MIB,
    cubicFileBytes: 256 * 1_024,
  },
  {
    name: '10m-40ms',
    title: '10 Mbit/s, RTT 40 ms, queue of 32 KiB',
    rateMbit: 10,
    rttMs: 40,
    loss: 0,
    queueBytes: 32 * 1_024,
    fileBytes: 12 * MIB,
  },
  {
    name: 'fast-20ms-1%',
    title: 'no limit of rate, RTT 20 ms, 1% lost each way',
    rttMs: 20,
    loss: 0.01,
    fileBytes: FULL_FILE_BYTES,
    cubicFileBytes: 8 * MIB,
  },
]

/** Bytes of UDP payload that get through per second at best; undefined where no rate limits them. */
export function limitBytesPerS({ rateMbit, loss }: Link): number | undefined {
  return rateMbit === undefined ? undefined : ((rateMbit * 1e6) / 8) * PAYLOAD_PART * (1 - loss)
}

/** Those whose name holds one of `only`, a list joined by commas; all where it is empty. */
export function linksNamed(only: string): readonly Link[] {
  const parts = only.split(',').filter((part) => part !== '')
  return parts.length === 0 ? LINKS : LINKS.filter(({ name }) => parts.some((part) => name.includes(part)))
}
