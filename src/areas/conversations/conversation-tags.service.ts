import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { getTag } from '../tags/tags.service.ts'
import { listConversations } from './conversation-list.store.ts'
import { deleteTagLink, insertTagLink, tagged, type TaggedConversation } from './conversation-tags.store.ts'
import { tooManyTags } from './conversations.errors.ts'
import { getConversation, readConversation } from './conversations.service.ts'
import type { Page } from './conversations.store.ts'

type ReadDeps = Pick<Deps, 'db'>
type WriteDeps = Pick<Deps, 'db' | 'clock'>

const maxTagsOfOne = 100

/** Attaching a tag again changes nothing. Throws 404 unless both are the user's own, 400 beyond 100 tags. */
export const attachTag = (deps: WriteDeps, userId: string, id: string, tagId: string): TaggedConversation =>
  inTransaction(deps.db, () => {
    const conversation = readConversation(deps, userId, id)
    const tag = getTag(deps, userId, tagId)
    if (conversation.tags.some((attached) => attached.id === tag.id)) return conversation
    if (conversation.tags.length >= maxTagsOfOne) throw tooManyTags()
    insertTagLink(deps.db, { conversationId: conversation.id, tagId: tag.id, createdAt: deps.clock() })
    return tagged(deps.db, conversation)
  })

/** Taking off what is not attached changes nothing. Throws 404 unless both are the user's own. */
export const detachTag = (deps: ReadDeps, userId: string, id: string, tagId: string): TaggedConversation =>
  inTransaction(deps.db, () => {
    const conversation = getConversation(deps, userId, id)
    deleteTagLink(deps.db, conversation.id, getTag(deps, userId, tagId).id)
    return tagged(deps.db, conversation)
  })

/** As JSON texts, newest activity first. Throws 404 unless the tag is the user's own. */
export const listOfTag = (deps: ReadDeps, userId: string, tagId: string, page: Page): string[] =>
  listConversations(deps.db, userId, { tagId: getTag(deps, userId, tagId).id }, page)
