import { and, eq, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { toHexId } from '../../shared/ids.ts'
import { personas } from './personas.table.ts'

const value = sql.placeholder

const ownedPersonaId = prepared((db) =>
  db
    .select({ id: personas.id })
    .from(personas)
    .where(and(eq(personas.id, value('id')), eq(personas.userId, value('userId'))))
    .prepare(),
)
export const ownsPersona = (db: Db, userId: string, personaId: string): boolean =>
  ownedPersonaId(db).get({ id: toHexId(personaId), userId }) !== undefined
