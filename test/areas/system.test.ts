import { describe, expect, test } from 'bun:test'
import { testApp } from '../support/test-app.ts'

describe('GET /health', () => {
  test('200: says that the process answers', async () => {
    await using server = testApp()
    expect(await server.call('GET', '/health')).toMatchObject({ status: 200, body: { status: 'healthy' } })
  })
})

describe('GET /health/ready', () => {
  test('200: database, migrations and worker are in order', async () => {
    await using server = testApp()
    expect(await server.call('GET', '/health/ready')).toMatchObject({
      status: 200,
      body: { status: 'ready', checks: { database: 'ok', migrations: 'ok', worker: 'ok' } },
    })
  })

  test('503: says which part is not', async () => {
    await using server = testApp()
    server.database.sqlite.run('DELETE FROM schema_migrations')
    expect(await server.call('GET', '/health/ready')).toMatchObject({
      status: 503,
      body: { status: 'not_ready', checks: { database: 'ok', migrations: 'failed', worker: 'ok' } },
    })
  })
})
