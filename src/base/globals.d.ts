// The two WHATWG globals that the pure core uses. Every JavaScript runtime has them, yet neither is in
// the ES2022 library that `tsconfig.core.json` compiles against (https://encoding.spec.whatwg.org).

interface Utf8Encoder {
  encode(text: string): Uint8Array
}

interface Utf8Decoder {
  decode(bytes: Uint8Array): string
}

declare var TextEncoder: { new (): Utf8Encoder }
declare var TextDecoder: {
  new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): Utf8Decoder
}
