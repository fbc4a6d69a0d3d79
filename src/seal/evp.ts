// AES-256-GCM and HMAC-SHA-256 of the libcrypto that Node is linked with, called past node:crypto: one context for all that is
// sealed and one for all that is opened, and bytes stay where they are. Used by gcm.ts where koffi is there; everything that
// this refuses goes through node:crypto.
//
// Measured on Node 20, a block of 65,300 bytes: 13 µs here, 22 with createCipheriv, which also takes fresh memory for each;
// a datagram of 200 bytes: 0.7 and 3.9 µs; a nonce: 1.0 and 2.0.

import { createRequire } from 'node:module'
import type { FrameCipher } from '../rdt/protection.js'
import { ASSOCIATED_BYTES_MAX, GCM_NONCE_BYTES, HASH_BYTES, KEY_BYTES, TAG_BYTES } from './limits.js'

// openssl/evp.h
const EVP_CTRL_GCM_GET_TAG = 0x10
const EVP_CTRL_GCM_SET_TAG = 0x11

/** Places in the one piece of memory of which libcrypto is told addresses. */
const LENGTH_AT = 0
const NONCE_AT = 16
const TAG_AT = 32
const KEY_AT = 64
const DIGEST_AT = 128
const ASSOCIATED_AT = 192
const SCRATCH_BYTES = ASSOCIATED_AT + ASSOCIATED_BYTES_MAX

type Koffi = typeof import('koffi')['default']

/** Addresses are numbers: of a user's memory they have 47 bits. Memory that is filled or read is handed over as it is, so that
 *  it is referenced during the call. */
interface Libcrypto {
  newContext(): number
  aes256Gcm(): number
  sha256(): number
  init(context: number, cipher: number, engine: number, key: number, nonce: number, seals: number): number
  associate(context: number, out: number, outLength: number, bytes: number, length: number): number
  update(context: number, out: Uint8Array, outLength: number, bytes: Uint8Array, length: number): number
  final(context: number, out: number, outLength: number): number
  control(context: number, type: number, length: number, bytes: number): number
  hmac(
    digest: number,
    key: number,
    keyLength: number,
    bytes: number,
    length: number,
    out: number,
    outLength: number,
  ): number
  clearErrors(): void
}

export class Evp {
  private readonly scratch = new Uint8Array(new ArrayBuffer(SCRATCH_BYTES))
  private readonly tag = this.scratch.subarray(TAG_AT, TAG_AT + TAG_BYTES)
  private readonly sealing: number
  private readonly opening: number
  private readonly sha256: number
  private readonly base: number

  /** Undefined where the platform is another, koffi is not there or does not load, or libcrypto is not to be reached. */
  static load(): Evp | undefined {
    if (process.platform !== 'linux' || !process.arch.endsWith('64')) return undefined
    try {
      // No import: a thread that has a block to seal cannot wait for one.
      const koffi = createRequire(import.meta.url)('koffi') as Koffi
      const library = koffi.load(null)
      const evp = new Evp(
        {
          newContext: library.func('uint64_t EVP_CIPHER_CTX_new()'),
          aes256Gcm: library.func('uint64_t EVP_aes_256_gcm()'),
          sha256: library.func('uint64_t EVP_sha256()'),
          init: library.func(
            'int EVP_CipherInit_ex(uint64_t context, uint64_t cipher, uint64_t engine, uint64_t key, uint64_t nonce, int seals)',
          ),
          associate: library.func(
            'int EVP_CipherUpdate(uint64_t context, uint64_t out, uint64_t outLength, uint64_t bytes, int length)',
          ),
          update: library.func(
            'int EVP_CipherUpdate(uint64_t context, void *out, uint64_t outLength, const void *bytes, int length)',
          ),
          final: library.func('int EVP_CipherFinal_ex(uint64_t context, uint64_t out, uint64_t outLength)'),
          control: library.func(
            'int EVP_CIPHER_CTX_ctrl(uint64_t context, int type, int length, uint64_t bytes)',
          ),
          hmac: library.func(
            'uint64_t HMAC(uint64_t digest, uint64_t key, int keyLength, uint64_t bytes, size_t length, uint64_t out, uint64_t outLength)',
          ),
          clearErrors: library.func('void ERR_clear_error()'),
        },
        (bytes) => Number(koffi.address(bytes)),
      )
      return evp.sealing === 0 || evp.opening === 0 ? undefined : evp
    } catch {
      return undefined // not installed, or not for this machine
    }
  }

