// One large file over each link, real processes, file to file: LEFT in the clear and encrypted, beside rsync, a plain
// TCP stream and udx-native, each in turn in every round. bench/README.md says what the columns mean.
//
//   npm run bench:link [-- --runs 3 --size 64M --only 1g-2ms,veth --programs left,rsync --left '--window 64' --json]

import { writeContent } from '../harness/peers/content.js'
import { Bench, MIB } from './bench.js'
import { compare, figuresOf, type Program, type Result, tableOf } from './compare.js'
import { drawComparison } from './comparison-plot.js'
import { groupTestbedOf, transferWithLeft } from './left.js'
import { FULL_FILE_BYTES, type Link, linksNamed } from './links.js'
import { type Congestion, hasRsync, hasUdx, transferWithRsync, transferWithStream } from './others.js'
import type { Shown } from './results.js'
import type { Testbed } from './testbed.js'
import { type Job, verify } from './transfer.js'

const WARM_BYTES = 1_536 * MIB

const bench = new Bench('link', {
  programs: { type: 'string', default: '' },
  left: { type: 'string', default: '' },
})
const { sandbox, options } = bench
const extra = String(bench.values.left)
  .split(' ')
  .filter((word) => word !== '')
await bench.warm(WARM_BYTES)
const results = await compare(bench, {
  programs: programs(),
  links: linksNamed(options.only),
  // Keeps the results so far, should somebody end the bench here.
  onLink: (results) => bench.keep(shown(results)),
  job: (link, congestion) => ({
    bytes: sizeOf(link, congestion),
    async make(run) {
      const file = sandbox.path('source', 'file.bin')
      const bytes = sizeOf(link, congestion)
      await writeContent(file, `link ${run}`, bytes)
      return { source: file, bytes, check: (copy) => verify(file, copy) }
    },
  }),
})
bench.finish(shown(results))
process.exit(0)

function shown(results: readonly Result[]): Shown {
  const table = results.map(tableOf).join('\n\n')
  return {
    table,
    figures: results.map(figuresOf),
    plot: drawComparison('One large file, file to file', results),
  }
}

function programs(): Program[] {
  const left = (encryption: 'yes' | 'no') => (testbed: Testbed, job: Job) =>
    transferWithLeft(sandbox, groupTestbedOf(testbed), {
      job,
      options: ['--encryption', encryption, ...extra],
    })
  const all: Program[] = [
    { name: 'left plain', run: left('no') },
    { name: 'left', run: left('yes') },
  ]
  if (bench.means.kind === 'relay') return all
  if (hasRsync()) {
    for (const congestion of ['bbr', 'cubic'] as const) {
      const run = (testbed: Testbed, job: Job) => transferWithRsync(sandbox, testbed, job)
      all.push({ name: `rsync ${congestion}`, congestion, run })
    }
  }
  const stream = (kind: 'tcp' | 'udx') => (testbed: Testbed, job: Job) =>
    transferWithStream(sandbox, testbed, job, kind)
  all.push({ name: 'stream bbr', congestion: 'bbr', run: stream('tcp') })
  if (hasUdx()) all.push({ name: 'udx', run: stream('udx') })
  else bench.say('udx-native is not installed; left out.')
  return all
}

function sizeOf(link: Link, congestion: Congestion | undefined): number {
  // Files that are smaller already are so because the link is slow.
  const isSlow = link.fileBytes < FULL_FILE_BYTES
  const bytes = isSlow
    ? Math.min(options.sizeBytes ?? link.fileBytes, link.fileBytes)
    : (options.sizeBytes ?? link.fileBytes)
  return congestion === 'cubic' ? Math.min(bytes, link.cubicFileBytes ?? bytes) : bytes
}
