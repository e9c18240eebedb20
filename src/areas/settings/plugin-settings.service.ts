import type { Db } from '../../db/client.ts'
import type { Deps } from '../../deps.ts'
import { builtInDefinitions } from './catalog.ts'
import { countDefinitions, findDefinition, insertDefinition, isDefinitionNameTaken } from './definitions.store.ts'
import { type InstanceDeps, upsertInstance } from './instance-upsert.ts'
import { findInstanceByKey, type InstanceKey } from './settings.store.ts'
import type { SettingDefinitionRow } from './settings.table.ts'
import { assertValueFits } from './value-limit.ts'

// What plugins may bring along (plugins.md B1.5). Whoever installs one is not an administrator.

const programSettings = new Set(builtInDefinitions.map(({ id }) => id))

/** Whether this program itself relies on the setting: its start page, the keys of its providers. */
export const isProgramSetting = (definitionId: string): boolean =>
  programSettings.has(definitionId) || definitionId.endsWith('_api_keys_settings')

/** Definitions are shared and outlive the plugin that made them: nobody may fill the catalogue with them. */
const maxDefinitions = 2000

type NewDefinition = Omit<SettingDefinitionRow, 'createdAt' | 'updatedAt'>

export interface PluginSetting {
  definition: NewDefinition
  /** The user's own. `idPrefix`: its id is this and the user's; null: a random one. */
  instance: { idPrefix: string | null; name: string; value: unknown } | null
}

const ensureDefinition = ({ db, clock }: Pick<Deps, 'db' | 'clock'>, definition: NewDefinition) => {
  const { id, name, defaultValue } = definition
  if (isProgramSetting(id) || findDefinition(db, id) || countDefinitions(db) >= maxDefinitions) return
  assertValueFits(defaultValue)
  const now = clock()
  // An administrator would take two of one name for the same.
  const ownName = isDefinitionNameTaken(db, name) ? id : name
  insertDefinition(db, { ...definition, name: ownName, createdAt: now, updatedAt: now })
}

/** The program's default of its own settings, else the plugin's: never one that another user's plugin brought along. */
const ownDefault = (db: Db, { id, defaultValue }: NewDefinition): unknown =>
  (isProgramSetting(id) ? findDefinition(db, id)?.defaultValue : defaultValue) ?? null

/**
 * Makes the definition if there is none and the program does not claim it, and the user's own instance if there is none.
 * What is there stays. Throws the errors of `POST /settings/instances`, such as a full store. Call in a transaction.
 */
export const ensureUserSetting = (
  deps: InstanceDeps,
  userId: string,
  { definition, instance }: PluginSetting,
): void => {
  ensureDefinition(deps, definition)
  const key: InstanceKey = { definitionId: definition.id, scope: 'user', userId, pageId: null }
  if (!instance || findInstanceByKey(deps.db, key)) return
  const { idPrefix, name, value } = instance
  upsertInstance(deps, key, {
    name,
    value: value ?? ownDefault(deps.db, definition),
    ...(idPrefix === null ? {} : { newId: `${idPrefix}${userId}` }),
  })
}
