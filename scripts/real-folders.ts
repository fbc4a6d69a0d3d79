// Programs work on folders in the share of three real peers: git, npm, SQLite, tar. In the end the share is the same on all of them,
// what the programs keep in it is whole on all sides, and no side file or conflict copy is left. `npm run real-folders -- --help`.
//
// Ends with 0 where everything held, with 1 where not.

import { resolve } from 'node:path'
import { parseArguments, refuse } from '../harness/peers/arguments.js'
import { Sandbox } from '../harness/peers/sandbox.js'
import { workWithGit } from './real-folders/git.js'
import { workWithNpm } from './real-folders/npm.js'
import { openSite, type Site } from './real-folders/site.js'
import { workWithSqlite } from './real-folders/sqlite.js'
import { workWithTree } from './real-folders/tree.js'

const SCRIPT = 'real-folders'

const HELP = `npm run real-folders -- [--only git|npm|sqlite|tree] [--tarball FILE] [--fsck] [--keep]

  --only NAME      one of them (default: one after the other)
  --tarball FILE   the tree is that of this tarball, as of a kernel (default: a small one is made)
  --fsck           of git: look for missing objects during the work too, on the other side; a commit that is arriving may show
  --keep           leave the shares where they are
`

const values = parseArguments(SCRIPT, {
  only: { type: 'string' },
  tarball: { type: 'string' },
  fsck: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit()
}

/** Each answers what did not hold, or undefined where the program is not installed. */
const WORKS: Readonly<Record<string, (site: Site) => Promise<string[] | undefined>>> = {
  git: (site) => workWithGit(site, values.fsck),
  sqlite: workWithSqlite,
  npm: workWithNpm,
  tree: (site) => workWithTree(site, values.tarball === undefined ? undefined : resolve(values.tarball)),
}

if (values.only !== undefined && WORKS[values.only] === undefined)
  refuse(SCRIPT, `--only ${values.only} is none of ${Object.keys(WORKS).join(', ')}`)

const startMs = performance.now()
const say = (text: string) =>
  console.log(`${((performance.now() - startMs) / 1_000).toFixed(1).padStart(7)} s  ${text}`)
const failures: string[] = []
for (const [name, work] of Object.entries(WORKS)) {
  if (values.only !== undefined && values.only !== name) continue
  const sandbox = new Sandbox(values)
  try {
    const site = await openSite(sandbox, (text) => say(`${name}: ${text}`))
    const found = await work(site)
    if (found === undefined) say(`${name}: skipped, the program is not installed`)
    failures.push(...(found ?? []).map((text) => `${name}: ${text}`))
    for (const peer of site.peers) await peer.stop()
  } catch (error) {
    failures.push(`${name}: ${(error as Error).message}`)
  }
  sandbox.close()
}
for (const failure of failures.slice(0, 50)) console.log(`FAILED: ${failure}`)
say(`${failures.length} failures`)
process.exit(failures.length === 0 ? 0 : 1)
