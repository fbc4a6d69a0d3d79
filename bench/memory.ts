// The most memory that each process of LEFT has at once, over sizes of a file and speeds of a link.
//
//   npm run bench:memory [-- --runs 1 --only veth,1g-20ms-1% --json]

import { rmSync } from 'node:fs'
import { writeContent } from '../harness/peers/content.js'
import { Bench, MIB } from './bench.js'
import { groupTestbedOf, transferWithLeft } from './left.js'
import { type Link, linksNamed } from './links.js'
import { formatFigure, formatTable } from './table.js'
import { openTestbed } from './testbed.js'
import { verify } from './transfer.js'

const SIZES_BYTES = [64 * MIB, 512 * MIB, 2_048 * MIB]
/** Runs that would take longer on a slow link are left out. */
const SECONDS_MAX = 40
const PEAK_BYTES_MAX = 200e6
const PROCESSES = ['source engine', 'source watcher', 'sink engine', 'sink watcher']

interface Measured {
  readonly link: string
  readonly mib: number
  readonly mbPerS: number
  readonly peaksMb: readonly number[]
}

const bench = new Bench('memory')
const { sandbox, options } = bench
const measured: Measured[] = []
for (const link of linksNamed(options.only === '' ? 'veth,1g-20ms-1%,10m-40ms' : options.only)) {
  for (const bytes of options.sizeBytes === undefined ? SIZES_BYTES : [options.sizeBytes]) {
    if (link.rateMbit !== undefined && bytes / ((link.rateMbit * 1e6) / 8) > SECONDS_MAX) continue
    measured.push(await bench.alone(() => measure(link, bytes)))
    const { peaksMb, mbPerS } = measured.at(-1)!
    bench.say(
      `${link.name} ${bytes / MIB} MiB: ${Math.max(...peaksMb).toFixed(0)} MB at ${mbPerS.toFixed(0)} MB/s`,
    )
  }
}
const rows = measured.map(({ link, mib, mbPerS, peaksMb }) => [
  link,
  formatFigure((Math.max(...peaksMb) * 1e6) / PEAK_BYTES_MAX),
  String(mib),
  formatFigure(mbPerS, 1),
  ...peaksMb.map((peak) => formatFigure(peak, 0)),
])
bench.finish({
  table:
    `Peak resident memory of each process, MB (at most ${PEAK_BYTES_MAX / 1e6} is wanted), encrypted\n` +
    formatTable(['', 'most / wanted', 'MiB', 'MB/s', ...PROCESSES], rows),
  figures: measured,
})
process.exit(0)

async function measure(link: Link, bytes: number): Promise<Measured> {
  const source = sandbox.path('source', 'file.bin')
  await writeContent(source, `memory ${bytes}`, bytes)
  const testbed = await openTestbed(sandbox, bench.means, link)
  try {
    const job = { source, bytes, check: (copy: string) => verify(source, copy) }
    const { seconds, peaks } = await transferWithLeft(sandbox, groupTestbedOf(testbed), { job, options: [] })
    return {
      link: link.name,
      mib: bytes / MIB,
      mbPerS: bytes / seconds / 1e6,
      peaksMb: peaks.map((peak) => peak / 1e6),
    }
  } finally {
    testbed.close()
    rmSync(source)
  }
}
