// Lines of the control socket, in both directions.

import fc from 'fast-check'
import { textOf, utf8 } from '../../src/base/bytes.js'
import {
  type ControlAnswer,
  type ControlRequest,
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
} from '../../src/control/protocol.js'
import { accepted, fuzz } from './fuzz.js'

const argument = fc.oneof(fc.string(), fc.boolean(), fc.integer())

const request: fc.Arbitrary<ControlRequest> = fc.record({
  command: fc.constantFrom('status', 'trash', '__proto__', 'constructor'),
  arguments: fc.dictionary(fc.string({ maxLength: 8 }), argument, { maxKeys: 4 }),
})

const answer: fc.Arbitrary<ControlAnswer> = fc.oneof(
  fc.record({ ok: fc.constant(true as const), result: fc.dictionary(fc.string(), argument) }),
  fc.record({
    ok: fc.constant(false as const),
    error: fc.constantFrom('failed' as const, 'version' as const),
    message: fc.string(),
  }),
)

fuzz<ControlRequest>({
  name: 'decodeRequest',
  valid: request.map((value) => utf8(encodeRequest(value))),
  decode: accepted((bytes: Uint8Array) => decodeRequest(textOf(bytes) ?? '')),
  encode: (value) => utf8(encodeRequest(value)),
  isCanonical: () => false,
})

fuzz<ControlAnswer>({
  name: 'decodeAnswer',
  valid: answer.map((value) => utf8(encodeAnswer(value))),
  decode: accepted((bytes: Uint8Array) => decodeAnswer(textOf(bytes) ?? '')),
  encode: (value) => utf8(encodeAnswer(value)),
  isCanonical: () => false,
})
