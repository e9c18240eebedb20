import type { Deps } from '../../deps.ts'
import { inTransaction } from '../../db/transaction.ts'
import { deleteUnusedAutoDefinitions } from './definitions.store.ts'
import { type InstanceDeps, upsertInstance } from './instance-upsert.ts'
import { unwrapJsonText } from './json-value.ts'
import { type OpenInstance, openInstance } from './sealed-value.ts'
import { deleteInstance, deleteInstancesOfPage, findInstanceByKey, type InstanceKey } from './settings.store.ts'

// What other areas may do: with a user's own settings (scope user, no page), and when a page goes.

const ownKey = (userId: string, definitionId: string): InstanceKey => ({
  definitionId,
  scope: 'user',
  userId,
  pageId: null,
})

/**
 * The decrypted value, keys included: never for an answer. JSON inside a string is unwrapped. Undefined when there is no
 * such setting, null when it was cleared or does not open with this server's key.
 */
export const findUserSettingValue = (
  deps: Pick<Deps, 'db' | 'secretBox' | 'log'>,
  userId: string,
  definitionId: string,
): unknown => {
  const row = findInstanceByKey(deps.db, ownKey(userId, definitionId))
  return row && unwrapJsonText(openInstance(deps, row).value)
}

/** The same for a setting that administrators make for everybody (scope system). */
export const findSystemSettingValue = (deps: Pick<Deps, 'db' | 'secretBox' | 'log'>, definitionId: string): unknown => {
  const row = findInstanceByKey(deps.db, { definitionId, scope: 'system', userId: null, pageId: null })
  return row && unwrapJsonText(openInstance(deps, row).value)
}

/** Creates or overwrites; a masked key keeps the stored one. Throws the errors of `POST /settings/instances`. */
export const saveUserSettingValue = (
  deps: InstanceDeps,
  userId: string,
  definition: { id: string; name: string },
  value: unknown,
): OpenInstance =>
  inTransaction(deps.db, () => upsertInstance(deps, ownKey(userId, definition.id), { name: definition.name, value }))

/** Whether there was one. */
export const deleteUserSetting = ({ db }: Pick<Deps, 'db'>, userId: string, definitionId: string): boolean =>
  inTransaction(db, () => {
    const row = findInstanceByKey(db, ownKey(userId, definitionId))
    if (!row) return false
    deleteInstance(db, row.id)
    deleteUnusedAutoDefinitions(db, [definitionId])
    return true
  })

/** Everybody's settings of a page that is being deleted; `pageId` without dashes. Call in a transaction. */
export const deletePageSettings = ({ db }: Pick<Deps, 'db'>, pageId: string): void =>
  deleteUnusedAutoDefinitions(db, deleteInstancesOfPage(db, pageId))
