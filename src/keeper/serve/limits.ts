/** Files up to this long are read by the keeper where the engine asks for their place: opening, reading and closing one
 *  in libuv's pool takes the engine 100 µs, and the keeper 10. */
export const INLINE_BYTES_MAX = 16 * 1024
