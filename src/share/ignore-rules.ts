// Ignore rules in git's syntax (gitignore(5)): one file of them, and what it says of a path below its folder. The keeper reads
// the files and puts them together (src/keeper/scan/ignoring.ts).
//
//     line      = "#" comment | ["!"] pattern ["/"]     "!": shared after all · a final "/": folders alone
//     pattern   = without "/": a name at any depth · with one, at its start or within: a path from the folder of the file
//     wildcards   * ? [a-z] [!a-z] [[:alpha:]] \x · **/ /** /**/ across folders
//
// The last line that matches decides. A pattern is matched by following all its states at once: a line and a path take at most the
// product of their lengths, and all lines together no more than MATCH_STEPS_MAX, whatever a peer writes into a file that travels
// (docs/decisions/ignore-rules.md).

import { assert } from '../base/assert.js'
import { MATCH_STEPS_MAX } from './limits.js'

/** In any folder of a share. */
export const IGNORE_FILE = '.leftignore'

export type IgnoreVerdict = 'ignored' | 'shared'

/** The line that decides about a path. */
export interface DecidingLine {
  readonly verdict: IgnoreVerdict
  /** From 1. */
  readonly lineNumber: number
  /** As it stands in the file. */
  readonly text: string
}

interface Rule extends DecidingLine {
  readonly onlyFolders: boolean
  /** Without a slash: matched against the last component. */
  readonly isName: boolean
  /** Compared as it is, before the rest of the pattern. */
  readonly prefix: string
  /** Undefined where the prefix is all. */
  readonly pattern: Pattern | undefined
  /** The suffix of a pattern that is `*` and a suffix without wildcards, as most lines are; else undefined. */
  readonly suffix: string | undefined
}

/** One step of a pattern; a state is how many of them have been done. */
type Step =
  | { readonly type: 'character'; readonly code: number }
  | { readonly type: 'any' }
  | { readonly type: 'set'; readonly has: (code: number) => boolean }
  /** Any number of characters; `slashes`: of slashes too. `skips`: with the slash behind it it may stand for nothing. */
  | { readonly type: 'star'; readonly slashes: boolean; readonly skips: boolean }

type Pattern = readonly Step[]

/** Steps left for one path, in all files of rules: where they are used up, lines with wildcards match no more. All peers count alike. */
export interface MatchBudget {
  steps: number
}

export class IgnoreRules {
  private readonly rules: readonly Rule[]

  constructor(text: string) {
    this.rules = text
      .replace(/^\ufeff/, '')
      .split('\n')
      .map((line, index) => parseRule(line, index + 1))
      .filter((rule) => rule !== undefined)
  }

  get isEmpty(): boolean {
    return this.rules.length === 0
  }

  /** Undefined where no line matches. `path` is relative to the folder of the file; whether a folder above it is ignored is the
   *  caller's to know. */
  verdict(path: string, isFolder: boolean, budget?: MatchBudget): IgnoreVerdict | undefined {
    return this.deciding(path, isFolder, budget)?.verdict
  }

  /** The same, with the line that says so. */
  deciding(
    path: string,
    isFolder: boolean,
    budget: MatchBudget = { steps: MATCH_STEPS_MAX },
  ): DecidingLine | undefined {
    const name = path.slice(path.lastIndexOf('/') + 1)
    for (let index = this.rules.length - 1; index >= 0; index--) {
      const rule = this.rules[index]!
      if (rule.onlyFolders && !isFolder) continue
      if (matches(rule, rule.isName ? name : path, budget)) return rule
    }
    return undefined
  }
}

function parseRule(line: string, lineNumber: number): Rule | undefined {
  let pattern = withoutFinalSpaces(line.endsWith('\r') ? line.slice(0, -1) : line)
  if (pattern === '' || pattern.startsWith('#')) return undefined
  const isShared = pattern.startsWith('!')
  if (isShared) pattern = pattern.slice(1)
  const onlyFolders = pattern.endsWith('/')
  if (onlyFolders) pattern = pattern.slice(0, -1)
  const isName = !pattern.includes('/')
  if (pattern.startsWith('/')) pattern = pattern.slice(1)
  const verdict = isShared ? 'shared' : 'ignored'
  const common = { verdict, lineNumber, text: line.trim(), onlyFolders, isName } as const
  const plain = plainLength(pattern)
  const prefix = pattern.slice(0, plain)
  const rest = pattern.slice(plain)
  if (rest === '')
    return prefix === '' ? undefined : { ...common, prefix, pattern: undefined, suffix: undefined }
  if (isName && rest.startsWith('*') && plain === 0 && plainLength(rest.slice(1)) === rest.length - 1)
    return { ...common, prefix: '', pattern: undefined, suffix: rest.slice(1) }
  const steps = parsePattern(rest, isName)
  return steps === undefined ? undefined : { ...common, prefix, pattern: steps, suffix: undefined }
}

