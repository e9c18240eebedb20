import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pluginRows, settledFolders } from '../support/plugin-installs.ts'
import { entriesOf, pluginPackage, tarGzOf, zipOf } from '../support/plugin-packages.ts'
import { archiveFile, postForm } from '../support/plugin-source.ts'
import { paxRecords, tarBytes, tarGzBytes, type TarEntry } from '../support/tar-bytes.ts'
import { testApp } from '../support/test-app.ts'
import { UTF8, zipBytes, type ZipEnd, type ZipEntry } from '../support/zip-bytes.ts'

const server = testApp()
afterAll(server.stop)

/** A whole plugin, so that an archive whose lie is not seen gets installed. */
const entries = entriesOf(pluginPackage())
const evil = `evil-${crypto.randomUUID()}`

const upload = (bytes: Uint8Array, name: string, user = 'ada') =>
  postForm(server, user, { method: 'upload', file: archiveFile(bytes, name) })

const onDisk = () => readdirSync(server.dataPath, { recursive: true }).map(String).toSorted()
const places = () => [join(tmpdir(), evil), join(server.dataPath, evil), join('/', evil)]

let before: string[] = []
beforeAll(async () => {
  for (const slug of ['Before', 'Lamp']) {
    expect((await upload(zipOf(pluginPackage({ slug })), 'a.zip')).status).toBe(200)
  }
  // Leaves the empty folders behind that the store makes when it needs them.
  expect((await server.as('ada')('DELETE', '/api/v1/plugins/Lamp/uninstall')).status).toBe(200)
  await settledFolders(server.dataPath)
  before = onDisk()
})

afterEach(async () => {
  for (const user of ['ada', 'bob']) await server.as(user)('DELETE', '/api/v1/plugins/Lamp/uninstall')
})

const extractionMessage = /^Extraction failed: The (?:archive|package) .+\.$/

/** 400 with a sentence, and nothing of it anywhere. */
const expectRefused = async (bytes: Uint8Array, name: string, message: string | RegExp = extractionMessage) => {
  const { status, body } = await upload(bytes, name)
  expect({ status, code: body.code, step: body.detail?.details?.step }).toEqual({
    status: 400,
    code: 'plugins.file_extraction_failed',
    step: 'file_extraction',
  })
  expect(body.detail.message).toMatch(message)
  expect(body.detail.message).not.toMatch(/[\u0000-\u001f\u007f]|undefined|null|Error/)
  expect(pluginRows(server.database).map(({ plugin_slug }) => plugin_slug)).toEqual(['Before'])
  await settledFolders(server.dataPath)
  expect(onDisk()).toEqual(before)
  expect(places().filter(existsSync)).toEqual([])
}

/** The next one may install, and remove, the same plugin. */
const expectAlive = async (bytes: Uint8Array, name: string) => {
  expect(await upload(bytes, name, 'bob')).toMatchObject({ status: 200, body: { data: { plugin_slug: 'Lamp' } } })
  expect((await server.as('bob')('DELETE', '/api/v1/plugins/Lamp/uninstall')).status).toBe(200)
  await settledFolders(server.dataPath)
  expect(onDisk()).toEqual(before)
  expect(server.logged()).toBe('')
}

const last = { name: 'dist/last.js', data: 'last();'.repeat(40) }
const withLast = (entry: Partial<ZipEntry>, end?: ZipEnd) => zipBytes([...entries, { ...last, ...entry }], end)

/** An extra field of zip64 with these numbers. */
const zip64 = (...values: bigint[]) => {
  const bytes = Buffer.alloc(4 + values.length * 8)
  bytes.writeUInt16LE(1, 0)
  bytes.writeUInt16LE(values.length * 8, 2)
  values.forEach((value, index) => bytes.writeBigUInt64LE(value, 4 + index * 8))
  return bytes
}
const in64 = 0xffffffff

/** The two records of zip64 in front of the end, with these lies in them. */
const zip64End =
  (lies: { entries?: bigint; bytes?: bigint; offset?: bigint; locator?: bigint }): NonNullable<ZipEnd['before']> =>
  ({ offset, bytes }) => {
    const record = Buffer.alloc(56)
    record.writeUInt32LE(0x06064b50, 0)
    record.writeBigUInt64LE(44n, 4)
    const count = lies.entries ?? BigInt(entries.length + 1)
    record.writeBigUInt64LE(count, 24)
    record.writeBigUInt64LE(count, 32)
    record.writeBigUInt64LE(lies.bytes ?? BigInt(bytes), 40)
    record.writeBigUInt64LE(lies.offset ?? BigInt(offset), 48)
    const locator = Buffer.alloc(20)
    locator.writeUInt32LE(0x07064b50, 0)
    locator.writeBigUInt64LE(lies.locator ?? BigInt(offset + bytes), 8)
    locator.writeUInt32LE(1, 16)
    return Buffer.concat([record, locator])
  }
