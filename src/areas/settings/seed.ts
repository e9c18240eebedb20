import type { Deps } from '../../deps.ts'
import { newUuid } from '../../shared/ids.ts'
import { builtInDefinitions, toGeneralSettings } from './catalog.ts'
import { findDefinition, insertDefinition } from './definitions.store.ts'
import { sealValue } from './sealed-value.ts'
import { findInstanceByKey, insertInstance } from './settings.store.ts'

/**
 * The built-in definitions, and this user's own instance of each (auth.md 6.2). What is there already stays. New general
 * settings open `startPageId` after signing in, and the dashboard without one. The caller opens the transaction.
 */
export const seedSettings = (
  { db, clock, secretBox }: Pick<Deps, 'db' | 'clock' | 'secretBox'>,
  userId: string,
  startPageId: string | undefined,
) => {
  const now = clock()
  for (const definition of builtInDefinitions) {
    const { id: definitionId, name, defaultValue } = definition
    if (!findDefinition(db, definitionId)) insertDefinition(db, { ...definition, createdAt: now, updatedAt: now })
    const key = { definitionId, scope: 'user', userId, pageId: null } as const
    if (findInstanceByKey(db, key)) continue
    const id = newUuid()
    const isStart = definitionId === 'general_settings' && startPageId !== undefined
    const value = sealValue(secretBox, id, isStart ? toGeneralSettings(startPageId) : defaultValue)
    insertInstance(db, { ...key, id, name, value, createdAt: now, updatedAt: now })
  }
}
