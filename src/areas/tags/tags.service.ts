import { inTransaction } from '../../db/transaction.ts'
import { writeInBatches } from '../../db/write-in-batches.ts'
import type { Deps, SignedInUser } from '../../deps.ts'
import { isOwnId, newHexId } from '../../shared/ids.ts'
import * as errors from './tags.errors.ts'
import type { CreateTag, UpdateTag } from './tags.schema.ts'
import {
  countTags,
  type CountedTag,
  deleteSomeLinks,
  deleteTag,
  findTag,
  insertTag,
  listTags,
  updateTag,
} from './tags.store.ts'

type ReadDeps = Pick<Deps, 'db'>
type WriteDeps = Pick<Deps, 'db' | 'clock'>

const maxTags = 1000

/** At most 1000, by name. Throws 403: a list belongs to the user in its path, whom strangers may not even name. */
export const listTagsOf = ({ db }: ReadDeps, user: SignedInUser, userId: string): CountedTag[] => {
  if (!isOwnId(user.id, userId)) throw errors.foreignTags()
  return listTags(db, user.id)
}

/** The user's own tag. Throws 404, for somebody else's too. */
export const getTag = ({ db }: ReadDeps, userId: string, id: string): CountedTag => {
  const tag = findTag(db, userId, id)
  if (!tag) throw errors.tagNotFound()
  return tag
}

/** What is not Unicode would be stored as U+FFFD; answers show what is stored. */
export const createTag = (deps: WriteDeps, user: SignedInUser, body: CreateTag): CountedTag => {
  if (body.user_id && !isOwnId(user.id, body.user_id)) throw errors.foreignTagOwner()
  const now = deps.clock()
  const name = body.name.toWellFormed()
  const row = { id: newHexId(), userId: user.id, name, color: body.color ?? null, createdAt: now, updatedAt: now }
  return inTransaction(deps.db, () => {
    if (countTags(deps.db, user.id) >= maxTags) throw errors.tooManyTags()
    insertTag(deps.db, row)
    return { ...row, conversationCount: 0 }
  })
}

/** A tag that nothing happened to keeps its time. */
export const editTag = (deps: WriteDeps, userId: string, id: string, body: UpdateTag): CountedTag =>
  inTransaction(deps.db, () => {
    const row = getTag(deps, userId, id)
    const changed = { ...row, name: body.name?.toWellFormed() ?? row.name, color: body.color ?? row.color }
    if (changed.name === row.name && changed.color === row.color) return row
    const stamped = { ...changed, updatedAt: deps.clock() }
    updateTag(deps.db, stamped)
    return stamped
  })

/** Takes it off every conversation first, of which there may be many thousands. Throws 404. */
export const removeTag = async (deps: ReadDeps, userId: string, id: string): Promise<void> => {
  const { db } = deps
  getTag(deps, userId, id)
  await writeInBatches(() => deleteSomeLinks(db, userId, id))
  if (!deleteTag(db, userId, id)) throw errors.tagNotFound()
}
