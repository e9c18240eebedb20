import { expect, test } from 'bun:test'
import { parseIso } from '../../src/shared/clock.ts'

const at = (text: string) => Date.parse(text)

test('parseIso reads times with an offset, and takes others as UTC', () => {
  const times: [text: string, expected: string][] = [
    ['2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02T03:04:05.678901+00:00', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02T03:04:05', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02 03:04', '2026-01-02T03:04:00.000Z'],
    ['2026-01-02t03:04:05z', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T00:30:00+02:00', '2026-01-01T22:30:00.000Z'],
    ['2026-01-02T00:30:00-0330', '2026-01-02T04:00:00.000Z'],
    ['2026-01-02', '2026-01-02T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ]
  for (const [text, expected] of times) expect([text, parseIso(text)]).toEqual([text, at(expected)])
})

test('parseIso refuses what is no time', () => {
  const texts = [
    '',
    'tomorrow',
    '1767323045',
    '2026-02-29',
    '2026-02-30T00:00:00Z',
    '2026-04-31',
    '2026-13-01',
    '2026-00-10',
    '2026-01-02T25:00',
    '2026-01-02T10:61',
    '2026-01-02T10',
    '2026-1-2',
    '02.01.2026',
    '2026-01-02T03:04:05+99:99',
    ' 2026-01-02',
    '2026-01-02\n',
    '+002026-01-02',
  ]
  for (const text of texts) expect([text, parseIso(text)]).toEqual([text, undefined])
})