const end64 = (lies: Parameters<typeof zip64End>[0]): ZipEnd => ({
  entries: 0xffff,
  directoryBytes: in64,
  directoryOffset: in64,
  before: zip64End(lies),
})

/** What programs write behind the data when they learn of the size last. */
const descriptor = Buffer.alloc(16)

describe('a zip whose headers lie', () => {
  const lies: [string, Buffer][] = [
    ['another name in front of the data', withLast({ local: { name: 'dist/else.js' } })],
    ['a slip in front of the data', withLast({ local: { name: `../../../${evil}` } })],
    ['a longer name in front of the data', withLast({ local: { name: 'dist/last.js/more' } })],
    ['no name in front of the data', withLast({ local: { name: '' } })],
    ['a larger size in front of the data', withLast({ local: { size: 4_000_000_000 } })],
    ['a smaller size in front of the data', withLast({ local: { size: 1 } })],
    ['another packed size in front of the data', withLast({ local: { packedSize: 1 } })],
    ['another checksum in front of the data', withLast({ local: { crc: 7 } })],
    ['another compression in front of the data', withLast({ local: { method: 0 } })],
    ['an encrypted entry in front of the data', withLast({ local: { flags: UTF8 | 1 } })],
    [
      'a size in front of the data that was to come behind',
      withLast({ flags: UTF8 | 8, local: { size: 1 }, descriptor }),
    ],
    ['a size that is too small', withLast({ declaredSize: 1 })],
    ['a size that is too large', withLast({ declaredSize: 100_000 })],
    ['a packed size that is too small', withLast({ central: { packedSize: 1 } })],
    ['a packed size beyond the end', withLast({ central: { packedSize: 4_000_000_000 } })],
    ['a wrong checksum', withLast({ crc: 7 })],
    [
      'data that is not what the compression says',
      withLast({ method: 0, central: { method: 8 }, local: { method: 8 } }),
    ],
    ['a start beyond the end', withLast({ startsAt: 4_000_000_000 })],
    ['a start in the middle of an entry', withLast({ startsAt: 40 })],
    ['a start at another entry', withLast({ startsAt: 0 })],
    ['the data of another entry', zipBytes([...entries, last, { name: 'dist/copy.js', sharesDataOf: entries.length }])],
    [
      'extra fields that reach over the next entry',
      zipBytes(
        [{ name: 'dist/first.js', data: 'x', local: { extra: Buffer.alloc(40) } }, ...entries].map((entry, index) =>
          index === 1 ? { ...entry, startsAt: 50 } : entry,
        ),
      ),
    ],
    ['the same name twice', zipBytes([...entries, last, last])],
    ['the same name in another letter case', zipBytes([...entries, last, { ...last, name: 'DIST/LAST.js' }])],
    ['a file and a folder of one name', zipBytes([...entries, last, { name: 'dist/last.js/', data: '' }])],
    ['fewer entries than counted', withLast({}, { entries: 60_000 })],
    ['a directory at another place', withLast({}, { directoryOffset: 3 })],
    ['a directory beyond the end', withLast({}, { directoryOffset: 4_000_000_000 })],
    ['a comment that is not there', withLast({}, { commentBytes: 500 })],
  ]
  test.each(lies)('%s', async (_, bytes) => {
    await expectRefused(bytes, 'a.zip')
  })

  const hidden64: [string, Buffer][] = [
    ['a size of many terabytes', withLast({ central: { size: in64, extra: zip64(1n << 44n) } })],
    ['a size that no number holds', withLast({ central: { size: in64, extra: zip64(1n << 63n) } })],
    ['a packed size beyond the end', withLast({ central: { packedSize: in64, extra: zip64(1n << 40n) } })],
    ['a start beyond the end', withLast({ startsAt: in64, central: { extra: zip64(1n << 40n) } })],
    ['no field where one is announced', withLast({ central: { size: in64 } })],
    ['a field that is too short', withLast({ central: { size: in64, packedSize: in64, extra: zip64(1n) } })],
    ['a field that is longer than its header', withLast({ central: { extra: Buffer.from([1, 0, 255, 255, 1]) } })],
    ['a size in front of the data', withLast({ local: { size: in64, extra: zip64(5n) } })],
    ['more entries than a number holds', withLast({}, end64({ entries: 1n << 63n }))],
    ['more entries than there are', withLast({}, end64({ entries: 1n << 32n }))],
    ['a directory beyond the end', withLast({}, end64({ offset: 1n << 45n }))],
    ['its end beyond the end', withLast({}, end64({ locator: 1n << 45n }))],
    ['its end where something else is', withLast({}, end64({ locator: 0n }))],
  ]
  test.each(hidden64)('zip64: %s', async (_, bytes) => {
    await expectRefused(bytes, 'a.zip')
  })

  const honest: [string, Buffer][] = [
    [
      'sizes that come behind the data',
      withLast({ flags: UTF8 | 8, local: { size: 0, packedSize: 0, crc: 0 }, descriptor }),
    ],
    ['zip64 without need', withLast({ central: { size: in64, extra: zip64(BigInt(last.data.length)) } }, end64({}))],
    ['zip64 in front of the data', withLast({ local: { size: in64, packedSize: in64, extra: zip64(280n, 15n) } })],
    ['extra fields of all kinds', withLast({ local: { extra: Buffer.from('UT\x05\x00abcde') } })],
    ['no UTF-8 flag', zipBytes(entries.map((entry) => ({ ...entry, flags: 0 })))],
    [
      'an archive in the archive',
      withLast({ name: 'inner.zip', data: zipBytes([{ name: `../../${evil}`, data: 'x' }]) }),
    ],
  ]
  test.each(honest)('is not taken for one: %s', async (_, bytes) => {
    await expectAlive(bytes, 'a.zip')
  })

  test('the next good one is installed', () => expectAlive(zipOf(pluginPackage()), 'a.zip'))
})

