// A thread of `left sim`: takes batches of seeds and gives their results. Started by run.ts.

import { parentPort } from 'node:worker_threads'
import { loadHash } from '../io/hash.js'
import { type Batch, runBatch } from './batch.js'

void loadHash().then(() =>
  parentPort?.on('message', (batch: Batch) => parentPort?.postMessage([...runBatch(batch)])),
)
