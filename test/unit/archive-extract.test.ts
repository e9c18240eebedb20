import { describe, expect, test } from 'bun:test'
import { lstat, mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createArchives } from '../../src/adapters/archive/create-archives.ts'
import {
  ArchiveError,
  type ArchiveKind,
  type ArchiveLimits,
  type ExtractRequest,
} from '../../src/adapters/archive/types.ts'
import { tarBytes, tarGzBytes, type TarEntry } from '../support/tar-bytes.ts'
import { failureOf } from '../support/failure-of.ts'
import { git, hasGit, makeRepository } from '../support/git-server.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { zipBytes, type ZipEntry } from '../support/zip-bytes.ts'

const { detect, extract } = createArchives()

const limits: ArchiveLimits = { entries: 100, depth: 8, fileBytes: 3_000_000, totalBytes: 5_000_000, ratio: 100 }

/** Unpacks these bytes into a fresh folder and tells what happened and what lies there. */
const unpack = async (kind: ArchiveKind, bytes: Uint8Array, options: Partial<ExtractRequest> = {}) => {
  await using folder = await tempFolder()
  const file = join(folder.path, 'upload.bin')
  const into = join(folder.path, 'into')
  await mkdir(into)
  await Bun.write(file, bytes)
  const result = await extract({ file, kind, into, limits, ...options }).catch((error: unknown) => {
    if (error instanceof ArchiveError) return error
    throw error
  })
  const outside = (await readdir(folder.path)).filter((name) => name !== 'into' && name !== 'upload.bin')
  const files = await readTree(into)
  return result instanceof ArchiveError
    ? { reason: result.reason, message: result.message, files, outside }
    : { ...result, tree: files, outside }
}

const readTree = async (folder: string): Promise<Record<string, string>> => {
  const tree: Record<string, string> = {}
  for (const name of (await readdir(folder, { recursive: true })).toSorted()) {
    const stats = await lstat(join(folder, name))
    tree[name] = stats.isFile() ? (await readFile(join(folder, name), 'utf8')).slice(0, 20) : 'folder'
  }
  return tree
}

const zip = (...entries: ZipEntry[]) => unpack('zip', zipBytes(entries))
const tar = (...entries: TarEntry[]) => unpack('tar.gz', tarGzBytes(entries))
const refused = (reason: string) => ({ reason, files: {}, outside: [] })

const random = (bytes: number) => crypto.getRandomValues(Buffer.alloc(bytes))
const large = (bytes: number) => Buffer.concat(Array.from({ length: Math.ceil(bytes / 60_000) }, () => random(60_000)))

