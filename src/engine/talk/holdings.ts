// Answers peers that ask what is here of a file: some pieces of it while it is being built, all of it once it stands in
// the share, which the keeper may have to say first. Used by the engine.

import { BlockSet } from '../../base/blockset.js'
import type { Digest, ItemRef } from '../../base/item.js'
import { pieceCount } from '../../base/pieces.js'
import type { HoldingMessage, Message } from '../../ecp/message.js'
import type { SessionId } from '../../rdt/endpoint.js'
import { WORKING_RETRY_MS } from '../limits.js'
import type { LargeFiles } from '../receive/large-files.js'
import type { Serving } from '../serve/serving.js'

export interface HoldingsOptions {
  readonly files: LargeFiles
  readonly serving: Serving
  readonly reply: (session: SessionId, number: number, message: Message) => void
}

export class Holdings {
  private readonly options: HoldingsOptions
  /** Peers that wait for the keeper's answer: one question for each session at most. */
  private readonly questions = new Map<SessionId, { readonly number: number; readonly file: ItemRef }>()

  constructor(options: HoldingsOptions) {
    this.options = options
  }

  /** A peer that is building a file says what it holds of it, and asks what is here. */
  handleRequest(
    session: SessionId,
    number: number,
    request: HoldingMessage,
    isShareRead: boolean,
    nowMs: number,
  ): void {
    const { files, serving, reply } = this.options
    const { file } = request
    const pieces = files.buildingOf(file.digest)?.pieces
    if (pieces?.blockCount === request.pieces.blockCount) {
      // First the answer: what comes of the request may change what is here.
      reply(session, number, { type: 'holding', file, pieces })
      files.handleHolding(session, request, nowMs)
      return
    }
    const isWhole = isShareRead ? serving.isWhole(file.digest) : undefined
    if (!isShareRead) this.replyWorking(session, number)
    else if (isWhole === undefined) this.questions.set(session, { number, file })
    else this.replyWhole(session, number, file, isWhole)
  }

  /** The keeper has said where a file is, or that it is not here. */
  handleLocated(digest: Digest, isHere: boolean): void {
    for (const [session, { number, file }] of this.questions) {
      if (file.digest !== digest) continue
      this.questions.delete(session)
      this.replyWhole(session, number, file, isHere)
    }
  }

  handleClosed(session: SessionId): void {
    this.questions.delete(session)
  }

  handleKeeperLost(): void {
    for (const [session, { number }] of this.questions) this.replyWorking(session, number)
    this.questions.clear()
  }

  private replyWhole(session: SessionId, number: number, file: ItemRef, isHere: boolean): void {
    const pieces = BlockSet.full(pieceCount(file.sizeBytes))
    this.options.reply(session, number, isHere ? { type: 'holding', file, pieces } : { type: 'same' })
  }

  private replyWorking(session: SessionId, number: number): void {
    this.options.reply(session, number, { type: 'working', retryMs: WORKING_RETRY_MS })
  }
}
