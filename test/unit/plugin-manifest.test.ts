import { describe, expect, test } from 'bun:test'
import { Value } from '@sinclair/typebox/value'
import { readPluginManifest } from '../../src/areas/plugins/manifest/plugin-manifest.ts'
import { PluginManifestFile } from '../../src/areas/plugins/manifest/plugin-manifest.schema.ts'
import { identity, managerWith, manifestOf, pluginFixture } from '../support/plugin-metadata.ts'

const python = (data: unknown, modules: unknown = [{ name: 'Lamp' }]) =>
  managerWith([`self.plugin_data = ${JSON.stringify(data)}`, `self.module_data = ${JSON.stringify(modules)}`])

describe('a complete manifest', () => {
  const file = {
    $schema: 'https://example.org/ignored',
    schema_version: 1,
    ...identity,
    description: 'A lamp',
    long_description: 'A lamp\nwith a shade',
    type: 'frontend',
    icon: 'Light',
    official: false,
    source_url: 'https://github.com/lamp/lamp',
    config_fields: { colour: { type: 'color' } },
    permissions: ['api.access'],
    modules: [{ name: 'Lamp', display_name: 'Lamp', priority: 2, props: { on: true }, tags: ['light'] }],
    services: [
      {
        name: 'bulb',
        source_url: 'https://github.com/lamp/bulb',
        type: 'python',
        healthcheck_url: 'http://localhost:1/',
      },
    ],
    settings: [{ id: 'lamp_settings', default_value: { on: false }, remove_instance_on_uninstall: true }],
  }

  test('is what the documented schema describes', () => {
    expect([...Value.Errors(PluginManifestFile, file)]).toEqual([])
    expect(Value.Check(PluginManifestFile, { ...file, schema_version: 2 })).toBeFalse()
    expect(Value.Check(PluginManifestFile, { ...file, modules: [{}] })).toBeFalse()
  })

  test('is read with every field and its default', () => {
    const result = readPluginManifest({ manifest: `\uFEFF${JSON.stringify(file)}` })
    expect(result).toEqual({
      ok: true,
      warnings: [],
      manifest: {
        pluginSlug: 'Lamp',
        name: 'Lamp',
        version: '1.0.0',
        scope: 'Lamp',
        bundleLocation: 'dist/remoteEntry.js',
        description: 'A lamp',
        longDescription: 'A lamp\nwith a shade',
        type: 'frontend',
        pluginType: null,
        icon: 'Light',
        category: null,
        official: false,
        author: null,
        compatibility: null,
        bundleMethod: 'webpack',
        isLocal: false,
        sourceType: null,
        sourceUrl: 'https://github.com/lamp/lamp',
        updateCheckUrl: null,
        installationType: 'remote',
        endpointsFile: null,
        routePrefix: null,
        configFields: { colour: { type: 'color' } },
        messages: {},
        dependencies: [],
        permissions: ['api.access'],
        requiredServicesRuntime: ['bulb'],
        backendDependencies: [],
        modules: [
          {
            name: 'Lamp',
            displayName: 'Lamp',
            description: null,
            icon: null,
            category: null,
            priority: 2,
            props: { on: true },
            configFields: {},
            messages: { sends: [], receives: [] },
            requiredServices: {},
            dependencies: [],
            layout: {},
            tags: ['light'],
          },
        ],
        services: [
          {
            name: 'bulb',
            sourceUrl: 'https://github.com/lamp/bulb',
            type: 'python',
            healthcheckUrl: 'http://localhost:1/',
            installCommand: null,
            startCommand: null,
            stopCommand: null,
            restartCommand: null,
            definitionId: null,
            requiredEnvVars: [],
            runtimeDirKey: null,
            envInherit: null,
            envOverrides: {},
          },
        ],
        settings: [
          {
            definition: {
              id: 'lamp_settings',
              name: 'lamp_settings',
              description: null,
              category: 'plugins',
              type: 'object',
              defaultValue: { on: false },
              allowedScopes: ['user'],
              validation: null,
              isMultiple: false,
              tags: [],
            },
            instance: { idPrefix: null, name: 'lamp_settings', value: { on: false } },
            removeInstanceOnUninstall: true,
            isKnown: false,
          },
        ],
      },
    })
  })

  test.each(['literals', 'constants', 'services', 'settings'])('of the lifecycle manager %s', async (name) => {
    const result = readPluginManifest({ lifecycleManager: await pluginFixture(name) })
    expect(result).toMatchObject({ ok: true, manifest: { bundleLocation: 'dist/remoteEntry.js' } })
  })

  test('a service that lacks an address is left out, with a warning', async () => {
    const result = readPluginManifest({ lifecycleManager: await pluginFixture('services') })
    expect(result).toMatchObject({
      ok: true,
      manifest: { services: [{ name: 'mill_service' }], requiredServicesRuntime: ['mill_service', 'ink_service'] },
    })
    expect(result).toHaveProperty(
      'warnings',
      expect.arrayContaining(['Missing required field: required_services_runtime[1].healthcheck_url']),
    )
  })

  test('services that stand in the data itself', () => {
    const service = { name: 's', source_url: 'https://a.test', type: 'python', healthcheck_url: 'http://b.test' }
    const result = readPluginManifest({
      lifecycleManager: python({ ...identity, required_services_runtime: [service] }),
    })
    expect(result).toMatchObject({
      warnings: [],
      manifest: { services: [{ name: 's' }], requiredServicesRuntime: ['s'] },
    })
  })

  test('the own manifest is preferred, and when it is broken nothing else is tried', () => {
    const lifecycleManager = python(identity)
    const manifest = JSON.stringify({ schema_version: 1, ...identity, name: 'From JSON', modules: [] })
    expect(readPluginManifest({ manifest, lifecycleManager })).toMatchObject({ manifest: { name: 'From JSON' } })
    const reason = 'Invalid braindrive.plugin.json: not valid JSON'
    expect(readPluginManifest({ manifest: '{', lifecycleManager })).toEqual({ ok: false, reason })
  })
})

