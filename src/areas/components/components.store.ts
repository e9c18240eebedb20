import { and, asc, count, eq, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { users } from '../auth/auth.table.ts'
import { type ComponentRow, components } from './components.table.ts'

const value = sql.placeholder
const isOwn = eq(components.userId, value('userId'))
const ownOne = and(isOwn, eq(components.componentId, value('componentId')))

const ownComponents = prepared((db) =>
  db.select().from(components).where(isOwn).orderBy(asc(components.componentId)).prepare(),
)
export const listComponents = (db: Db, userId: string): ComponentRow[] => ownComponents(db).all({ userId })

const ownComponent = prepared((db) => db.select().from(components).where(ownOne).prepare())
export const findComponent = (db: Db, userId: string, componentId: string): ComponentRow | undefined =>
  ownComponent(db).get({ userId, componentId })

const ownCount = prepared((db) => db.select({ count: count() }).from(components).where(isOwn).prepare())
export const countComponents = (db: Db, userId: string): number => ownCount(db).get({ userId })?.count ?? 0

const user = prepared((db) =>
  db
    .select({ id: users.id })
    .from(users)
    .where(eq(users.id, value('id')))
    .prepare(),
)
export const userExists = (db: Db, id: string): boolean => user(db).get({ id }) !== undefined

const newComponent = prepared((db) =>
  db
    .insert(components)
    .values({
      id: value('id'),
      userId: value('userId'),
      componentId: value('componentId'),
      name: value('name'),
      description: value('description'),
      icon: value('icon'),
      isSystem: value('isSystem'),
      createdAt: value('createdAt'),
      updatedAt: value('updatedAt'),
    })
    .returning()
    .prepare(),
)
/** Returns what is stored: text that is not Unicode changes on the way. */
export const insertComponent = (db: Db, row: ComponentRow): ComponentRow => newComponent(db).get({ ...row })

const changedComponent = prepared((db) =>
  db
    .update(components)
    .set({
      name: sql`${value('name')}`,
      description: sql`${value('description')}`,
      icon: sql`${value('icon')}`,
      updatedAt: sql`${value('updatedAt')}`,
    })
    .where(ownOne)
    .returning()
    .prepare(),
)
/** Returns what is stored then. */
export const updateComponent = (
  db: Db,
  { userId, componentId, name, description, icon, updatedAt }: ComponentRow,
): ComponentRow => changedComponent(db).get({ userId, componentId, name, description, icon, updatedAt })

const removedComponent = prepared((db) => db.delete(components).where(ownOne).prepare())
export const deleteComponent = (db: Db, userId: string, componentId: string): void => {
  removedComponent(db).run({ userId, componentId })
}
