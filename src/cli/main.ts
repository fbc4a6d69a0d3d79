#!/usr/bin/env node
// The command `left`: does what was asked, and ends with its exit code. program.ts says what can be asked; one file per command
// does the work: run.ts (the default; config/ says with which options), sim.ts, identity.ts, trust.ts, secret.ts, selftest.ts;
// those about a share are in ask/. They are loaded when they are asked for.

import { CommanderError } from 'commander'
import { LeftError } from '../base/errors.js'
import { EXIT_STOPPED, exitCodeOf, failureText } from './failure.js'
import { watchPrinting } from './printing.js'
import { leftProgram } from './program.js'

process.exitCode = await main(process.argv.slice(2))

/** Answers the exit code. */
async function main(words: readonly string[]): Promise<number> {
  let exitCode = EXIT_STOPPED
  let verbose = false
  const endWatch = watchPrinting()
  const program = leftProgram({
    run: async (raw) => {
      verbose = raw.verbose ?? false
      const { planRun } = await import('./config/config.js')
      const plan = planRun(raw, process.cwd())
      if (plan.run === 'several') {
        const { runSeveral } = await import('./config/several.js')
        endWatch()
        exitCode = await runSeveral({ ...plan, words, program: process.argv[1]! })
        return
      }
      if (plan.dryRun !== undefined) {
        const { runDry } = await import('./dry-run.js')
        exitCode = await runDry({ ...plan, ...plan.dryRun })
        return
      }
      const { run } = await import('./run.js')
      endWatch() // A peer goes on without its output.
      // A handle that somebody forgot to close must not hold the terminal once all is said.
      process.exit(await run(plan))
    },
    sim: async (raw) => {
      const { runSim } = await import('./sim.js')
      exitCode = await runSim(raw)
    },
    identity: async (raw) => {
      const { runIdentity } = await import('./short-commands.js')
      exitCode = await runIdentity(raw)
    },
    trust: async (words, raw) => {
      const { runTrust } = await import('./short-commands.js')
      exitCode = await runTrust(words, raw)
    },
    secret: async (words, raw) => {
      const { runSecret } = await import('./short-commands.js')
      exitCode = await runSecret(words, raw)
    },
    init: async (raw) => {
      const { runInit } = await import('./short-commands.js')
      exitCode = await runInit(raw)
    },
    ask: async (command, words, raw) => {
      const { runAsk, withConfigured } = await import('./short-commands.js')
      exitCode = await runAsk(command, words, withConfigured(raw, process.cwd()))
    },
    tracker: async (raw) => {
      const { runTracker } = await import('./short-commands.js')
      endWatch() // A tracker goes on without its output.
      exitCode = await runTracker(raw)
    },
    ls: async (words, raw) => {
      const { runLs } = await import('./short-commands.js')
      exitCode = await runLs(words, raw)
    },
    get: async (words, raw) => {
      const { runGet } = await import('./short-commands.js')
      exitCode = await runGet(words, raw)
    },
    selftest: async (raw) => {
      const { runSelftest } = await import('./selftest.js')
      exitCode = await runSelftest(raw)
    },
  })
  try {
    await program.parseAsync(words, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_STOPPED
    const failure = error instanceof CommanderError ? usageError(error) : error
    process.stderr.write(failureText(failure, verbose))
    return exitCodeOf(failure, 'starting')
  }
}

/** Commander's words on one line, without its prefix: `error: unknown option '--prot'\n(Did you mean --port?)`. */
function usageError(error: CommanderError): LeftError {
  const words = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
  return new LeftError('usage', `${words}; left --help shows what there is`)
}
