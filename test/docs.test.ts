import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { Command } from 'commander'
import { Elysia, t } from 'elysia'
import { createProgram } from '../src/cli/program.ts'
import { configFields } from '../src/config.ts'
import { generateOpenApi } from '../src/http/docs/generate.ts'
import { documented } from '../src/http/documented.ts'
import type { Operation } from '../src/http/openapi-types.ts'
import { requireUser } from '../src/http/session.ts'
import { defineError } from '../src/shared/app-error.ts'
import { releaseTargets } from './release/targets.ts'
import { readmeBlocks } from './support/readme.ts'
import { publicRoutes, toRouteShape } from './support/route-list.ts'
import { testApp } from './support/test-app.ts'

const root = join(import.meta.dir, '..')
const server = testApp({ env: { APP_NAME: 'Ada & Co' } })
afterAll(server.stop)

const document = (await server.call('GET', '/openapi.json')).body
const operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, path, operation })),
)
const namesWhere = (isWrong: (one: (typeof operations)[number]) => boolean) =>
  operations.filter(isWrong).map(({ name }) => name)
const repeated = (values: (string | undefined)[]) => values.filter((value, index) => values.indexOf(value) !== index)

const walk = (value: unknown, visit: (key: string, inner: unknown) => void): void => {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    visit(key, inner)
    walk(inner, visit)
  }
}

const readme = await Bun.file(join(root, 'README.md')).text()

