// The files of the program: in src, in dist as tsc puts them there, and in dist as scripts/build.mjs bundles them. Used by those who
// start a process or a thread from one of them.
//
// A file that is run has the same path in all three. The code of this one stands one folder below the root in all three too:
// in src/io, in dist/io, or in a part of a bundle, which the build checks.

/** From the sources, as tests and tools run them: a process or a thread has to be taught TypeScript first. */
export function isFromSources(): boolean {
  return import.meta.url.endsWith('.ts')
}

/** The address of the file of a module: `watcher/main`, a path from the root without its extension. */
export function programFile(module: string): URL {
  return new URL(`../${module}.${isFromSources() ? 'ts' : 'js'}`, import.meta.url)
}