describe('identity', () => {
  const refused: [string, unknown, string][] = [
    ['plugin_slug', undefined, 'Missing required field: plugin_slug'],
    ['plugin_slug', '', 'Missing required field: plugin_slug'],
    ['plugin_slug', null, 'Missing required field: plugin_slug'],
    ...[
      '..',
      'a/b',
      '../x',
      'a.b',
      '_a',
      '1a',
      'a b',
      'ä',
      'a\u0000',
      'a'.repeat(65),
      7,
      ['a'],
      { a: 1 },
      '__proto__',
    ].map((slug): [string, unknown, string] => [
      'plugin_slug',
      slug,
      'Invalid plugin_slug: a letter, then up to 63 letters, digits, "_" or "-"; some words are reserved',
    ]),
    ['plugin_slug', 'shared', 'Invalid plugin_slug: "shared" is a reserved word'],
    ['plugin_slug', 'By-Slug', 'Invalid plugin_slug: "By-Slug" is a reserved word'],
    ...['constructor', 'Prototype', 'hasOwnProperty', 'hasownproperty', 'toString', 'valueOf', 'UPLOAD'].map(
      (slug): [string, unknown, string] => ['plugin_slug', slug, `Invalid plugin_slug: "${slug}" is a reserved word`],
    ),
    ['name', undefined, 'Missing required field: name'],
    ['name', 'a\nb', 'Invalid name: a line of text'],
    ['name', 'a'.repeat(201), 'Invalid name: a line of text'],
    ...['..', '1..2', '../1', '1/2', '1 2', '-1', '1.0\u0000', '1'.repeat(65), 1, 'v'.repeat(5000)].map(
      (version): [string, unknown, string] => [
        'version',
        version,
        'Invalid version: up to 64 letters, digits, ".", "+" or "-", such as 1.2.3',
      ],
    ),
    ...['a b', 'a/b', '1a', 'a"', 'a'.repeat(129)].map((scope): [string, unknown, string] => [
      'scope',
      scope,
      'Invalid scope: the name of the federation container: letters, digits, "_", "$", "." or "-"',
    ]),
    ...[
      '../dist/remoteEntry.js',
      'dist/../../x.js',
      'dist/./x.js',
      'dist//x.js',
      '//evil.test/x.js',
      'https://evil.test/x.js',
      'C:/x.js',
      'dist\\x.js',
      'dist/%2e%2e/x.js',
      'dist/x.js?y',
      'dist/x.js#y',
      '.git/x.js',
      'dist/.x.js',
      '.js',
      'dist/',
      'dist/remoteEntry',
      'dist/index.html',
      'dist/x\u0000.js',
      'dist/x.js\nb.js',
      `${'a/'.repeat(200)}x.js`,
      7,
    ].map((location): [string, unknown, string] => [
      'bundle_location',
      location,
      'Invalid bundle_location: a .js file, relative to the plugin, such as dist/remoteEntry.js',
    ]),
  ]
  test.each(refused)('%s %j is refused', (field, value, reason) => {
    expect(manifestOf({ [field]: value }).reason).toBe(reason)
  })

  const accepted: [string, string, string][] = [
    ['plugin_slug', 'constructors', 'constructors'],
    ['plugin_slug', ' Lamp-2_b ', 'Lamp-2_b'],
    ['version', 'v1.2.3', '1.2.3'],
    ['version', ' V2 ', '2'],
    ['version', 'vNext', 'vNext'],
    ['version', '1.0.0-rc.1+build', '1.0.0-rc.1+build'],
    ['bundle_location', './dist/remoteEntry.js', 'dist/remoteEntry.js'],
    ['bundle_location', '/dist/remoteEntry.js', 'dist/remoteEntry.js'],
    ['bundle_location', 'remoteEntry.js', 'remoteEntry.js'],
    ['scope', 'my-scope.$x', 'my-scope.$x'],
    ['name', ' Lämp 😀 ', 'Lämp 😀'],
  ]
  test.each(accepted)('%s %j is read as %j', (field, value, expected) => {
    const { manifest, warnings } = manifestOf({ [field]: value })
    expect(Object.values(manifest ?? {})).toContain(expected)
    expect(warnings).toHaveLength(value === expected ? 0 : 1)
  })

  test('a value that only running would tell is named', () => {
    const lifecycleManager = managerWith(['self.plugin_data = {"plugin_slug": "A", "name": title(), "version": "1"}'])
    expect(readPluginManifest({ lifecycleManager })).toEqual({
      ok: false,
      reason: 'Missing required field: plugin_data.name (line 4 holds no plain value: title())',
    })
  })
})

