import type { Deps, SignedInUser } from '../../deps.ts'
import { inTransaction } from '../../db/transaction.ts'
import { isOwnId } from '../../shared/ids.ts'
import { deleteUnusedAutoDefinitions } from './definitions.store.ts'
import { type InstanceDeps, storeValue, upsertInstance } from './instance-upsert.ts'
import { toStoredPageId } from './page-id.ts'
import { type OpenInstance, openInstance, openInstances } from './sealed-value.ts'
import * as errors from './settings.errors.ts'
import type { ListInstancesQuery, SaveSettingInstance, UpdateSettingInstance } from './settings.schema.ts'
import { deleteInstance, findVisibleInstance, listOwnInstances, listSystemInstances } from './settings.store.ts'
import { type SettingInstanceRow, type SettingScope, settingScopes } from './settings.table.ts'

const parseScope = (text: string): SettingScope | undefined =>
  settingScopes.find((scope) => scope === text.toLowerCase())

/**
 * The filter rules of workspace.md 3.1, safe: rows of others are never found; `scope=system` is shared and has no user;
 * any other scope, or a page, implies the caller; no filter at all finds the shared rows.
 */
export const listInstances = (
  deps: Pick<Deps, 'db' | 'secretBox' | 'log'>,
  user: SignedInUser,
  query: ListInstancesQuery,
): OpenInstance[] => {
  const scope = query.scope ? parseScope(query.scope) : null
  const definitionId = query.definition_id || null
  const pageId = toStoredPageId(query.page_id)
  if (scope === undefined) return []
  const isShared = scope === 'system' || (scope === null && !query.user_id && pageId === null)
  if (isShared) return openInstances(deps, listSystemInstances(deps.db, { definitionId, pageId }))
  if (query.user_id && !isOwnId(user.id, query.user_id)) return []
  return openInstances(deps, listOwnInstances(deps.db, user.id, { definitionId, scope, pageId }))
}

const getRow = ({ db }: Pick<Deps, 'db'>, user: SignedInUser, id: string): SettingInstanceRow => {
  const row = findVisibleInstance(db, user.id, id)
  if (!row) throw errors.instanceNotFound(id)
  return row
}

export const getInstance = (
  deps: Pick<Deps, 'db' | 'secretBox' | 'log'>,
  user: SignedInUser,
  id: string,
): OpenInstance => openInstance(deps, getRow(deps, user, id))

const assertMayWrite = (user: SignedInUser, scope: SettingScope) => {
  if (scope === 'system' && !user.isAdmin) throw errors.systemNeedsAdmin()
}

const getWritableRow = (deps: Pick<Deps, 'db'>, user: SignedInUser, id: string): SettingInstanceRow => {
  const row = getRow(deps, user, id)
  assertMayWrite(user, row.scope)
  return row
}

/** Changes name and value only: a row never changes its owner, scope or definition. */
export const changeInstance = (
  deps: InstanceDeps,
  user: SignedInUser,
  id: string,
  changes: UpdateSettingInstance,
): OpenInstance =>
  inTransaction(deps.db, () => {
    const row = getWritableRow(deps, user, id)
    return changes.name === undefined && changes.value === undefined
      ? openInstance(deps, row)
      : storeValue(deps, row, changes)
  })

export const removeInstance = (deps: InstanceDeps, user: SignedInUser, id: string) =>
  inTransaction(deps.db, () => {
    const row = getWritableRow(deps, user, id)
    deleteInstance(deps.db, row.id)
    deleteUnusedAutoDefinitions(deps.db, [row.definitionId])
  })

const toKey = (user: SignedInUser, scope: SettingScope, body: SaveSettingInstance) => {
  const pageId = scope === 'page' || scope === 'user_page' ? toStoredPageId(body.page_id) : null
  if (pageId === null && scope !== 'system' && scope !== 'user') throw errors.pageIdRequired()
  return { definitionId: body.definition_id, scope, userId: scope === 'system' ? null : user.id, pageId }
}

/** Create, update and delete in one, as clients use it (workspace.md 3.2). Undefined: the instance was deleted. */
export const saveInstance = (
  deps: InstanceDeps,
  user: SignedInUser,
  body: SaveSettingInstance,
): OpenInstance | undefined => {
  const scope = parseScope(body.scope)
  if (!scope) throw errors.invalidScope(body.scope)
  if (body.action === 'delete') {
    if (!body.id) throw errors.instanceIdRequired()
    removeInstance(deps, user, body.id)
    return undefined
  }
  if (body.id) return changeInstance(deps, user, body.id, body)
  assertMayWrite(user, scope)
  return inTransaction(deps.db, () => upsertInstance(deps, toKey(user, scope, body), body))
}
