import { isDeepStrictEqual } from 'node:util'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isOwnId, newHexId, toHexId } from '../../shared/ids.ts'
import * as errors from './components.errors.ts'
import type { CreateComponent, UpdateComponent } from './components.schema.ts'
import {
  countComponents,
  deleteComponent,
  findComponent,
  insertComponent,
  updateComponent,
  userExists,
} from './components.store.ts'
import type { ComponentRow } from './components.table.ts'

type ReadDeps = Pick<Deps, 'db'>
type WriteDeps = Pick<Deps, 'db' | 'clock'>

const maxComponents = 1000

/** Whose component an administrator means: the named user's, else their own. */
export const toOwner = (adminId: string, named: string | null | undefined): string =>
  named && !isOwnId(adminId, named) ? toHexId(named) : adminId

/** Throws 404, for somebody else's too. */
export const getComponent = ({ db }: ReadDeps, userId: string, componentId: string): ComponentRow => {
  const component = findComponent(db, userId, componentId)
  if (!component) throw errors.componentNotFound(componentId)
  return component
}

export const createComponent = ({ db, clock }: WriteDeps, adminId: string, body: CreateComponent): ComponentRow => {
  const userId = toOwner(adminId, body.user_id)
  const row: ComponentRow = {
    id: newHexId(),
    userId,
    componentId: body.component_id,
    name: body.name,
    description: body.description ?? null,
    icon: body.icon ?? null,
    isSystem: body.is_system ?? false,
    createdAt: clock(),
    updatedAt: null,
  }
  return inTransaction(db, () => {
    if (!userExists(db, userId)) throw errors.ownerNotFound()
    if (findComponent(db, userId, row.componentId)) throw errors.componentExists(row.componentId)
    if (countComponents(db, userId) >= maxComponents) throw errors.tooManyComponents()
    return insertComponent(db, row)
  })
}

export const editComponent = (deps: WriteDeps, userId: string, componentId: string, body: UpdateComponent) =>
  inTransaction(deps.db, () => {
    const row = getComponent(deps, userId, componentId)
    const wanted: ComponentRow = { ...row, ...body }
    return isDeepStrictEqual(wanted, row) ? row : updateComponent(deps.db, { ...wanted, updatedAt: deps.clock() })
  })

export const removeComponent = ({ db }: ReadDeps, userId: string, componentId: string) =>
  inTransaction(db, () => {
    if (getComponent({ db }, userId, componentId).isSystem) throw errors.systemComponent()
    deleteComponent(db, userId, componentId)
  })
