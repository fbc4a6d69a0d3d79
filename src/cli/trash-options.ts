// Options about what peers delete: how long it is kept, and how much a person is asked about. Used by arguments.ts.

import type { PeerOptions } from '../app/options.js'
import { LeftError } from '../base/errors.js'
import { TRASH_DAYS_MAX, TRASH_DAYS_MIN } from '../base/limits.js'
import { quoted } from './addresses.js'
import { MAX_DELETE_FILES_MIN, MAX_DELETE_PERCENT_DEFAULT, TRASH_DEFAULT } from './limits.js'

/** `--trash 30d` or `no`, and `--trash-size 10%`.
 *  @throws LeftError 'usage' */
export function trashPolicy(raw: { trash?: string; trashSize?: string }): PeerOptions['trash'] {
  return {
    days: raw.trash === undefined ? TRASH_DEFAULT.days : daysOf(raw.trash),
    percent: raw.trashSize === undefined ? TRASH_DEFAULT.percent : percentOf(raw.trashSize),
  }
}

/** `--max-delete 25%`, `strict` or `no`.
 *  @throws LeftError 'usage' */
export function maxDelete(text: string | undefined): PeerOptions['maxDelete'] {
  if (text === 'no') return { percent: 100, filesMin: MAX_DELETE_FILES_MIN, isStrict: false }
  if (text === undefined || text === 'strict')
    return {
      percent: MAX_DELETE_PERCENT_DEFAULT,
      filesMin: MAX_DELETE_FILES_MIN,
      isStrict: text === 'strict',
    }
  const percent = /^([0-9]{1,2}(?:\.[0-9]{1,6})?)%?$/.exec(text)?.[1]
  if (percent !== undefined)
    return { percent: Number(percent), filesMin: MAX_DELETE_FILES_MIN, isStrict: false }
  throw new LeftError(
    'usage',
    `--max-delete ${quoted(text)} is neither strict nor no nor a part of the files below 100%, for example --max-delete 25%`,
  )
}

function daysOf(text: string): number {
  if (text === 'no') return 0
  const days = Number(/^([0-9]{1,4})d$/.exec(text)?.[1])
  if (days >= TRASH_DAYS_MIN && days <= TRASH_DAYS_MAX) return days
  throw new LeftError(
    'usage',
    `--trash ${quoted(text)} is neither no nor days from ${TRASH_DAYS_MIN}d to ${TRASH_DAYS_MAX}d, for example --trash 30d`,
  )
}

function percentOf(text: string): number {
  const percent = /^([0-9]{1,2}(?:\.[0-9]{1,6})?)%$/.exec(text)?.[1]
  if (percent !== undefined) return Number(percent)
  throw new LeftError(
    'usage',
    `--trash-size ${quoted(text)} is no part of the disk below 100%, for example --trash-size 10%`,
  )
}
