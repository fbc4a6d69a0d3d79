// koffi as far as this folder calls it: the build must not need an optional package.

declare module 'koffi' {
  type Library = {
    /** The prototype in C; the function takes and gives what it says. */
    // biome-ignore lint/suspicious/noExplicitAny: its arguments are those of the prototype, a string.
    func(prototype: string): (...words: any[]) => any
  }
  const koffi: {
    /** Null is the process itself with all that it has loaded. */
    load(file: null): Library
    address(bytes: Uint8Array): bigint | number
    errno(): number
  }
  export default koffi
}
