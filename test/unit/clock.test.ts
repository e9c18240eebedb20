import { expect, test } from 'bun:test'
import { parseIso, parseTime } from '../../src/shared/clock.ts'

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
    ['0001-01-01', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
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
    '0000-12-31T23:59Z',
    '0001-01-01T00:00+00:01',
    '9999-12-31T23:59-00:01',
  ]
  for (const text of texts) expect([text, parseIso(text)]).toEqual([text, undefined])
})

test('parseTime takes Unix numbers, too, in seconds or milliseconds and also as text', () => {
  const expected = at('2026-11-23T08:00:00.250Z')
  for (const value of [
    1_795_420_800.25,
    1_795_420_800_250,
    '1795420800.25',
    ' 1795420800250 ',
    '2026-11-23T10:00:00.25+02:00',
  ])
    expect([value, parseTime(value)]).toEqual([value, expected])
  expect([parseTime(0), parseTime(-1), parseTime('-1.5')]).toEqual([0, -1000, -1500])
  const others = [undefined, null, true, [], {}, '', 'x', '1e3', '0x10', Infinity, NaN, 1e15, -1e15, '9'.repeat(400)]
  for (const value of others) expect([value, parseTime(value)]).toEqual([value, undefined])
})
