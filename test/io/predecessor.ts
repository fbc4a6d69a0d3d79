// A process of its own for stale-watcher-takeover.test.ts: takes the place in the folder that it was given, says so, and stays.

import { takeOverFromStaleWatcher } from '../../src/io/stale-watcher-takeover.js'

takeOverFromStaleWatcher(process.argv[2]!)
console.log('there')
setInterval(() => {}, 1_000)
