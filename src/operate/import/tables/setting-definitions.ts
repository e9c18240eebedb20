import { builtInDefinitions } from '../../../areas/settings/catalog.ts'
import { autoDescription } from '../../../areas/settings/definitions.store.ts'
import { settingDefinitions, type SettingScope, settingScopes } from '../../../areas/settings/settings.table.ts'
import { type ImportRun, timesOf } from '../import-run.ts'
import { importTable } from '../import-table.ts'
import { RowDropped } from '../row-dropped.ts'
import { objectOf, textsOf } from '../source/row-json.ts'
import type { SourceRow } from '../source/source-row.ts'

const builtIn = new Set(builtInDefinitions.map(({ id }) => id))
const autoCategory = 'auto_generated'

export const toScope = (text: string | null): SettingScope | undefined =>
  settingScopes.find((scope) => scope === text?.trim().toLowerCase())

const scopesOf = (row: SourceRow): SettingScope[] => {
  const scopes = (textsOf(row, 'allowed_scopes') ?? []).map(toScope).filter((one) => one !== undefined)
  if (scopes.length > 0) return [...new Set(scopes)]
  row.note('changed', 'it allows no scope: user')
  return ['user']
}

/** A definition that was made when somebody saved a value has that user's value, which others must not see (workspace.md 12.4). */
const isOfSomebody = (id: string, category: string, description: string | null): boolean =>
  id.endsWith('_api_keys_settings') ||
  (!builtIn.has(id) && category === autoCategory && (description?.startsWith(autoDescription) ?? false))

const defaultOf = (row: SourceRow, isEmptied: boolean): unknown => {
  const value = row.json('default_value') ?? null
  if (!isEmptied || value === null) return value
  row.note('changed', 'its default is emptied: it was the value of one user')
  return null
}

export const importSettingDefinitions = (run: ImportRun): void =>
  importTable(run, {
    source: 'settings_definitions',
    target: settingDefinitions,
    key: ['id'],
    read: (row) => {
      const id = row.line('id')
      if (!id) throw new RowDropped('it has no id')
      const category = row.line('category') || autoCategory
      const description = row.prose('description')
      return {
        id,
        name: row.line('name') ?? id,
        description,
        category,
        type: row.line('type') || 'object',
        defaultValue: defaultOf(row, isOfSomebody(id, category, description)),
        allowedScopes: scopesOf(row),
        validation: objectOf(row, 'validation'),
        isMultiple: row.flag('is_multiple', false),
        tags: textsOf(row, 'tags') ?? [],
        broughtBy: null,
        ...timesOf(run, row),
      }
    },
  })
