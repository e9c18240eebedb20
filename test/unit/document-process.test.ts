import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDocumentReader } from '../../src/adapters/documents/create-document-reader.ts'
import type { DocumentReader } from '../../src/adapters/documents/types.ts'
import { failureOf } from '../support/failure-of.ts'
import { odsOf, pdfOf, xlsxOf } from '../support/hostile-documents.ts'

const folder = mkdtempSync(join(tmpdir(), 'braindrive-process-'))
afterAll(() => rmSync(folder, { recursive: true }))

const full = () => new Error('full')
const userFull = () => new Error('user full')
const readerWith = ({ maxMs = 20_000, maxMemoryBytes = 1_000_000_000 } = {}) =>
  createDocumentReader({ folder: join(folder, 'uploads'), maxMs, maxMemoryBytes, full, userFull })

const save = (name: string, bytes: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}
const request = (path: string) => ({
  path,
  name: path,
  contentType: null,
  preserveLayout: false,
  stripBoilerplate: true,
})
const read = (
  reader: DocumentReader,
  path: string,
  { user = 'ada', signal }: { user?: string; signal?: AbortSignal } = {},
) => reader.read(user, request(path), signal)

/** Processes of ours that read documents. Linux only. */
const children = (): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
      return rest.split(' ')[1] === String(process.pid) && !rest.startsWith('Z')
    } catch {
      return false
    }
  })

const text = save('a.txt', 'Hello')
/** Keeps a process busy for seconds. */
const slow = save('slow.pdf', pdfOf(20_000))
const isLinux = process.platform === 'linux'

describe('a process for each document', () => {
  test('reads, answers, ends', async () => {
    expect(await read(readerWith(), text)).toMatchObject({ format: 'txt', text: 'Hello' })
    if (isLinux) expect(children()).toEqual([])
  })

  test('one that hangs is killed when its time is over, and the next one is read', async () => {
    const reader = readerWith({ maxMs: 700 })
    const startedAt = performance.now()
    expect(await failureOf(read(reader, slow))).toMatchObject({
      reason: 'too_slow',
      message: 'The document takes longer than 1 seconds to read',
    })
    expect(performance.now() - startedAt).toBeLessThan(3000)
    if (isLinux) expect(children()).toEqual([])
    expect(await read(readerWith(), text)).toMatchObject({ text: 'Hello' })
  })

  test('one that takes too much memory is killed', async () => {
    const rows = Array.from(
      { length: 60_000 },
      (_, at) => `<row r="${at + 1}"><c t="str"><v>${at}${'x'.repeat(200)}</v></c></row>`,
    )
    const sheet = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${rows.join('')}</sheetData></worksheet>`
    const large = save('large.xlsx', xlsxOf(sheet))
    expect(await failureOf(read(readerWith({ maxMemoryBytes: 90_000_000 }), large))).toMatchObject({
      reason: 'too_large',
      message: 'The document needs more memory than one may have',
    })
    expect(await read(readerWith(), large)).toMatchObject({ format: 'xlsx' })
  }, 20_000)

  test('a sheet whose one cell is repeated sixteen billion times ends by its memory or its time', async () => {
    const cell =
      '<table:table-cell table:number-columns-repeated="16384" office:value-type="string"><text:p>x</text:p></table:table-cell>'
    const bomb = save(
      'bomb.ods',
      odsOf(`<table:table-row table:number-rows-repeated="1048576">${cell}</table:table-row>`),
    )
    const failure = await failureOf(read(readerWith({ maxMs: 5000, maxMemoryBytes: 300_000_000 }), bomb))
    expect((failure as { reason?: string }).reason).toBeOneOf(['too_large', 'too_slow'])
    expect(await read(readerWith(), text)).toMatchObject({ text: 'Hello' })
  }, 20_000)

  test('one whose client is gone is killed, or taken out of the line', async () => {
    const reader = readerWith()
    const running = new AbortController()
    const waiting = new AbortController()
    const first = Array.from({ length: 8 }, () => failureOf(read(reader, slow, { signal: running.signal })))
    const last = failureOf(read(reader, text, { signal: waiting.signal }))
    await Bun.sleep(300)
    waiting.abort(new Error('gone'))
    expect(await last).toMatchObject({ message: 'gone' })
    running.abort(new Error('gone too'))
    for (const failure of await Promise.all(first)) expect(failure).toMatchObject({ message: 'gone too' })
    if (isLinux) expect(children()).toEqual([])
    expect(await read(reader, text)).toMatchObject({ text: 'Hello' })
  })

  test.skipIf(!isLinux)('it is behind the server in line, and gets nothing of it', async () => {
    const gone = new AbortController()
    const reading = failureOf(read(readerWith(), slow, { signal: gone.signal }))
    await Bun.sleep(200)
    const [pid = ''] = children()
    const nice = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[16])
    expect(nice).toBe(19)
    expect(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim()).toBe('1000')
    const names = readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .map((entry) => entry.split('=')[0] ?? '')
    expect(names.filter((name) => name !== '' && !name.startsWith('NODE_CHANNEL'))).toEqual([])
    gone.abort(new Error('gone'))
    await reading
  })
})

test('uploads go into folders of their own; what an earlier server left is removed', async () => {
  const uploads = join(folder, 'uploads')
  rmSync(uploads, { recursive: true, force: true })
  const earlier = await readerWith().stage()
  writeFileSync(join(earlier.path, 'file'), 'left by a crash')
  const reader = readerWith()
  {
    await using one = await reader.stage()
    await using two = await reader.stage()
    expect(readdirSync(uploads).length).toBe(2)
    expect(one.path).not.toBe(two.path)
  }
  expect(readdirSync(uploads)).toEqual([])
})

test.skipIf(!isLinux)(
  'a process whose server was killed ends, whatever it is doing',
  async () => {
    const script = save(
      'server.ts',
      `const { createDocumentReader } = await import(${JSON.stringify(join(import.meta.dir, '../../src/adapters/documents/create-document-reader.ts'))})
     const reader = createDocumentReader({ folder: ${JSON.stringify(join(folder, 'orphan'))}, maxMs: 60000, maxMemoryBytes: 1e9, full: () => new Error(), userFull: () => new Error() })
     console.log('started')
     await reader.read('ada', ${JSON.stringify(request(slow))})`,
    )
    const server = Bun.spawn([process.execPath, script], { stdout: 'pipe' })
    await server.stdout.getReader().read()
    await Bun.sleep(500)
    const pids = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim().split(' ')
    expect(pids.length).toBe(1)
    server.kill('SIGKILL')
    await server.exited
    const giveUpAt = performance.now() + 3000
    const isAlive = () => {
      try {
        return !readFileSync(`/proc/${pids[0]}/stat`, 'utf8').includes(') Z')
      } catch {
        return false
      }
    }
    while (isAlive() && performance.now() < giveUpAt) await Bun.sleep(20)
    expect(isAlive()).toBe(false)
  },
  10_000,
)