describe('the README', () => {
  test('has a table of every environment variable, with its default and meaning', () => {
    const code = (text: string) => (text ? `\`${text}\`` : '')
    const rows = Object.values(configFields).map(({ names, isSecret, defaultText, doc }) => {
      const all = [...names, ...(isSecret ? names.map((name) => `${name}_FILE`) : [])]
      return `| ${all.map(code).join(', ')} | ${code(defaultText)} | ${doc} |`
    })
    expect(readme.match(/^\| `[A-Z][A-Z_]+`.*$/gm)?.toSorted()).toEqual(rows.toSorted())
  })

  /** What follows the program's name in code, in fences or within a line, but for those of Docker. */
  const commandLines = [
    ...readmeBlocks().flatMap(({ language, mark, text }) => (language === 'sh' && mark !== 'docker' ? [text] : [])),
    ...[...readme.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? ''),
  ].flatMap((code) =>
    [...code.matchAll(/\bbraindrive +([^|>#;&)`\n]+)/g)].map(([, words]) => (words ?? '').trim().split(/ +/)),
  )
  const program = createProgram()

  const findCommand = (words: string[]): Command => {
    const descend = (command: Command, [word, ...rest]: string[]): Command => {
      const inner = command.commands.find((one) => one.name() === word)
      return inner ? descend(inner, rest) : command
    }
    return descend(program, words)
  }

  test('names only commands and flags that there are', () => {
    expect(commandLines.length).toBeGreaterThan(5)
    const isUnknown = (words: string[]): boolean => {
      const command = findCommand(words)
      const flags = ['--help', ...[...command.options, ...program.options].flatMap(({ long }) => long ?? [])]
      if (words.some((word) => word.startsWith('--') && !flags.includes(word.split('=')[0] ?? ''))) return true
      // A group of commands says nothing by itself, unless it stands for all of them.
      return command.commands.length > 0 && !words[0]?.startsWith('--') && words.at(-1) !== '…'
    }
    expect(commandLines.filter(isUnknown)).toEqual([])
  })

  test('names every command', () => {
    const named = new Set(commandLines.map(findCommand))
    const leaves = (command: Command): Command[] =>
      command.commands.length === 0 ? [command] : command.commands.flatMap(leaves)
    expect(
      leaves(program)
        .filter((one) => !named.has(one))
        .map((one) => `${one.parent?.name()} ${one.name()}`),
    ).toEqual([])
  })
})

describe('the Dockerfile in the README', () => {
  const text = readmeBlocks().find(({ language }) => language === 'dockerfile')?.text ?? ''
  const valueOf = (instruction: string) => new RegExp(`^${instruction} (.+)$`, 'm').exec(text)?.[1] ?? ''

  test('takes executables that a release has, once they are named as Docker calls processors', () => {
    const source = /^COPY (?:--\S+ )*(\S+) /m.exec(text)?.[1] ?? ''
    expect(source).toBe('braindrive-linux-$TARGETARCH')
    expect(releaseTargets).toEqual(expect.arrayContaining(['linux-x64', 'linux-arm64']))
  })

  test('runs as nobody in particular, with settings and commands that there are', () => {
    expect(valueOf('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    const settings = valueOf('ENV')
      .split(' ')
      .map((one) => one.split('=')[0] ?? '')
    const names = Object.values(configFields).flatMap((one) => one.names as string[])
    expect(settings.filter((name) => !names.includes(name))).toEqual([])
    const commands = createProgram().commands.map((one) => one.name())
    expect(commands).toContain(JSON.parse(valueOf('CMD'))[0])
    expect(commands).toContain(JSON.parse(/CMD (.+)/.exec(valueOf('HEALTHCHECK'))?.[1] ?? '')[1])
    expect(JSON.parse(valueOf('ENTRYPOINT'))).toEqual(['braindrive'])
  })
})

const sources = await Promise.all(
  [...new Bun.Glob('src/**/*.ts').scanSync(root)].map((path) => Bun.file(join(root, path)).text()),
)

describe('error codes', () => {
  const codes = sources.flatMap((source) =>
    [...source.matchAll(/defineError(?:With)?\(\s*\d{3},\s*'([^']+)'/g)].map(([, code]) => code ?? ''),
  )

  test('are unique', () => {
    expect(codes.length).toBeGreaterThan(20)
    expect(repeated(codes)).toEqual([])
  })

  test('have the form area.reason', () => {
    expect(codes.filter((code) => !/^[a-z][a-z0-9_-]*\.[a-z][a-z0-9_]*$/.test(code))).toEqual([])
  })
})

describe('GET /openapi.json', () => {
  test('200: a document that a client keeps until the server changes', async () => {
    const { status, headers } = await server.send('GET', '/openapi.json')
    const etag = headers.get('etag') ?? ''
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json')
    const again = await server.send('GET', '/openapi.json', undefined, { 'if-none-match': `W/${etag}` })
    expect(again.status).toBe(304)
    expect(again.headers.get('etag')).toBe(etag)
  })

  test('carries the name of the installation and nothing about who asked', () => {
    expect(document).toMatchObject({ openapi: '3.0.3', info: { title: 'Ada & Co' } })
    expect(document.info.version).toMatch(/^\d+\.\d+\.\d+/)
  })

  test('describes every route but its own', () => {
    const visible = server.app.routes.filter(({ hooks }) => hooks.detail?.hide !== true)
    const expected = new Set(visible.map(({ method, path }) => toRouteShape(`${method} ${path.replace('*', ':path')}`)))
    expect(new Set(operations.map(({ name }) => toRouteShape(name)))).toEqual(expected)
  })

  test('guards exactly what strangers may not call', () => {
    const shapes = publicRoutes.map((route) => toRouteShape(route.replace('*', ':path')))
    const isPublic = (name: string) => shapes.includes(toRouteShape(name))
    expect(namesWhere(({ name, operation }) => (operation.security === undefined) !== isPublic(name))).toEqual([])
    expect(namesWhere(({ name, operation }) => !operation.responses['401'] && !isPublic(name))).toEqual([])
  })

  test('leaves no trace in the audit log', () => {
    expect(server.database.sqlite.query('SELECT * FROM audit_logs').all()).toEqual([])
  })

  test('gives every operation a summary, a described tag and an id of its own', () => {
    const tags = document.tags.map(({ name }: { name: string }) => name)
    expect(namesWhere(({ operation }) => !operation.summary)).toEqual([])
    expect(namesWhere(({ operation }) => operation.tags?.length !== 1 || !tags.includes(operation.tags[0]))).toEqual([])
    expect(repeated(operations.map(({ operation }) => operation.operationId))).toEqual([])
    expect(namesWhere(({ operation }) => !/^[a-z]+[A-Z][A-Za-z0-9]+$/.test(operation.operationId ?? ''))).toEqual([])
  })

  test('lists the failures that follow from what a route takes', () => {
    const lacks = (operation: Operation, ...statuses: number[]) =>
      statuses.some((status) => !(status in operation.responses))
    expect(namesWhere(({ operation }) => lacks(operation, 429, 500))).toEqual([])
    expect(
      namesWhere(({ operation }) => operation.requestBody !== undefined && lacks(operation, 413, 415, 422)),
    ).toEqual([])
    expect(namesWhere(({ operation }) => operation.parameters !== undefined && lacks(operation, 422))).toEqual([])
  })

  test('reads bodies as JSON, or as a form where it says so', () => {
    const types = operations.flatMap(({ operation }) => Object.keys(operation.requestBody?.content ?? {}))
    expect(new Set(types).difference(new Set(['application/json', 'multipart/form-data']))).toEqual(new Set())
  })

  test('declares every parameter of a path, and no other', () => {
    const inPath = (path: string) => [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name)
    const declared = (operation: Operation) =>
      (operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name)
    expect(
      namesWhere(({ path, operation }) => !Bun.deepEquals(inPath(path).toSorted(), declared(operation).toSorted())),
    ).toEqual([])
  })

  test('resolves every reference and describes every answer', () => {
    const missing: unknown[] = []
    walk(document, (key, inner) => {
      if (key !== '$ref') return
      const target = String(inner)
        .split('/')
        .slice(1)
        .reduce((node, name) => node?.[name], document)
      if (target === undefined) missing.push(inner)
    })
    expect(missing).toEqual([])
    const isBare = ({ description, $ref }: Operation['responses'][string]) => !description && !$ref
    expect(namesWhere(({ operation }) => Object.values(operation.responses).some(isBare))).toEqual([])
  })

  test('requires nothing that has a default', () => {
    const list = document.paths['/api/v1/users/{userId}/conversations'].get
    expect(list.parameters.filter(({ required }: { required: boolean }) => required)).toMatchObject([{ in: 'path' }])
    expect(list.parameters).toContainEqual(
      expect.objectContaining({ name: 'limit', required: false, schema: expect.objectContaining({ default: 20 }) }),
    )
    const required: string[] = []
    walk(document.paths, (_, inner) => {
      const schema = inner as { required?: string[] | boolean; properties?: Record<string, object> } | null
      if (!Array.isArray(schema?.required)) return
      required.push(...schema.required.filter((name) => 'default' in (schema.properties?.[name] ?? {})))
    })
    expect(required).toEqual([])
  })

  test('speaks the schema dialect of 3.0.3', () => {
    const foreign: string[] = []
    walk(document.paths, (key, inner) => {
      if (['const', 'patternProperties', '$id', 'x-errors', 'elysiaMeta'].includes(key)) foreign.push(key)
      if (key === 'type' && (inner === 'null' || Array.isArray(inner))) foreign.push(`type ${String(inner)}`)
      if (key.startsWith('exclusive') && typeof inner !== 'boolean') foreign.push(key)
      if (key === 'required' && Array.isArray(inner) && inner.length === 0) foreign.push('empty required')
    })
    expect(foreign).toEqual([])
  })
})

describe('generateOpenApi', () => {
  const Sample = t.Object({
    name: t.Union([t.String(), t.Null()]),
    state: t.Union([t.Literal('on'), t.Literal('off'), t.Null()]),
    mixed: t.Union([t.String(), t.Integer({ exclusiveMinimum: 0 }), t.Null()]),
    labels: t.Record(t.String(), t.Integer()),
    pair: t.Tuple([t.String(), t.Integer()]),
    nothing: t.Null(),
    note: t.Optional(t.String({ examples: ['hello'] })),
  })
  const gone = defineError(404, 'samples.gone', 'Gone')
  const odd = defineError(422, 'samples.odd', 'Odd')
  const form = { required: true, content: { 'multipart/form-data': { schema: { type: 'object' as const } } } }
  const app = new Elysia({ name: 'samples' })
    .use(requireUser(server.deps))
    .get('/open', () => 'text', {
      response: t.String(),
      query: t.Object({ limit: t.Optional(t.Integer({ minimum: 1 })) }),
    })
    .get('/files/*', () => ({ ok: true }), {
      user: true,
      response: t.Object({ ok: t.Boolean() }),
      detail: documented('File', gone),
    })
    .post('/samples', ({ body }) => body, {
      admin: true,
      body: Sample,
      response: Sample,
      detail: documented('Add', odd),
    })
    .patch('/samples', () => null, { user: true, body: t.Union([Sample, t.Null()]) })
    .post('/upload', () => ({ ok: true }), {
      user: true,
      parse: 'none',
      response: t.Object({ ok: t.Boolean() }),
      detail: { requestBody: form },
    })
    .get('/secret', () => '', { detail: { hide: true } })
  let generated: Awaited<ReturnType<typeof generateOpenApi>>
  beforeAll(async () => {
    generated = await generateOpenApi({ appName: 'Samples', basePath: '' }, app.routes)
  })
  const at = (path: string, method: string): Operation => generated.paths[path]?.[method] as Operation
  const statuses = (operation: Operation) => Object.keys(operation.responses)

  test('tells public, user and admin routes apart', () => {
    expect(at('/open', 'get').security).toBeUndefined()
    expect(statuses(at('/open', 'get'))).toEqual(['200', '422', '429', '500'])
    expect(at('/files/{path}', 'get').security).toEqual([{ bearer: [] }, { cookie: [] }])
    expect(statuses(at('/files/{path}', 'get'))).toEqual(['200', '401', '404', '422', '429', '500'])
    expect(statuses(at('/samples', 'post'))).toEqual(['200', '401', '403', '413', '415', '422', '429', '500'])
    expect(JSON.stringify(at('/samples', 'post').responses['403'])).toContain('auth.admin_required')
    expect(generated.paths['/secret']).toBeUndefined()
  })

  test('turns declared errors into answers with their codes', () => {
    const missing = at('/files/{path}', 'get').responses['404']?.content?.['application/json']
    expect(missing?.examples).toEqual({
      'samples.gone': { summary: 'Gone', value: { detail: 'Gone', code: 'samples.gone' } },
    })
    const invalid = at('/samples', 'post').responses['422']?.content?.['application/json']
    expect(Object.keys(invalid?.examples ?? {})).toEqual(['http.validation', 'samples.odd'])
    expect(invalid?.schema?.oneOf).toHaveLength(2)
  })

  test('says how bodies are read and what answers are', () => {
    expect(Object.keys(at('/samples', 'post').requestBody?.content ?? {})).toEqual(['application/json'])
    expect(at('/samples', 'post').requestBody?.required).toBe(true)
    expect(at('/samples', 'patch').requestBody?.required).toBe(false)
    expect(Object.keys(at('/upload', 'post').requestBody?.content ?? {})).toEqual(['multipart/form-data'])
    expect(Object.keys(at('/upload', 'post').responses['200']?.content ?? {})).toEqual(['application/json'])
    expect(at('/open', 'get').responses['200']?.content).toEqual({ 'text/plain': { schema: { type: 'string' } } })
    expect(at('/open', 'get').parameters).toEqual([
      { name: 'limit', in: 'query', required: false, schema: { type: 'integer', minimum: 1 } },
    ])
  })

  test('translates schemas to the dialect of 3.0.3', () => {
    expect(at('/samples', 'post').requestBody?.content['application/json']?.schema).toEqual({
      type: 'object',
      required: ['name', 'state', 'mixed', 'labels', 'pair', 'nothing'],
      properties: {
        name: { type: 'string', nullable: true },
        state: { type: 'string', nullable: true, enum: ['on', 'off', null] },
        mixed: {
          anyOf: [
            { type: 'string', nullable: true },
            { type: 'integer', minimum: 0, exclusiveMinimum: true, nullable: true },
          ],
        },
        labels: { type: 'object', additionalProperties: { type: 'integer' } },
        pair: { type: 'array', minItems: 2, maxItems: 2, items: { anyOf: [{ type: 'string' }, { type: 'integer' }] } },
        nothing: { type: 'string', nullable: true, enum: [null] },
        note: { type: 'string', example: 'hello' },
      },
    })
  })
})

describe('GET /api/v1/docs', () => {
  test('200: a page whose files all come from this server', async () => {
    const { status, headers, body } = await server.call('GET', '/api/v1/docs')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('content-security-policy')).toContain("script-src 'self';")
    expect(body).toContain('<title>Ada &amp; Co API</title>')
    expect(body).not.toContain('://')
    const files = [...String(body).matchAll(/(?:src|href)="(\/api[^"]+)"/g)].map(([, path]) => path ?? '')
    expect(files).toHaveLength(3)
    for (const path of files) {
      const asset = await server.send('GET', path)
      expect(asset.status).toBe(200)
      expect(asset.headers.get('cache-control')).toContain('immutable')
      expect(asset.headers.get('content-type')).toMatch(/^text\/(css|javascript); charset=utf-8$/)
      const again = await server.send('GET', path, undefined, { 'if-none-match': asset.headers.get('etag') ?? '' })
      expect(again.status).toBe(304)
    }
  })

  test('404: no other file of the package', async () => {
    for (const name of ['package.json', 'swagger-initializer.js', '..%2Fpackage.json']) {
      expect(await server.call('GET', `/api/v1/docs/assets/${name}`)).toMatchObject({ status: 404 })
    }
  })
})
