// Where the secrets of whoever runs a peer are: its watcher and its block reader are told, so that no share holds them.

import { dirname, join, resolve } from 'node:path'
import type { PrivatePlaces } from '../base/ports.js'
import { configFolder, IDENTITY_FILE, PINS_FILE } from '../seal/config-folder.js'
import type { PeerOptions } from './options.js'

/** Those that are not there yet among them. Without encryption too: another share of the same user may have it. */
export function privatePlacesOf({
  identity,
  secretFiles,
  passphraseFile,
}: Pick<PeerOptions, 'identity' | 'secretFiles' | 'passphraseFile'>): PrivatePlaces {
  const folder = configFolder()
  const own = identity ?? join(folder, IDENTITY_FILE)
  const files = [own, join(folder, PINS_FILE), join(dirname(own), PINS_FILE), ...secretFiles, passphraseFile]
  return {
    files: files.filter((file) => file !== undefined).map((file) => resolve(file)),
    folders: [resolve(folder)],
  }
}
