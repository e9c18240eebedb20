import { and, asc, count, desc, eq, gt, lte, ne, notInArray, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { nativeRow } from '../../db/native-list.ts'
import { prepared } from '../../db/prepared.ts'
import { auditLogs, type SessionRow, sessions, type UserRow, users } from './auth.table.ts'

const value = sql.placeholder

const liveSession = nativeRow<Pick<SessionRow, 'userId'>>((db) =>
  db
    .select({ userId: sql`${sessions.userId}`.as('userId') })
    .from(sessions)
    .where(and(eq(sessions.id, value('id')), gt(sessions.expiresAt, value('now')))),
)
const activeUser = nativeRow<Pick<UserRow, 'id' | 'username' | 'role'>>((db) =>
  db
    .select({ id: users.id, username: users.username, role: users.role })
    .from(users)
    .where(and(eq(users.id, value('id')), eq(users.isActive, true))),
)
/**
 * The active user of a live session: what every authenticated request asks. Two look-ups by key, since a join of the
 * two takes SQLite four times as long.
 */
export const findSessionUser = (db: Db, sessionId: string, now: number) => {
  const session = liveSession(db, { id: sessionId, now })
  return session && activeUser(db, { id: session.userId })
}

const userById = prepared((db) =>
  db
    .select()
    .from(users)
    .where(eq(users.id, value('id')))
    .prepare(),
)
export const findUser = (db: Db, id: string): UserRow | undefined => userById(db).get({ id })

const userByEmail = prepared((db) =>
  db
    .select()
    .from(users)
    .where(eq(users.email, value('email')))
    .prepare(),
)
const usersByEmailKey = prepared((db) =>
  db
    .select()
    .from(users)
    .where(eq(users.emailKey, value('key')))
    .limit(2)
    .prepare(),
)
/** Exact spelling first; otherwise the only account that differs by case alone (auth.md 13, row 20). */
export const findUserByEmail = (db: Db, email: string): UserRow | undefined => {
  const exact = userByEmail(db).get({ email })
  if (exact) return exact
  const alike = usersByEmailKey(db).all({ key: email.toLowerCase() })
  return alike.length === 1 ? alike[0] : undefined
}

export const isEmailTaken = (db: Db, email: string): boolean =>
  usersByEmailKey(db).get({ key: email.toLowerCase() }) !== undefined

export const isUsernameTaken = (db: Db, username: string, exceptUserId = ''): boolean =>
  db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.username, username), ne(users.id, exceptUserId)))
    .get() !== undefined

export const findUserByUsername = (db: Db, username: string): UserRow | undefined =>
  db.select().from(users).where(eq(users.username, username)).get()

/** Everybody but the pictures and hashes, oldest first, and on how many devices each is signed in. */
export const listUsers = (db: Db, now: number) =>
  db
    .select({
      id: users.id,
      username: users.username,
      email: users.email,
      role: users.role,
      isActive: users.isActive,
      createdAt: users.createdAt,
      sessions: count(sessions.id),
    })
    .from(users)
    .leftJoin(sessions, and(eq(sessions.userId, users.id), gt(sessions.expiresAt, now)))
    .groupBy(users.id)
    .orderBy(asc(users.createdAt), asc(users.id))
    .all()

/** Whether an administrator other than this one can sign in. */
export const hasOtherAdmin = (db: Db, userId: string): boolean =>
  db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, 'admin'), eq(users.isActive, true), ne(users.id, userId)))
    .limit(1)
    .get() !== undefined

export const hasUsers = (db: Db): boolean => db.select({ id: users.id }).from(users).limit(1).get() !== undefined

export const insertUser = (db: Db, row: UserRow) => db.insert(users).values(row).run()

export const updateUser = (db: Db, id: string, changes: Partial<UserRow>) =>
  db.update(users).set(changes).where(eq(users.id, id)).run()

/** Replaces the hash unless somebody else has done so since it was read. Returns whether it did. */
export const replacePasswordHash = (db: Db, id: string, from: string, to: string): boolean =>
  db
    .update(users)
    .set({ passwordHash: to })
    .where(and(eq(users.id, id), eq(users.passwordHash, from)))
    .returning({ id: users.id })
    .get() !== undefined

export const insertSession = (db: Db, row: SessionRow) => db.insert(sessions).values(row).run()

export const findSessionRow = (db: Db, id: string): SessionRow | undefined =>
  db.select().from(sessions).where(eq(sessions.id, id)).get()

export const updateSession = (db: Db, id: string, changes: Partial<SessionRow>) =>
  db.update(sessions).set(changes).where(eq(sessions.id, id)).run()

export const deleteSession = (db: Db, id: string) => db.delete(sessions).where(eq(sessions.id, id)).run()

export const deleteSessionsOfUser = (db: Db, userId: string) =>
  db.delete(sessions).where(eq(sessions.userId, userId)).run()

/** Of everybody. Returns how many there were. */
export const deleteAllSessions = (db: Db): number => db.delete(sessions).returning({ id: sessions.id }).all().length

const surplusSessions = prepared((db) => {
  const newest = db
    .select({ id: sessions.id })
    .from(sessions)
    .where(eq(sessions.userId, value('userId')))
    .orderBy(desc(sessions.rotatedAt), desc(sessions.createdAt))
    .limit(value('keep'))
  return db
    .delete(sessions)
    .where(and(eq(sessions.userId, value('userId')), notInArray(sessions.id, newest)))
    .prepare()
})
/** Ends all sessions of a user but the `keep` most recently used. */
export const deleteSurplusSessions = (db: Db, userId: string, keep: number) => surplusSessions(db).run({ userId, keep })

/** Returns how many there were. */
export const deleteExpiredSessions = (db: Db, now: number): number =>
  db.delete(sessions).where(lte(sessions.expiresAt, now)).returning({ id: sessions.id }).all().length

const auditRow = prepared((db) =>
  db
    .insert(auditLogs)
    .values({
      id: value('id'),
      eventType: value('eventType'),
      actorType: value('actorType'),
      actorId: value('actorId'),
      requestId: value('requestId'),
      ip: value('ip'),
      userAgent: value('userAgent'),
      method: value('method'),
      path: value('path'),
      resourceType: value('resourceType'),
      resourceId: value('resourceId'),
      status: value('status'),
      reason: value('reason'),
      extraData: value('extraData'),
      createdAt: value('createdAt'),
    })
    .prepare(),
)
export const insertAuditRow = (db: Db, row: typeof auditLogs.$inferInsert) => auditRow(db).run(row)

/** Returns how many there were. */
export const deleteOldAuditRows = (db: Db, before: number): number =>
  db.delete(auditLogs).where(lte(auditLogs.createdAt, before)).returning({ id: auditLogs.id }).all().length
