import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readLifecycleMetadata } from '../../src/areas/plugins/manifest/lifecycle-metadata.ts'
import { readPluginManifest } from '../../src/areas/plugins/manifest/plugin-manifest.ts'
import { managerWith, pluginFixture } from '../support/plugin-metadata.ts'

const maxLength = 262_144
/** The reader stops itself after a second; the rest is for busy machines. */
const patienceMs = 3000

const repeat = (text: string, count: number, end = '') => text.repeat(count) + end
const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index))

const expressions: Record<string, string> = {
  'open brackets': repeat('[', 250_000),
  'nested lists': repeat('[', 10_000) + repeat(']', 10_000),
  'open braces': repeat('{', 250_000),
  'nested dicts': repeat('{"a":', 10_000, '1') + repeat('}', 10_000),
  'nested parentheses': repeat('(', 100_000) + repeat(')', 100_000),
  'nested f-strings': repeat('f"{', 10_000) + repeat('}"', 10_000),
  'open f-strings': repeat('f"{', 80_000),
  'a long sum': repeat('"a"+', 60_000, '"a"'),
  'many adjacent texts': repeat('"a" ', 60_000),
  'many signs': repeat('-', 250_000, '1'),
  'many quotes': repeat(`'"`, 120_000),
  'many backslashes': `"${repeat('\\', 250_000)}"`,
  'many escapes': `"${repeat('\\x41', 60_000)}"`,
  'many braces in an f-string': `f"${repeat('{{', 120_000)}"`,
  'many calls': `x${repeat('()', 120_000)}`,
  'many gets': `x${repeat('.get("a", 1)', 20_000)}`,
  'many items': `x${repeat('[0]', 80_000)}`,
  'a missing comma, often': `{${repeat('"a" 1 ', 40_000)}}`,
  'closing brackets': repeat('] ) } ', 40_000),
  stars: repeat('*', 250_000),
  colons: `{${repeat(':', 250_000)}}`,
  'NUL characters': repeat('\0', 250_000),
  'too many values': `[${repeat('1,', 60_000)}]`,
  'many unknown values': `{"a": [${repeat('f(),', 40_000)}]}`,
  'a number of 250,000 digits': repeat('9', 250_000),
}

const statements: Record<string, string[]> = {
  'itself, doubled': ['a = ["x"]', ...lines(60, () => 'a = [a, a]'), 'self.plugin_data = {"a": a}'],
  'dicts, doubled': ['a = {"x": 1}', ...lines(60, () => 'a = {"x": a, "y": a}'), 'self.plugin_data = {"a": a}'],
  'lists, doubled': ['a = [1]', ...lines(60, () => 'a = a + a'), 'self.plugin_data = {"a": a}'],
  'a text, doubled': ['a = "x"', ...lines(60, () => 'a = a + a'), 'self.plugin_data = {"a": a}'],
  'an f-string, doubled': ['a = "x"', ...lines(60, () => 'a = f"{a}{a}"'), 'self.plugin_data = {"a": a}'],
  'json of json': ['a = "\\\\"', ...lines(60, () => 'a = json.dumps(a)'), 'self.plugin_data = {"a": a}'],
  'a list in itself': ['a = []', ...lines(9000, () => 'a = [a]'), 'self.plugin_data = {"a": a}'],
  'the data in itself': ['self.plugin_data = {}', ...lines(5000, () => 'self.plugin_data["a"] = self.plugin_data')],
  'names in a circle': ['a = b', 'b = a', 'a = a', 'self.plugin_data = a', 'self.plugin_data = self.plugin_data'],
  'many items': ['self.plugin_data = {}', ...lines(6000, (index) => `self.plugin_data["${index}"] = 1`)],
  'many appends': ['a = []', ...lines(12_000, () => 'a.append(1)')],
  'many +=': ['a = []', ...lines(12_000, () => 'a += [1]')],
  'many spreads': [`a = {${lines(2000, (index) => `"${index}": 1`).join()}}`, `b = {${repeat('**a,', 40_000)}}`],
  'a long list, added up': [`a = [${repeat('1,', 40_000)}]`, `b = ${repeat('a+', 80_000, 'a')}`],
  'a long text, kept often': [`a = "${repeat('x', 100_000)}"`, ...lines(5000, (index) => `b${index} = f"{a}"`)],
  'a long text as JSON, often': [
    `a = "${repeat('x', 100_000)}"`,
    ...lines(4000, (index) => `b${index} = json.dumps(a)`),
  ],
  'a long list as JSON, often': [
    `a = [${repeat('1,', 40_000)}]`,
    ...lines(4000, (index) => `b${index} = json.dumps(a)`),
  ],
  'a long list, kept often': [`a = [${repeat('1,', 40_000)}]`, ...lines(5000, (index) => `b${index} = a + [1]`)],
  'many targets': [repeat('a=', 120_000, '1')],
  'many unpacked names': [repeat('a,', 120_000, '=1')],
  'nested blocks': lines(300, (index) => `${' '.repeat(index)}try:`),
  'many classes': lines(5000, () => '\nclass ALifecycleManager: pass'),
}

const measure = (source: string) => {
  const startMs = performance.now()
  const result = readLifecycleMetadata(source)
  return { result, tookMs: performance.now() - startMs }
}

