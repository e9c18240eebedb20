import { describe, expect, test } from 'bun:test'
import { readLifecycleMetadata } from '../../src/areas/plugins/manifest/lifecycle-metadata.ts'
import { metadataOf, pluginFixture } from '../support/plugin-metadata.ts'

const classOf = (name: string, slug: string) =>
  `class ${name}(Base):\n    def __init__(self):\n        self.plugin_data = {"plugin_slug": "${slug}"}\n`

describe('fixture plugins', () => {
  test('plain literals, among texts and comments that look like them', async () => {
    const { className, pluginData, moduleData, services, settingsDefinitions, notes } = metadataOf(
      await pluginFixture('literals'),
    )
    expect(className).toBe('TidePoolLifecycleManager')
    expect(notes).toEqual([])
    expect(services).toEqual([])
    expect(settingsDefinitions).toEqual([])
    expect(pluginData).toEqual({
      name: 'Tide Pool',
      description: 'Shows {high} and [low] water, # no comment',
      version: '1.4.2',
      type: 'frontend',
      icon: 'Waves',
      category: 'weather',
      official: false,
      author: "Harbour O'Neil",
      compatibility: '1.0.0',
      scope: 'TidePool',
      bundle_method: 'webpack',
      bundle_location: 'dist/remoteEntry.js',
      is_local: false,
      long_description: 'Two lines,\nthe second with a "quote" and C:\\new.',
      plugin_slug: 'TidePool',
      source_type: 'github',
      source_url: 'https://github.com/harbour/tide-pool',
      update_check_url: 'https://github.com/harbour/tide-pool/releases',
      last_update_check: null,
      update_available: false,
      latest_version: null,
      installation_type: 'remote',
      permissions: ['storage.read', 'storage.write', 'api.access'],
    })
    expect(moduleData).toEqual([
      {
        name: 'TideTable',
        display_name: 'Tide table',
        description: "I'm the table\\nof {tides:[…]}",
        icon: 'Table',
        category: 'weather',
        priority: 1,
        props: { station: 'Cuxhaven', offset: -2.5, levels: [1, 2] },
        config_fields: {
          unit: {
            type: 'select',
            description: 'metres or feet',
            default: 'm',
            options: [
              { label: 'Metres', value: 'm' },
              { label: 'Feet', value: 'ft' },
            ],
          },
        },
        messages: {},
        required_services: { api: { methods: ['get'], version: '1.0.0' } },
        dependencies: [],
        layout: { minWidth: 4, minHeight: 4, defaultWidth: 6, defaultHeight: 8 },
        tags: ['weather', 'tides'],
      },
      {
        name: 'TideSettings',
        display_name: 'Tide settings',
        priority: 2,
        messages: { sends: ['tide.changed'], receives: [] },
        tags: ['settings', 'tide_settings'],
      },
    ])
  })

  test('annotated constants of the module', async () => {
    const { pluginData, moduleData, notes } = metadataOf(await pluginFixture('constants'))
    expect(notes).toEqual([])
    expect(pluginData).toEqual({
      plugin_slug: 'LanternRoom',
      name: 'Lantern Room',
      version: '2.0.7',
      scope: 'LanternRoom',
      bundle_location: 'dist/remoteEntry.js',
      description: 'Dims every lamp in the house, and lights it again.',
      source_url: 'https://git.example.org/lantern/room',
      type: 'fullstack',
      permissions: ['api.access', 'storage.read'],
    })
    expect(moduleData).toEqual([
      {
        name: 'LanternRoom',
        display_name: 'Lantern Room',
        props: { colour: 'white', levels: [10, 20], first: 10 },
        tags: ['light'],
      },
    ])
  })

  test('services that refer to attributes, and values that only running would tell', async () => {
    const { pluginData, moduleData, services, notes } = metadataOf(await pluginFixture('services'))
    expect(pluginData).toEqual({
      plugin_slug: 'PaperMill',
      name: 'Paper Mill',
      version: '3.1.0',
      scope: 'PaperMill',
      bundle_location: 'dist/remoteEntry.js',
      category: 'documents',
      last_updated: null,
      required_services_runtime: ['mill_service', 'ink_service'],
      author: 'Ada',
      official: true,
      icon: 'Description',
    })
    expect(moduleData).toEqual([{ name: 'PaperMill', priority: 3 }])
    expect(services).toEqual([
      {
        name: 'mill_service',
        source_url: 'https://github.com/paper/mill',
        type: 'docker-compose',
        install_command: 'docker compose build',
        start_command: 'docker compose up -d',
        healthcheck_url: 'http://localhost:8000/health',
        definition_id: 'paper_mill_settings',
        required_env_vars: ['MILL_KEY', 'MILL_PORT'],
      },
      {
        name: 'ink_service',
        source_url: 'https://github.com/paper/ink',
        type: 'python',
        healthcheck_url: null,
        definition_id: 'paper_mill_settings',
        required_env_vars: [],
      },
    ])
    expect(notes).toEqual([
      'plugin_data.last_updated: line 40 holds no plain value: datetime.datetime.now().isoformat()',
      'required_services_runtime[1].healthcheck_url: line 28 holds no plain value: "http://localhost:" + str(INK_PORT) + "/health"',
    ])
  })

  test('definitions of settings', async () => {
    expect(metadataOf(await pluginFixture('settings')).settingsDefinitions).toEqual([
      {
        id: 'night_sky_settings',
        name: 'Night Sky Settings',
        description: 'Where the telescope stands',
        category: 'auto_generated',
        type: 'object',
        default_value: '{"place":"Greenwich","useRed":false,"note":"it\'s dark"}',
        allowed_scopes: '["system", "user", "page", "user_page"]',
        validation: null,
        is_multiple: 0,
        tags: '["auto_generated"]',
      },
      {
        id: 'night_sky_site',
        default_value: '{"latitude":51.5,"open":true,"names":["a",null]}',
        allowed_scopes: ['system'],
      },
    ])
  })
})

