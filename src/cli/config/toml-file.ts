// Reads a file of options in TOML (https://toml.io, 1.0) and says where one that does not parse is wrong. Called by config.ts.

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { parse, TomlError } from 'smol-toml'
import { LeftError } from '../../base/errors.js'
import { CONFIG_BYTES_MAX } from '../limits.js'

export type TomlTable = Readonly<Record<string, unknown>>

/** `name` is what messages call the file.
 *  @throws LeftError 'usage' where it cannot be read or does not parse: with line, column and what was expected. */
export function readToml(file: string, name: string): TomlTable {
  return parseToml(readText(file, name), name)
}

/** @throws LeftError 'usage'. */
export function parseToml(text: string, name: string): TomlTable {
  try {
    return parse(text, { unsafeKeyBehaviour: 'throw' })
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const where = `${name}, line ${error.line}, column ${error.column}`
    throw new LeftError('usage', `${where}: ${expectation(error)}`)
  }
}

function readText(file: string, name: string): string {
  let bytes: Uint8Array
  try {
    const handle = openSync(file, 'r')
    try {
      if (fstatSync(handle).size > CONFIG_BYTES_MAX)
        throw new LeftError(
          'usage',
          `${name} has more than ${CONFIG_BYTES_MAX} bytes: it is no file of options`,
        )
      bytes = readFileSync(handle)
    } finally {
      closeSync(handle)
    }
  } catch (error) {
    if (error instanceof LeftError) throw error
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new LeftError('usage', `cannot read ${name} (${reason}); left init makes one`, error)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new LeftError('usage', `${name} is not UTF-8`)
  }
}

/** Its message is `Invalid TOML document: <reason>`, a blank line, and the lines around. */
function expectation({ message }: TomlError): string {
  const reason = message.split('\n')[0]!.replace(/^Invalid TOML document: /, '')
  return EXPECTATIONS[reason] ?? reason
}

/** By the reasons of smol-toml that say no more than that something is wrong. */
const EXPECTATIONS: Readonly<Record<string, string>> = {
  'invalid value': 'expected a value: "text" in quotes, a number, true, false, or ["a", "list"]',
  'incomplete key-value: cannot find end of key': 'expected key = value',
  'unexpected end of key': 'expected a name before this',
  'illegal character in key': 'expected = behind the name of an option',
  'each key-value declaration must be followed by an end-of-line': 'expected the end of the line',
  'expected comma or end of structure': 'expected a comma, or the end of the list',
  'unfinished array': 'expected ] at the end of this list',
  'unfinished string': 'expected a quote at the end of this text',
  'control characters are not allowed in strings':
    'expected a quote at the end of this text, in the same line',
  'expected end of table array declaration': 'expected ]], as in [[share]]',
  'unrecognised escape sequence': 'expected \\\\ for a backslash, or the text in single quotes',
  'trying to redefine an already defined table or value':
    'expected each name once, and this one stands further up already',
  'illegal character in numeric literal': 'expected a number, or "text" in quotes',
}
