// The commands that load little, as one part of the program: main.ts loads it for any of them. Those that load much are apart:
// run.ts, dry-run.ts, sim.ts, selftest.ts.

export { runAsk } from './ask/ask.js'
export { withConfigured } from './config/configured-share.js'
export { runIdentity } from './identity.js'
export { runInit } from './init/init.js'
export { runSecret } from './secret.js'
export { runTracker } from './tracker.js'
export { runTrust } from './trust.js'
export { runGet } from './visit/get.js'
export { runLs } from './visit/ls.js'
