// The command lines of the scripts: what cannot be understood is one clear line and exit code 2.

import { type ParseArgsConfig, parseArgs } from 'node:util'

/** Ends the process where the arguments are not those of `options`; every one may be left out. */
export function parseArguments<T extends NonNullable<ParseArgsConfig['options']>>(name: string, options: T) {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    return refuse(name, (error as Error).message.split('\n')[0]!)
  }
}

export function refuse(name: string, reason: string): never {
  process.stderr.write(`${name}: ${reason}\n`)
  process.exit(2)
}
