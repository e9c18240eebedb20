import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { account, startFromSource, temporaryFolder } from '../support/server-process.ts'
import { LOOPBACK_ADDRESSES, TEST_CA } from '../support/tls-certificates.ts'

const saveCertificate = async (folder: string) => {
  const env = { SSL_CERTFILE: join(folder, 'cert.pem'), SSL_KEYFILE: join(folder, 'key.pem') }
  await Bun.write(env.SSL_CERTFILE, LOOPBACK_ADDRESSES.cert)
  await Bun.write(env.SSL_KEYFILE, LOOPBACK_ADDRESSES.key)
  return env
}

const post = (url: string, body: unknown) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    tls: { ca: TEST_CA },
  })

const failureOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'it did not fail',
    (error: Error) => error.message,
  )

describe('SSL_CERTFILE and SSL_KEYFILE', () => {
  test('the server speaks https with that certificate, and its cookies are Secure', async () => {
    using folder = temporaryFolder()
    await using server = await startFromSource(folder.path, await saveCertificate(folder.path))
    expect(server.url).toStartWith('https://127.0.0.1:')
    expect((await post(`${server.url}/api/v1/auth/register`, account)).status).toBe(200)
    const { status, headers } = await post(`${server.url}/api/v1/auth/login`, account)
    expect(status).toBe(200)
    const cookies = headers.getSetCookie()
    expect(cookies.map((cookie) => cookie.split('=')[0])).toEqual(['access_token', 'refresh_token'])
    for (const cookie of cookies) expect(cookie).toMatch(/; HttpOnly; Secure; SameSite=Lax$/)
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000')
    expect(await server.kill('SIGTERM')).toBe(0)
  }, 30_000)

  test('neither a client that does not know the authority nor one without https gets an answer', async () => {
    using folder = temporaryFolder()
    await using server = await startFromSource(folder.path, await saveCertificate(folder.path))
    expect(await failureOf(fetch(`${server.url}/health`))).toContain('certificate')
    const answer = await fetch(`${server.url.replace('https', 'http')}/health`).catch(() => undefined)
    expect(answer?.status).not.toBe(200)
  }, 30_000)

  test('a certificate that is absent or a key that is none: exit code 1 with the reason', async () => {
    using folder = temporaryFolder()
    const env = await saveCertificate(folder.path)
    const absent = { ...env, SSL_CERTFILE: join(folder.path, 'absent.pem') }
    expect(await failureOf(startFromSource(folder.path, absent))).toMatch(/^ended with 1: .*absent\.pem/)
    await Bun.write(env.SSL_KEYFILE, 'no key')
    expect(await failureOf(startFromSource(folder.path, env))).toMatch(/^ended with 1: .*PEM/)
  }, 30_000)
})
