import { describe, expect, test } from 'bun:test'
import { inTransaction } from '../../src/db/transaction.ts'
import { addPage, insertPage, undashed, withoutPages } from '../support/pages.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const full = { status: 413, body: { detail: 'Page storage is full', code: 'pages.quota_exceeded' } }

const ofSize = (bytes: number) => ({ t: 'x'.repeat(bytes) })
const half = ofSize(500_000)

const readUsage = (server: TestServer) =>
  server.database.sqlite
    .query(
      'SELECT sum(size), sum(length(cast(content as blob)) + ifnull(length(cast(content_backup as blob)), 0)) FROM page_contents',
    )
    .values()[0]

describe('a user’s pages', () => {
  test('413: more content than PAGE_QUOTA_MB, backups counted; each user has their own', async () => {
    await using server = testApp({ env: { PAGE_QUOTA_MB: '1' } })
    await withoutPages(server, 'ada')
    const ada = server.as('ada')
    const [one, two] = [await addPage(server, 'ada', { content: half }), await addPage(server, 'ada', { content: {} })]
    expect(await ada('PUT', `/api/v1/pages/${two.id}`, { content: ofSize(600_000) })).toMatchObject(full)
    expect((await ada('GET', `/api/v1/pages/${two.id}`)).body).toMatchObject({ ...two, content: {} })
    expect((await ada('PUT', `/api/v1/pages/${two.id}`, { content: half })).status).toBe(200)
    expect(await ada('POST', '/api/v1/pages', { name: 'n', route: 'r', content: half })).toMatchObject(full)
    expect(await ada('POST', `/api/v1/pages/${one.id}/backup`, {})).toMatchObject(full)
    expect((await ada('GET', `/api/v1/pages/${one.id}`)).body).toMatchObject({
      backup_date: null,
      content_backup: null,
    })
    await addPage(server, 'bob', { content: half })
    expect((await ada('DELETE', `/api/v1/pages/${two.id}`)).status).toBe(204)
    expect((await ada('POST', `/api/v1/pages/${one.id}/backup`, {})).status).toBe(200)
    expect((await ada('PUT', `/api/v1/pages/${one.id}`, { content: {} })).status).toBe(200)
    await addPage(server, 'ada', { content: ofSize(300_000) })
    expect(await ada('POST', `/api/v1/pages/${one.id}/restore`, {})).toMatchObject(full)
    expect((await ada('GET', `/api/v1/pages/${one.id}`)).body).toMatchObject({ content: {}, content_backup: half })
  })

  test('200: above a quota that was lowered, all that does not grow', async () => {
    await using server = testApp({ env: { PAGE_QUOTA_MB: '1' } })
    const userId = await server.idOf('ada')
    const [id] = [1, 2, 3].map((index) =>
      insertPage(server, userId, { route: `r${index}`, content: JSON.stringify(half) }),
    )
    const change = (body: unknown) => server.as('ada')('PUT', `/api/v1/pages/${id}`, body)
    expect(await change({ content: ofSize(500_001) })).toMatchObject(full)
    for (const body of [{ name: 'Other' }, { content: { t: 'y'.repeat(500_000) } }, { content: ofSize(400_000) }]) {
      expect((await change(body)).status).toBe(200)
    }
    expect((await server.as('ada')('POST', `/api/v1/pages/${id}/publish`, { publish: true })).status).toBe(200)
  })

  test('bytes are counted, not characters, whatever is written', async () => {
    await using server = testApp()
    const call = server.as('ada')
    const { id } = await addPage(server, 'ada', { content: { t: '🧠ä' } })
    const steps: [method: string, path: string, body: unknown][] = [
      ['POST', '/backup', {}],
      ['PUT', '', { content: { t: '日本' } }],
      ['POST', '/restore', {}],
      ['PUT', '', { content: {} }],
    ]
    for (const [method, path, body] of steps) {
      expect((await call(method, `/api/v1/pages/${id}${path}`, body)).status).toBe(200)
      const [counted, real] = readUsage(server) ?? []
      expect(counted).toBe(real)
    }
    await call('DELETE', `/api/v1/pages/${id}`)
    await withoutPages(server, 'ada')
    expect(readUsage(server)).toEqual([null, null])
  })

  test('413: the 20,001st page; an existing one can still be changed', async () => {
    await using server = testApp()
    const userId = undashed(await withoutPages(server, 'ada'))
    const first = await addPage(server, 'ada')
    inTransaction(server.deps.db, () => {
      for (let index = 1; index < 19_999; index++) insertPage(server, userId, { route: `r${index}` })
    })
    await addPage(server, 'ada')
    const startedAt = performance.now()
    const answer = await server.as('ada')('POST', '/api/v1/pages', { name: 'n', route: 'more', content: {} })
    expect(answer).toMatchObject(full)
    expect((await server.as('ada')('PUT', `/api/v1/pages/${first.id}`, { content: ofSize(1000) })).status).toBe(200)
    // Generous: the sum takes about a millisecond.
    expect(performance.now() - startedAt).toBeLessThan(300)
    await server.as('ada')('DELETE', `/api/v1/pages/${first.id}`)
    await addPage(server, 'ada')
  })
})