describe('package.json', () => {
  const { plugin_slug: _, name: __, version: ___, ...rest } = identity
  const read = (packageInfo: string, data: object = rest) =>
    readPluginManifest({ lifecycleManager: python(data), packageInfo })

  test('stands in for what the manager does not say', () => {
    const text = JSON.stringify({ name: 'My Night-Lamp', version: 'v2.0.0', description: 'd', author: { name: 'Ada' } })
    expect(read(text)).toMatchObject({
      manifest: {
        pluginSlug: 'my-night-lamp',
        name: 'My Night-Lamp',
        version: '2.0.0',
        description: 'd',
        author: 'Ada',
      },
    })
    expect(read(JSON.stringify({ name: 'NightLamp', version: '1' }))).toMatchObject({
      manifest: { pluginSlug: 'NightLamp' },
    })
  })

  test('never for what it says', () => {
    const text = JSON.stringify({ name: 'other', version: '9', author: 'Eve' })
    expect(read(text, { ...identity, author: 'Ada' })).toMatchObject({
      manifest: { pluginSlug: 'Lamp', name: 'Lamp', version: '1.0.0', author: 'Ada' },
    })
  })

  test.each(['', '{', '[]', '"x"', `{"a":${'['.repeat(70)}${']'.repeat(70)}}`, `{"a":"${'x'.repeat(300_000)}"}`])(
    'one that cannot be read is as good as none: %.20s',
    (text) => {
      expect(read(text, identity)).toMatchObject({ ok: true })
      expect(read(text)).toMatchObject({ ok: false, reason: 'Missing required field: plugin_data.plugin_slug' })
    },
  )
})

