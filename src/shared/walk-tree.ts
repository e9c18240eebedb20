import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Whatever lies below a folder, folders before what is in them. A link is named, and never followed: `readdirSync` with
 * `recursive` follows it in Bun, so that a link to `/` would bring in all files of the machine.
 */
export function* walkTree(folder: string): Generator<{ path: string; isFile: boolean }> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    yield { path, isFile: entry.isFile() }
    if (entry.isDirectory()) yield* walkTree(path)
  }
}
