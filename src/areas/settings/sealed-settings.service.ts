import type { SealedColumn } from '../../db/sealed-columns.ts'
import { settingContext } from './sealed-value.ts'
import { settingInstances } from './settings.table.ts'

/** For who looks after the keys of all that is sealed. */
export const sealedSettings: SealedColumn = {
  table: settingInstances,
  id: settingInstances.id,
  value: settingInstances.value,
  contextOf: settingContext,
}
