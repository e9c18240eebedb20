import { describe, expect, test } from 'bun:test'
import { createGuardedFetch } from '../../src/adapters/web/guarded-fetch.ts'
import { UpstreamError } from '../../src/shared/upstream-error.ts'
import { dnsAnswers } from '../support/dns-answers.ts'
import { A_TEST, LOOPBACK_ADDRESSES, TEST_CA } from '../support/tls-certificates.ts'
import { plainAnswer, rawServer } from '../support/tls-raw-server.ts'

const names = { 'a.test': ['127.0.0.1'], 'b.test': ['127.0.0.1'] }
const options = { maxConcurrent: 20, defaultIdleTimeoutMs: 2000, lookup: dnsAnswers(names).lookup }
const trusting = createGuardedFetch({ ...options, tlsCa: TEST_CA })

const outcome = async (url: string, get = trusting) => {
  try {
    return await (await get(url, 'provider')).text()
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    return `${error.kind}: ${error.message}`
  }
}

describe('TLS by checked address', () => {
  test('the certificate is checked against the name of the URL, and a pooled connection is never lent to another name', async () => {
    await using server = await rawServer((socket) => socket.write(plainAnswer()), { tls: A_TEST })
    const at = (host: string) => `https://${host}:${server.port}/`
    expect(await outcome(at('a.test'))).toBe('ok')
    expect(await outcome(at('A.test.'))).toBe('ok')
    const requestsBefore = server.heads.length
    const mismatch = 'ERR_TLS_CERT_ALTNAME_INVALID'
    for (const host of ['b.test', '127.0.0.1', 'b.test']) {
      expect(await outcome(at(host))).toBe(
        `unreachable: The TLS certificate of ${host}:${server.port} was not accepted (${mismatch})`,
      )
    }
    const together = await Promise.all(['a.test', 'b.test', 'a.test', 'b.test'].map((host) => outcome(at(host))))
    expect(together.map((answer) => answer === 'ok')).toEqual([true, false, true, false])
    expect(server.heads.slice(requestsBefore).every((head) => /host: a\.test/i.test(head))).toBe(true)
  })

  test('connections are reused for the same name', async () => {
    await using server = await rawServer((socket) => socket.write(plainAnswer()), { tls: A_TEST })
    await outcome(`https://a.test:${server.port}/`)
    const { length } = server.heads
    const connectionsBefore = server.connections()
    for (let count = 0; count < 5; count += 1) await outcome(`https://a.test:${server.port}/`)
    expect(server.heads).toHaveLength(length + 5)
    expect(server.connections()).toBe(connectionsBefore)
  })

  test('a literal is checked against the addresses in the certificate', async () => {
    for (const hostname of ['127.0.0.1', '::1']) {
      await using server = await rawServer((socket) => socket.write(plainAnswer()), {
        tls: LOOPBACK_ADDRESSES,
        hostname,
      })
      expect(await outcome(server.url)).toBe('ok')
      expect(await outcome(`https://a.test:${server.port}/`)).toStartWith('unreachable')
    }
  })

  test('an unknown authority is not accepted, whatever the environment says or a trusting request left in the pool', async () => {
    await using server = await rawServer((socket) => socket.write(plainAnswer()), { tls: A_TEST })
    const url = `https://a.test:${server.port}/`
    expect(await outcome(url)).toBe('ok')
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      expect(await outcome(url, createGuardedFetch(options))).toMatch(/^unreachable: .*UNABLE_TO_VERIFY_LEAF_SIGNATURE/)
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    }
  })

  test('a proxy of the environment is ignored', async () => {
    await using server = await rawServer((socket) => socket.write(plainAnswer()), { tls: A_TEST })
    const before = process.env['HTTPS_PROXY']
    process.env['HTTPS_PROXY'] = 'http://127.0.0.1:9'
    try {
      expect(await outcome(`https://a.test:${server.port}/`)).toBe('ok')
    } finally {
      if (before === undefined) delete process.env['HTTPS_PROXY']
      else process.env['HTTPS_PROXY'] = before
    }
  })

  test('a redirect from https to http is refused', async () => {
    const moved = plainAnswer('', { Location: 'http://a.test/' }, '301 Moved')
    await using server = await rawServer((socket) => socket.write(moved), { tls: A_TEST })
    const get: typeof trusting = (url, policy) => trusting(url, policy, { maxRedirects: 5 })
    expect(await outcome(`https://a.test:${server.port}/`, get)).toBe(
      `refused: a.test:${server.port} redirects from https to http`,
    )
  })
})
