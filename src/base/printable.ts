// Characters that a terminal obeys, or that turn what is shown around. Names of other machines may hold them; the command line and the log of
// events write them as escapes.

/** Escaped characters: controls (C0, DEL, C1), format characters (direction marks, zero-width spaces, tags), line
 *  and paragraph separators, halves of surrogate pairs. The joiners U+200C and U+200D stay: Persian
 *  and emoji need them and they cannot move anything. */
export const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** The same JSON value, with what a terminal would obey written as JSON's own escapes. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) => {
    let units = ''
    for (let index = 0; index < character.length; index++) {
      units += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
    }
    return units
  })
}
