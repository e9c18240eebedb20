import { expect, test } from 'bun:test'
import { join, posix } from 'node:path'
import manifest from '../package.json'

const root = join(import.meta.dir, '..', 'src')

interface Import {
  file: string
  /** A path inside `src`, or the name of a package. */
  target: string
  isRelative: boolean
  isTypeOnly: boolean
}

interface Row {
  files: RegExp
  /** What these files may import, as beginnings of paths. `<own>` is the named group `own` of `files`. */
  may: string[]
  /** What they may import as types only. */
  mayAsTypes?: string[]
}

/** Rules that one area offers to the others besides its service: no state, no access to tables of its own. */
const offered = [
  'areas/[^/]+/seed\\.ts',
  'areas/settings/key-mask\\.ts',
  'areas/personas/model-settings\\.ts',
  'areas/jobs/(job-type|create-job-feed)\\.ts',
]

/** The first row that fits a file counts. Nothing may import `app`, `cli` or `main` unless a row says so. */
const rows: Row[] = [
  { files: /^shared\//, may: ['shared/'] },
  // The guarded fetch is the network that every other adapter is handed.
  {
    files: /^adapters\/(?<own>[^/]+)\//,
    may: ['shared/', 'adapters/<own>/'],
    mayAsTypes: ['adapters/[^/]+/types\\.ts'],
  },
  { files: /^db\//, may: ['shared/', 'db/'] },
  { files: /^config(-fields)?\.ts$/, may: ['shared/', 'config-fields\\.ts'] },
  { files: /^restore-journal\.ts$/, may: ['shared/'] },
  { files: /^data-dir\.ts$/, may: ['shared/', 'restore-journal\\.ts'], mayAsTypes: ['config\\.ts'] },
  { files: /^deps\.ts$/, may: [], mayAsTypes: ['shared/', 'adapters/', 'areas/', 'config\\.ts', 'db/', 'http/'] },
  { files: /\.table\.ts$/, may: ['shared/', 'db/columns\\.ts', 'areas/[^/]+/[^/]+\\.table\\.ts'] },
  { files: /\.errors\.ts$/, may: ['shared/'] },
  {
    files: /^areas\/(?<own>[^/]+)\/.*\.schema\.ts$/,
    may: [
      'shared/',
      'http/(wire-types|json-object|json-text|pagination)\\.ts',
      'areas/[^/]+/[^/]+\\.schema\\.ts',
      'areas/<own>/(?!.*\\.(table|store|service|routes)\\.ts)',
    ],
    mayAsTypes: ['areas/<own>/[^/]+\\.table\\.ts'],
  },
  // Tables of other areas, since a list is one query with a join, not a query for each row.
  {
    files: /^areas\/(?<own>[^/]+)\/.*\.store\.ts$/,
    may: ['shared/', 'db/', 'areas/<own>/[^/]+\\.store\\.ts', 'areas/[^/]+/[^/]+\\.table\\.ts'],
  },
  {
    files: /^areas\/(?<own>[^/]+)\/.*\.routes\.ts$/,
    may: [
      'shared/',
      'http/',
      'areas/<own>/(?!.*\\.table\\.ts)',
      'areas/[^/]+/[^/]+\\.errors\\.ts',
      'adapters/[^/]+/types\\.ts',
    ],
    mayAsTypes: ['deps\\.ts'],
  },
  {
    files: /^areas\/(?<own>[^/]+)\/.*\.jobs\.ts$/,
    may: [
      'shared/',
      'db/',
      'http/wire-types\\.ts',
      'areas/<own>/(?!.*\\.(table|routes)\\.ts)',
      'areas/[^/]+/[^/]+\\.(service|schema)\\.ts',
      'areas/jobs/job-type\\.ts',
      'adapters/[^/]+/types\\.ts',
    ],
    mayAsTypes: ['deps\\.ts'],
  },
  // Where an area meets the request itself: what is stored about it, its fields and cookies, and the frames of a stream.
  {
    files: /^areas\/(?<own>jobs)\/(job-frames|job-stream\.service)\.ts$/,
    may: ['shared/', 'db/', 'http/', 'areas/<own>/(?!.*\\.routes\\.ts)'],
    mayAsTypes: ['deps\\.ts'],
  },
  {
    files: /^areas\/(?<own>auth|ai)\/(audit|sessions|session-cookies|request-bodies|live-replies|replies)\.ts$/,
    may: ['shared/', 'db/', 'http/', 'areas/<own>/(?!.*\\.routes\\.ts)'],
    mayAsTypes: ['deps\\.ts', 'config\\.ts'],
  },
  {
    files: /^areas\/(?<own>[^/]+)\//,
    may: [
      'shared/',
      'db/',
      'areas/<own>/(?!.*\\.routes\\.ts)',
      'areas/[^/]+/[^/]+\\.(service|schema)\\.ts',
      ...offered,
      'adapters/.+/types\\.ts',
    ],
    mayAsTypes: ['deps\\.ts', 'config\\.ts', 'areas/[^/]+/[^/]+\\.table\\.ts'],
  },
  { files: /^http\//, may: ['shared/', 'http/'], mayAsTypes: ['deps\\.ts', 'config(-fields)?\\.ts'] },
  // Cleaning up is one statement for each table, with no rule to ask a service for.
  {
    files: /^background\/housekeeping\.ts$/,
    may: ['shared/', 'db/', 'areas/[^/]+/[^/]+\\.store\\.ts'],
    mayAsTypes: ['deps\\.ts'],
  },
  {
    files: /^background\/job-types\.ts$/,
    may: ['areas/.+\\.jobs\\.ts'],
    mayAsTypes: ['areas/jobs/job-type\\.ts'],
  },
  {
    files: /^background\//,
    may: [
      'shared/',
      'db/',
      'background/',
      'build-deps\\.ts',
      'operate/backup/backup-schedule\\.ts',
      'areas/jobs/(?!.*\\.(routes|table)\\.ts)',
      'areas/[^/]+/[^/]+\\.service\\.ts',
    ],
    mayAsTypes: ['deps\\.ts', 'config\\.ts', 'areas/jobs/jobs\\.table\\.ts'],
  },
  { files: /^operate\/systemd\//, may: ['shared/', 'operate/systemd/'] },
  // Copies files and rows as they are: it needs to know where contents lie and how values are sealed, and no rules.
  {
    files: /^operate\/(?<own>backup)\//,
    may: [
      'shared/',
      'db/',
      'operate/<own>/',
      'restore-journal\\.ts',
      'areas/plugins/packages/create-package-store\\.ts',
      'areas/settings/sealed-value\\.ts',
    ],
    mayAsTypes: ['config\\.ts'],
  },
  // Writes rows of all areas as another program left them: it needs their tables and their rules, and no routes.
  {
    files: /^operate\/(?<own>import)\//,
    may: ['shared/', 'db/', 'operate/<own>/', 'areas/(?!.*\\.(routes|jobs)\\.ts)'],
    mayAsTypes: ['deps\\.ts'],
  },
  // Beside a running server: what it needs of areas is their services; the keys of all that is sealed are changed here.
  {
    files: /^operate\/((?<own>doctor|secrets)\/|open-installation\.ts)/,
    may: [
      'shared/',
      'db/',
      'operate/<own>/',
      'operate/secrets/rotate-encryption-key\\.ts',
      'config\\.ts',
      'data-dir\\.ts',
      'restore-journal\\.ts',
      'areas/[^/]+/[^/]+\\.service\\.ts',
      'adapters/web/guarded-fetch\\.ts',
    ],
    mayAsTypes: ['deps\\.ts', 'adapters/web/types\\.ts'],
  },
  // Of http only what makes a part of `Deps`.
  {
    files: /^build-deps\.ts$/,
    may: [
      'shared/',
      'adapters/',
      'areas/(?!.*\\.routes\\.ts)',
      'background/job-types\\.ts',
      'db/',
      'http/(cors|rate-limit)\\.ts',
    ],
    mayAsTypes: ['config\\.ts', 'deps\\.ts'],
  },
  { files: /^app\.ts$/, may: ['http/', 'areas/.+\\.routes\\.ts'], mayAsTypes: ['deps\\.ts'] },
  {
    files: /^(cli\/.*|main)\.ts$/,
    may: [
      'shared/',
      'cli/',
      'operate/',
      'app\\.ts',
      'build-deps\\.ts',
      'config(-fields)?\\.ts',
      'data-dir\\.ts',
      'db/',
      'background/',
      'areas/jobs/create-job-feed\\.ts',
      'http/resumable-sse\\.ts',
      'areas/[^/]+/[^/]+\\.service\\.ts',
    ],
    mayAsTypes: ['deps\\.ts'],
  },
]

const statement = /^(?:import|export)\s+(type\s)?(?:[\w\s{},*$]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm

const readImports = async (file: string): Promise<Import[]> => {
  const source = await Bun.file(join(root, file)).text()
  return [...source.matchAll(statement)].map(([, type, fixed, dynamic]) => {
    const specifier = fixed ?? dynamic ?? ''
    const isRelative = specifier.startsWith('.')
    const target = isRelative ? posix.join(posix.dirname(file), specifier) : specifier
    return { file, target, isRelative, isTypeOnly: type !== undefined }
  })
}

const files = [...new Bun.Glob('**/*.ts').scanSync(root)].toSorted()
const imports = (await Promise.all(files.map(readImports))).flat()
const internal = imports.filter(({ target }) => files.includes(target))
const show = ({ file, target, isTypeOnly }: Import) => `${file} -> ${target}${isTypeOnly ? ' (type)' : ''}`

const rowOf = (file: string) => rows.find((row) => row.files.test(file))

const isAllowed = ({ file, target, isTypeOnly }: Import) => {
  const row = rowOf(file)
  const own = row?.files.exec(file)?.groups?.['own'] ?? ''
  const patterns = [...(row?.may ?? []), ...(isTypeOnly ? (row?.mayAsTypes ?? []) : [])]
  return patterns.some((pattern) => new RegExp(`^${pattern.replaceAll('<own>', own)}`).test(target))
}

test('the scan sees value, type, multi-line and re-exported imports', () => {
  expect(imports.length).toBeGreaterThan(100)
  const of = (source: string) => [...source.matchAll(statement)].map(([, type, target]) => `${type ?? ''}${target}`)
  expect(
    of(
      "import './a.ts'\nimport type { B } from './b.ts'\nimport {\n  c,\n  type D,\n} from './c.ts'\nexport * from './e.ts'",
    ),
  ).toEqual(['./a.ts', 'type ./b.ts', './c.ts', './e.ts'])
})

test('every file belongs to a layer', () => {
  expect(files.filter((file) => !rowOf(file))).toEqual([])
})

test('files import only what their layer may', () => {
  expect(internal.filter((one) => !isAllowed(one)).map(show)).toEqual([])
})

test('no import cycles', () => {
  // `deps.ts` names the types of what the layers offer, and the layers name `Deps`: only at compile time.
  const edges = Map.groupBy(
    internal.filter(({ target, isTypeOnly }) => target !== 'deps.ts' || !isTypeOnly),
    ({ file }) => file,
  )
  const done = new Set<string>()
  const findCycle = (file: string, path: string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const { target } of edges.get(file) ?? []) {
      const cycle = findCycle(target, [...path, file])
      if (cycle) return cycle
    }
    done.add(file)
    return undefined
  }
  expect(files.map((file) => findCycle(file, [])).find(Boolean)).toBeUndefined()
})

test('no barrel files', () => {
  expect(files.filter((file) => posix.basename(file) === 'index.ts')).toEqual([])
})

test('no path aliases: what is not relative is a dependency or part of the runtime', () => {
  const packages = [...Object.keys(manifest.dependencies), 'bun', 'node:', 'bun:']
  const isKnown = (target: string) =>
    packages.some((name) => target === name || target.startsWith(name.endsWith(':') ? name : `${name}/`))
  expect(imports.filter(({ target, isRelative }) => !isRelative && !isKnown(target)).map(show)).toEqual([])
})

test('relative imports stay inside src, except for the version', () => {
  const outside = imports.filter(
    ({ target, isRelative }) => isRelative && target.startsWith('..') && target !== '../package.json',
  )
  expect(outside.map(show)).toEqual([])
})

test('no file is longer than 300 lines', async () => {
  const lengths = await Promise.all(
    files.map(async (file) => ({ file, lines: (await Bun.file(join(root, file)).text()).split('\n').length - 1 })),
  )
  expect(lengths.filter(({ lines }) => lines > 300)).toEqual([])
})
