// A git repository in the share of A: cloned, branched, rebased, packed; B looks at it all the while.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Peer } from '../../harness/peers/peer.js'
import { sleep } from '../../harness/peers/wait.js'
import { attempt, isThere, run } from './command.js'
import { rest, type Site } from './site.js'

/** How often B looks at a repository while A works. */
const SAMPLES = 200

/** Rounds of work, at least and at most. */
const ROUNDS_MIN = 4
const ROUNDS_MAX = 100

const COMMITS = 60

/** Words about a reference that stood there before what it names, or about content that is not its own. */
const BROKEN =
  /fatal|bad (object|tree|ref)|corrupt|missing (blob|tree|commit|tag)|unable to read|loose object|mismatch/i

/** In a row that miss the same object. */
const LOOKS = 4

const OBJECT = /[0-9a-f]{40}/g

/** `isChecked`: `git fsck` looks for missing objects during the work too, and not at rest alone. */
export async function workWithGit(site: Site, isChecked: boolean): Promise<string[] | undefined> {
  if (!isThere('git')) return undefined
  const { sandbox, peers, say } = site
  const [a, ...others] = peers
  const origin = sandbox.path('origin')
  await makeOrigin(site, origin)
  const sampler = new Sampler(site, peers[1], isChecked)
  const sampling = sampler.run()
  try {
    await run('git', ['clone', '--quiet', '--no-local', origin, 'repository'], {
      cwd: a.share,
      env: site.env,
    })
    const isEnough = (rounds: number) => rounds >= ROUNDS_MIN && sampler.count >= SAMPLES
    for (let round = 0; !isEnough(round) && round < ROUNDS_MAX; round++) {
      await workOnce(site, round)
      if (round % 5 === 0) say(`${round + 1} rounds of work, ${sampler.count} samples`)
    }
  } finally {
    sampler.stop()
  }
  await sampling
  say(`${sampler.count} samples on B, and ${sampler.early} before there was a repository`)
  const failures = [
    ...(sampler.count < SAMPLES ? [`only ${sampler.count} samples`] : []),
    ...sampler.failures,
    ...(await rest(site, 'the repository')),
  ]
  const told = await status(site, a)
  for (const peer of others) {
    const checked = await attempt('git', ['fsck', '--full', '--strict'], {
      cwd: repositoryOf(peer),
      env: site.env,
    })
    const faults = checked.stderr.split('\n').filter((line) => /error|missing|broken|bad/.test(line))
    if (checked.exitCode !== 0 || faults.length > 0)
      failures.push(`git fsck on ${peer.name} ended with ${checked.exitCode}: ${faults.join(' / ')}`)
    const found = await status(site, peer)
    if (found !== told) failures.push(`git status on ${peer.name} says ${found}, on A ${told}`)
  }
  return failures
}

function repositoryOf({ share }: Peer): string {
  return join(share, 'repository')
}

/** With what `git log` shows of all branches. */
async function status({ env }: Site, peer: Peer): Promise<string> {
  const options = { cwd: repositoryOf(peer), env: { ...env, GIT_OPTIONAL_LOCKS: '0' } }
  return (
    (await run('git', ['status', '--porcelain', '--branch'], options)) +
    (await run('git', ['log', '--all', '--format=%H'], options))
  )
}

async function makeOrigin({ env }: Site, folder: string): Promise<void> {
  mkdirSync(folder)
  const git = (...words: string[]) => run('git', words, { cwd: folder, env })
  await git('init', '--quiet', '--initial-branch=main')
  for (let commit = 0; commit < COMMITS; commit++) {
    edit(folder, commit)
    await git('add', '--all')
    await git('commit', '--quiet', '-m', `commit ${commit}`)
  }
}

