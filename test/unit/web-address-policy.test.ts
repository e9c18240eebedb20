import { describe, expect, test } from 'bun:test'
import { checkAddress } from '../../src/adapters/web/address-policy.ts'
import { resolveTarget } from '../../src/adapters/web/resolve-target.ts'
import { parseTarget } from '../../src/adapters/web/target.ts'
import type { AddressPolicy } from '../../src/adapters/web/types.ts'
import { UpstreamError } from '../../src/shared/upstream-error.ts'
import { addressSpellings } from '../support/address-spellings.ts'
import { dnsAnswers } from '../support/dns-answers.ts'

const verdictOf = async (
  host: string,
  policy: AddressPolicy,
  names: Record<string, string[]> = {},
  allowed: string[] = [],
) => {
  try {
    const target = parseTarget(`http://${host}/`, policy, new Set(allowed))
    return await resolveTarget(target, dnsAnswers(names).lookup, new AbortController().signal)
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    return error.kind
  }
}

describe('spellings of an address', () => {
  test.each(addressSpellings)('%s: %s', async (host, verdict) => {
    const isRefused = { public: verdict !== 'both', provider: verdict === 'none' }
    for (const policy of ['public', 'provider'] as const) {
      const answer = await verdictOf(host, policy)
      if (isRefused[policy]) expect(answer).toBe('refused')
      else expect(answer).toBeArrayOfSize(1)
    }
  })

  test.each(addressSpellings.filter(([host]) => !/[a-z]{8}/.test(host)))(
    'a name that resolves to %s: %s',
    async (host, verdict) => {
      const { hostname } = new URL(`http://${host}/`)
      if (hostname.endsWith('.') || hostname === 'metadata') return
      const names = { 'name.test': ['8.8.8.8', hostname.replace(/^\[(.*)\]$/, '$1')] }
      expect(Array.isArray(await verdictOf('name.test', 'public', names))).toBe(verdict === 'both')
      expect(Array.isArray(await verdictOf('name.test', 'provider', names))).toBe(verdict !== 'none')
    },
  )

  test('an answer that is not an address is refused, a zone and an empty answer too', async () => {
    for (const answer of ['', 'localhost', '8.8.8.8 ', '8.8.8.8/8', 'fd12::1%lo', '2606:4700::1%eth0', '::g']) {
      expect(checkAddress(answer, 'provider')).toBeUndefined()
    }
    expect(await verdictOf('name.test', 'public', { 'name.test': [] })).toBe('unreachable')
    expect(await verdictOf('other.test', 'public', {})).toBe('unreachable')
  })

  test('what is connected to is the canonical form of what was judged', () => {
    expect(checkAddress('::ffff:7f00:1', 'provider')).toBe('127.0.0.1')
    expect(checkAddress('0:0:0:0:0:0:0:1', 'provider')).toBe('::1')
    expect(checkAddress('010.0.0.1', 'public')).toBe('8.0.0.1')
    expect(checkAddress('010.0.0.1', 'provider')).toBe('8.0.0.1')
  })

  test('localhost tries IPv4 first, other names keep their order, at most four are tried', async () => {
    expect(await verdictOf('localhost', 'provider', { localhost: ['::1', '127.0.0.1'] })).toEqual(['127.0.0.1', '::1'])
    const names = { 'n.test': ['fd12::1', '10.0.0.1', '10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] }
    expect(await verdictOf('n.test', 'provider', names)).toEqual(['fd12::1', '10.0.0.1', '10.0.0.2', '10.0.0.3'])
  })
})

const kindOf = (url: string, policy: AddressPolicy = 'public', allowed: string[] = []) => {
  try {
    return parseTarget(url, policy, new Set(allowed)).policy
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    return `${error.kind}: ${error.message}`
  }
}

describe('URLs', () => {
  test.each([
    'file:///etc/passwd',
    'ftp://a.test/',
    'gopher://a.test/',
    'data:text/plain,x',
    'blob:x',
    's3://b/k',
    'ws://a.test/',
  ])('scheme of %s is refused', (url) => expect(kindOf(url)).toBe('refused: Only http and https URLs are allowed'))

  test('credentials, nonsense, length and host names are refused, and the message repeats none of it', () => {
    const bad = [
      'http://user:secret@a.test/',
      'http://secret@a.test/',
      'http://:secret@a.test',
      'secret',
      'http://',
      '//secret',
      'http://[secret]/',
    ]
    for (const url of [...bad, `http://a.test/?secret=${'x'.repeat(8192)}`, `http://${'secret.'.repeat(50)}test/`]) {
      const verdict = kindOf(url)
      expect(verdict).toStartWith('refused: ')
      expect(verdict).not.toContain('secret')
    }
  })

  test('ports: non-web ports are closed to the public policy only, port 0 to both', () => {
    expect(kindOf('http://a.test:25/')).toBe('refused: a.test:25 is not a web port')
    expect(kindOf('http://a.test:25/', 'provider')).toBe('provider')
    expect(kindOf('http://a.test:8443/')).toBe('public')
    expect(kindOf('http://a.test:0/', 'provider')).toStartWith('refused')
  })

  test('an exempted host and port is judged as a provider, its neighbours are not', async () => {
    const allowed = ['searx.lan:8080', '[::1]:80', '169.254.169.254:80']
    expect(kindOf('http://SEARX.lan.:8080/', 'public', allowed)).toBe('provider')
    expect(kindOf('http://[0::1]/', 'public', allowed)).toBe('provider')
    expect(kindOf('http://searx.lan:8081/', 'public', allowed)).toBe('public')
    expect(kindOf('https://[::1]/', 'public', allowed)).toBe('public')
    expect(await verdictOf('169.254.169.254', 'public', {}, allowed)).toBe('refused')
    expect(await verdictOf('[::1]', 'public', {}, allowed)).toEqual(['::1'])
  })
})
