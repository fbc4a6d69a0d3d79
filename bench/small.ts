// Many small files over each link: 2,000 of 4 KiB that appear in the source's share at once, beside rsync.
//
//   npm run bench:small [-- --runs 3 --files 2000 --only 1g-2ms,veth --programs left,rsync --json]

import { Bench, MIB } from './bench.js'
import { compare, figuresOf, type Program, type Result, tableOf } from './compare.js'
import { drawComparison } from './comparison-plot.js'
import { groupTestbedOf, transferWithLeft } from './left.js'
import { linksNamed } from './links.js'
import { hasRsync, transferWithRsync } from './others.js'
import type { Shown } from './results.js'
import type { Testbed } from './testbed.js'
import type { Job } from './transfer.js'
import { makeTree } from './tree.js'

const FILE_BYTES = 4_096

const bench = new Bench('small', {
  programs: { type: 'string', default: '' },
  files: { type: 'string', default: '2000' },
  left: { type: 'string', default: '' },
})
const { sandbox, options } = bench
const fileCount = bench.wholeNumber('files')
const extra = String(bench.values.left)
  .split(' ')
  .filter((word) => word !== '')
await bench.warm(256 * MIB)
const results = await compare(bench, {
  programs: programs(),
  links: linksNamed(options.only),
  // Keeps the results so far, should somebody end the bench here.
  onLink: (results) => bench.keep(shown(results)),
  job: () => ({
    bytes: fileCount * FILE_BYTES,
    make: (run) =>
      makeTree({
        source: sandbox.path('source', 'tree'),
        seed: `small ${run}`,
        fileCount,
        fileBytes: FILE_BYTES,
      }),
  }),
})
bench.finish(shown(results))
process.exit(0)

function shown(results: readonly Result[]): Shown {
  const table = results.map(tableOf).join('\n\n')
  return {
    table,
    figures: results.map(figuresOf),
    plot: drawComparison(`${fileCount} files of ${FILE_BYTES} bytes`, results),
  }
}

function programs(): Program[] {
  const left = (encryption: 'yes' | 'no') => (testbed: Testbed, job: Job) =>
    transferWithLeft(sandbox, groupTestbedOf(testbed), {
      job,
      fileCount,
      options: ['--encryption', encryption, ...extra],
    })
  const all: Program[] = [
    { name: 'left plain', run: left('no') },
    { name: 'left', run: left('yes') },
  ]
  if (bench.means.kind === 'relay' || !hasRsync()) return all
  for (const congestion of ['bbr', 'cubic'] as const) {
    const run = (testbed: Testbed, job: Job) => transferWithRsync(sandbox, testbed, job)
    all.push({ name: `rsync ${congestion}`, congestion, run })
  }
  return all
}
