// Names the reason in what a Node process wrote on stderr before it ended. Called where the watcher process died.

/** `FATAL ERROR: Reached heap limit …`, `Error [ERR_MODULE_NOT_FOUND]: Cannot find package …`, `TypeError: …`. */
const ERROR_LINE = /^(?:Uncaught )?[\w.]*\s?error\b[^:]*: \S/i

/** Source lines, carets, stack frames, braces, and the version that Node adds. */
const NOISE_LINE =
  /^(?:\s|[{}[\]]|Node\.js v\d|node:internal|-{3,}|<---|#FailureMessage|#$|file:\/\/\S+:\d+$|\/\S+:\d+$|$)/

/** One line: the first that names an error, else the last that is no part of a stack; undefined where there is none. */
export function reasonIn(words: string): string | undefined {
  const lines = words.split(/\r?\n/)
  const error = lines.find((line) => ERROR_LINE.test(line))
  return (error ?? lines.findLast((line) => !NOISE_LINE.test(line)))?.replace(/\s*\{$/, '').trim()
}
