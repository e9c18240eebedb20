import type { Deps } from '../../deps.ts'
import { newUuid } from '../../shared/ids.ts'
import { autoDescription, countAutoDefinitionsOf, findDefinition, insertDefinition } from './definitions.store.ts'
import { unmaskKeys } from './key-mask.ts'
import { type OpenInstance, openInstance, sealValue } from './sealed-value.ts'
import * as errors from './settings.errors.ts'
import { findInstanceByKey, insertInstance, type InstanceKey, readUsage, updateInstance } from './settings.store.ts'
import { type SettingInstanceRow, settingScopes } from './settings.table.ts'
import { assertValueFits } from './value-limit.ts'

export type InstanceDeps = Pick<Deps, 'db' | 'clock' | 'secretBox' | 'log'>

// The texts of the errors name these limits.
const maxInstances = 1000
const maxSealedBytes = 16 * 1024 * 1024
const maxAutoDefinitions = 200

const assertRoom = ({ db }: InstanceDeps, userId: string | null, addedRows: number, addedBytes: number) => {
  if (userId === null || (addedRows <= 0 && addedBytes <= 0)) return
  const { count, bytes } = readUsage(db, userId)
  if (count + addedRows > maxInstances || bytes + addedBytes > maxSealedBytes) throw errors.noRoom()
}

const seal = (deps: InstanceDeps, row: SettingInstanceRow, value: unknown, storedValue: unknown) => {
  assertValueFits(value)
  const kept = unmaskKeys(row.definitionId, value, storedValue)
  assertValueFits(kept)
  return { value: kept, sealed: sealValue(deps.secretBox, row.id, kept) }
}

/** Writes name, value or both into an existing row. Call in a transaction. */
export const storeValue = (
  deps: InstanceDeps,
  row: SettingInstanceRow,
  changes: { name?: string; value?: unknown },
): OpenInstance => {
  const stored = openInstance(deps, row)
  const next = { name: changes.name ?? row.name, updatedAt: deps.clock() }
  if (changes.value === undefined) {
    // The sealed text stays: a value that does not open today may do so with the right key.
    updateInstance(deps.db, { ...row, ...next })
    return { ...stored, ...next }
  }
  const { value, sealed } = seal(deps, row, changes.value, stored.value)
  assertRoom(deps, row.userId, 0, (sealed?.length ?? 0) - (row.value?.length ?? 0))
  updateInstance(deps.db, { ...row, ...next, value: sealed })
  return { ...row, ...next, value }
}

/** A definition for what nobody defined. Its default stays empty: every user reads it, and the value is this user's own (workspace.md 10, row 1). */
const ensureDefinitionOf = ({ db, clock }: InstanceDeps, { definitionId, userId }: InstanceKey, name: string) => {
  if (findDefinition(db, definitionId)) return
  if (userId !== null && countAutoDefinitionsOf(db, userId) >= maxAutoDefinitions) throw errors.tooManyDefinitions()
  insertDefinition(db, {
    id: definitionId,
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
    createdAt: clock(),
    updatedAt: clock(),
  })
}

/** The one row of this key gets the value (contract decision 23); a new one gets `newId`, or a random one. Call in a transaction. */
export const upsertInstance = (
  deps: InstanceDeps,
  key: InstanceKey,
  content: { name: string; value: unknown; newId?: string },
): OpenInstance => {
  const existing = findInstanceByKey(deps.db, key)
  if (existing) return storeValue(deps, existing, content)
  ensureDefinitionOf(deps, key, content.name)
  const now = deps.clock()
  const row: SettingInstanceRow = {
    ...key,
    id: content.newId ?? newUuid(),
    name: content.name,
    value: null,
    createdAt: now,
    updatedAt: now,
  }
  const { value, sealed } = seal(deps, row, content.value, undefined)
  assertRoom(deps, row.userId, 1, sealed?.length ?? 0)
  insertInstance(deps.db, { ...row, value: sealed })
  return { ...row, value }
}
