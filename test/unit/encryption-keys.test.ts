import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  createKeyRing,
  ensureKeyFile,
  newKey,
  readKeyFile,
  removeKeyLeftovers,
  writeKeyFile,
} from '../../src/shared/encryption-keys.ts'
import { createSecretBox, deriveSecretKey } from '../../src/shared/secret-box.ts'
import { temporaryFolder } from '../support/server-process.ts'

const [one, two, three] = [newKey(), newKey(), newKey()]
const idOf = (key: string) => deriveSecretKey(key).id

describe('the key file', () => {
  test('is made once, whole and for its owner only', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'encryption.key')
    ensureKeyFile(file)
    const [key] = readKeyFile(file)
    expect(key).toMatch(/^[0-9a-f]{64}$/)
    ensureKeyFile(file)
    expect(readKeyFile(file)).toEqual([key ?? ''])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder.path)).toEqual(['encryption.key'])
  })

  test('may hold several keys, also with empty lines and other line ends', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'encryption.key')
    writeFileSync(file, `\r\n${one}\r\n\n  ${two}\n`)
    expect(readKeyFile(file)).toEqual([one, two])
    writeKeyFile(file, [three, one])
    expect(readFileSync(file, 'utf8')).toBe(`${three}\n${one}\n`)
  })

  test('is refused when it is absent, empty or cut short', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'encryption.key')
    expect(() => readKeyFile(file)).toThrow('There is no key file')
    for (const text of ['', '\n', 'short', `${one}\n${two.slice(0, 20)}\n`]) {
      writeFileSync(file, text)
      expect(() => readKeyFile(file)).toThrow('is damaged')
    }
  })

  test('leftovers of a crash go, and nothing else', () => {
    using folder = temporaryFolder()
    const names = ['encryption.key', 'encryption.key.0a1b2c3d', 'encryption.key.old', 'signing.key.0a1b2c3d']
    for (const name of names) writeFileSync(join(folder.path, name), one)
    removeKeyLeftovers(join(folder.path, 'encryption.key'))
    expect(readdirSync(folder.path).toSorted()).toEqual([
      'encryption.key',
      'encryption.key.old',
      'signing.key.0a1b2c3d',
    ])
  })
})

describe('the ring of keys', () => {
  const ringOf = (file: string, more: { given?: string; old?: string } = {}) =>
    createKeyRing({ given: more.given, old: more.old, file })
  const idsOf = (ring: ReturnType<typeof createKeyRing>) => ring().map(({ id }) => id)

  test('the given key seals before those of the file; the old one only opens', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'encryption.key')
    expect(idsOf(ringOf(file, { given: one, old: two }))).toEqual([one, two].map(idOf))
    writeKeyFile(file, [three])
    expect(idsOf(ringOf(file, { given: one, old: two }))).toEqual([one, three, two].map(idOf))
    expect(idsOf(ringOf(file, { old: two }))).toEqual([three, two].map(idOf))
    rmSync(file)
    expect(() => ringOf(file, { old: two })).toThrow('There is no key file')
  })

  test('follows the file; a key that left it goes on opening', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'encryption.key')
    writeKeyFile(file, [one])
    const ring = ringOf(file)
    const box = createSecretBox(ring)
    const before = box.seal('text', 'row')
    writeKeyFile(file, [two, one])
    const after = box.seal('text', 'row')
    expect(after).toStartWith(`v1.${idOf(two)}.`)
    writeKeyFile(file, [two])
    expect(box.seal('text', 'row')).toStartWith(`v1.${idOf(two)}.`)
    expect([before, after].map((sealed) => box.open(sealed, 'row'))).toEqual(['text', 'text'])
  })

  test('a key that is not known yet is looked up when something sealed by it is met', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'encryption.key')
    writeKeyFile(file, [one])
    const box = createSecretBox(ringOf(file))
    writeKeyFile(file, [two, one])
    const sealed = createSecretBox(ringOf(file)).seal('text', 'row')
    expect(box.open(sealed, 'row')).toBe('text')
  })

  test('a file that is damaged or gone later takes no keys away', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'encryption.key')
    writeKeyFile(file, [one])
    const box = createSecretBox(ringOf(file))
    const sealed = box.seal('text', 'row')
    for (const spoil of [() => writeFileSync(file, 'nonsense'), () => rmSync(file)]) {
      spoil()
      expect(box.open(sealed, 'row')).toBe('text')
      expect(box.seal('text', 'row')).toStartWith(`v1.${idOf(one)}.`)
      expect(() => box.open(sealed.replace(idOf(one), '00000000'), 'row')).toThrow('No key for a sealed value')
    }
    writeKeyFile(file, [two, one])
    expect(box.seal('text', 'row')).toStartWith(`v1.${idOf(two)}.`)
  })
})
