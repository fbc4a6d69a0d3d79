// Chooses the window of a session. Used by the session.

import { FixedWindow } from './fixed-window.js'
import { MeasuredWindow } from './measured.js'
import type { WindowOptions, WindowPolicy } from './window-policy.js'

export function makeWindow(options: WindowOptions): WindowPolicy {
  return options.window === 'auto' ? new MeasuredWindow(options) : new FixedWindow(options.window, options)
}
