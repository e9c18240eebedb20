import { describe, expect, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import { listConversations, listConversationsOfPersona } from '../../src/areas/conversations/conversation-list.store.ts'
import * as store from '../../src/areas/conversations/conversations.store.ts'
import type { ConversationRow, MessageRow, MessageState } from '../../src/areas/conversations/conversations.table.ts'
import { getConversation } from '../../src/areas/conversations/conversations.service.ts'
import { openDrizzle } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'
import { plansOf } from '../support/query-plans.ts'

const userId = 'a'.repeat(32)
const conversationId = '11111111-2222-4333-8444-555555555555'

const openStore = () => {
  const sqlite = new Database(':memory:', { strict: true })
  sqlite.run('PRAGMA foreign_keys = ON')
  migrate(sqlite)
  sqlite.run(
    `INSERT INTO users (id, username, email, email_key, password_hash, role, is_active, is_verified, version, created_at, updated_at)
     VALUES (?, 'ada', 'ada@home.test', 'ada@home.test', '', 'member', 1, 0, '', 0, 0)`,
    [userId],
  )
  const db = openDrizzle(sqlite)
  const conversation: ConversationRow = {
    id: conversationId,
    userId,
    title: 'T',
    pageContext: null,
    pageId: null,
    model: 'm',
    server: 's',
    conversationType: 'chat',
    personaId: null,
    createdAt: 1,
    updatedAt: 1,
  }
  store.insertConversation(db, conversation)
  return { sqlite, db, conversation }
}

type Store = ReturnType<typeof openStore>

const addMessage = ({ db }: Store, id: string, fields: Partial<MessageRow> = {}) =>
  store.insertMessage(db, {
    id,
    conversationId,
    sender: 'llm',
    message: id,
    messageMetadata: null,
    state: 'complete',
    createdAt: 1,
    updatedAt: 1,
    ...fields,
  })

describe('query plans', () => {
  test('each list is read in order from an index, with every filter', () => {
    const { sqlite, db } = openStore()
    const page = { skip: 0, limit: 50 }
    const rare = { personaId: 'q', tagId: 'r' }
    const plans = plansOf(sqlite, () => {
      for (const pageId of [undefined, 'p']) {
        for (const conversationType of [undefined, 'chat']) {
          listConversations(db, userId, { pageId, conversationType }, page)
          listConversations(db, userId, { pageId, conversationType, ...rare }, page)
        }
      }
    })
    const anyType = 'SEARCH conversations USING INDEX conversations_user_updated (user_id=?)'
    const ofType =
      'SEARCH conversations USING INDEX conversations_user_type_updated (user_id=? AND conversation_type=?)'
    const ofPage = 'SEARCH conversations USING INDEX conversations_page_updated (user_id=? AND page_id=?)'
    const starts = [anyType, anyType, ofType, ofType, ofPage, ofPage, ofPage, ofPage]
    expect(plans).toHaveLength(starts.length)
    for (const [index, start] of starts.entries()) {
      expect(plans[index]).toStartWith(start)
      expect(plans[index]).not.toContain('FOR ORDER BY')
    }
    for (const plan of plans.filter((_, index) => index % 2 === 1))
      expect(plan).toContain('SEARCH conversation_tags USING')
  })

  test('the list of one persona is read in order from its own index', () => {
    const { sqlite, db } = openStore()
    const plans = plansOf(sqlite, () => listConversationsOfPersona(db, userId, 'p', { skip: 0, limit: 50 }))
    expect(plans).toHaveLength(1)
    expect(plans[0]).toStartWith('SEARCH conversations USING INDEX conversations_persona_updated (persona_id=?)')
  })

  test('the other statements search by an index and sort nothing', () => {
    const { sqlite, db } = openStore()
    const plans = plansOf(sqlite, () => {
      store.findConversation(db, userId, conversationId)
      store.listMessages(db, conversationId, { skip: 0, limit: 1 })
      store.listNewestMessages(db, conversationId, 1)
      store.listSystemMessages(db, conversationId, 1)
      store.touchConversation(db, conversationId, 1)
      store.updateConversation(db, userId, conversationId, { title: 'x' })
      store.updateMessage(db, 'x', { updatedAt: 1 })
      store.markInterruptedMessages(db, 1)
      store.deleteConversation(db, userId, conversationId)
    })
    expect(plans).toHaveLength(9)
    for (const plan of plans) {
      expect(plan).toStartWith('SEARCH')
      expect(plan).not.toMatch(/SCAN|TEMP B-TREE/)
    }
    expect(plans[7]).toContain('messages_streaming')
  })
})

describe('statements are prepared once', () => {
  test('a second read of the same kind prepares nothing', () => {
    const { sqlite, db } = openStore()
    const read = () => {
      store.findConversation(db, userId, conversationId)
      store.listMessages(db, conversationId, { skip: 0, limit: 1 })
      store.listNewestMessages(db, conversationId, 1)
      listConversations(db, userId, {}, { skip: 0, limit: 1 })
      listConversations(db, userId, { conversationType: 'chat' }, { skip: 0, limit: 1 })
    }
    read()
    expect(plansOf(sqlite, read)).toEqual([])
  })
})

describe('findConversation', () => {
  test('finds an own row in either spelling, and nobody else finds it', () => {
    const { db, conversation } = openStore()
    const hexId = conversationId.replaceAll('-', '')
    expect(store.findConversation(db, userId, conversationId)).toEqual(conversation)
    expect(store.findConversation(db, userId, hexId)).toEqual(conversation)
    expect(store.findConversation(db, 'b'.repeat(32), conversationId)).toBeUndefined()
    expect(getConversation({ db }, userId, hexId)).toEqual(conversation)
    expect(() => getConversation({ db }, 'b'.repeat(32), conversationId)).toThrow('Conversation not found')
  })
})

describe('updateConversation', () => {
  test('writes what is named, for its owner only', () => {
    const { db, conversation } = openStore()
    store.updateConversation(db, 'b'.repeat(32), conversationId, { title: 'Stolen' })
    expect(store.findConversation(db, userId, conversationId)).toEqual(conversation)
    store.updateConversation(db, userId, conversationId, { title: null, updatedAt: 5 })
    expect(store.findConversation(db, userId, conversationId)).toEqual({ ...conversation, title: null, updatedAt: 5 })
  })
})

describe('updateMessage', () => {
  test('writes what is named and leaves the rest', () => {
    const opened = openStore()
    addMessage(opened, 'one', { state: 'streaming', messageMetadata: { model: 'm' } })
    store.updateMessage(opened.db, 'one', { message: 'one two', updatedAt: 2 })
    expect(store.listNewestMessages(opened.db, conversationId, 1)).toMatchObject([
      { message: 'one two', state: 'streaming', messageMetadata: { model: 'm' }, createdAt: 1, updatedAt: 2 },
    ])
    store.updateMessage(opened.db, 'one', { state: 'failed', messageMetadata: null, updatedAt: 3 })
    expect(store.listNewestMessages(opened.db, conversationId, 1)).toMatchObject([
      { message: 'one two', state: 'failed', messageMetadata: null, updatedAt: 3 },
    ])
    expect(opened.sqlite.query('SELECT typeof(message_metadata) FROM messages').values()).toEqual([['null']])
  })
})

describe('listNewestMessages and listSystemMessages', () => {
  test('the newest ones come oldest first; system messages are those before a given one', () => {
    const opened = openStore()
    for (const id of ['1', '2', '3', '4', '5']) addMessage(opened, id, { sender: Number(id) % 2 ? 'system' : 'user' })
    const newest = store.listNewestMessages(opened.db, conversationId, 2)
    expect(newest.map(({ id }) => id)).toEqual(['4', '5'])
    const before = store.listSystemMessages(opened.db, conversationId, newest[1]!.seq)
    expect(before.map(({ id }) => id)).toEqual(['1', '3'])
  })
})

describe('markInterruptedMessages', () => {
  test('touches replies in progress only, and counts them', () => {
    const opened = openStore()
    const states: MessageState[] = ['complete', 'streaming', 'cancelled', 'failed', 'interrupted', 'streaming']
    for (const [index, state] of states.entries()) addMessage(opened, String(index), { state })
    expect(store.markInterruptedMessages(opened.db, 9)).toBe(2)
    const rows = opened.sqlite.query('SELECT state, updated_at FROM messages ORDER BY seq').values()
    expect(rows).toEqual(
      states.map((state) => (state === 'streaming' ? ['interrupted', 9] : [state, 1])) as typeof rows,
    )
    expect(store.markInterruptedMessages(opened.db, 10)).toBe(0)
  })
})
