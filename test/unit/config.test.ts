import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError, readConfig } from '../../src/config.ts'

const problemsOf = (environment: Record<string, string>): string[] => {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

const withFiles = (contents: Record<string, string>, run: (pathOf: (name: string) => string) => void) => {
  const folder = mkdtempSync(join(tmpdir(), 'config-test-'))
  try {
    for (const [name, text] of Object.entries(contents)) writeFileSync(join(folder, name), text)
    run((name) => join(folder, name))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('defaults', () => {
  test('an empty environment is a working one, on loopback', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 8005,
      appEnv: 'dev',
      registration: 'open',
      accessTokenMinutes: 30,
      refreshTokenDays: 30,
      maxRequestBytes: 5_242_880,
      rateLimiting: true,
      corsOrigins: [],
      corsDevHosts: ['localhost', '127.0.0.1', '[::1]'],
      corsAllowCredentials: true,
      corsMaxAgeSeconds: 600,
      trustedProxies: [],
      rateLimitLogin: { max: 5, windowSeconds: 300 },
    })
    expect(readConfig({}).secretKey).toBeUndefined()
  })

  test('an empty value is "not set", and for a list "none"', () => {
    const config = readConfig({
      PORT: '',
      HOST: '',
      SECRET_KEY: '',
      CORS_DEV_HOSTS: '',
      RATE_LIMIT: '',
      CORS_ORIGINS: '',
    })
    expect(config).toMatchObject({
      port: 8005,
      host: '127.0.0.1',
      corsDevHosts: [],
      rateLimiting: true,
      corsOrigins: [],
    })
    expect(config.secretKey).toBeUndefined()
  })
})

describe('values', () => {
  test('lists as JSON, with commas, or empty', () => {
    const read = (value: string) => readConfig({ CORS_DEV_HOSTS: value }).corsDevHosts
    expect(read('["a.local", " b.local ",""]')).toEqual(['a.local', 'b.local'])
    expect(read('a.local, b.local,,')).toEqual(['a.local', 'b.local'])
    expect(read('  ["a.local"]')).toEqual(['a.local'])
    expect(read('a.local')).toEqual(['a.local'])
    expect(read('[]')).toEqual([])
    expect(problemsOf({ CORS_DEV_HOSTS: '[1]' })).toEqual(['CORS_DEV_HOSTS must be a list of strings'])
    expect(problemsOf({ CORS_DEV_HOSTS: '["a"' })).toEqual(['CORS_DEV_HOSTS is not valid JSON'])
  })

  test('flags in the usual words', () => {
    for (const word of ['true', 'TRUE', '1', 'yes', 'on'])
      expect(readConfig({ RATE_LIMIT: word }).rateLimiting).toBe(true)
    for (const word of ['false', 'False', '0', 'no', 'off'])
      expect(readConfig({ RATE_LIMIT: word }).rateLimiting).toBe(false)
    expect(problemsOf({ RATE_LIMIT: 'maybe' })).toEqual(['RATE_LIMIT must be true or false'])
  })

  test('integers, limits and choices', () => {
    for (const port of ['-1', '65536', '80.5', 'x', '8e3', '0x50', ' 80']) {
      expect(problemsOf({ PORT: port })).toEqual(['PORT must be an integer from 0 to 65535'])
    }
    expect(readConfig({ RATE_LIMIT_LOGIN: '7/60' }).rateLimitLogin).toEqual({ max: 7, windowSeconds: 60 })
    for (const limit of ['5', '5/', '0/60', '5/0', '-5/60', '5/60/1', '5 / 60']) {
      expect(problemsOf({ RATE_LIMIT_LOGIN: limit })).toEqual([
        'RATE_LIMIT_LOGIN must look like 100/60 (requests/seconds)',
      ])
    }
    expect(readConfig({ LOG_LEVEL: 'WARNING' }).logLevel).toBe('warning')
    expect(problemsOf({ REGISTRATION: 'maybe' })).toEqual(['REGISTRATION must be one of open, closed'])
  })

  test('origins: scheme and host, in whatever case; nothing after it', () => {
    const good = [
      'https://brain.example',
      'https://Brain.Example/',
      'http://10.0.0.5:3000',
      'https://brain.example:443',
      'http://[::1]:5173',
    ]
    expect(problemsOf({ CORS_ORIGINS: JSON.stringify(good) })).toEqual([])
    for (const bad of [
      '*',
      'brain.example',
      'ftp://brain.example',
      'https://brain.example/app',
      'https://brain.example?x',
      'https://a@brain.example',
      'null',
      'https://',
    ]) {
      expect({ bad, problems: problemsOf({ CORS_ORIGINS: bad }).length }).toEqual({ bad, problems: 1 })
    }
  })

  test('proxies: addresses, ranges or *', () => {
    expect(problemsOf({ TRUSTED_PROXIES: '10.0.0.1, 10.0.0.0/8, ::1, 2001:db8::/32, *' })).toEqual([])
    for (const bad of ['nginx', '10.0.0.0/33', '10.0.0.256', '10.0.0.1:80', '**']) {
      expect(problemsOf({ TRUSTED_PROXIES: bad })).toEqual([
        `TRUSTED_PROXIES contains "${bad}", which is not an address such as 10.0.0.1 or 10.0.0.0/8`,
      ])
    }
  })

  test('URLs of model servers', () => {
    expect(readConfig({ OPENAI_BASE_URL: 'http://10.0.0.5:1234/v1//' }).openaiBaseUrl).toBe('http://10.0.0.5:1234/v1')
    expect(problemsOf({ OPENAI_BASE_URL: 'file:///etc' })).toEqual(['OPENAI_BASE_URL must be an http or https URL'])
    expect(problemsOf({ OPENAI_BASE_URL: 'https://me:pw@x.test' })).toEqual([
      'OPENAI_BASE_URL must not contain a user name or password',
    ])
  })

  test('further names keep working; the first one wins', () => {
    expect(readConfig({ FORWARDED_ALLOW_IPS: '10.0.0.1' }).trustedProxies).toEqual(['10.0.0.1'])
    expect(readConfig({ FORWARDED_ALLOW_IPS: '10.0.0.1', TRUSTED_PROXIES: '10.0.0.2' }).trustedProxies).toEqual([
      '10.0.0.2',
    ])
    expect(readConfig({ CLAUDE_API_KEY: 'k' }).anthropicApiKey).toBe('k')
  })

  test('flags of the command line win over the environment', () => {
    expect(readConfig({ PORT: '9000', HOST: '0.0.0.0' }, { port: 9001 })).toMatchObject({ port: 9001, host: '0.0.0.0' })
  })
})