/** Spaces at the end do not count, unless a backslash stands before them. */
function withoutFinalSpaces(line: string): string {
  let end = 0
  for (let index = 0; index < line.length; index++) {
    if (line[index] === '\\') {
      if (index + 1 === line.length) return line
      index++
      end = index + 1
    } else if (line[index] !== ' ') end = index + 1
  }
  return line.slice(0, end)
}

/** Characters before the first one that means something. */
function plainLength(pattern: string): number {
  const at = pattern.search(/[*?[\\]/)
  return at < 0 ? pattern.length : at
}

/** Undefined for a pattern that matches nothing: a set that does not end, a backslash at the end. */
function parsePattern(pattern: string, isName: boolean): Pattern | undefined {
  const codes = Array.from(pattern, (character) => character.codePointAt(0)!)
  const steps: Step[] = []
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at]!
    if (code === STAR) {
      const start = at
      while (codes[at + 1] === STAR) at++
      steps.push(starOf(codes, start, at + 1, isName))
    } else if (code === QUESTION) steps.push({ type: 'any' })
    else if (code === OPEN) {
      const set = parseSet(codes, at + 1)
      if (set === undefined) return undefined
      steps.push({ type: 'set', has: set.has })
      at = set.end
    } else if (code === BACKSLASH) {
      const escaped = codes[++at]
      if (escaped === undefined) return undefined
      steps.push({ type: 'character', code: escaped })
    } else steps.push({ type: 'character', code })
  }
  return steps
}

function starOf(codes: readonly number[], start: number, end: number, isName: boolean): Step {
  if (isName) return { type: 'star', slashes: true, skips: false }
  const isBegun = start === 0 || codes[start - 1] === SLASH
  const isEnded =
    end === codes.length || codes[end] === SLASH || (codes[end] === BACKSLASH && codes[end + 1] === SLASH)
  const slashes = end - start > 1 && isBegun && isEnded
  return { type: 'star', slashes, skips: slashes && codes[end] === SLASH }
}

interface CharacterSet {
  readonly has: (code: number) => boolean
  /** Where its closing bracket stands. */
  readonly end: number
}

function parseSet(codes: readonly number[], start: number): CharacterSet | undefined {
  let at = start
  const isNegated = codes[at] === BANG || codes[at] === CARET
  if (isNegated) at++
  const parts: ((code: number) => boolean)[] = []
  let before: number | undefined
  for (let isFirst = true; isFirst || codes[at] !== CLOSE; isFirst = false, at++) {
    let code = codes[at]
    if (code === undefined) return undefined
    const next = codes[at + 1]
    if (code === HYPHEN && before !== undefined && next !== undefined && next !== CLOSE) {
      at++
      let last = next
      if (last === BACKSLASH) {
        if (codes[++at] === undefined) return undefined
        last = codes[at]!
      }
      const [from, to] = [before, last]
      parts.push((each) => each >= from && each <= to)
      before = undefined
      continue
    }
    if (code === OPEN && next === COLON) {
      const named = namedClass(codes, at + 2)
      if (named === 'unknown') return undefined
      if (named !== undefined) {
        parts.push(named.has)
        at = named.end
        before = undefined
        continue
      }
    } else if (code === BACKSLASH) {
      code = codes[++at]
      if (code === undefined) return undefined
    }
    const only = code
    parts.push((each) => each === only)
    before = code
  }
  return { has: (code) => parts.some((part) => part(code)) !== isNegated, end: at }
}

