// Names that come from other machines, made safe and made to fit before a terminal sees them. A file name
// may hold anything but '/' and NUL: newlines that forge a line of ours, escape sequences that drive the
// terminal, marks that turn the reading direction around. None of these is ever printed as it is.

import { UNPRINTABLE } from '../base/printable.js'

/** The same, and the backslash of an escape. */
const UNPRINTABLE_OR_BACKSLASH = new RegExp(`\\\\|${UNPRINTABLE.source}`, 'gu')

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\\': '\\\\',
}

/** Any text on one line, with nothing in it that a terminal would obey. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped)
}

/** A file name or path, on one line and unambiguous: backslashes are doubled, so that two different names
 *  never look the same because of an escape. */
export function printableName(name: string): string {
  return name.replace(UNPRINTABLE_OR_BACKSLASH, escaped)
}

function escaped(character: string): string {
  const short = SHORT_ESCAPES[character]
  if (short !== undefined) return short
  const code = character.codePointAt(0)!
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code < 0x1_0000) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\u{${code.toString(16)}}`
}

/** Columns that printable text takes in a terminal: 2 for what East Asian Width calls wide and for emoji, 0 for
 *  marks that sit on the character before them (Unicode annex 11). Terminals differ on the newest
 *  emoji; the view turns line wrapping off, so that a wrong guess costs a cut line and nothing else. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const segment of graphemesOf(text)) columns += columnsOfGrapheme(segment)
  return columns
}

/** Lines that printable text takes in a terminal that breaks it: a wide character does not stand in two of them. */
export function linesOf(text: string, terminalColumns: number): number {
  let lines = 1
  let columns = 0
  for (const segment of graphemesOf(text)) {
    const more = columnsOfGrapheme(segment)
    if (columns + more > terminalColumns) {
      lines++
      columns = 0
    }
    columns += more
  }
  return lines
}

/** The text in at most `columnsMax` columns: what does not fit is taken out of the middle and an ellipsis put
 *  there, because both the start of a path and its extension tell something. */
export function shortenMiddle(text: string, columnsMax: number): string {
  if (columnsOf(text) <= columnsMax) return text
  if (columnsMax < 1) return ''
  const parts = graphemesOf(text)
  const room = columnsMax - 1
  let head = ''
  let headColumns = 0
  let from = 0
  for (; from < parts.length; from++) {
    const columns = columnsOfGrapheme(parts[from]!)
    if (headColumns + columns > Math.ceil(room / 2)) break
    head += parts[from]!
    headColumns += columns
  }
  let tail = ''
  let tailColumns = 0
  for (let index = parts.length - 1; index >= from; index--) {
    const columns = columnsOfGrapheme(parts[index]!)
    if (headColumns + tailColumns + columns > room) break
    tail = parts[index]! + tail
    tailColumns += columns
  }
  return `${head}…${tail}`
}

/** The text, shortened or filled with blanks to exactly `columns`. */
export function fitted(text: string, columns: number): string {
  const short = shortenMiddle(text, columns)
  return short + ' '.repeat(Math.max(0, columns - columnsOf(short)))
}

let segmenter: Intl.Segmenter | undefined

/** Text in ASCII does without a segmenter, which takes longer to make than the rest of `left --version`. */
function graphemesOf(text: string): readonly string[] {
  if (/^[ -~]*$/.test(text)) return text.split('')
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

const ZERO_WIDTH = /^[\p{Mn}\p{Me}\u200c\u200d]$/u
const EMOJI = /\p{Emoji_Presentation}|\ufe0f/u

function columnsOfGrapheme(grapheme: string): number {
  if (grapheme.length === 1 && grapheme.charCodeAt(0) < 0x300) return 1
  if (EMOJI.test(grapheme)) return 2
  let columns = 0
  for (const character of grapheme) {
    if (ZERO_WIDTH.test(character)) continue
    columns = Math.max(columns, isWide(character.codePointAt(0)!) ? 2 : 1)
  }
  return columns
}

/** Code points of East Asian Width W and F, in ranges rounded to their blocks (EastAsianWidth.txt, Unicode 15). */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f], // Hangul Jamo, leading consonants
  [0x2e80, 0x303e], // CJK radicals, symbols, punctuation
  [0x3041, 0x33ff], // kana, bopomofo, compatibility
  [0x3400, 0x4dbf], // CJK extension A
  [0x4e00, 0x9fff], // CJK
  [0xa000, 0xa4cf], // Yi
  [0xa960, 0xa97f], // Hangul Jamo extended A
  [0xac00, 0xd7a3], // Hangul syllables
  [0xf900, 0xfaff], // CJK compatibility ideographs
  [0xfe30, 0xfe6f], // CJK compatibility forms
  [0xff01, 0xff60], // full-width forms
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff], // Tangut, Khitan
  [0x1aff0, 0x1b2ff], // kana supplements, Nushu
  [0x1f200, 0x1f2ff], // enclosed ideographs
  [0x1f300, 0x1f64f], // pictographs, emoticons
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd], // CJK extensions B and later
]

function isWide(codePoint: number): boolean {
  return WIDE.some(([first, last]) => codePoint >= first && codePoint <= last)
}
