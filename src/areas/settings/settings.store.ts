import type { Db } from '../../db/client.ts'
import { type SettingDefinitionRow, settingDefinitions, type SettingInstanceRow, settingInstances } from './settings.table.ts'

/** Leaves a definition of the same id as it is. */
export const ensureDefinition = (db: Db, row: SettingDefinitionRow) => db.insert(settingDefinitions).values(row).onConflictDoNothing().run()

/** Leaves an instance of the same definition, scope, user and page as it is. */
export const ensureInstance = (db: Db, row: SettingInstanceRow) => db.insert(settingInstances).values(row).onConflictDoNothing().run()
