import type { Deps } from '../../deps.ts'
import { readPluginUsage } from './plugin-usage.store.ts'
import { noRoom } from './plugins-change.errors.ts'

const maxPlugins = 500
/** Bounds the designer manifest, which holds all of it. */
const maxChars = 16_777_216

/** For the end of a transaction that adds a plugin: throws 400 when its owner has too much of them now. */
export const checkPluginRoom = ({ db }: Pick<Deps, 'db'>, userId: string): void => {
  const { count, chars } = readPluginUsage(db, userId)
  if (count > maxPlugins || chars > maxChars) throw noRoom()
}
