import type { Deps } from '../../deps.ts'
import type { SecretBox } from '../../shared/secret-box.ts'
import type { SettingInstanceRow } from './settings.table.ts'

export const settingContext = (instanceId: string) => `settings_instances:${instanceId}`

/** Any JSON value, encrypted for the row `instanceId`. Null stays null. */
export const sealValue = (box: SecretBox, instanceId: string, value: unknown): string | null =>
  value === null || value === undefined ? null : box.seal(JSON.stringify(value), settingContext(instanceId))

const openValue = (box: SecretBox, { id, value }: SettingInstanceRow): unknown =>
  value === null ? null : (JSON.parse(box.open(value, settingContext(id))) as unknown)

/** Whether the keys of the box open a stored value. */
export const opensWith = (box: SecretBox, instanceId: string, sealed: string): boolean => {
  try {
    box.open(sealed, settingContext(instanceId))
    return true
  } catch {
    return false
  }
}

/** A row with its value decrypted. */
export type OpenInstance = Omit<SettingInstanceRow, 'value'> & { value: unknown }

/** One row that another key sealed must not hide the others: its value is null, and the log says so once. */
export const openInstances = (
  { secretBox, log }: Pick<Deps, 'secretBox' | 'log'>,
  rows: SettingInstanceRow[],
): OpenInstance[] => {
  const unreadable: string[] = []
  const opened = rows.map((row) => {
    try {
      return { ...row, value: openValue(secretBox, row) }
    } catch {
      unreadable.push(row.id)
      return { ...row, value: null }
    }
  })
  if (unreadable.length > 0)
    log.warn('settings do not open with the encryption key of this server', {
      count: unreadable.length,
      first: unreadable[0],
    })
  return opened
}

export const openInstance = (deps: Pick<Deps, 'secretBox' | 'log'>, row: SettingInstanceRow): OpenInstance => {
  const [opened] = openInstances(deps, [row])
  return opened ?? { ...row, value: null }
}