function edit(folder: string, commit: number): void {
  for (const file of [commit % 40, (commit * 7) % 40]) {
    mkdirSync(join(folder, `part ${file % 5}`), { recursive: true })
    writeFileSync(
      join(folder, `part ${file % 5}`, `${file}.txt`),
      `commit ${commit}\n`.repeat(1 + ((commit * 13) % 400)),
    )
  }
}

/** From one command to the next, as of a person: a file that is written again and again waits until it rests. */
const THINKING_MS = 700

/** Commits on two branches, one of them put on top of the other; then everything is packed. */
async function workOnce(site: Site, round: number): Promise<void> {
  const folder = repositoryOf(site.peers[0])
  const git = async (...words: string[]) => {
    await run('git', words, { cwd: folder, env: site.env })
    await sleep(THINKING_MS)
  }
  await git('checkout', '--quiet', '-b', `work-${round}`)
  for (const name of ['one', 'two', 'three']) {
    writeFileSync(join(folder, `${name}-${round}.txt`), `${name} ${round}\n`)
    await git('add', '--all')
    await git('commit', '--quiet', '-m', `${name} ${round}`)
  }
  await git('checkout', '--quiet', 'main')
  edit(folder, COMMITS + round)
  await git('commit', '--quiet', '--all', '-m', `main ${round}`)
  await git('rebase', '--quiet', 'main', `work-${round}`)
  await git('checkout', '--quiet', 'main')
  if (round % 2 === 0) await git('merge', '--quiet', '--no-ff', '-m', `merge ${round}`, `work-${round}`)
  else await git('branch', '--quiet', '-D', `work-${round}`)
  await git('tag', `round-${round}`)
  await git('checkout', '--quiet', 'HEAD~3')
  await git('checkout', '--quiet', 'main')
  await git('gc', '--quiet', '--prune=now')
}

/** Looks at the repository of a peer, and notes everything that a repository is never like. */
class Sampler {
  readonly failures: string[] = []
  count = 0
  /** Samples while there was no repository yet. */
  early = 0
  private isOver = false

  constructor(
    private readonly site: Site,
    private readonly peer: Peer,
    private readonly isChecked: boolean,
  ) {}

  stop(): void {
    this.isOver = true
  }

  async run(): Promise<void> {
    const env = { ...this.site.env, GIT_OPTIONAL_LOCKS: '0' }
    while (!this.isOver) {
      let isEarly = false
      for (const words of [['status'], ['log', '-1']]) {
        const ended = await attempt('git', words, { cwd: repositoryOf(this.peer), env }).catch(
          () => undefined,
        )
        if (ended === undefined || /not a git repository|does not have any commits yet/.test(ended.stderr)) {
          isEarly = true
          break
        }
        if (ended.exitCode !== 0 || BROKEN.test(ended.stderr)) this.fail(words, ended.exitCode, ended.stderr)
      }
      if (!isEarly && this.isChecked) await this.check(env)
      if (isEarly) this.early++
      else this.count++
      if (isEarly) await sleep(50)
    }
  }

  /** `git fsck` lists the objects first and reads references later: what comes in between is missing to it, once. */
  private async check(env: NodeJS.ProcessEnv): Promise<void> {
    const words = ['fsck', '--connectivity-only', '--no-dangling']
    let missing: ReadonlySet<string> | undefined
    for (let look = 0; look < LOOKS; look++) {
      const { exitCode, stdout, stderr } = await attempt('git', words, { cwd: repositoryOf(this.peer), env })
      const before = missing
      const named = `${stdout}${stderr}`.match(OBJECT) ?? []
      missing = new Set(named.filter((object) => before?.has(object) ?? true))
      if (exitCode === 0 || missing.size === 0) return
    }
    this.fail(words, 2, [...missing!].join(' '))
  }

  private fail(words: readonly string[], exitCode: number | null, said: string): void {
    const text = `sample ${this.count}: git ${words.join(' ')} ended with ${exitCode}: ${said.slice(0, 300)}`
    this.failures.push(text)
    this.site.note(text)
  }
}