describe('hostile files end soon and say why', () => {
  test.each(Object.entries(expressions))('%s', (_, expression) => {
    const { result, tookMs } = measure(managerWith([`self.plugin_data = ${expression}`]).slice(0, maxLength))
    expect(tookMs).toBeLessThan(patienceMs)
    if (!result.ok) expect(result.reason).toStartWith('Invalid lifecycle manager: ')
  })

  test.each(Object.entries(statements))('%s', (_, all) => {
    const { result, tookMs } = measure(managerWith(all).slice(0, maxLength))
    expect(tookMs).toBeLessThan(patienceMs)
    if (!result.ok) expect(result.reason).toStartWith('Invalid lifecycle manager: ')
  })

  const reasons: [string, string[], string][] = [
    ['too many values', [`self.plugin_data = {"a": ${expressions['too many values']}}`], 'a value is too large'],
    ['doubled values', statements['itself, doubled'] ?? [], 'a value is too large'],
    ['doubled texts', statements['a text, doubled'] ?? [], 'a text is too long'],
    [
      'depth',
      [`self.plugin_data = {"a": ${repeat('[', 64)}${repeat(']', 64)}}`],
      'a value is nested more than 64 levels deep',
    ],
    ['work', statements['many appends'] ?? [], 'the file is too complex'],
  ]
  test.each(reasons)('%s', (_, all, reason) => {
    expect(readLifecycleMetadata(managerWith(all))).toEqual({
      ok: false,
      reason: `Invalid lifecycle manager: ${reason}`,
    })
  })

  test('a file that is too long is not looked at', () => {
    const reason = 'Invalid lifecycle manager: the file has more than 262144 characters'
    expect(readLifecycleMetadata('#'.repeat(maxLength + 1))).toEqual({ ok: false, reason })
    expect(readLifecycleMetadata('#'.repeat(maxLength))).toMatchObject({ ok: false })
  })

  test('values of the allowed depth and number are read', () => {
    const deep = `self.plugin_data = {"a": ${repeat('[', 62)}${repeat(']', 62)}}`
    expect(readLifecycleMetadata(managerWith([deep]))).toMatchObject({ ok: true })
    const wide = `self.plugin_data = {"a": [${repeat('1,', 45_000)}]}`
    expect(readLifecycleMetadata(managerWith([wide]))).toMatchObject({ ok: true })
  })
})

describe('nothing is run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plugin-marker-'))
  const marker = join(folder, 'marker')
  process.env['BRAINDRIVE_MARKER'] = marker
  afterAll(() => {
    delete process.env['BRAINDRIVE_MARKER']
    rmSync(folder, { recursive: true })
  })

  test('a manager that would leave a file wherever Python runs code leaves none, and is read', async () => {
    const result = readPluginManifest({ lifecycleManager: await pluginFixture('marker') })
    expect(result).toMatchObject({ ok: true, manifest: { pluginSlug: 'Marker', author: null, description: '' } })
    expect(result).toMatchObject({ manifest: { modules: [{ name: 'Marker', props: { a: 'default' } }] } })
    expect(existsSync(marker)).toBeFalse()
    expect(await Bun.file(join(import.meta.dir, '../support/plugins/__pycache__')).exists()).toBeFalse()
  })
})

/** Small, fast and the same every time. */
const newRandom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}

const pieces = ['[', ']', '{', '}', '(', ')', '"', "'", '"""', '\\', '\n', '    ', ',', ':', '=', '+', '**', 'f"{', '#', '\0', '😀', '\ud800', 'class X', 'self.plugin_data', 'def __init__(self):', '-', '.get(', '__proto__', 'None', 'lambda:', 'try:\n', ';'] // prettier-ignore

describe('mutated files', () => {
  test('are read or refused, soon, without throwing', async () => {
    const names = ['literals', 'constants', 'services', 'settings', 'marker']
    const sources = await Promise.all(names.map(pluginFixture))
    const random = newRandom(20_261_123)
    const pick = <One>(all: One[]): One => all[Math.floor(random() * all.length)] as One
    const mutate = (source: string): string => {
      const from = Math.floor(random() * source.length)
      const to = Math.min(source.length, from + Math.floor(random() ** 4 * 400))
      const choice = random()
      if (choice < 0.3) return source.slice(0, from) + source.slice(to)
      if (choice < 0.4) return source.slice(0, to) + source.slice(from)
      if (choice < 0.5) return source.slice(0, from)
      return source.slice(0, from) + pick(pieces).repeat(1 + Math.floor(random() ** 6 * 50)) + source.slice(from)
    }
    const endMs = performance.now() + 4000
    const counts = { ok: 0, refused: 0, slowestMs: 0 }
    for (let round = 0; round < 2000 && performance.now() < endMs; round++) {
      let source = pick(sources)
      for (let times = 1 + Math.floor(random() * 4); times > 0; times--) source = mutate(source)
      const startMs = performance.now()
      const result = readPluginManifest({ lifecycleManager: source, packageInfo: source })
      counts.slowestMs = Math.max(counts.slowestMs, performance.now() - startMs)
      if (result.ok) {
        counts.ok += 1
        expect(result.manifest.pluginSlug).toMatch(/^[A-Za-z][\w-]{0,63}$/)
        expect(JSON.stringify(result.manifest).length).toBeLessThan(100_000)
      } else {
        counts.refused += 1
        expect(result.reason.length).toBeLessThan(500)
      }
    }
    expect(counts.ok).toBeGreaterThan(10)
    expect(counts.refused).toBeGreaterThan(10)
    expect(counts.slowestMs).toBeLessThan(patienceMs)
    expect(Object.keys(Object.prototype)).toEqual([])
  }, 20_000)
})
