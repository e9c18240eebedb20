import { eq } from 'drizzle-orm'
import { pages } from '../../../areas/pages/pages.table.ts'
import { autoDescription, findDefinition, insertDefinition } from '../../../areas/settings/definitions.store.ts'
import { toStoredPageId } from '../../../areas/settings/page-id.ts'
import { sealValue } from '../../../areas/settings/sealed-value.ts'
import { type SettingInstanceRow, settingInstances, settingScopes } from '../../../areas/settings/settings.table.ts'
import { isUuid } from '../../../shared/ids.ts'
import { ImportError } from '../import-error.ts'
import { type ImportRun, ownerOf, timesOf } from '../import-run.ts'
import { importTable } from '../import-table.ts'
import { looksEncrypted, type ReadOldValue } from '../source/old-settings-value.ts'
import { RowDropped } from '../row-dropped.ts'
import { freeIdOf } from '../source/row-ids.ts'
import { toScope } from './setting-definitions.ts'
import { readSettingValue } from './setting-values.ts'
import type { SourceDatabase } from '../source/source-database.ts'
import type { SourceRow } from '../source/source-row.ts'

const source = 'settings_instances'

/** Throws when there are encrypted settings and not one of them can be opened: the key is a wrong one then. */
export const assertKeyFits = (database: SourceDatabase, read: ReadOldValue): void => {
  let unreadable = 0
  for (const { values } of database.rows(source)) {
    const cell = values['value']
    if (typeof cell !== 'string' || !looksEncrypted(cell)) continue
    if (read(cell)) return
    unreadable++
  }
  if (unreadable > 0)
    throw new ImportError(
      `The master key opens none of the ${unreadable} encrypted settings. Give ENCRYPTION_MASTER_KEY of the old server with --master-key-file or IMPORT_MASTER_KEY, or leave these settings out with --skip-unreadable`,
    )
}

/** Which page, and whose setting: those of a page belong to whoever made them, else to the page's creator (decision 23). */
const pagePlaceOf = (run: ImportRun, row: SourceRow) => {
  const pageId = toStoredPageId(row.line('page_id')?.trim())
  if (pageId === null) throw new RowDropped('it is of a page, but names none')
  const page = run.deps.db.select({ creatorId: pages.creatorId }).from(pages).where(eq(pages.id, pageId)).get()
  if (!page && isUuid(pageId)) throw new RowDropped('its page was not imported')
  const isNobodys = (row.line('user_id') ?? '') === ''
  return { pageId, userId: isNobodys && page ? page.creatorId : ownerOf(run, row) }
}

const placeOf = (run: ImportRun, row: SourceRow): Pick<SettingInstanceRow, 'scope' | 'userId' | 'pageId'> => {
  const scope = toScope(row.line('scope'))
  if (scope === undefined) throw new RowDropped('its scope is unknown')
  // Also what an administrator saved, with an own id on it: shared by all.
  if (scope === 'system') return { scope, userId: null, pageId: null }
  if (scope === 'user') return { scope, userId: ownerOf(run, row), pageId: null }
  return { scope, ...pagePlaceOf(run, row) }
}

/** As the server makes one for a value that nobody defined. */
const ensureDefinition = ({ deps: { db }, now }: ImportRun, row: SourceRow, id: string, name: string) => {
  if (findDefinition(db, id)) return
  row.note('changed', 'nothing defined it: a definition was made')
  insertDefinition(db, {
    id,
    name,
    description: `${autoDescription}${name}`,
    category: 'auto_generated',
    type: 'object',
    defaultValue: null,
    allowedScopes: [...settingScopes],
    validation: null,
    isMultiple: false,
    tags: ['auto_generated'],
    broughtBy: null,
    createdAt: now,
    updatedAt: now,
  })
}

/** After definitions and pages. Of several rows of one kind the one that changed last is kept (workspace.md 12.4). */
export const importSettingInstances = (run: ImportRun, read: ReadOldValue): void =>
  importTable(run, {
    source,
    target: settingInstances,
    key: ['id'],
    order: { times: ['updated_at', 'created_at'], newestFirst: true },
    taken: 'there is a newer one, or one that was here before',
    read: (row) => {
      const definitionId = row.line('definition_id')
      if (!definitionId) throw new RowDropped('it has no definition')
      const place = placeOf(run, row)
      const id = freeIdOf(row)
      const name = row.line('name') ?? definitionId
      const value = readSettingValue(read, row, definitionId)
      ensureDefinition(run, row, definitionId, name)
      return { ...place, id, definitionId, name, value: sealValue(run.deps.secretBox, id, value), ...timesOf(run, row) }
    },
  })