describe('honest archives', () => {
  const expected = {
    files: 3,
    bytes: 12,
    tree: { dist: 'folder', 'dist/empty': 'folder', 'dist/remoteEntry.js': 'bundle', 'ünï 😀.txt': 'text', zero: '' },
    outside: [],
  }

  test('zip: files, folders, empty files, Unicode names', async () => {
    const archive = await zip(
      { name: 'dist/', mode: 0o40755 },
      { name: 'dist/remoteEntry.js', data: 'bundle', mode: 0o100644 },
      { name: 'dist/empty/' },
      { name: 'ünï 😀.txt', data: 'text12', method: 0 },
      { name: 'zero' },
    )
    expect(archive).toEqual({ ...expected, tree: { ...expected.tree, 'ünï 😀.txt': 'text12' } })
  })

  test('tar.gz: the same, with `./` in front, a long name and an old-style folder', async () => {
    const long = `deep/${'n'.repeat(150)}.js`
    const archive = await tar(
      { name: './', type: '5' },
      { name: './dist/', type: '5' },
      { name: './dist/remoteEntry.js', data: 'bundle' },
      { name: 'old/', type: '0' },
      { name: 'x', pax: { path: long, comment: 'c' }, data: 'long' },
    )
    expect(archive).toMatchObject({
      files: 2,
      bytes: 10,
      tree: { 'dist/remoteEntry.js': 'bundle', old: 'folder', [long]: 'long' },
    })
  })

  test('archives that real programs wrote', async () => {
    await using folder = await tempFolder()
    await Bun.$`mkdir -p p/dist && printf bundle > p/dist/remoteEntry.js && tar czf p.tgz p && tar czf dot.tgz -C p .`
      .cwd(folder.path)
      .quiet()
    const read = (name: string) => Bun.file(join(folder.path, name)).bytes()
    expect(await unpack('tar.gz', await read('p.tgz'))).toMatchObject({ files: 1 })
    expect(await unpack('tar.gz', await read('dot.tgz'))).toMatchObject({ tree: { 'dist/remoteEntry.js': 'bundle' } })
  })

  test.skipIf(!hasGit)('zips of Git, with sizes in front of the data and behind it', async () => {
    await using folder = await tempFolder()
    const noise = random(40_000)
    await makeRepository(folder.path, { 'dist/remoteEntry.js': 'bundle', 'dist/noise.bin': noise })
    for (const setting of ['core.bigFileThreshold=512m', 'core.bigFileThreshold=1k']) {
      await git(folder.path, '-c', setting, 'archive', '--format=zip', '--prefix=p-1/', '-o', 'a.zip', 'HEAD')
      const bytes = await Bun.file(join(folder.path, 'a.zip')).bytes()
      expect(await unpack('zip', bytes)).toMatchObject({
        files: 2,
        bytes: noise.length + 6,
        tree: { 'p-1/dist/remoteEntry.js': 'bundle' },
      })
    }
  })

  test('files are 0644 and folders 0755, whatever the archive says', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'a.zip')
    await Bun.write(file, zipBytes([{ name: 'bin/run', data: 'x', mode: 0o104777 }]))
    await mkdir(join(folder.path, 'into'))
    await extract({ file, kind: 'zip', into: join(folder.path, 'into'), limits })
    expect((await lstat(join(folder.path, 'into/bin/run'))).mode & 0o7777).toBe(0o644)
    expect((await lstat(join(folder.path, 'into/bin'))).mode & 0o7777).toBe(0o755)
  })

  test('what is not kept is passed over, links among it too', async () => {
    const keep = (path: string) => !path.split('/').includes('node_modules')
    const entries = [
      { name: 'node_modules/.bin/x', type: '2', linkName: '../../..' },
      { name: 'node_modules/../../up', data: 'x' },
      { name: 'a.js', data: 'a' },
    ]
    expect(await unpack('tar.gz', tarGzBytes(entries), { keep })).toMatchObject({ files: 1, tree: { 'a.js': 'a' } })
    const zipped = [
      { name: 'node_modules/.bin/x', mode: 0o120777 },
      { name: 'a.js', data: 'a' },
    ]
    expect(await unpack('zip', zipBytes(zipped), { keep })).toMatchObject({ files: 1, tree: { 'a.js': 'a' } })
  })

  test('an archive in an archive is just a file', async () => {
    expect(await zip({ name: 'inner.zip', data: zipBytes([{ name: '../x' }]) })).toMatchObject({
      files: 1,
      outside: [],
    })
  })
})

describe('names, in both kinds', () => {
  const names: [string, string][] = [
    ['../slip.txt', 'unsafe_path'],
    ['a/../../slip.txt', 'unsafe_path'],
    ['a/..', 'unsafe_path'],
    ['/etc/absolute', 'unsafe_path'],
    ['//host/share', 'unsafe_path'],
    ['C:/windows', 'unsafe_path'],
    ['C:slip', 'unsafe_path'],
    ['a/b:stream', 'unsafe_path'],
    ['..\\slip', 'unsafe_path'],
    ['a//b', 'unsafe_path'],
    ['a/./b', 'unsafe_path'],
    ['.. /slip', 'unsafe_path'],
    ['.../slip', 'unsafe_path'],
    ['a\nb', 'unsafe_path'],
    ['a\u0085b', 'unsafe_path'],
    ['‥/slip', 'unsafe_path'],
    ['a／..／..／slip', 'unsafe_path'],
    ['aux.js', 'unsafe_path'],
    ['a/b/c/d/e/f/g/h/i', 'unsafe_path'],
    ['', 'unsafe_path'],
    ['././x', 'unsafe_path'],
    ['.', 'unsafe_path'],
  ]
  test.each(names)('%j is refused', async (name, reason) => {
    expect(await zip({ name: 'ok.js', data: 'x' }, { name, data: 'x' })).toMatchObject(refused(reason))
    expect(await tar({ name: 'ok.js', data: 'x' }, { name, data: 'x' })).toMatchObject(refused(reason))
  })

  test('NUL, invalid UTF-8 and names that are too long', async () => {
    expect(await zip({ name: 'a\0.js', data: 'x' })).toMatchObject(refused('unsafe_path'))
    expect(await tar({ name: 'x', pax: { path: 'a\0.js' }, data: 'x' })).toMatchObject(refused('unsafe_path'))
    expect(await zip({ name: Buffer.from([0x61, 0xff, 0xfe]), data: 'x' })).toMatchObject(refused('unsafe_path'))
    expect(await zip({ name: 'n'.repeat(256), data: 'x' })).toMatchObject(refused('unsafe_path'))
    expect(await zip({ name: 'é'.repeat(128), data: 'x' })).toMatchObject(refused('unsafe_path'))
    const long = Array.from({ length: 6 }, () => 'n'.repeat(200)).join('/')
    expect(await tar({ name: 'x', pax: { path: long }, data: 'x' })).toMatchObject(refused('unsafe_path'))
  })

  const collisions: [string, string][] = [
    ['a.js', 'a.js'],
    ['a.js', 'A.js'],
    ['caf\u00e9', 'cafe\u0301'],
    ['ﬁle', 'file'],
    ['STRASSE', 'straße'],
    ['a', 'a/b'],
    ['a/b', 'a'],
    ['A/x', 'a/y'],
  ]
  test.each(collisions)('%j and %j are refused together', async (first, second) => {
    const entries = [
      { name: first, data: '1' },
      { name: second, data: '2' },
    ]
    expect(await zip(...entries)).toMatchObject(refused('path_collision'))
    expect(await tar(...entries)).toMatchObject(refused('path_collision'))
  })

  test('messages name the entry without its control characters', async () => {
    expect((await zip({ name: 'a\u001b[31m\u202e.js', data: 'x' })) as object).toMatchObject({
      message: 'The package has a file whose path contains control characters: "a?[31m?.js".',
    })
  })
})

