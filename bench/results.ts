// Where what was measured is kept: bench/results/, which is not committed. Used by all benches.

import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const RESULTS = new URL('./results/', import.meta.url)

/** The results of a bench. */
export interface Shown {
  readonly table: string
  /** As JSON. */
  readonly figures: unknown
  /** An SVG. */
  readonly plot?: string
}

/** Answers where it is: `NAME.json`, the table as `NAME.txt`, the plot as `NAME.svg`. */
export function keepResults(name: string, { table, figures, plot }: Shown): string {
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(new URL(`${name}.json`, RESULTS), `${JSON.stringify(figures, undefined, 1)}\n`)
  writeFileSync(new URL(`${name}.txt`, RESULTS), `${table}\n`)
  if (plot !== undefined) writeFileSync(new URL(`${name}.svg`, RESULTS), plot)
  return `${fileURLToPath(RESULTS)}${name}.*`
}
