import { NO_PRIVATE_PLACES } from '../../src/base/ports.js'
import { NO_MIN_FREE, TRASH_POLICY } from '../../src/pipe/settings.js'

/** Start of a watcher process for tests in which no share is opened. */
export const WATCHER_START = {
  share: '/nowhere',
  peer: '',
  links: 'follow',
  privatePlaces: NO_PRIVATE_PLACES,
  minFree: NO_MIN_FREE,
  trash: TRASH_POLICY,
} as const
