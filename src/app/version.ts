import { readFileSync } from 'node:fs'

/** As package.json says; `left --version` prints it and refusals name it. */
export const PROGRAM_VERSION: string = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).version
