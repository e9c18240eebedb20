import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { newUuid } from '../../shared/ids.ts'
import { insertMessage, markInterruptedMessages, touchConversation, updateMessage } from './conversations.store.ts'
import type { MessageState } from './conversations.table.ts'

type JournalDeps = Pick<Deps, 'db' | 'clock' | 'log'>

export interface ReplyRecord {
  /** More of the reply; it is on disk at the latest a second later. */
  append(text: string): void
  /** The whole of it, at once. A reply without a text leaves no row. */
  finish(state: Exclude<MessageState, 'streaming'>, metadata: Record<string, unknown>): void
  readonly text: string
}

export interface ReplyJournal {
  open(conversationId: string): ReplyRecord
  /** For the start: marks replies that a crash cut off as interrupted. Returns how many there were. */
  recover(): number
}

interface Draft {
  id: string
  conversationId: string
  text: string
  isStored: boolean
}

const saveEveryMs = 900

const isWithoutConversation = (error: unknown): boolean =>
  error instanceof Error &&
  (('code' in error && error.code === 'SQLITE_CONSTRAINT_FOREIGNKEY') || isWithoutConversation(error.cause))

const write = (
  { db, clock }: JournalDeps,
  draft: Draft,
  state: MessageState,
  messageMetadata: Record<string, unknown>,
) => {
  const now = clock()
  const { id, conversationId, text: message, isStored } = draft
  const content = { message, messageMetadata, state, updatedAt: now }
  if (isStored) updateMessage(db, id, content)
  else insertMessage(db, { ...content, id, conversationId, sender: 'llm', createdAt: now })
  touchConversation(db, conversationId, now)
}

/** False when somebody deleted the conversation: then there is nowhere to store, and nothing went wrong. */
const save = (deps: JournalDeps, draft: Draft, state: MessageState, metadata: Record<string, unknown>): boolean => {
  try {
    write(deps, draft, state, metadata)
    return true
  } catch (error) {
    if (isWithoutConversation(error)) return false
    throw error
  }
}

/**
 * Stores replies while they are being written, so that a crash in mid-answer leaves the text so far. All open replies
 * are saved together, in one transaction: a hundred streams cost one sync to disk a second, not a hundred.
 */
export const createReplyJournal = (deps: JournalDeps): ReplyJournal => {
  const dirty = new Set<Draft>()
  let timer: ReturnType<typeof setTimeout> | undefined

  const saveDirty = () => {
    timer = undefined
    try {
      const saved = inTransaction(deps.db, () => [...dirty].filter((draft) => save(deps, draft, 'streaming', {})))
      // Only after the commit: what was rolled back is not stored.
      for (const draft of saved) draft.isStored = true
      dirty.clear()
    } catch (error) {
      // The text is still in memory; `finish` writes all of it.
      deps.log.error('replies in progress were not saved', { error })
    }
  }
  return {
    recover: () => markInterruptedMessages(deps.db, deps.clock()),
    open(conversationId) {
      const draft: Draft = { id: newUuid(), conversationId, text: '', isStored: false }
      return {
        append(text) {
          draft.text += text
          dirty.add(draft)
          timer ??= setTimeout(saveDirty, saveEveryMs)
        },
        finish(state, metadata) {
          dirty.delete(draft)
          if (draft.text === '' && !draft.isStored) return
          inTransaction(deps.db, () => void save(deps, draft, state, metadata))
        },
        get text() {
          return draft.text
        },
      }
    },
  }
}
