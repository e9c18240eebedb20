import type { Deps } from '../../deps.ts'
import { newUuid } from '../../shared/ids.ts'
import { builtInDefinitions, dashboard, toGeneralSettings } from './catalog.ts'
import { findDefinition, insertDefinition } from './definitions.store.ts'
import { isFields, unwrapJsonText } from './json-value.ts'
import { openInstance, sealValue } from './sealed-value.ts'
import { findInstanceByKey, insertInstance, updateInstance } from './settings.store.ts'
import type { SettingInstanceRow } from './settings.table.ts'

type SeedDeps = Pick<Deps, 'db' | 'clock' | 'secretBox' | 'log'>

const opensDashboard = (setting: unknown) =>
  isFields(setting) && setting.Setting_Name === 'default_page' && setting.Setting_Data === dashboard

/** In general settings that still open the dashboard. */
const openInstead = (deps: SeedDeps, row: SettingInstanceRow, pageId: string) => {
  const value = unwrapJsonText(openInstance(deps, row).value)
  if (!isFields(value) || !Array.isArray(value.settings) || !value.settings.some(opensDashboard)) return
  const settings = value.settings.map((one) => (opensDashboard(one) ? { ...one, Setting_Data: pageId } : one))
  const sealed = sealValue(deps.secretBox, row.id, { ...value, settings })
  updateInstance(deps.db, { ...row, value: sealed, updatedAt: deps.clock() })
}

/**
 * The built-in definitions, and this user's own instance of each (auth.md 6.2). What is there already stays. New general
 * settings open the start page after signing in, and the dashboard without one; those that open the dashboard since the
 * user had no page open a new page. The caller opens the transaction.
 */
export const seedSettings = (deps: SeedDeps, userId: string, startPage: { id: string; isNew: boolean } | undefined) => {
  const { db, secretBox } = deps
  const now = deps.clock()
  for (const definition of builtInDefinitions) {
    const { id: definitionId, name, defaultValue } = definition
    if (!findDefinition(db, definitionId)) {
      insertDefinition(db, { ...definition, broughtBy: null, createdAt: now, updatedAt: now })
    }
    const key = { definitionId, scope: 'user', userId, pageId: null } as const
    const page = definitionId === 'general_settings' ? startPage : undefined
    const stored = findInstanceByKey(db, key)
    if (stored) {
      if (page?.isNew) openInstead(deps, stored, page.id)
      continue
    }
    const id = newUuid()
    const value = sealValue(secretBox, id, page ? toGeneralSettings(page.id) : defaultValue)
    insertInstance(db, { ...key, id, name, value, createdAt: now, updatedAt: now })
  }
}

const seededServers = builtInDefinitions.flatMap(({ defaultValue }) =>
  isFields(defaultValue) && Array.isArray(defaultValue.servers) ? (defaultValue.servers as unknown[]) : [],
)

/** Whether a model server is still the one that every new account has, as it was. */
export const isUntouchedServer = (server: { id: string; serverName: string; serverAddress: string }): boolean =>
  seededServers.some(
    (seeded) =>
      isFields(seeded) &&
      seeded.id === server.id &&
      seeded.serverName === server.serverName &&
      seeded.serverAddress === server.serverAddress,
  )
