// The few functions of the C library that Node does not offer and UDP offload needs, called through koffi. koffi is
// an optional dependency: where it is missing, or the platform is another, everything goes on without.

import { endianness } from 'node:os'
import process from 'node:process'

/** Results are those of the C functions: below zero is a failure, and `errno` tells which. */
export interface Native {
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, valueBytes: number): number
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, valueBytes: Uint8Array): number
  getsockname(fd: number, address: Uint8Array, addressBytes: Uint8Array): number
  sendmsg(fd: number, message: Uint8Array, flags: number): number
  recvmsg(fd: number, message: Uint8Array, flags: number): number
  inet_pton(family: number, text: string, address: Uint8Array): number
  if_indextoname(index: number, name: Uint8Array): bigint | null
  /** Address of the bytes, which stay where they are for as long as they are referenced. */
  addressOf(bytes: Uint8Array): bigint
  /** Error number of the call that failed last. */
  errno(): number
}

/** Layouts of msghdr and cmsghdr are those of 64-bit little-endian Linux, glibc or musl. */
const ARCHITECTURES: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64']

/** Undefined where the platform has none of it, or koffi is not installed or does not load. */
export async function loadNative(): Promise<Native | undefined> {
  if (process.platform !== 'linux' || !ARCHITECTURES.includes(process.arch) || endianness() !== 'LE')
    return undefined
  try {
    const { default: koffi } = await import('koffi')
    const library = koffi.load(null)
    return {
      setsockopt: library.func(
        'int setsockopt(int fd, int level, int name, const void *value, uint32_t valueBytes)',
      ),
      getsockopt: library.func('int getsockopt(int fd, int level, int name, void *value, void *valueBytes)'),
      getsockname: library.func('int getsockname(int fd, void *address, void *addressBytes)'),
      sendmsg: library.func('intptr_t sendmsg(int fd, const void *message, int flags)'),
      recvmsg: library.func('intptr_t recvmsg(int fd, void *message, int flags)'),
      inet_pton: library.func('int inet_pton(int family, const char *text, void *address)'),
      if_indextoname: library.func('void *if_indextoname(uint32_t index, void *name)'),
      addressOf: (bytes) => BigInt(koffi.address(bytes)),
      errno: () => koffi.errno(),
    }
  } catch {
    return undefined // not installed, or not for this machine
  }
}
