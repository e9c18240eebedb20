import { describe, expect, test } from 'bun:test'
import { checkAddress } from '../../src/adapters/web/address-policy.ts'
import { resolveTarget } from '../../src/adapters/web/resolve-target.ts'
import { parseTarget } from '../../src/adapters/web/target.ts'
import type { AddressPolicy } from '../../src/adapters/web/types.ts'
import { UpstreamError } from '../../src/shared/upstream-error.ts'
import { dnsAnswers } from '../support/dns-answers.ts'

type Verdict = 'both' | 'provider' | 'none'

// Host part of the URL, and who may reach it.
const SPELLINGS: [string, Verdict][] = [
  // loopback
  ['127.0.0.1', 'provider'],
  ['127.1', 'provider'],
  ['127.0.1', 'provider'],
  ['127.255.255.254', 'provider'],
  ['127.0.0.1.', 'provider'],
  ['0x7f.1', 'provider'],
  ['0x7f000001', 'provider'],
  ['0X7F.0.0.0x1', 'provider'],
  ['0177.0.0.1', 'provider'],
  ['017700000001', 'provider'],
  ['2130706433', 'provider'],
  ['①②⑦.0.0.1', 'provider'],
  ['127。0。0。1', 'provider'],
  ['%31%32%37.0.0.1', 'provider'],
  ['１２７.0.0.1', 'provider'],
  ['[::1]', 'provider'],
  ['[0:0:0:0:0:0:0:1]', 'provider'],
  ['[::0001]', 'provider'],
  ['[::ffff:127.0.0.1]', 'provider'],
  ['[::ffff:7f00:1]', 'provider'],
  ['[0:0:0:0:0:ffff:7f00:0001]', 'provider'],
  ['[::FFFF:127.0.0.1]', 'provider'],
  ['[64:ff9b::127.0.0.1]', 'provider'],
  ['[64:ff9b::7f00:1]', 'provider'],
  ['[::127.0.0.1]', 'none'],
  ['[::7f00:1]', 'none'],
  ['[::ffff:0:127.0.0.1]', 'none'],
  ['[2002:7f00:1::]', 'none'],
  ['[2002:7f00:0001::1]', 'none'],
  ['[64:ff9b:1::7f00:1]', 'none'],
  ['[64:ff9b:1:7f00:0:100::]', 'none'],
  ['[2001:0:7f00:1::]', 'none'],
  ['[2001:0:808:808:0:0:80ff:fffe]', 'none'],
  // private networks, carrier NAT (tailscale), unique local
  ['10.0.0.1', 'provider'],
  ['10.1', 'provider'],
  ['0xa000001', 'provider'],
  ['167772161', 'provider'],
  ['172.16.0.1', 'provider'],
  ['172.31.255.255', 'provider'],
  ['192.168.1.1', 'provider'],
  ['3232235777', 'provider'],
  ['0300.0250.1.1', 'provider'],
  ['[::ffff:192.168.1.1]', 'provider'],
  ['[64:ff9b::10.0.0.1]', 'provider'],
  ['100.64.0.1', 'provider'],
  ['100.127.255.255', 'provider'],
  ['[fc00::1]', 'provider'],
  ['[fd12:3456:789a::1]', 'provider'],
  ['[fd7a:115c:a1e0::1]', 'provider'],
  ['[2002:a00:1::1]', 'none'],
  ['[::192.168.1.1]', 'none'],
  // link-local
  ['169.254.0.1', 'none'],
  ['169.254.169.254', 'none'],
  ['169.254.170.2', 'none'],
  ['0xa9fea9fe', 'none'],
  ['2852039166', 'none'],
  ['0251.0376.0251.0376', 'none'],
  ['169.254.43518', 'none'],
  ['①⑥⑨.②⑤④.①⑥⑨.②⑤④', 'none'],
  ['[::ffff:169.254.169.254]', 'none'],
  ['[::ffff:a9fe:a9fe]', 'none'],
  ['[64:ff9b::169.254.169.254]', 'none'],
  ['[64:ff9b:1::a9fe:a9fe]', 'none'],
  ['[2002:a9fe:a9fe::]', 'none'],
  ['[::169.254.169.254]', 'none'],
  ['[fe80::1]', 'none'],
  ['[febf::1]', 'none'],
  ['[fec0::1]', 'none'],
  // metadata outside link-local
  ['100.100.100.200', 'none'],
  ['0x646464c8', 'none'],
  ['[::ffff:100.100.100.200]', 'none'],
  ['[64:ff9b::100.100.100.200]', 'none'],
  ['168.63.129.16', 'none'],
  ['[fd00:ec2::254]', 'none'],
  ['[fd00:0ec2:0:0:0:0:0:0254]', 'none'],
  ['[fd00:ec2::23]', 'none'],
  ['[fd20:ce::254]', 'none'],
  ['[fd00:c1::a9fe:a9fe]', 'none'],
  ['[fd00:42::42]', 'none'],
  ['metadata.google.internal', 'none'],
  ['METADATA.google.internal.', 'none'],
  ['metadata', 'none'],
  // unspecified, broadcast, multicast, reserved
  ['0.0.0.0', 'none'],
  ['0', 'none'],
  ['0.1.2.3', 'none'],
  ['[::]', 'none'],
  ['[::ffff:0.0.0.0]', 'none'],
  ['255.255.255.255', 'none'],
  ['4294967295', 'none'],
  ['224.0.0.1', 'none'],
  ['239.255.255.250', 'none'],
  ['[ff02::1]', 'none'],
  ['240.0.0.1', 'none'],
  ['192.0.0.1', 'none'],
  ['192.0.2.1', 'none'],
  ['198.18.0.1', 'none'],
  ['198.51.100.1', 'none'],
  ['203.0.113.1', 'none'],
  ['192.88.99.1', 'none'],
  ['[2001:db8::1]', 'none'],
  ['[3fff::1]', 'none'],
  ['[2001:2::1]', 'none'],
  ['[100::1]', 'none'],
  ['[5f00::1]', 'none'],
  ['[4000::1]', 'none'],
  // global
  ['8.8.8.8', 'both'],
  ['0x08080808', 'both'],
  ['172.32.0.1', 'both'],
  ['100.128.0.1', 'both'],
  ['[2606:4700:4700::1111]', 'both'],
  ['[::ffff:8.8.8.8]', 'both'],
  ['[64:ff9b::8.8.8.8]', 'both'],
]

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
  test.each(SPELLINGS)('%s: %s', async (host, verdict) => {
    const isRefused = { public: verdict !== 'both', provider: verdict === 'none' }
    for (const policy of ['public', 'provider'] as const) {
      const answer = await verdictOf(host, policy)
      if (isRefused[policy]) expect(answer).toBe('refused')
      else expect(answer).toBeArrayOfSize(1)
    }
  })

  test.each(SPELLINGS.filter(([host]) => !/[a-z]{8}/.test(host)))(
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
