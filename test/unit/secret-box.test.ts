import { describe, expect, test } from 'bun:test'
import { createSecretBox, deriveSecretKey } from '../../src/shared/secret-box.ts'

const key = deriveSecretKey('correct horse battery staple 0123456789')
const otherKey = deriveSecretKey('another master key of enough letters')
const box = createSecretBox([key])

describe('deriveSecretKey', () => {
  test('gives the key of existing installations (auth.md 14.2)', () => {
    expect(key.bytes.toString('hex')).toBe('f9e15b3f73ffedb907ebf8f28179356bb3cadd006879fa3c268fef30bf658c0c')
    expect(key.id).toMatch(/^[0-9a-f]{8}$/)
    expect(deriveSecretKey('correct horse battery staple 0123456789 ').id).not.toBe(key.id)
  })
})

describe('secret box', () => {
  test('opens what it sealed, whatever it is', () => {
    for (const text of ['', 'x', '{"apiKey":"sk-é"}', '\0', '𝄞'.repeat(100_000)]) {
      expect(box.open(box.seal(text, 'row:1'), 'row:1')).toBe(text)
    }
  })

  test('seals differently each time, and names the key', () => {
    const [one, two] = [box.seal('x', 'row:1'), box.seal('x', 'row:1')]
    expect(one).not.toBe(two)
    expect(one).toStartWith(`v1.${key.id}.`)
    expect(one).not.toContain('x'.repeat(3))
  })

  test('does not open in another row, with another key, or when anything was changed', () => {
    const sealed = box.seal('a secret text', 'row:1')
    expect(() => box.open(sealed, 'row:2')).toThrow()
    expect(() => box.open(sealed, '')).toThrow()
    expect(() => createSecretBox([otherKey]).open(sealed, 'row:1')).toThrow('No key for a sealed value')
    const prefix = `v1.${key.id}.`
    const body = Buffer.from(sealed.slice(prefix.length), 'base64url')
    for (let index = 0; index < body.length; index++) {
      const changed = Buffer.from(body)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(() => box.open(prefix + changed.toString('base64url'), 'row:1')).toThrow()
    }
    for (let length = 0; length < body.length; length++) {
      expect(() => box.open(prefix + body.subarray(0, length).toString('base64url'), 'row:1')).toThrow()
    }
  })

  test('does not open what is no sealed value', () => {
    const sealed = box.seal('x', 'row:1')
    const texts = [
      '',
      'x',
      'v1',
      `v1.${key.id}`,
      `v1.${key.id}.`,
      sealed.replace('v1', 'v2'),
      `${sealed}.x`,
      ` ${sealed}`,
      `${sealed}\n`,
      `${sealed}=`,
      '{"a":1}',
    ]
    for (const text of texts) expect(() => box.open(text, 'row:1')).toThrow()
  })

  test('errors do not quote the text', () => {
    expect(() => box.open('my plain password', 'row:1')).toThrow('Not a sealed value')
  })

  test('the first key seals, all of them open', () => {
    const old = createSecretBox([otherKey]).seal('x', 'row:1')
    const rotated = createSecretBox([key, otherKey])
    expect(rotated.open(old, 'row:1')).toBe('x')
    expect(rotated.seal('x', 'row:1')).toStartWith(`v1.${key.id}.`)
  })
})
