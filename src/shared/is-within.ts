import { existsSync, realpathSync } from 'node:fs'
import { resolve, sep } from 'node:path'

/** Where a path leads, also one that is not there yet. */
const placeOf = (path: string): string => (existsSync(path) ? realpathSync(path) : resolve(path))

/** Whether a path is the folder, or somewhere in it, by whatever links. */
export const isWithin = (path: string, folder: string): boolean =>
  `${placeOf(path)}${sep}`.startsWith(`${placeOf(folder).replace(/[/\\]$/, '')}${sep}`)
