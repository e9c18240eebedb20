import type { Db } from '../../db/client.ts'
import type { Deps } from '../../deps.ts'
import { builtInDefinitions } from './catalog.ts'
import {
  countDefinitions,
  countDefinitionsBroughtBy,
  findDefinition,
  insertDefinition,
  isAutoDefinition,
  isDefinitionNameTaken,
  updateDefinition,
} from './definitions.store.ts'
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
const maxDefinitionsOfUser = 100

type NewDefinition = Omit<SettingDefinitionRow, 'broughtBy' | 'createdAt' | 'updatedAt'>

export interface PluginSetting {
  definition: NewDefinition
  /** Whether the definition is this program's own description of a plugin's setting, not what a package says. */
  isKnown: boolean
  /** The user's own. `idPrefix`: its id is this and the user's; null: a random one. */
  instance: { idPrefix: string | null; name: string; value: unknown } | null
}

const isFull = (db: Db, userId: string) =>
  countDefinitions(db) >= maxDefinitions || countDefinitionsBroughtBy(db, userId) >= maxDefinitionsOfUser

const ensureDefinition = (
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  userId: string,
  { definition, isKnown }: PluginSetting,
) => {
  const { id, name, defaultValue } = definition
  if (isProgramSetting(id) || (!isKnown && isFull(db, userId))) return
  const existing = findDefinition(db, id)
  // Whoever saves a value first makes a bare definition, under a name of their choice: it gives way to what we know.
  if (existing && !(isKnown && isAutoDefinition(existing))) return
  assertValueFits(defaultValue)
  // An administrator would take two of one name for the same.
  const ownName = isDefinitionNameTaken(db, name, id) ? id : name
  const now = clock()
  const row = { ...definition, name: ownName, broughtBy: isKnown ? null : userId, createdAt: now, updatedAt: now }
  if (existing) updateDefinition(db, id, row)
  else insertDefinition(db, row)
}

/** The program's default of its own settings, else the plugin's: never one that another user's plugin brought along. */
const ownDefault = (db: Db, { id, defaultValue }: NewDefinition): unknown =>
  (isProgramSetting(id) ? findDefinition(db, id)?.defaultValue : defaultValue) ?? null

/**
 * Makes the definition if there is none and the program does not claim it, and the user's own instance if there is none.
 * What is there stays. Where the catalogue has no room (100 definitions that a user's plugins brought along, 2000 in all),
 * the instance gets a bare definition, as a saved value does. Returns whether the instance was made. Throws the errors of
 * `POST /settings/instances`, such as a full store. Call in a transaction.
 */
export const ensureUserSetting = (deps: InstanceDeps, userId: string, setting: PluginSetting): boolean => {
  ensureDefinition(deps, userId, setting)
  const { definition, instance } = setting
  const key: InstanceKey = { definitionId: definition.id, scope: 'user', userId, pageId: null }
  if (!instance || findInstanceByKey(deps.db, key)) return false
  const { idPrefix, name, value } = instance
  upsertInstance(deps, key, {
    name,
    value: value ?? ownDefault(deps.db, definition),
    ...(idPrefix === null ? {} : { newId: `${idPrefix}${userId}` }),
  })
  return true
}
