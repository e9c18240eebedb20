import { describe, expect, test } from 'bun:test'
import { toChunks } from '../../src/areas/documents/chunks.ts'
import { countCodePoints, endOfCodePoints } from '../../src/shared/code-points.ts'

const paragraphs = (count: number, length: number) =>
  Array.from({ length: count }, () => 'x'.repeat(length)).join('\n\n')

describe('segments', () => {
  test('whole paragraphs, as many as fit', () => {
    const { chunks, truncated } = toChunks(paragraphs(40, 20))
    expect(truncated).toBe(false)
    expect(chunks.map(({ char_count }) => char_count)).toEqual([40 * 20 + 39 * 2])
    expect(toChunks(paragraphs(3, 999)).chunks.map(({ char_count }) => char_count)).toEqual([2000, 999])
    expect(toChunks(`${paragraphs(2, 999)}y`).chunks.map(({ char_count }) => char_count)).toEqual([999, 1000])
  })

  test('a long paragraph is cut, with an overlap', () => {
    const text = Array.from({ length: 500 }, (_, at) => String(at).padStart(9, '0')).join(' ')
    const { chunks } = toChunks(`before\n\n${text}\n\nafter`)
    expect(chunks.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5])
    expect(chunks.map(({ char_count }) => char_count)).toEqual([6, 2000, 2000, 1399, 5])
    expect(chunks[2]?.text.slice(0, 200)).toBe(chunks[1]?.text.slice(-200) as string)
    expect(toChunks('x'.repeat(2000)).chunks.length).toBe(1)
    expect(toChunks('x'.repeat(2001)).chunks.map(({ char_count }) => char_count)).toEqual([2000, 201])
  })

  test('exactly 25 are not truncated, one more is', () => {
    expect(toChunks(paragraphs(25, 1500))).toMatchObject({ truncated: false })
    const more = toChunks(paragraphs(26, 1500))
    expect(more).toMatchObject({ truncated: true })
    expect(more.chunks.length).toBe(25)
  })

  test('characters are code points, and none is cut', () => {
    const { chunks } = toChunks('🚀'.repeat(2100))
    expect(chunks.map(({ char_count }) => char_count)).toEqual([2000, 300])
    for (const { text } of chunks) expect(text.isWellFormed()).toBe(true)
  })

  test('blank text has none', () => {
    expect(toChunks(' \n\n \n')).toEqual({ chunks: [], truncated: false })
  })
})

test('counting and cutting', () => {
  expect(countCodePoints('a🚀é')).toBe(3)
  expect(endOfCodePoints('🚀🚀b', 2)).toBe(4)
  expect(endOfCodePoints('a🚀🚀b', 2, 1)).toBe(5)
  expect(endOfCodePoints('ab', 5)).toBe(2)
})
