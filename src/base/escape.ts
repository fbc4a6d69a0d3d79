// One field of a line of text: what would end the field, the line or the item is written as %XX, the rest
// stays readable. Used by entry lines, folder listings and the log.
//
//     field   = 1*( plain / escaped )
//     escaped = the UTF-8 bytes of one character, each as '%' and two uppercase hexadecimal digits
//
// Escaped are: control characters (U+0000–001F, U+007F–009F), space, '%', '|', and U+2028 and U+2029, which
// some readers take for line ends. Nothing else, so every text has exactly one spelling.

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const NEEDS_ESCAPE = /[\u0000-\u0020%|\u007f-\u009f\u2028\u2029]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const ALL_THAT_NEED_ESCAPE = /[\u0000-\u0020%|\u007f-\u009f\u2028\u2029]/g
const ALL_ESCAPED = /%C2%([89][0-9A-F])|%E2%80%A([89])|%([0-7][0-9A-F])/g

export function escapeField(text: string): string {
  return NEEDS_ESCAPE.test(text) ? text.replace(ALL_THAT_NEED_ESCAPE, escapeOf) : text
}

/** The text of a field, or undefined where `escapeField` would not have written it so. */
export function unescapeField(field: string): string | undefined {
  if (!NEEDS_ESCAPE.test(field)) return field
  const text = field.replace(ALL_ESCAPED, characterOf)
  return escapeField(text) === field ? text : undefined
}

function escapeOf(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 0x80) return `%${code.toString(16).toUpperCase().padStart(2, '0')}`
  if (code < 0x100) return `%C2%${code.toString(16).toUpperCase()}`
  return code === 0x2028 ? '%E2%80%A8' : '%E2%80%A9'
}

function characterOf(
  _: string,
  c1: string | undefined,
  separator: string | undefined,
  ascii: string,
): string {
  if (c1 !== undefined) return String.fromCharCode(Number.parseInt(c1, 16))
  if (separator !== undefined) return separator === '8' ? '\u2028' : '\u2029'
  return String.fromCharCode(Number.parseInt(ascii, 16))
}