describe('what is no file', () => {
  test('links in a zip, whichever program made it', async () => {
    expect(await zip({ name: 'l', data: '/etc/passwd', mode: 0o120777 })).toMatchObject(refused('link'))
    expect(await zip({ name: 'd', data: '', mode: 0o020666 })).toMatchObject(refused('special_file'))
    expect(await zip({ name: 'folder', data: '', mode: 0o040755 })).toMatchObject(refused('special_file'))
  })

  test.each([
    ['1', 'link'],
    ['2', 'link'],
    ['3', 'special_file'],
    ['4', 'special_file'],
    ['6', 'special_file'],
  ])('tar entries of type %s', async (type, reason) => {
    const entry = { name: 'l', type, linkName: '../../etc' }
    expect(await tar({ name: 'ok', data: 'x' }, entry, { name: 'l/x', data: 'x' })).toMatchObject(refused(reason))
  })

  test('a target that is a link, a file or not empty is not written to', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'a.zip')
    await Bun.write(file, zipBytes([{ name: 'x', data: 'x' }]))
    await mkdir(join(folder.path, 'real'))
    await symlink(join(folder.path, 'real'), join(folder.path, 'into'))
    expect(
      (await failureOf(extract({ file, kind: 'zip', into: join(folder.path, 'into'), limits }))).message,
    ).toContain('not an empty folder')
    expect((await failureOf(extract({ file, kind: 'zip', into: folder.path, limits }))).message).toContain(
      'not an empty folder',
    )
    expect(await readdir(join(folder.path, 'real'))).toEqual([])
  })
})

