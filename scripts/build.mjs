// Builds dist from src: one file for each process and thread that `left` runs, and a few parts that are loaded when they are
// needed. A start then reads ten files where it read 250. Types are checked by `npm run lint`.
//
//   node scripts/build.mjs [--plain]
//
// esbuild brings a binary for each platform as an optional dependency. Where that is not installed, or with --plain, tsc writes
// one file for each of src. Everything works with either; a file that is run has the same path in both (src/io/program.ts).

import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const DIST = join(ROOT, 'dist')

/** What the front loads for the command that was asked for. Bundled apart from it, and not as parts of it: there would be a part
 *  for every set of them that shares a line, 20 for `left --version`. Only plain values and errors cross between the two. */
const COMMANDS = [
  'cli/run',
  'cli/config/config',
  'cli/config/several',
  'cli/dry-run',
  'cli/short-commands',
  'cli/sim',
  'cli/selftest',
]

/** The files that a process or a thread is started with, and the commands: each has all of its code. */
const PROGRAMS = [
  'cli/main',
  ...COMMANDS,
  'watcher/main',
  'watcher/search-thread',
  'io/blocks/block-thread',
  'sim/run-thread',
  'hostile/swapper',
]

/** They look for files from where they stand, one folder below the root. */
const LOCATED = ['src/io/program.ts', 'src/app/version.ts', 'src/web/page-files.ts']

rmSync(DIST, { recursive: true, force: true })
const isBundled = !process.argv.includes('--plain') && (await bundle())
if (!isBundled) compile('tsconfig.json')
// Browsers load the modules of the page one by one.
compile('src/page/tsconfig.json')

/** False where there is no esbuild for this machine. */
async function bundle() {
  let esbuild
  try {
    esbuild = await import('esbuild')
    await esbuild.transform('')
  } catch (error) {
    console.log(`build: without esbuild (${error.message.split('\n')[0]}): one file for each of src`)
    return false
  }
  for (const program of PROGRAMS) {
    const { metafile } = await esbuild.build({
      absWorkingDir: ROOT,
      entryPoints: [`src/${program}.ts`],
      outbase: 'src',
      outdir: 'dist',
      chunkNames: 'parts/[name]-[hash]',
      bundle: true,
      splitting: true,
      packages: 'external',
      external: program === 'cli/main' ? COMMANDS.map((command) => `./${relative('cli', command)}.js`) : [],
      format: 'esm',
      platform: 'node',
      target: 'node20.15',
      sourcemap: 'linked',
      metafile: true,
      logLevel: 'warning',
    })
    for (const [file, { inputs }] of Object.entries(metafile.outputs)) checkPlace(file, inputs)
  }
  return true
}

function checkPlace(file, inputs) {
  const isOneBelow = dirname(dirname(relative(DIST, join(ROOT, file)))) === '.'
  const located = LOCATED.find((source) => source in inputs)
  if (located !== undefined && !isOneBelow && file.endsWith('.js'))
    throw new Error(`${located} would look for files from ${file}, which is not one folder below dist`)
}

function compile(project) {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', project], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  if (status !== 0) process.exitCode = status ?? 1
}
