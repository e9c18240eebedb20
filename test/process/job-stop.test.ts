import { expect, test } from 'bun:test'
import { account, startFromSource, temporaryFolder } from '../support/server-process.ts'

test('SIGTERM: a running job is queued again, its stream is broken off at once, and both go on with the next server', async () => {
  using folder = temporaryFolder()
  const server = await startFromSource(folder.path)
  await server.call('POST', '/api/v1/auth/register', account)
  await server.signIn()
  const sleepJob = { job_type: 'system.sleep', payload: { seconds: 2 } }
  const { body: job } = await server.call('POST', '/api/v1/jobs', sleepJob)
  const stream = await server.send('GET', `/api/v1/jobs/${job.id}/events/stream`)
  const reader = stream.body?.getReader()
  let text = ''
  while (!text.includes('"started"')) text += Buffer.from((await reader?.read())?.value ?? []).toString()
  const startedAt = performance.now()
  expect(await server.kill('SIGTERM')).toBe(0)
  expect(performance.now() - startedAt).toBeLessThan(3000)
  // A clean end would mean that there is no more to come.
  const readOn = async () => {
    while (!(await reader?.read())?.done);
  }
  expect(readOn()).rejects.toThrow()

  await using again = await startFromSource(folder.path)
  again.useToken(server.token())
  const rest = await (await again.send('GET', `/api/v1/jobs/${job.id}/events/stream`)).text()
  expect(rest).toContain('"event_type":"retry"')
  expect(rest).toContain('"event_type":"terminal"')
  expect((await again.call('GET', `/api/v1/jobs/${job.id}`)).body).toMatchObject({
    status: 'completed',
    result: { slept_seconds: 2 },
  })
}, 20_000)