describe('sizes', () => {
  test('too many entries, folders included', async () => {
    const files = Array.from({ length: 101 }, (_, index) => ({ name: `f${index}`, data: '' }))
    expect(await zip(...files)).toMatchObject(refused('too_many_files'))
    expect(await tar(...files)).toMatchObject(refused('too_many_files'))
    const folders = Array.from({ length: 34 }, (_, index) => ({ name: `a${index}/b/c`, data: '' }))
    expect(await tar(...folders)).toMatchObject(refused('too_many_files'))
  })

  test('one file or all files too large', async () => {
    const three = large(3_000_001)
    expect(await zip({ name: 'a', data: three })).toMatchObject(refused('file_too_large'))
    expect(await tar({ name: 'a', data: three })).toMatchObject(refused('file_too_large'))
    const two = large(2_500_001)
    expect(await zip({ name: 'a', data: two }, { name: 'b', data: two })).toMatchObject(refused('total_too_large'))
    expect(await tar({ name: 'a', data: two }, { name: 'b', data: two })).toMatchObject(refused('total_too_large'))
  })

  test('bombs: a high ratio of one entry, of the whole, and a high one that is small', async () => {
    const zeros = Buffer.alloc(2_000_000)
    expect(await zip({ name: 'a', data: zeros })).toMatchObject(refused('ratio'))
    expect(await tar({ name: 'a', data: zeros })).toMatchObject(refused('ratio'))
    expect(await zip({ name: 'a', data: Buffer.alloc(900_000) })).toMatchObject({ files: 1, bytes: 900_000 })
    const many = Array.from({ length: 5 }, (_, index) => ({ name: `${index}`, data: Buffer.alloc(900_000) }))
    expect(await zip(...many)).toMatchObject(refused('ratio'))
  })

  test('a tar bomb behind the last entry, or without any entry', async () => {
    const padding = gzipSync(Buffer.alloc(9_000_000))
    expect(await unpack('tar.gz', padding)).toMatchObject(refused('ratio'))
    const archive = Buffer.concat([tarBytes([{ name: 'a', data: 'x' }]), Buffer.alloc(9_000_000)])
    expect(await unpack('tar.gz', gzipSync(archive))).toMatchObject(refused('ratio'))
    const noise = gzipSync(Buffer.concat([tarBytes([]), Buffer.alloc(512), large(9_000_000)]))
    expect(await unpack('tar.gz', noise)).toMatchObject({ files: {}, outside: [] })
  })

  test('headers that understate what comes', async () => {
    const data = large(1_200_000)
    expect(await zip({ name: 'a', data, declaredSize: 10 })).toMatchObject({ reason: 'corrupt', outside: [] })
    expect(await zip({ name: 'a', data: 'short', declaredSize: 10 })).toMatchObject({ reason: 'corrupt' })
    expect(await zip({ name: 'a', data: 'stored', declaredSize: 3, method: 0 })).toMatchObject(refused('corrupt'))
    expect(await tar({ name: 'a', data, declaredSize: 10 }, { name: 'b', data: 'x' })).toMatchObject(refused('corrupt'))
    expect(await tar({ name: 'a', data: 'x', declaredSize: 2_000_000 })).toMatchObject(refused('corrupt'))
    expect(await tar({ name: 'a', data: 'x', declaredSize: 8 ** 11 - 1 })).toMatchObject(refused('file_too_large'))
  })

  test('a zip whose lie is a bomb stops at the declared size', async () => {
    const result = await zip({ name: 'a', data: Buffer.alloc(50_000_000), declaredSize: 900_000 })
    expect(result).toMatchObject({ reason: 'corrupt' })
  })

  test('overlapping entries', async () => {
    const data = large(100_000)
    const shared = Array.from({ length: 20 }, (_, index) => ({ name: `copy${index}`, sharesDataOf: 0 }))
    expect(await zip({ name: 'kernel', data }, ...shared)).toMatchObject(refused('overlap'))
  })
})

describe('headers that contradict each other', () => {
  const ok = { name: 'ok.js', data: 'x' }

  test('of a zip: what stands in front of the data is not what the directory says', async () => {
    for (const local of [
      { name: 'no.js' },
      { size: 5 },
      { packedSize: 5 },
      { crc: 5 },
      { method: 0 },
      { flags: 0x801 },
    ]) {
      expect(await zip(ok, { name: 'a.js', data: 'data', local })).toMatchObject({
        ...refused('corrupt'),
        message: 'The archive contradicts itself about an entry: "a.js".',
      })
    }
  })

  test('of a tar: sizes that are no numbers', async () => {
    for (const size of ['-1', 'x', '1e1', '']) {
      expect(await tar(ok, { name: 'a.js', data: 'data', pax: { size } })).toMatchObject(refused('corrupt'))
    }
  })

  test.each(['S', 'D', 'M', 'V', 'A', 'z', ' '])('a tar entry of type %j is not taken for a file', async (type) => {
    expect(await tar(ok, { name: 'a.js', type, data: 'data' })).toMatchObject(refused('unsupported'))
  })

  test('types and data of any length and at any place in the pieces are told apart', async () => {
    const sparse = { name: 's', type: 'S', data: 'S'.repeat(5000) }
    const files = [0, 1, 511, 512, 513, 70_000, 300_000].map((length) => ({
      name: `f${length}`,
      data: 'S'.repeat(length),
    }))
    const source = [{ name: 'd', type: '5' }, ...files, { name: 'x', pax: { path: 'long.js' }, data: 'S'.repeat(600) }]
    expect(await tar(...source)).toMatchObject({ files: 8 })
    expect(await tar(...source, sparse)).toMatchObject(refused('unsupported'))
  })
})