const tar = (...more: TarEntry[]) => tarGzBytes([...entries, ...more])
const pax = (fields: Record<string, string>) => tar({ name: 'dist/x.js', data: 'x', pax: fields })
/** A size in the notation for very large numbers. */
const binarySize = (...bytes: number[]) =>
  Buffer.from([...bytes, ...Array.from({ length: 12 - bytes.length }, () => 0)])
const junk = Buffer.from('<html>not a part of it</html>')

describe('a tar.gz whose headers lie', () => {
  const lies: [string, Buffer][] = [
    ['a size beyond the end', tar({ name: 'dist/x.js', data: 'x', declaredSize: 5_000_000 })],
    ['a size that swallows what follows', tar({ name: 'dist/x.js', data: 'x', declaredSize: 2000 }, last)],
    ['a size that is too small', tar({ name: 'dist/x.js', data: 'x'.repeat(2000), declaredSize: 1 }, last)],
    ['a negative size', tar({ name: 'dist/x.js', data: 'x', sizeField: Buffer.from('-0000000001\0') })],
    ['a negative size in binary', tar({ name: 'dist/x.js', data: 'x', sizeField: Buffer.alloc(12, 255) })],
    [
      'a size in binary that no number holds',
      tar({ name: 'dist/x.js', data: 'x', sizeField: binarySize(128, 255, 255, 255) }),
    ],
    ['a size that is no number', tar({ name: 'dist/x.js', data: 'x', sizeField: Buffer.from('9zzzzzzzzzz\0') })],
    ['a wrong checksum', tar({ name: 'dist/x.js', data: 'x', checksumError: 1 })],
    ['a folder with data', tar({ name: 'dist/x/', type: '5', data: 'x'.repeat(600) })],
    ['pax: a size of many terabytes', pax({ size: '99999999999999' })],
    ['pax: a size that is too small', tar({ name: 'x.js', data: 'x'.repeat(3000), pax: { size: '1' } }, last)],
    ['pax: a negative size', pax({ size: '-1' })],
    ['pax: a size that is no number', pax({ size: 'many' })],
    ['pax: a path to above', pax({ path: `../../../${evil}` })],
    ['pax: a path to above in the middle', pax({ path: `dist/../../../${evil}` })],
    ['pax: an absolute path', pax({ path: join(tmpdir(), evil) })],
    ['pax: a path with NUL', pax({ path: `dist/x\0/../../${evil}` })],
    ['pax: a path with a line break', pax({ path: 'dist/x\ny.js' })],
    ['pax: an empty path', pax({ path: '' })],
    ['pax: a path that is there', pax({ path: 'dist/remoteEntry.js' })],
    ['pax: a path of 5,000 characters', pax({ path: `dist/${'d/'.repeat(2500)}x` })],
    ['pax: a path to above for all', tar({ name: 'g', type: 'g', data: paxRecords({ path: `../${evil}` }) }, last)],
    ['pax: a length that lies', tar({ name: 'p', type: 'x', data: '999 path=a.js\n' }, last)],
    ['pax: a header without end', tar({ name: 'p', type: 'x', data: '12 path=a.js\n', declaredSize: 9_000_000 })],
    ['pax: two megabytes of fields', pax({ comment: 'c'.repeat(2_000_000) })],
    ['a long name to above', tar({ name: '././@LongLink', type: 'L', data: `../../${evil}\0` }, last)],
    ['a long link', tar({ name: 'l', type: 'K', data: '/etc/passwd\0' }, { name: 'dist/l', type: '2', linkName: 'x' })],
    ['a sparse file of GNU', tar({ name: 'dist/sparse.js', type: 'S', data: 'x' })],
    [
      'a sparse file of pax 1.0',
      pax({
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.name': `../${evil}`,
        'GNU.sparse.realsize': '9999999999',
      }),
    ],
    ['a sparse file of pax 0.1', pax({ 'GNU.sparse.size': '9999999999', 'GNU.sparse.map': '0,1' })],
    ['a hard link to above', tar({ name: 'dist/h.js', type: '1', linkName: '../../../../etc/passwd' })],
    [
      'a file through a link',
      tar({ name: 'dist/l', type: '2', linkName: '/tmp' }, { name: `dist/l/${evil}`, data: 'x' }),
    ],
    ['a file of a type that nobody knows', tar({ name: 'dist/x.js', type: 'Z', data: 'x' })],
    ['the same name twice', tar(last, last)],
    ['no end', gzipSync(tarBytes([...entries, last]).subarray(0, -1024))],
    ['junk behind the end', gzipSync(Buffer.concat([tarBytes(entries), junk]))],
    [
      'another tar behind the end',
      gzipSync(Buffer.concat([tarBytes(entries), tarBytes([{ name: `../${evil}`, data: 'x' }])])),
    ],
    ['gzip: junk behind the end', Buffer.concat([tarGzBytes(entries), junk])],
    ['gzip: half a member behind the end', Buffer.concat([tarGzBytes(entries), gzipSync('more').subarray(0, 12)])],
    [
      'gzip: two members, each with a whole tar',
      Buffer.concat([tarGzBytes(entries), tarGzBytes([{ name: `../${evil}`, data: 'x' }])]),
    ],
    ['gzip: a wrong checksum', wrongGzip(-8)],
    ['gzip: a wrong length', wrongGzip(-4)],
    ['gzip: no end', tarGzBytes(entries).subarray(0, -8)],
  ]
  test.each(lies)('%s', async (_, bytes) => {
    await expectRefused(bytes, 'a.tar.gz')
  })

  const whole = tarBytes(entries)
  const honest: [string, Buffer][] = [
    [
      'gzip: two members that are one tar',
      Buffer.concat([gzipSync(whole.subarray(0, 700)), gzipSync(whole.subarray(700))]),
    ],
    ['zeros up to a full record', gzipSync(Buffer.concat([whole, Buffer.alloc(10_240 - (whole.length % 10_240))]))],
    ['gzip: zeros behind the end, as on tapes', Buffer.concat([tarGzBytes(entries), Buffer.alloc(512)])],
    ['pax: what says nothing of places', pax({ mtime: '1.5', 'SCHILY.xattr.user.x': 'y', comment: 'z' })],
    ['an archive in the archive', tar({ name: 'inner.tgz', data: tarGzBytes([{ name: `../${evil}`, data: 'x' }]) })],
  ]
  test.each(honest)('is not taken for one: %s', async (_, bytes) => {
    await expectAlive(bytes, 'a.tgz')
  })

  test('the next good one is installed', () => expectAlive(tarGzOf(pluginPackage()), 'a.tar.gz'))
})

function wrongGzip(at: number): Buffer {
  const bytes = Buffer.from(tarGzBytes(entries))
  const place = bytes.length + at
  bytes[place] = (bytes[place] ?? 0) ^ 1
  return bytes
}
