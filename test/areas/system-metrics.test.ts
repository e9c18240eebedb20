import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { countByStatusAndType } from '../../src/areas/jobs/job-counts.store.ts'
import { chatBody, ollamaServers } from '../support/chat.ts'
import { startFakeOllama } from '../support/fake-ollama.ts'
import { plansOf } from '../support/query-plans.ts'
import { temporaryFolder } from '../support/server-process.ts'
import { followSse } from '../support/sse.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const token = 'a token for metrics, long enough'

/** Samples by name with labels, as Prometheus would read them. */
const parse = (text: string) =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const end = line.lastIndexOf(' ')
        return [line.slice(0, end), Number(line.slice(end + 1))]
      }),
  )
const scrape = async (server: TestServer) => parse((await server.as('ada')('GET', '/metrics')).body)

describe('who may read /metrics', () => {
  test('nobody without a credential, no user, no wrong token; an administrator may, by header and cookie', async () => {
    await using server = testApp({ env: { METRICS_TOKEN: token } })
    expect(await server.call('GET', '/metrics')).toMatchObject({
      status: 401,
      body: { code: 'auth.not_authenticated' },
    })
    expect(await server.as('ada')('GET', '/metrics')).toMatchObject({ status: 200 })
    expect(await server.as('bob')('GET', '/metrics')).toMatchObject({
      status: 403,
      body: { code: 'auth.admin_required' },
    })
    const cookie = `access_token=${await server.tokenOf('ada')}`
    expect(await server.call('GET', '/metrics', undefined, { cookie })).toMatchObject({ status: 200 })
    for (const wrong of [`${token}x`, token.slice(1), token.toUpperCase(), 'x', ''])
      expect((await server.call('GET', '/metrics', undefined, { authorization: `Bearer ${wrong}` })).status).toBe(401)
    expect(
      (await server.call('GET', '/metrics', undefined, { cookie: `access_token=${encodeURIComponent(token)}` })).status,
    ).toBe(401)
  })

  test('who has METRICS_TOKEN, and for nothing else', async () => {
    await using server = testApp({ env: { METRICS_TOKEN: token } })
    const authorization = `Bearer ${token}`
    const { status, headers } = await server.call('GET', '/metrics', undefined, { authorization })
    expect(status).toBe(200)
    expect(headers.get('content-type')).toStartWith('text/plain; version=0.0.4')
    expect(headers.get('cache-control')).toBe('no-store')
    expect((await server.call('GET', '/api/v1/diagnostics', undefined, { authorization })).status).toBe(401)
    await using without = testApp()
    expect((await without.call('GET', '/metrics', undefined, { authorization })).status).toBe(401)
  })

  test('with METRICS_LOOPBACK programs on this machine, but nobody for whom a proxy asks', async () => {
    await using server = testApp({ env: { METRICS_LOOPBACK: 'true' } })
    expect((await server.call('GET', '/metrics')).status).toBe(200)
    for (const header of ['x-forwarded-for', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via'])
      expect((await server.call('GET', '/metrics', undefined, { [header]: '127.0.0.1' })).status).toBe(401)
  })
})

describe('what /metrics tells', () => {
  test('requests by pattern, method and class of status; no path, id or made-up method becomes a label', async () => {
    await using server = testApp()
    const as = server.as('ada')
    for (let index = 0; index < 20; index++) {
      await as('GET', `/api/v1/conversations/${crypto.randomUUID()}`)
      await server.call('GET', `/made/up/${index}`)
      await server.call('GET', `/api/v1/auth/login/${index}?x=${index}`)
    }
    await as('POST', '/api/v1/conversations', { title: 'x' })
    await server.call('PROPFIND', '/health')
    await server.call('POST', '/api/v1/auth/login', {})
    const samples = await scrape(server)
    const labels = (method: string, route: string, status: string) =>
      `http_requests_total{method="${method}",route="${route}",status="${status}"}`
    expect(samples.get(labels('GET', '/api/v1/conversations/:conversationId', '4xx'))).toBe(20)
    expect(samples.get(labels('POST', '/api/v1/conversations', '2xx'))).toBe(1)
    expect(samples.get(labels('POST', '/api/v1/auth/login', '4xx'))).toBe(1)
    expect(samples.get(labels('GET', '(none)', '4xx'))).toBe(40)
    const duration = 'method="GET",route="/api/v1/conversations/:conversationId"'
    expect(samples.get(`http_request_duration_seconds_count{${duration}}`)).toBe(20)
    expect(samples.get(`http_request_duration_seconds_bucket{le="60",${duration}}`)).toBe(20)
    expect(samples.get(`http_request_duration_seconds_sum{${duration}}`)).toBeGreaterThan(0)
    const text = [...samples.keys()].join('\n')
    expect(text).not.toContain('made')
    expect(text).not.toContain('PROPFIND')
    expect(text).not.toMatch(/[0-9a-f]{8}-/)
  })

  test('open streams, live replies, and what goes wrong at model servers', async () => {
    await using server = testApp()
    const as = server.as('ada')
    const model = startFakeOllama({ pieces: ['one '], fault: { kind: 'hang', after: 1 } })
    await as('POST', '/api/v1/settings/instances', {
      definition_id: 'ollama_servers_settings',
      name: 'Ollama Servers Settings',
      value: ollamaServers(model.url),
      scope: 'user',
      user_id: 'current',
    })
    const before = await scrape(server)
    expect(before.get('live_replies')).toBe(0)
    const authorization = { authorization: `Bearer ${await server.tokenOf('ada')}` }
    const stream = followSse(await server.send('POST', '/api/v1/ai/providers/chat', chatBody('Hi'), authorization))
    await stream.until(({ text }) => text === 'one ')
    const during = await scrape(server)
    expect(during.get('live_replies')).toBe(1)
    expect(during.get('event_streams_open')).toBe((before.get('event_streams_open') ?? 0) + 1)
    expect(during.get('upstream_response_seconds_count{policy="provider"}')).toBe(1)
    await model.stop()
    await stream.until(() => false)
    const refused = chatBody('Hi again')
    await (await server.send('POST', '/api/v1/ai/providers/chat', refused, authorization)).text()
    const after = await scrape(server)
    expect(after.get('live_replies')).toBe(0)
    expect(after.get('event_streams_open')).toBe(before.get('event_streams_open'))
    expect(after.get('upstream_failures_total{policy="provider",kind="protocol"}')).toBe(1)
    expect(after.get('upstream_failures_total{policy="provider",kind="unreachable"}')).toBeGreaterThan(0)
  })

  test('jobs by state and type, whatever rows there are, counted every ten seconds at most', async () => {
    await using server = testApp()
    const as = server.as('ada')
    const job = { job_type: 'system.sleep', payload: { duration_seconds: 1 } }
    for (let index = 0; index < 3; index++) await as('POST', '/api/v1/jobs', job)
    const sleeping = 'jobs{status="queued",type="system.sleep"}'
    expect((await scrape(server)).get(sleeping)).toBe(3)
    server.database.sqlite.run("UPDATE jobs SET job_type = 'old.kind' WHERE id = (SELECT min(id) FROM jobs)")
    expect((await scrape(server)).get(sleeping)).toBe(3)
    server.clock.now += 10_000
    const samples = await scrape(server)
    expect(samples.get(sleeping)).toBe(2)
    expect(samples.get('jobs{status="queued",type="other"}')).toBe(1)
    await using fresh = testApp()
    const [plan] = plansOf(fresh.database.sqlite, () => countByStatusAndType(fresh.deps.db))
    expect(plan).toContain('SCAN jobs USING COVERING INDEX jobs_list_type')
  })

  test('the database, the process and the parts', async () => {
    using folder = temporaryFolder()
    let isWorkerAlive = true
    await using server = testApp({ databasePath: join(folder.path, 'x.db'), isWorkerAlive: () => isWorkerAlive })
    const samples = await scrape(server)
    expect(samples.get('sqlite_file_bytes')).toBeGreaterThan(100_000)
    expect(samples.get('sqlite_wal_bytes')).toBe(Bun.file(join(folder.path, 'x.db-wal')).size)
    expect(samples.get('sqlite_wal_bytes')).toBeGreaterThan(0)
    expect(samples.get('sqlite_cache_bytes')).toBe(67_108_864)
    expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000)
    expect(samples.get('process_cpu_seconds_total')).toBeGreaterThan(0)
    expect(samples.get('process_start_time_seconds')).toBeGreaterThan(1_600_000_000)
    expect(samples.get('braindrive_ready{check="worker"}')).toBe(1)
    isWorkerAlive = false
    Bun.sleepSync(700)
    await Bun.sleep(600)
    const later = await scrape(server)
    expect(later.get('braindrive_ready{check="worker"}')).toBe(0)
    expect(later.get('event_loop_lag_seconds')).toBeGreaterThan(0.15)
    expect([...later.keys()].some((name) => /^braindrive_info\{version="\d+\.\d+\.\d+",commit="/.test(name))).toBe(true)
  })
})
