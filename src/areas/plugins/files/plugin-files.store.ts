import { and, desc, eq, max, min, or, sql } from 'drizzle-orm'
import type { Db } from '../../../db/client.ts'
import { prepared } from '../../../db/prepared.ts'
import { plugins } from '../plugins.table.ts'

const fields = { contentHash: plugins.contentHash, bundleLocation: plugins.bundleLocation }

const isEnabled = eq(plugins.enabled, true)
const hasId = eq(plugins.id, sql.placeholder('id'))
const hasSlug = eq(plugins.pluginSlug, sql.placeholder('slug'))

/** Where the files of a plugin are found. */
export interface FilesRow {
  /** Null: it has none. */
  contentHash: string | null
  bundleLocation: string | null
}

const enabledById = prepared((db) => db.select(fields).from(plugins).where(and(hasId, isEnabled)).prepare())

/** Of any user: for the public route alone. */
export const findEnabledById = (db: Db, id: string): FilesRow | undefined => enabledById(db).get({ id })

/** Of all rows with the slug; the index answers it without reading them. */
const extremeContent = (extreme: typeof min | typeof max) =>
  sql`(select ${extreme(plugins.contentHash)} from ${plugins} where ${hasSlug})`

const enabledBySlug = prepared((db) =>
  db
    .select(fields)
    .from(plugins)
    .where(
      and(
        hasSlug,
        isEnabled,
        eq(plugins.contentHash, extremeContent(min)),
        eq(plugins.contentHash, extremeContent(max)),
      ),
    )
    .limit(1)
    .prepare(),
)

/**
 * An enabled one of any user, for the public route alone. Undefined where the plugins under the slug, disabled ones
 * included, have different files: nobody's files stand in for those of somebody else.
 */
export const findEnabledBySlug = (db: Db, slug: string): FilesRow | undefined => enabledBySlug(db).get({ slug })

const ownEnabled = prepared((db) =>
  db
    .select(fields)
    .from(plugins)
    .where(and(eq(plugins.userId, sql.placeholder('userId')), or(hasId, hasSlug), isEnabled))
    .orderBy(desc(hasId))
    .limit(1)
    .prepare(),
)

/** A plugin of the user by its id, else by its slug. */
export const findOwnEnabled = (db: Db, userId: string, id: string, slug: string): FilesRow | undefined =>
  ownEnabled(db).get({ userId, id, slug })
