import { unmaskKeys } from '../../../areas/settings/key-mask.ts'
import { AppError } from '../../../shared/app-error.ts'
import { isUuid, toUuid } from '../../../shared/ids.ts'
import { isFields } from '../source/loose-json.ts'
import type { ReadOldValue } from '../source/old-settings-value.ts'
import { RowDropped } from '../row-dropped.ts'
import type { SourceRow } from '../source/source-row.ts'

/** The page that opens after signing in was stored in either spelling; clients compare it with ids that have dashes. */
const dashStartPage = (setting: unknown): unknown =>
  isFields(setting) && typeof setting['Setting_Data'] === 'string' && isUuid(setting['Setting_Data'])
    ? { ...setting, Setting_Data: toUuid(setting['Setting_Data']) }
    : setting

const dashStartPages = (value: unknown): unknown =>
  isFields(value) && Array.isArray(value['settings'])
    ? { ...value, settings: value['settings'].map(dashStartPage) }
    : value

/** Without what answers add to a key. The mask of a key is no key: its owner must hear of it (workspace.md 12.4). */
const checkKeys = (row: SourceRow, definitionId: string, value: unknown): unknown => {
  try {
    return unmaskKeys(definitionId, value, undefined)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    row.note('warning', 'a mask was saved over its API key: enter the key again')
    return value
  }
}

/** The value of a setting, decrypted. Drops a row that no key opens. */
export const readSettingValue = (read: ReadOldValue, row: SourceRow, definitionId: string): unknown => {
  const cell = row.prose('value')
  if (cell === null) return null
  const found = read(cell)
  if (!found) throw new RowDropped('it is encrypted, and the master key does not open it')
  return definitionId === 'general_settings' ? dashStartPages(found.value) : checkKeys(row, definitionId, found.value)
}