describe('modules', () => {
  const names = ['a/b', '', '.', '..', 'a\\b', 'a\nb', 'a\u0000', 'a'.repeat(129), './a/b', 7, null]
  test.each(names)('a module named %j is refused', (name) => {
    expect(manifestOf({ modules: [{ name: 'A' }, { name }] }).reason).toMatch(
      /^(Invalid|Missing required field:) modules\[1\]\.name/,
    )
  })

  test.each([[[null]], [['x']], [[[]]], [[{ __proto__: { name: 'x' } }]]])('%j is no list of modules', (modules) => {
    expect(manifestOf({ modules }).reason).toBe('Missing required field: modules[0].name')
  })

  test('two of one name, or more than 200, are refused', () => {
    expect(manifestOf({ modules: [{ name: 'A' }, { name: './A' }] }).reason).toBe(
      'Invalid modules: two modules are named A',
    )
    const many = Array.from({ length: 201 }, (_, index) => ({ name: `M${index}` }))
    expect(manifestOf({ modules: many }).reason).toBe('Too many modules: at most 200')
    expect(manifestOf({ modules: many.slice(1) }).manifest?.modules).toHaveLength(200)
    expect(manifestOf({ modules: {} }).reason).toBe('Invalid modules: not a list')
  })

  test('none at all is a warning', () => {
    expect(manifestOf({ modules: [] }).warnings).toEqual([
      'modules: without modules the web client shows nothing of this plugin',
    ])
  })

  test('names keep what JavaScript allows in them', () => {
    expect(manifestOf({ modules: [{ name: 'Ümlaut 😀.v2' }] }).manifest?.modules[0]?.name).toBe('Ümlaut 😀.v2')
  })
})

describe('everything else', () => {
  test('takes its default, with a warning that names it', () => {
    const { manifest, warnings } = manifestOf({
      description: 'x'.repeat(10_001),
      type: 'binary',
      official: 'yes',
      source_url: 'javascript:alert(1)',
      icon: 'a\u001bb',
      permissions: ['a', 1],
      config_fields: [],
      messages: 'x',
      modules: [{ name: 'A', priority: 1.5, props: [], tags: 'a,b', layout: null }],
    })
    expect(manifest).toMatchObject({
      description: '',
      type: 'frontend',
      official: false,
      sourceUrl: null,
      icon: null,
      permissions: [],
      configFields: {},
      messages: {},
      modules: [{ name: 'A', priority: 0, props: {}, tags: [], layout: {} }],
    })
    expect(warnings.map((one) => one.split(' is left out')[0])).toEqual([
      'description',
      'type',
      'icon',
      'official',
      'source_url',
      'config_fields',
      'messages',
      'permissions',
      'modules[0]: priority',
      'modules[0]: props',
      'modules[0]: tags',
    ])
  })

  test('names of the prototype are data and change nothing', () => {
    const manifest = `{"schema_version":1,${JSON.stringify(identity).slice(1, -1)},"__proto__":{"official":true},"config_fields":{"__proto__":{"a":1}},"modules":[{"name":"A","props":{"__proto__":{"b":1},"constructor":1}}]}`
    const result = readPluginManifest({ manifest })
    expect(result).toMatchObject({ ok: true, warnings: [], manifest: { official: false } })
    expect(JSON.stringify(result)).toContain('"configFields":{"__proto__":{"a":1}}')
    expect(JSON.stringify(result)).toContain('"props":{"__proto__":{"b":1},"constructor":1}')
    expect(({} as Record<string, unknown>)['a']).toBeUndefined()
  })

  test('defaults are not shared between plugins', () => {
    const first = manifestOf({}).manifest
    first?.modules[0]?.tags.push('changed')
    expect(manifestOf({}).manifest?.modules[0]?.tags).toEqual([])
  })

  test.each([
    ['[]', 'Invalid braindrive.plugin.json: not a JSON object'],
    ['null', 'Invalid braindrive.plugin.json: not a JSON object'],
    ['', 'Invalid braindrive.plugin.json: not valid JSON'],
    ['{"schema_version":2}', 'Unsupported schema_version: only 1 is known'],
    ['{}', 'Unsupported schema_version: only 1 is known'],
    [`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'Invalid braindrive.plugin.json: nested too deeply'],
    [`"${'x'.repeat(300_000)}"`, 'Invalid braindrive.plugin.json: more than 262144 characters'],
  ])('%.30s is refused', (manifest, reason) => {
    expect(readPluginManifest({ manifest })).toEqual({ ok: false, reason })
  })

  test('no file at all is refused', () => {
    expect(readPluginManifest({})).toEqual({ ok: false, reason: 'Missing required files: lifecycle_manager.py' })
  })

  test('many faults make a bounded list of warnings', () => {
    const modules = Array.from({ length: 200 }, (_, index) => ({ name: `M${index}`, tags: 1, props: 1, layout: 1 }))
    expect(manifestOf({ modules }).warnings).toHaveLength(100)
  })
})
