import type { Database } from 'bun:sqlite'
import { getTableColumns, getTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { conversations } from '../../src/areas/conversations/conversations.table.ts'
import { navigationRoutes } from '../../src/areas/navigation/navigation.table.ts'
import { pageContents, pages } from '../../src/areas/pages/pages.table.ts'
import { personas } from '../../src/areas/personas/personas.table.ts'
import { pluginModules, plugins } from '../../src/areas/plugins/plugins.table.ts'
import { pluginStates } from '../../src/areas/plugin-state/plugin-state.table.ts'
import { sealValue } from '../../src/areas/settings/sealed-value.ts'
import { settingDefinitions, settingInstances } from '../../src/areas/settings/settings.table.ts'
import { conversationTags, tags } from '../../src/areas/tags/tags.table.ts'
import { openDatabase } from '../../src/db/client.ts'
import { createSecretBox, deriveSecretKey, type SecretBox } from '../../src/shared/secret-box.ts'
import * as rows from './many-rows.ts'

const toDefinition = (index: number): typeof settingDefinitions.$inferInsert => ({
  id: `setting_${index}`,
  name: `Setting ${index}`,
  category: 'bench',
  type: 'object',
  allowedScopes: ['user'],
  isMultiple: false,
  tags: [],
  createdAt: index,
  updatedAt: index,
})

const toInstance = (box: SecretBox, userId: string, index: number): typeof settingInstances.$inferInsert => {
  const id = rows.idOf(userId, `setting ${index}`)
  const value = sealValue(box, id, { theme: 'dark', sizes: [1, 2, 3], index })
  const name = `Setting ${index}`
  return { id, definitionId: `setting_${index}`, name, value, scope: 'user', userId, createdAt: 1, updatedAt: index }
}

/**
 * One prepared statement for all rows: Drizzle's own insert would take as long as the measurement. It writes the fields
 * of the first row, and leaves the others to their defaults.
 */
const insertAll = <Table extends SQLiteTable>(sqlite: Database, table: Table, all: Table['$inferInsert'][]) => {
  const isWritten = ([field]: [string, unknown]) => field in (all[0] ?? {})
  const columns = Object.entries(getTableColumns(table)).filter(isWritten)
  const names = columns.map(([, { name }]) => `"${name}"`).join(', ')
  const places = columns.map(() => '?').join(', ')
  using statement = sqlite.prepare(`INSERT INTO "${getTableName(table)}" (${names}) VALUES (${places})`)
  for (const row of all as Record<string, unknown>[]) {
    const toValue = ([field, column]: (typeof columns)[number]) =>
      row[field] === null ? null : column.mapToDriverValue(row[field])
    statement.run(...(columns.map(toValue) as string[]))
  }
}

/** Fills the database of a stopped server. Rows of several users lie between each other, as if written by turns. */
export const fillDatabase = (folder: string, userIds: string[]): void => {
  const key = readFileSync(join(folder, 'data/keys/encryption.key'), 'utf8').trim()
  const box = createSecretBox([deriveSecretKey(key)])
  const { sqlite, close } = openDatabase(join(folder, 'data/braindrive.db'))
  const indexes = (count: number) => Array.from({ length: count }, (_, index) => index)
  const ofEach = <Row>(count: number, toRow: (userId: string, index: number) => Row): Row[] =>
    indexes(count).flatMap((index) => userIds.map((userId) => toRow(userId, index)))
  sqlite.transaction(() => {
    insertAll(sqlite, pages, ofEach(rows.rowsOfEach, rows.toPage))
    insertAll(sqlite, pageContents, ofEach(rows.rowsOfEach, rows.toPageContent))
    insertAll(sqlite, personas, ofEach(rows.rowsOfEach, rows.toPersona))
    insertAll(sqlite, conversations, ofEach(rows.rowsOfEach, rows.toConversation))
    insertAll(sqlite, tags, ofEach(rows.tagsOfEach, rows.toTag))
    insertAll(sqlite, conversationTags, ofEach(rows.rowsOfEach, rows.toTagLinks).flat())
    insertAll(sqlite, navigationRoutes, ofEach(rows.routesOfEach, rows.toRoute))
    insertAll(sqlite, pluginStates, ofEach(rows.rowsOfEach, rows.toState))
    insertAll(sqlite, plugins, ofEach(rows.pluginsOfEach, rows.toPlugin))
    insertAll(sqlite, pluginModules, ofEach(rows.pluginsOfEach, rows.toModules).flat())
    insertAll(sqlite, settingDefinitions, indexes(rows.settingsOfEach).map(toDefinition))
    const ofBox = (userId: string, index: number) => toInstance(box, userId, index)
    insertAll(sqlite, settingInstances, ofEach(rows.settingsOfEach, ofBox))
  })()
  close()
}