/** `[:alpha:]` and the like; undefined where the bracket stands for itself, as no `:]` follows. */
function namedClass(codes: readonly number[], start: number): CharacterSet | 'unknown' | undefined {
  const close = codes.indexOf(CLOSE, start)
  if (close < 0) return 'unknown'
  if (close - 1 < start || codes[close - 1] !== COLON) return undefined
  const pattern = CLASSES[String.fromCodePoint(...codes.slice(start, close - 1))]
  if (pattern === undefined) return 'unknown'
  return { has: (code) => pattern.test(String.fromCodePoint(code)), end: close }
}

/** As the C locale has them. */
const CLASSES: Readonly<Record<string, RegExp>> = Object.assign(Object.create(null), {
  alnum: /^[0-9A-Za-z]$/,
  alpha: /^[A-Za-z]$/,
  blank: /^[ \t]$/,
  cntrl: /^[^ -~\u0080-\u{10ffff}]$/u,
  digit: /^[0-9]$/,
  graph: /^[!-~]$/,
  lower: /^[a-z]$/,
  print: /^[ -~]$/,
  punct: /^[!-/:-@[-`{-~]$/,
  space: /^[ \t\n\v\f\r]$/,
  upper: /^[A-Z]$/,
  xdigit: /^[0-9A-Fa-f]$/,
})

function matches({ prefix, pattern, suffix, isName }: Rule, text: string, budget: MatchBudget): boolean {
  if (suffix !== undefined) return text.endsWith(suffix)
  if (pattern === undefined) return text === prefix
  return text.startsWith(prefix) && follows(pattern, text.slice(prefix.length), isName, budget)
}

/** Whether the whole of `text` can be made by the pattern. */
function follows(pattern: Pattern, text: string, isName: boolean, budget: MatchBudget): boolean {
  let states = new States(pattern)
  let next = new States(pattern)
  states.enter(0)
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at)!
    at += code > 0xffff ? 2 : 1
    next.clear()
    for (const state of states.list) {
      const step = pattern[state]
      if (step === undefined) continue
      if (step.type !== 'star') {
        if (isTaken(step, code, isName)) next.enter(state + 1)
      } else if (step.slashes || code !== SLASH) next.stay(state)
    }
    budget.steps -= states.list.length
    if (next.list.length === 0 || budget.steps < 0) return false
    const before = states
    states = next
    next = before
  }
  return states.has(pattern.length)
}

/** The states that a pattern may be in, each once: what is added costs one step. */
class States {
  list: number[] = []
  private readonly pattern: Pattern
  private readonly present: Uint8Array
  private readonly entered: Uint8Array

  constructor(pattern: Pattern) {
    this.pattern = pattern
    this.present = new Uint8Array(pattern.length + 1)
    this.entered = new Uint8Array(pattern.length + 1)
  }

  has(state: number): boolean {
    return this.present[state] === 1
  }

  clear(): void {
    this.list = []
    this.present.fill(0)
    this.entered.fill(0)
  }

  /** Adds a state that is come to from another one, and those that are reached from it without a character. */
  enter(first: number): void {
    for (let state = first; this.entered[state] === 0; ) {
      this.entered[state] = 1
      this.add(state)
      const step = this.pattern[state]
      if (step?.type !== 'star') return
      // Only from here: once it stands for something, the slash behind it is one of the path.
      if (step.skips) this.add(state + 1)
      state += step.skips ? 2 : 1
    }
  }

  /** A star stands for one more character. */
  stay(state: number): void {
    this.add(state)
    this.enter(state + 1)
  }

  private add(state: number): void {
    if (this.has(state)) return
    this.present[state] = 1
    this.list.push(state)
  }
}

function isTaken(step: Exclude<Step, { type: 'star' }>, code: number, isName: boolean): boolean {
  switch (step.type) {
    case 'character':
      return code === step.code
    case 'any':
      return isName || code !== SLASH
    case 'set':
      return (isName || code !== SLASH) && step.has(code)
  }
}

const [STAR, QUESTION, OPEN, CLOSE, BACKSLASH, SLASH, BANG, CARET, HYPHEN, COLON] = Array.from(
  '*?[]\\/!^-:',
  (character) => character.charCodeAt(0),
) as [number, number, number, number, number, number, number, number, number, number]

assert(COLON === 0x3a, 'each character has its name')