  private constructor(
    private readonly libcrypto: Libcrypto,
    addressOf: (bytes: Uint8Array) => number,
  ) {
    this.base = addressOf(this.scratch)
    this.sha256 = libcrypto.sha256()
    this.sealing = this.contextFor(1)
    this.opening = this.contextFor(0)
  }

  /** As many bytes as `text` has, and a tag, into `room` from `at` on; the text stands there already or in other memory.
   *  False where that is refused, and nothing was written. */
  seal(cipher: FrameCipher, text: Uint8Array, room: Uint8Array, at: number): boolean {
    const end = at + text.length
    if (text.length === 0 || end + TAG_BYTES > room.length || !this.begin(this.sealing, cipher, 1))
      return false
    const { libcrypto, sealing, base } = this
    const isSealed =
      libcrypto.update(sealing, room.subarray(at, end), base + LENGTH_AT, text, text.length) === 1 &&
      libcrypto.final(sealing, base + TAG_AT, base + LENGTH_AT) === 1 &&
      libcrypto.control(sealing, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, base + TAG_AT) === 1
    // The text may be gone from its place: nothing else may be sealed under this nonce.
    if (!isSealed) throw new Error('libcrypto did not seal')
    room.set(this.tag, end)
    return true
  }

  /** Puts the text that ciphertext and tag were made of into `into`, which is as long or longer, and may be the same memory.
   *  Nothing may be read there where the answer is another: 'damaged' where they were changed, 'refused' where
   *  nothing was written. */
  open(cipher: FrameCipher, sealed: Uint8Array, into: Uint8Array): 'opened' | 'damaged' | 'refused' {
    const length = sealed.length - TAG_BYTES
    if (length <= 0 || into.length < length || !this.begin(this.opening, cipher, 0)) return 'refused'
    const { libcrypto, opening, base } = this
    this.tag.set(sealed.subarray(length))
    const isOpened =
      libcrypto.update(opening, into, base + LENGTH_AT, sealed, length) === 1 &&
      libcrypto.control(opening, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, base + TAG_AT) === 1 &&
      libcrypto.final(opening, base + DIGEST_AT, base + LENGTH_AT) === 1
    if (isOpened) return 'opened'
    libcrypto.clearErrors()
    return 'damaged'
  }

  /** HMAC-SHA-256, valid until the next call of anything here; undefined where that is not done. */
  hmac(key: Uint8Array, bytes: Uint8Array): Uint8Array | undefined {
    if (key.length !== KEY_BYTES || bytes.length > ASSOCIATED_BYTES_MAX) return undefined
    const { scratch, base } = this
    scratch.set(key, KEY_AT)
    scratch.set(bytes, ASSOCIATED_AT)
    const isDone =
      this.libcrypto.hmac(
        this.sha256,
        base + KEY_AT,
        KEY_BYTES,
        base + ASSOCIATED_AT,
        bytes.length,
        base + DIGEST_AT,
        0,
      ) !== 0
    return isDone ? scratch.subarray(DIGEST_AT, DIGEST_AT + HASH_BYTES) : undefined
  }

  /** Key, nonce and associated data of one text. */
  private begin(context: number, { key, nonce, associated }: FrameCipher, seals: 0 | 1): boolean {
    const fits =
      key.length === KEY_BYTES &&
      nonce.length === GCM_NONCE_BYTES &&
      associated.length > 0 &&
      associated.length <= ASSOCIATED_BYTES_MAX
    if (!fits) return false
    const { libcrypto, scratch, base } = this
    scratch.set(key, KEY_AT)
    scratch.set(nonce, NONCE_AT)
    scratch.set(associated, ASSOCIATED_AT)
    const isBegun =
      libcrypto.init(context, 0, 0, base + KEY_AT, base + NONCE_AT, seals) === 1 &&
      libcrypto.associate(context, 0, base + LENGTH_AT, base + ASSOCIATED_AT, associated.length) === 1
    // libcrypto keeps its errors by thread: node:crypto would take one that is left there for its own.
    if (!isBegun) libcrypto.clearErrors()
    return isBegun
  }

  /** 0 where there is none. */
  private contextFor(seals: 0 | 1): number {
    const { libcrypto } = this
    const context = libcrypto.newContext()
    if (context === 0) return 0
    return libcrypto.init(context, libcrypto.aes256Gcm(), 0, 0, 0, seals) === 1 ? context : 0
  }
}
