// Names that some disks take for one. The index of names and the simulated disk fold with it; whether two names are one is asked of the
// disk itself.

/** Equal for names that differ in case or Unicode form alone. */
export function foldedName(name: string): string {
  return name.normalize('NFD').toUpperCase().toLowerCase().normalize('NFC')
}
