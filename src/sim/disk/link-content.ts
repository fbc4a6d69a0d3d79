// The content by which the judges know a link that is not followed: links are made, replaced and lost like files.

import { utf8 } from '../../base/bytes.js'

/** No file that anybody draws begins so. */
export function linkContent(target: string): Uint8Array {
  return utf8(`a link to ${target}`)
}