describe('secrets', () => {
  const long = 'a secret of enough characters'

  test('from a file', () => {
    withFiles(
      { key: `${long}\n`, spaced: ` ${long} \r\n`, empty: '\n', placeholder: 'your-secret-key-here\n' },
      (pathOf) => {
        expect(readConfig({ SECRET_KEY_FILE: pathOf('key') }).secretKey).toBe(long)
        expect(readConfig({ SECRET_KEY_FILE: pathOf('spaced') }).secretKey).toBe(` ${long} `)
        expect(readConfig({ OPENAI_API_KEY_FILE: pathOf('key') }).openaiApiKey).toBe(long)
        expect(readConfig({ CLAUDE_API_KEY_FILE: pathOf('key') }).anthropicApiKey).toBe(long)
        expect(readConfig({ SECRET_KEY: `${long}!`, SECRET_KEY_FILE: pathOf('key') }).secretKey).toBe(`${long}!`)
        expect(problemsOf({ SECRET_KEY_FILE: pathOf('empty') })).toEqual(['SECRET_KEY_FILE names an empty file'])
        expect(problemsOf({ SECRET_KEY_FILE: pathOf('placeholder') })[0]).toContain(
          'is the placeholder of a published template',
        )
        expect(problemsOf({ SECRET_KEY_FILE: pathOf('nowhere') })[0]).toStartWith('SECRET_KEY_FILE cannot be read: ')
      },
    )
    // Only secrets have a file: a port in a file would be a surprise.
    expect(readConfig({ PORT_FILE: '/nowhere' }).port).toBe(8005)
  })

  test('placeholders of published templates and short keys are refused, without an echo', () => {
    for (const name of ['SECRET_KEY', 'ENCRYPTION_MASTER_KEY']) {
      for (const value of ['your-secret-key-here', 'your-encryption-master-key-here', 'changeme', 'secret']) {
        expect(problemsOf({ [name]: value })).toEqual([
          `${name} is the placeholder of a published template; set a value of your own`,
        ])
      }
      expect(problemsOf({ [name]: 'fifteen letters' })).toEqual([`${name} must have at least 16 characters`])
      expect(problemsOf({ [name]: long })).toEqual([])
    }
  })
})

test('every problem is told at once', () => {
  const problems = problemsOf({
    PORT: 'x',
    SECRET_KEY: 'short',
    ENCRYPTION_MASTER_KEY: 'your-encryption-master-key-here',
    CORS_ORIGINS: 'nonsense,https://ok.example,worse',
    TRUSTED_PROXIES: 'nginx',
    SSL_KEYFILE: '/key.pem',
    RATE_LIMIT_LOGIN: 'x',
    LOG_LEVEL: 'loud',
    OPENAI_API_KEY_FILE: '/nowhere',
  })
  expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
    'PORT',
    'LOG_LEVEL',
    'SECRET_KEY',
    'ENCRYPTION_MASTER_KEY',
    'RATE_LIMIT_LOGIN',
    'OPENAI_API_KEY_FILE',
    'SSL_KEYFILE',
    'CORS_ORIGINS',
    'CORS_ORIGINS',
    'TRUSTED_PROXIES',
  ])
})