describe('the class', () => {
  test('the last of several that says what its plugin is', () => {
    const source =
      classOf('ALifecycleManager', 'a') + classOf('BLifecycleManager', 'b') + 'class CLifecycleManager: pass\n'
    expect(metadataOf(source)).toMatchObject({ className: 'BLifecycleManager', pluginData: { plugin_slug: 'b' } })
  })

  test('base classes do not count, wherever they stand', () => {
    const source = `${classOf('ALifecycleManager', 'a')}${classOf('LifecycleManager', 'x')}${classOf('BaseLifecycleManager', 'y')}`
    expect(metadataOf(source).pluginData).toEqual({ plugin_slug: 'a' })
  })

  test('attributes of the class, in both spellings', () => {
    const source = 'class ALifecycleManager:\n    PLUGIN_DATA = {"a": 1}\n    MODULE_DATA = [{"name": "M"}]\n'
    expect(metadataOf(source)).toMatchObject({ pluginData: { a: 1 }, moduleData: [{ name: 'M' }] })
  })

  test('constants of the module, where the class has nothing that can be read', () => {
    const source =
      'PLUGIN_DATA = {"a": 1}\nclass ALifecycleManager:\n    def __init__(self):\n        self.plugin_data = build()\n'
    expect(metadataOf(source).pluginData).toEqual({ a: 1 })
  })

  test('a decorated class, and one inside of try', () => {
    expect(metadataOf(`@final\n${classOf('ALifecycleManager', 'a')}`).pluginData).toEqual({ plugin_slug: 'a' })
    const nested = `try:\n${classOf('ALifecycleManager', 'a').replaceAll(/^/gm, '    ')}\nexcept ImportError:\n    pass\n`
    expect(metadataOf(nested).pluginData).toEqual({ plugin_slug: 'a' })
  })

  test.each([
    ['', 'No valid lifecycle manager class found'],
    ['not python at all {{{', 'No valid lifecycle manager class found'],
    ['PLUGIN_DATA = {"plugin_slug": "x"}', 'No valid lifecycle manager class found'],
    [classOf('BaseLifecycleManager', 'x'), 'No valid lifecycle manager class found'],
    ['class ALifecycleManager: pass', 'Invalid lifecycle manager: no readable plugin_data in ALifecycleManager'],
    [
      'class ALifecycleManager:\n  def __init__(self):\n    self.plugin_data = [1]',
      'Invalid lifecycle manager: no readable plugin_data in ALifecycleManager',
    ],
  ])('%j is refused', (source, reason) => expect(readLifecycleMetadata(source)).toEqual({ ok: false, reason }))
})
