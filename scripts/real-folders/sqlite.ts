// A SQLite database in WAL mode, written on one side and then on the other.

import { join } from 'node:path'
import { isThere, run } from './command.js'
import { rest, type Site } from './site.js'

const ROUNDS = 4

/** Each a transaction of its own; the log is written into the database after some of them, and removed with the last connection. */
const ROWS_PER_ROUND = 400

const PROGRAM = 'sqlite3'

export async function workWithSqlite(site: Site): Promise<string[] | undefined> {
  if (!isThere(PROGRAM)) return undefined
  const { peers } = site
  const failures: string[] = []
  const sql = (share: string, words: string) => run(PROGRAM, ['-batch', 'data.db', words], { cwd: share })
  for (let round = 0; round < ROUNDS; round++) {
    const writer = peers[round % 2]!
    const create =
      round > 0 ? '' : 'PRAGMA journal_mode = WAL; CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT);'
    const inserts = Array.from(
      { length: ROWS_PER_ROUND },
      (_, row) =>
        `INSERT INTO rows (text) VALUES ('round ${round}, row ${row}, ${'x'.repeat((row * 37) % 900)}');` +
        (row % 50 === 49
          ? ' UPDATE rows SET text = text || 1 WHERE id % 7 = 0; DELETE FROM rows WHERE id % 50 = 1;'
          : '') +
        // The sync of each commit takes what it takes; connections come and go.
        (row % 100 === 99 ? ' PRAGMA wal_checkpoint(TRUNCATE);' : ''),
    )
    for (let part = 0; part < 8; part++) {
      const size = ROWS_PER_ROUND / 8
      await sql(
        writer.share,
        `PRAGMA wal_autocheckpoint = 20; ${part === 0 ? create : ''}${inserts.slice(part * size, (part + 1) * size).join('')}`,
      )
    }
    failures.push(...(await rest(site, `the database, written by ${writer.name}`)))
    const texts = await Promise.all(
      peers.map(({ share }) =>
        // A look that leaves nothing beside it.
        run(
          PROGRAM,
          [
            '-batch',
            `file:${encodeURI(join(share, 'data.db'))}?immutable=1`,
            'PRAGMA integrity_check; SELECT count(*), sum(length(text)) FROM rows;',
          ],
          { cwd: site.sandbox.folder },
        ),
      ),
    )
    for (const [index, text] of texts.entries())
      if (!text.startsWith('ok\n') || text !== texts[0])
        failures.push(`the database of ${peers[index]!.name} says ${text}, that of A ${texts[0]}`)
  }
  return failures
}
