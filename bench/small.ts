// Many small files over each link: 2,000 of 4 KiB that appear in the source's share at once, beside rsync.
//
//   npm run bench:small [-- --runs 3 --files 2000 --only 1g-2ms,veth --programs left,rsync --json]

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { contentChunks } from '../harness/peers/content.js'
import { Bench, MIB } from './bench.js'
import { compare, figuresOf, type Program, type Result, tableOf } from './compare.js'
import { drawComparison } from './comparison-plot.js'
import { groupTestbedOf, transferWithLeft } from './left.js'
import { linksNamed } from './links.js'
import { hasRsync, transferWithRsync } from './others.js'
import type { Shown } from './results.js'
import type { Testbed } from './testbed.js'
import type { Job } from './transfer.js'

const FILE_BYTES = 4_096
const FILES_PER_FOLDER = 100

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
  job: () => ({ bytes: fileCount * FILE_BYTES, make: makeTree }),
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

async function makeTree(run: number): Promise<Job> {
  const source = sandbox.path('source', 'tree')
  const paths: string[] = []
  for (let index = 0; index < fileCount; index++) {
    const folder = `folder-${Math.floor(index / FILES_PER_FOLDER)}`
    if (index % FILES_PER_FOLDER === 0) await mkdir(join(source, folder), { recursive: true })
    paths.push(join(folder, `file-${index}.bin`))
  }
  for (const path of paths) await writeFile(join(source, path), contentOf(run, path))
  const check = async (copy: string): Promise<void> => {
    for (const path of paths) {
      const content = await readFile(join(copy, path))
      if (!content.equals(contentOf(run, path))) throw new Error(`${path} arrived as something else`)
    }
    const there = (await readdir(copy, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    )
    if (there.length !== fileCount) throw new Error(`${there.length} files arrived instead of ${fileCount}`)
  }
  return { source, bytes: fileCount * FILE_BYTES, check }
}

function contentOf(run: number, path: string): Buffer {
  return Buffer.concat([...contentChunks(`small ${run} ${path}`, FILE_BYTES)])
}
