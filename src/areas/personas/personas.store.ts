import { and, eq, getTableColumns, inArray, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { toFolded } from '../../shared/folded-text.ts'
import { toHexId } from '../../shared/ids.ts'
import { conversations } from '../conversations/conversations.table.ts'
import { type PersonaContent, personas } from './personas.table.ts'

const value = sql.placeholder

const { searchText: _, ...content } = getTableColumns(personas)
const isOwn = and(eq(personas.id, value('id')), eq(personas.userId, value('userId')))

const ownPersona = prepared((db) => db.select(content).from(personas).where(isOwn).prepare())
export const findPersona = (db: Db, userId: string, id: string): PersonaContent | undefined =>
  ownPersona(db).get({ id: toHexId(id), userId })

const ownedPersonaId = prepared((db) => db.select({ id: personas.id }).from(personas).where(isOwn).prepare())
export const ownsPersona = (db: Db, userId: string, id: string): boolean =>
  ownedPersonaId(db).get({ id: toHexId(id), userId }) !== undefined

/** What a search looks in. */
export const toSearchText = ({
  name,
  description,
  systemPrompt,
}: Pick<PersonaContent, 'name' | 'description' | 'systemPrompt'>): string =>
  toFolded([name, description, systemPrompt].join('\n'))

/** As SQLite stores it. JSON as text: a placeholder of a JSON column would turn null into the text `null`. */
const toStored = (row: PersonaContent) => ({
  ...row,
  modelSettings: row.modelSettings && JSON.stringify(row.modelSettings),
  tags: row.tags && JSON.stringify(row.tags),
  isActive: Number(row.isActive),
  searchText: toSearchText(row),
})

const writtenFields = {
  name: sql`${value('name')}`,
  description: sql`${value('description')}`,
  systemPrompt: sql`${value('systemPrompt')}`,
  modelSettings: sql`${value('modelSettings')}`,
  avatar: sql`${value('avatar')}`,
  tags: sql`${value('tags')}`,
  sampleGreeting: sql`${value('sampleGreeting')}`,
  isActive: sql`${value('isActive')}`,
  updatedAt: sql`${value('updatedAt')}`,
  searchText: sql`${value('searchText')}`,
}

const newPersona = prepared((db) =>
  db
    .insert(personas)
    .values({ ...writtenFields, id: value('id'), userId: value('userId'), createdAt: value('createdAt') })
    .prepare(),
)
export const insertPersona = (db: Db, row: PersonaContent): void => {
  newPersona(db).run(toStored(row))
}

const changedPersona = prepared((db) => db.update(personas).set(writtenFields).where(isOwn).prepare())
/** Writes everything but id, owner and time of creation, for the owner that the row names. */
export const updatePersona = (db: Db, row: PersonaContent): void => {
  changedPersona(db).run(toStored(row))
}

const detachedConversations = prepared((db) => {
  const some = db
    .select({ id: conversations.id })
    .from(conversations)
    .where(and(eq(conversations.personaId, value('id')), eq(conversations.userId, value('userId'))))
    .limit(25)
  return db
    .update(conversations)
    .set({ personaId: null })
    .where(inArray(conversations.id, some))
    .returning({ id: conversations.id })
    .prepare()
})
/** Takes a persona off some of the user's conversations. Returns how many; 0 when none is left. */
export const detachSomeConversations = (db: Db, userId: string, id: string): number =>
  detachedConversations(db).all({ id: toHexId(id), userId }).length

const deletedPersona = prepared((db) => db.delete(personas).where(isOwn).returning({ id: personas.id }).prepare())
/** Conversations with it go on without a persona. False when there is no such persona of this user. */
export const deletePersona = (db: Db, userId: string, id: string): boolean =>
  deletedPersona(db).all({ id: toHexId(id), userId }).length > 0

const usage = prepared((db) =>
  db
    .select({
      count: sql<number>`count(*)`,
      bytes: sql<number>`coalesce(sum(
        octet_length(${personas.searchText}) + coalesce(octet_length(${personas.avatar}), 0) +
        coalesce(octet_length(${personas.sampleGreeting}), 0) + coalesce(octet_length(${personas.modelSettings}), 0) +
        coalesce(octet_length(${personas.tags}), 0)
      ), 0)`,
    })
    .from(personas)
    .where(eq(personas.userId, value('userId')))
    .prepare(),
)
/** How many personas a user has, and about how many bytes they hold. */
export const readUsage = (db: Db, userId: string): { count: number; bytes: number } =>
  usage(db).get({ userId }) ?? { count: 0, bytes: 0 }
