// Words of each reason, for a person: what keeps a path, or a peer, from being in step, and what would change that. README.md has how
// each comes about.

import type { Cause, ReasonCode } from '../base/reason.js'

/** The words, and the remedy: '' where time alone is needed. */
const WORDS: Readonly<Record<ReasonCode, readonly [words: string, remedy: string]>> = {
  reading: ['it is being read, or waits to be', ''],
  unnoticed: [
    'it is not what was read last, and has not been looked at since',
    'left rescan <path> looks at it now',
  ],
  settling: ['it changed a moment ago, and is told when it has been the same for a while', ''],
  growing: [
    'it is written all the time at its end: it is sent every few seconds, as far as it has grown',
    'it is sent whole when its program stops writing',
  ],
  restless: [
    'it is written all the time: it is sent when it rests',
    'stop the program that writes it, or leave it out with a line in .leftignore',
  ],
  leaving: ['it is gone here, and waits until all that went with it is counted', ''],
  'not-told': ['the peers are told in a moment', ''],
  ignored: ['ignore rules leave it out', 'change that line; it counts as soon as the file is saved'],
  'no-right-to-read': ['it cannot be read: permission denied', 'give the user of left the right to read it'],
  unreadable: ['it cannot be read', 'look at its disk; it is read again when it changes'],
  unseen: [
    'what was there cannot be seen now, and counts as there',
    'mount its disk, or make its folder readable',
  ],
  private: ['it is or holds your identity, your trusted peers or your secret, which are never shared', ''],
  'other-share': ["it is left's own folder of another share, which is never shared", ''],
  'own-folder': ["it is left's own folder, which is never shared", ''],
  'not-a-file': ['it is neither a file nor a folder nor a link', ''],
  'too-large': ['it is larger than one file may be', ''],
  'too-deep': ['its path has too many names', 'move it nearer to the top of the share'],
  'name-not-allowed': ['its name is not allowed here', 'give it another name, on a machine that holds it'],
  'name-too-long': ['its name is too long here', 'give it a shorter name, on a machine that holds it'],
  'name-not-utf8': ['its name is not UTF-8', 'give it another name'],
  'link-to-nothing': ['it is a link to nothing', 'make what it leads to, or remove it'],
  'link-cycle': ['it is a link to a folder that holds it', 'remove it, or start left with --links keep'],
  'link-left-out': ['it is a link, and this machine leaves links out', 'start left without --links skip'],
  'rules-unread': ['its rules are not followed', 'correct the file'],
  held: [
    'it is held, because so much is deleted or replaced at once',
    'left confirm lets all that is held happen, left undo takes it back; to change the file releases it',
  ],
  'held-here': [
    'it was deleted here with so much else that nobody was told',
    'left confirm deletes all of that everywhere, left undo fetches it back',
  ],
  'receive-only': [
    'it was changed here, and this machine only receives',
    'left undo takes it back; without --receive-only it is told',
  ],
  'send-only': [
    'others changed it, and this machine only sends',
    'left undo sends back what is here; without --send-only it is taken over',
  ],
  away: [
    'no peer knows it since this machine was away for long',
    'left confirm keeps it and tells the others, left undo moves it to the trash',
  ],
  conflict: [
    'two machines changed it at once, and the older version is kept beside it',
    'left conflicts keep <path> this|other|both settles that',
  ],
  'no-source': ['nobody who has it is connected', 'start left on a machine that has it'],
  'not-held-there': [
    'no peer that was asked holds it',
    'left why on the peer that should have it says what keeps it back there',
  ],
  'no-right-to-write': [
    'it cannot be written: permission denied',
    'give the user of left the right to write its folder',
  ],
  'disk-failed': ['the disk failed', 'look at the disk'],
  'same-name': [
    'this disk takes its name for the same as that of another',
    'give one of the two another name, on a machine that holds both',
  ],
  'other-encoding': [
    'its name is another encoding of a name that stands here, and this disk takes the two for one',
    'give one of the two another name, on a machine that holds both',
  ],
  'link-refused': ['it is a link of a peer that is not taken', 'start left with --links keep'],
  'behind-link': [
    'its folder is behind a link here, and nothing is written through a link',
    'put a folder in the place of the link',
  ],
  'place-taken': ['a folder that is not empty stands in its place', 'move what is in it'],
  'place-restless': [
    'what stands in its place changes all the time, or cannot be read',
    'stop what writes it',
  ],
  'waits-for-folder': ['its folder is not here yet', 'left why on that folder says more'],
  'folder-remains': [
    'the folder was deleted, and stays for what is in it that the deletion had not seen',
    'remove what is in it, or keep it',
  ],
  'disk-full': ['the disk is full', 'free some space; it goes on by itself'],
  'min-free': ['so much of the disk is to stay free', 'free some space, or choose another --min-free'],
  fetching: ['it is on its way', ''],
  preparing: ['it is put together from what is here already, before the rest is fetched', ''],
  placing: ['it is complete, and is about to be put in place', ''],
  queued: ['it waits for its turn behind others', ''],
  'same-content': ['the same content is fetched for another path, and is copied then', ''],
  'waits-for-comparison': ['it may have been moved, which the peers may still tell', ''],
  'waits-for-order': ['it was made after others that are still on their way, and comes after them', ''],
  'waits-for-removals': ['what is in its place is removed first', ''],
  'not-reached': ['it does not answer', 'left must run there, name this machine, and have its UDP port open'],
  'name-unknown': ['no address is known for its name', 'check the spelling of its name'],
  'own-address-gone': [
    'it was an address of this machine, and is not any more',
    'name the address that this machine has now in --ip, here and on the other machines',
  ],
  'bind-gone': [
    'this machine does not have the address of --bind any more',
    'give this machine that address again, or start left with another --bind, or without',
  ],
  'not-let-in': [
    'it answers, and does not let this peer in',
    'trust the key of this machine there: left identity here shows it',
  ],
  refused: ['one of the two refuses the other', ''],
  'key-changed': ['it has another key than before', 'compare its key there, then left trust <key>'],
  left: ['it is not connected any more', 'start left there; it is called all the time'],
  'not-called': ['no session is sought with it, since there are many: what changes comes through others', ''],
  'paused-here': ['the exchange with it is paused by left pause here', 'left resume'],
  'paused-there': ['the exchange is paused by left pause there', 'left resume, there'],
  'full-there': ['its disk is full', 'free some space there; it goes on by itself'],
  comparing: ['what it has is being compared', ''],
  'reading-there': ['its share is being read there', ''],
  'forgotten-edits': [
    'it knows edits that this share does not: this share was put back to an older copy, and takes no other name yet',
    'it is asked again tomorrow; or start from an empty share',
  ],
  'wanted-of-it': ['it has what is wanted here', ''],
  'untold-there': ['it is told in a moment', ''],
  'behind-there': [
    'it has been told, and has not said yet that it has all',
    'left why on that machine says more',
  ],
  'unanswered-there': ['it does not say how the path stands there', 'ask there, with left why'],
  'waits-for-content': ['a deletion waits for the content that came with it', ''],
}

/** Of an address that calls and is not named here. Anybody may say so: `agent` is a claim. */
export function callerWords(address: string, agent: string): string {
  return `${address} calls as ${agent === '' ? 'a peer' : agent}, and this machine does not name it`
}

export const CALLER_REMEDY =
  'if it is one of yours, name it in --ip here; what it sends is dropped until then'

export function wordsOf({ code, detail }: Cause): string {
  const [words] = WORDS[code]
  return detail === '' ? words : `${words}: ${detail}`
}

export function remedyOf({ code }: Pick<Cause, 'code'>): string {
  return WORDS[code][1]
}