describe('damage', () => {
  test('wrong checksum, encryption, unknown compression', async () => {
    expect(await zip({ name: 'a', data: 'x', crc: 1 })).toMatchObject({ reason: 'corrupt' })
    expect(await zip({ name: 'a', data: 'x', flags: 0x801 })).toMatchObject(refused('encrypted'))
    expect(await zip({ name: 'a', data: 'x', method: 99 })).toMatchObject(refused('unsupported'))
    expect(await tar({ name: 'a', data: 'x', pax: { 'GNU.sparse.major': '1' } })).toMatchObject(refused('unsupported'))
  })

  test('cut off at any place: refused, never half a success', async () => {
    const files = [
      { name: 'dist/a.js', data: large(3000) },
      { name: 'dist/b.js', data: 'b' },
    ]
    const archives: [ArchiveKind, Buffer][] = [
      ['zip', zipBytes(files)],
      ['tar.gz', tarGzBytes(files)],
    ]
    for (const [kind, bytes] of archives) {
      for (const share of [0, 0.1, 0.5, 0.9, 0.99]) {
        const cut = bytes.subarray(0, Math.floor(bytes.length * share))
        expect(await unpack(kind, cut)).toMatchObject({ reason: 'corrupt', outside: [] })
      }
    }
  })

  test('a tar without its end, and a gzip of something else', async () => {
    const cut = tarBytes([{ name: 'a', data: 'x' }]).subarray(0, 1024)
    expect(await unpack('tar.gz', gzipSync(cut))).toMatchObject(refused('corrupt'))
    expect(await unpack('tar.gz', gzipSync('<html>hello</html>'.repeat(100)))).toMatchObject(refused('corrupt'))
  })

  test('600 mutated archives: an ArchiveError or a success, nothing outside, no hang', async () => {
    const files = [
      { name: 'dist/a.js', data: 'bundle'.repeat(30) },
      { name: 'b/c', data: 'x' },
    ]
    const sources: [ArchiveKind, Buffer][] = [
      ['zip', zipBytes(files)],
      ['tar.gz', tarBytes(files)],
    ]
    let seed = 42
    const next = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31
      return seed % below
    }
    for (let round = 0; round < 300; round += 1) {
      for (const [kind, source] of sources) {
        const bytes = Buffer.from(source)
        for (let change = 0; change <= next(4); change += 1) bytes[next(bytes.length)] = next(256)
        const result = await unpack(kind, kind === 'zip' ? bytes : gzipSync(bytes, { level: 1 }))
        expect(result.outside).toEqual([])
      }
    }
  }, 30_000)

  test('an abort ends it with its reason', async () => {
    const data = large(2_900_000)
    for (const [kind, bytes] of [
      ['zip', zipBytes([{ name: 'a', data }])],
      ['tar.gz', tarGzBytes([{ name: 'a', data }])],
    ] as const) {
      const controller = new AbortController()
      const keep = () => {
        controller.abort(new Error('stopped by the user'))
        return true
      }
      const work = unpack(kind, bytes, { signal: controller.signal, keep })
      expect((await failureOf(work)).message).toContain('stopped by the user')
    }
  })
})

describe('kinds', () => {
  test('are told by content, not by name', async () => {
    await using folder = await tempFolder()
    const kindOf = async (bytes: string | Uint8Array) => {
      const file = join(folder.path, 'plugin.zip')
      await Bun.write(file, bytes)
      return await detect(file).catch((error: ArchiveError) => error.reason)
    }
    expect(await kindOf(zipBytes([{ name: 'a' }]))).toBe('zip')
    expect(await kindOf(zipBytes([]))).toBe('zip')
    expect(await kindOf(tarGzBytes([]))).toBe('tar.gz')
    expect(await kindOf('Rar!\x1a\x07\x01\x00rest')).toBe('rar')
    expect(await kindOf('<html>')).toBe('unknown_format')
    expect(await kindOf('')).toBe('unknown_format')
  })

  test('a file that cannot be read is reported as such, not as damage', async () => {
    await using folder = await tempFolder()
    const missing = join(folder.path, 'missing')
    expect((await failureOf(extract({ file: missing, kind: 'tar.gz', into: folder.path, limits }))).message).toContain(
      'ENOENT',
    )
    expect((await failureOf(extract({ file: missing, kind: 'zip', into: folder.path, limits }))).message).toContain(
      'ENOENT',
    )
  })
})
