// Chooses the window of a session. Used by the session.

import { BbrWindow } from './bbr-window.js'
import { FixedWindow } from './fixed-window.js'
import type { WindowOptions, WindowPolicy } from './window-policy.js'

export function makeWindow(options: WindowOptions): WindowPolicy {
  return options.window === 'auto' ? new BbrWindow(options) : new FixedWindow(options.window, options)
}
