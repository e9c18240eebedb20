import type { Deps, SignedInUser } from '../../deps.ts'
import { inTransaction } from '../../db/transaction.ts'
import {
  countInstancesOf,
  deleteDefinition,
  findDefinition,
  insertDefinition,
  isDefinitionNameTaken,
  updateDefinition,
} from './definitions.store.ts'
import { isFields } from './json-value.ts'
import { holdsKey } from './key-mask.ts'
import * as errors from './settings.errors.ts'
import type { CreateSettingDefinition, ReplaceSettingDefinition, UpdateSettingDefinition } from './settings.schema.ts'
import type { SettingDefinitionRow } from './settings.table.ts'
import { assertValueFits } from './value-limit.ts'

type DefinitionDeps = Pick<Deps, 'db' | 'clock' | 'audit'>

/** Who changes the catalogue; the audit log wants the request. */
export interface Actor {
  user: SignedInUser
  request: Request
}

interface Change {
  type: 'admin.settings_created' | 'admin.settings_updated' | 'admin.settings_deleted'
  definitionId: string
  extra?: Record<string, unknown>
}

const record = ({ audit }: DefinitionDeps, { user, request }: Actor, { definitionId, ...change }: Change) =>
  audit({ ...change, status: 'success', userId: user.id, request, resource: { type: 'setting', id: definitionId } })

const assertValid = (definitionId: string, { default_value: defaultValue, validation }: UpdateSettingDefinition) => {
  assertValueFits(defaultValue)
  assertValueFits(validation)
  if (holdsKey(definitionId, defaultValue)) throw errors.keyInDefault()
}

/** An empty object is none. */
const toValidation = (validation: unknown): Record<string, unknown> | null => {
  if (validation === null) return null
  if (!isFields(validation)) throw errors.validationNotObject()
  return Object.keys(validation).length === 0 ? null : validation
}

/** Only what the body names. */
const toChanges = (body: UpdateSettingDefinition): Partial<SettingDefinitionRow> => ({
  ...(body.name === undefined ? {} : { name: body.name }),
  ...(body.category === undefined ? {} : { category: body.category }),
  ...(body.type === undefined ? {} : { type: body.type }),
  ...(body.allowed_scopes === undefined ? {} : { allowedScopes: [...new Set(body.allowed_scopes)] }),
  ...(body.description === undefined ? {} : { description: body.description }),
  ...(body.default_value === undefined ? {} : { defaultValue: body.default_value }),
  ...(body.validation === undefined ? {} : { validation: toValidation(body.validation) }),
  ...(body.is_multiple === undefined ? {} : { isMultiple: body.is_multiple }),
  ...(body.tags === undefined ? {} : { tags: body.tags ?? [] }),
})

const getDefinition = ({ db }: Pick<Deps, 'db'>, id: string): SettingDefinitionRow => {
  const definition = findDefinition(db, id)
  if (!definition) throw errors.definitionNotFound(id)
  return definition
}

const withoutOptionals = { description: null, defaultValue: null, validation: null, isMultiple: false, tags: [] }

export const createDefinition = (
  deps: DefinitionDeps,
  actor: Actor,
  body: CreateSettingDefinition,
): SettingDefinitionRow => {
  const { id, name, category, type } = body
  assertValid(id, body)
  const now = deps.clock()
  const row = {
    ...withoutOptionals,
    allowedScopes: [],
    ...toChanges(body),
    id,
    name,
    category,
    type,
    broughtBy: null,
    createdAt: now,
    updatedAt: now,
  }
  inTransaction(deps.db, () => {
    if (findDefinition(deps.db, id)) throw errors.definitionExists(id)
    if (isDefinitionNameTaken(deps.db, name)) throw errors.definitionExists(name)
    insertDefinition(deps.db, row)
  })
  record(deps, actor, { type: 'admin.settings_created', definitionId: id, extra: { name, category } })
  return row
}

const applyChanges = (
  deps: DefinitionDeps,
  actor: Actor,
  id: string,
  changes: Partial<SettingDefinitionRow>,
): SettingDefinitionRow => {
  const fields = Object.keys(changes)
  const updated = inTransaction(deps.db, () => {
    const definition = getDefinition(deps, id)
    const isRenamed = changes.name !== undefined && changes.name !== definition.name
    if (isRenamed && isDefinitionNameTaken(deps.db, changes.name ?? '', id))
      throw errors.definitionExists(changes.name ?? '')
    if (fields.length === 0) return definition
    const stamped = { ...changes, updatedAt: deps.clock() }
    updateDefinition(deps.db, id, stamped)
    return { ...definition, ...stamped }
  })
  if (fields.length > 0) record(deps, actor, { type: 'admin.settings_updated', definitionId: id, extra: { fields } })
  return updated
}

export const changeDefinition = (deps: DefinitionDeps, actor: Actor, id: string, body: UpdateSettingDefinition) => {
  assertValid(id, body)
  return applyChanges(deps, actor, id, toChanges(body))
}

/** A whole definition replaces the old one; a body that lacks a required field changes what it names (api-reference). */
export const replaceDefinition = (deps: DefinitionDeps, actor: Actor, id: string, body: ReplaceSettingDefinition) => {
  const { name, category, type, allowed_scopes: scopes } = body
  if (body.id !== undefined && body.id !== id) throw errors.definitionIdMismatch()
  assertValid(id, body)
  const isWhole = [name, category, type, scopes].every((field) => field !== undefined)
  return applyChanges(deps, actor, id, { ...(isWhole ? withoutOptionals : {}), ...toChanges(body) })
}

export const removeDefinition = (deps: DefinitionDeps, actor: Actor, id: string) => {
  inTransaction(deps.db, () => {
    getDefinition(deps, id)
    const count = countInstancesOf(deps.db, id)
    if (count > 0) throw errors.definitionInUse(id, count)
    deleteDefinition(deps.db, id)
  })
  record(deps, actor, { type: 'admin.settings_deleted', definitionId: id })
}
