import { afterAll, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { corpus, corpusPath, findMissing, refused } from '../support/corpus/corpus.ts'
import { fileOf, uploadDocuments } from '../support/documents.ts'
import { testApp } from '../support/test-app.ts'

/** Files as real programs write them, read over HTTP. */
const server = testApp()
afterAll(() => server.stop())

const readAll = async (names: string[]) => {
  const results = []
  for (let at = 0; at < names.length; at += 10) {
    const files = await Promise.all(names.slice(at, at + 10).map((name) => fileOf(corpusPath(name))))
    const { status, body } = await uploadDocuments(server, 'process-multiple', files, { field: 'files' })
    expect(status).toBe(200)
    results.push(...body.results)
  }
  return results
}

test('each known sentence, cell and note is in the text, in order, with the right counts', async () => {
  const names = Object.keys(corpus)
  const results = await readAll(names)
  expect(results.map(({ filename }) => filename)).toEqual(names)
  for (const result of results) {
    const { sentences, metadata, file_type, detected_type } = corpus[result.filename]!
    expect(result).toMatchObject({ processing_success: true, file_type, detected_type })
    expect({ file: result.filename, metadata: result.metadata ?? {} }).toEqual({ file: result.filename, metadata })
    const missing = findMissing(result.extracted_text, sentences)
    expect({ file: result.filename, missing }).toEqual({ file: result.filename, missing: undefined })
  }
}, 60_000)

test('what no reader can read says why', async () => {
  const results = await readAll(Object.keys(refused))
  const expected = Object.entries(refused).map(([filename, error]) => ({ filename, error, processing_success: false }))
  expect(results).toEqual(expected)
}, 20_000)

test('every file of the corpus is expected to be something', () => {
  const known = [...Object.keys(corpus), ...Object.keys(refused)].toSorted()
  expect(readdirSync(corpusPath('.')).toSorted()).toEqual(known)
})
