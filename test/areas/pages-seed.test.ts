import { describe, expect, test } from 'bun:test'
import { seedFirstPage } from '../../src/areas/pages/seed.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { addPage, undashed, withoutPages } from '../support/pages.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const seed = (server: TestServer, userId: string) =>
  inTransaction(server.deps.db, () => seedFirstPage(server.deps, undashed(userId)))

const list = async (server: TestServer) => (await server.as('ada')('GET', '/api/v1/pages')).body.pages

describe('seedFirstPage', () => {
  test('makes the page AI Chat, which the page builder can read', async () => {
    await using server = testApp()
    const userId = await withoutPages(server, 'ada')
    server.clock.now = 1_767_000_000_999
    const start = seed(server, userId)
    const [page, ...others] = await list(server)
    expect(others).toEqual([])
    const now = '2025-12-29T09:20:00.999Z'
    const args = {
      moduleId: 'BrainDriveChat',
      displayName: 'AI Chat Interface',
      conversation_type: 'chat',
      default_library_scope_enabled: false,
      default_project_slug: null,
      default_project_lifecycle: 'active',
      apply_defaults_on_new_chat: true,
      lock_project_scope: false,
      lock_persona_selection: false,
      lock_model_selection: false,
      default_scope_root: null,
      default_scope_path: null,
    }
    const i = page.content.layouts.desktop[0].i
    expect(i).toMatch(/^BrainDriveChat_BrainDriveChat_1767000000999_[0-9a-f]{8}$/)
    const item = (w: number, h: number) => ({ i, x: 0, y: 0, w, h, pluginId: 'BrainDriveChat', args })
    expect(page).toEqual({
      id: start!.id,
      creator_id: page.creator_id,
      name: 'AI Chat',
      route: 'ai-chat-1767000000',
      route_segment: 'ai-chat-1767000000',
      parent_route: null,
      parent_type: null,
      is_parent_page: false,
      description: '',
      icon: null,
      navigation_route_id: null,
      is_published: true,
      publish_date: now,
      backup_date: null,
      created_at: now,
      updated_at: now,
      content: { layouts: { desktop: [item(12, 10)], tablet: [item(4, 3)], mobile: [item(4, 3)] }, modules: {} },
    })
  })

  test('makes nothing when there is a page already; a second time neither', async () => {
    await using server = testApp()
    const userId = await withoutPages(server, 'ada')
    await addPage(server, 'bob', { name: 'AI Chat' })
    await addPage(server, 'ada', { name: 'Mine' })
    expect(seed(server, userId)).toBeUndefined()
    expect(await list(server)).toHaveLength(1)
    await withoutPages(server, 'ada')
    const first = seed(server, userId)
    expect(first).toMatchObject({ isNew: true })
    expect(seed(server, userId)).toEqual({ id: first!.id, isNew: false })
    expect(await list(server)).toHaveLength(1)
  })

  test('names the start page: Library Capture, else Capture, else AI Chat, in any case', async () => {
    await using server = testApp()
    const userId = await withoutPages(server, 'ada')
    for (const name of ['Other', 'ai chat', 'AI Chat', 'CAPTURE', 'Library capture', 'library capture']) {
      const { id } = await addPage(server, 'ada', { name })
      const isFirst = name !== 'AI Chat' && name !== 'library capture'
      if (name === 'Other') expect(seed(server, userId)).toBeUndefined()
      else expect([name, seed(server, userId)?.id === id]).toEqual([name, isFirst])
    }
  })
})
