import { describe, expect, test } from 'bun:test'
import { readPluginManifest } from '../../src/areas/plugins/manifest/plugin-manifest.ts'
import { identity, managerWith, manifestOf, pluginFixture } from '../support/plugin-metadata.ts'

const recipesOf = (fields: Record<string, unknown>) => manifestOf(fields).manifest?.settings

describe('definitions of a lifecycle manager', () => {
  test('JSON in texts, numbers for flags, and defaults', async () => {
    const result = readPluginManifest({ lifecycleManager: await pluginFixture('settings') })
    const value = { place: 'Greenwich', useRed: false, note: "it's dark" }
    expect(result).toMatchObject({ ok: true, warnings: ['plugin_data: version is read as 1.0.0'] })
    expect(result.ok && result.manifest.settings).toEqual([
      {
        definition: {
          id: 'night_sky_settings',
          name: 'Night Sky Settings',
          description: 'Where the telescope stands',
          category: 'auto_generated',
          type: 'object',
          defaultValue: value,
          allowedScopes: ['system', 'user', 'page', 'user_page'],
          validation: null,
          isMultiple: false,
          tags: ['auto_generated'],
        },
        instance: { idPrefix: null, name: 'Night Sky Settings', value },
        removeInstanceOnUninstall: false,
        isKnown: false,
      },
      {
        definition: {
          id: 'night_sky_site',
          name: 'night_sky_site',
          description: null,
          category: 'plugins',
          type: 'object',
          defaultValue: { latitude: 51.5, open: true, names: ['a', null] },
          allowedScopes: ['system'],
          validation: null,
          isMultiple: false,
          tags: [],
        },
        instance: null,
        removeInstanceOnUninstall: false,
        isKnown: false,
      },
    ])
  })

  test('a text that is no JSON stays a text, and so does one that is nested too deeply', () => {
    const deep = `${'['.repeat(70)}${']'.repeat(70)}`
    const lines = [
      `self.plugin_data = ${JSON.stringify(identity)}`,
      'self.module_data = [{"name": "A"}]',
      `self.PLUGIN_SETTINGS_DEFINITIONS = [{"id": "a", "default_value": "plain"}, {"id": "b", "default_value": "${deep}"}]`,
    ]
    const result = readPluginManifest({ lifecycleManager: managerWith(lines) })
    const values = result.ok && result.manifest.settings.map(({ definition }) => definition.defaultValue)
    expect(values).toEqual(['plain', deep])
  })
})

test('a value that is larger than one that a user could store is left out', () => {
  const lines = [
    `self.plugin_data = ${JSON.stringify(identity)}`,
    'self.module_data = [{"name": "A"}]',
    `text = "${'x'.repeat(100_000)}"`,
    'self.PLUGIN_SETTINGS_DEFINITIONS = [{"id": "large", "default_value": [text, text, text]}, {"id": "a"}]',
  ]
  expect(readPluginManifest({ lifecycleManager: managerWith(lines) })).toMatchObject({
    warnings: ['PLUGIN_SETTINGS_DEFINITIONS[0]: the default value is too large'],
    manifest: { settings: [{ definition: { id: 'a' } }] },
  })
})

describe('definitions of a manifest', () => {
  test('values are taken as they are', () => {
    expect(recipesOf({ settings: [{ id: 'a', default_value: '{"a":1}' }] })).toMatchObject([
      { definition: { defaultValue: '{"a":1}' }, instance: { value: '{"a":1}' } },
    ])
  })

  test('what is of the wrong form, repeated or too much is left out, with a warning', () => {
    const { manifest, warnings } = manifestOf({
      settings: [{ id: 'a b' }, null, { id: 'fine', allowed_scopes: ['nobody'], is_multiple: 1 }, { id: 'fine' }],
    })
    expect(manifest?.settings).toMatchObject([
      { definition: { id: 'fine', allowedScopes: ['user'], isMultiple: false } },
    ])
    expect(warnings).toEqual([
      'Invalid settings[0].id: letters, digits, "_", "." or "-"',
      'Missing required field: settings[1].id',
      expect.stringMatching(/^settings\[2\]: allowed_scopes is left out/),
      expect.stringMatching(/^settings\[2\]: is_multiple is left out/),
      'settings[3]: fine is there already',
    ])
    const many = Array.from({ length: 51 }, (_, index) => ({ id: `s${index}` }))
    const { manifest: bounded, warnings: said } = manifestOf({ settings: many })
    expect(bounded?.settings).toHaveLength(50)
    expect(said).toEqual(['settings: only the first 50 are used'])
  })
})

describe('built-in recipes', () => {
  test('OpenRouter: of the user alone, removed with the plugin, described as its module', () => {
    const modules = [{ name: 'ComponentOpenRouterKeys', description: 'Keys of OpenRouter' }]
    const value = {
      apiKey: '',
      enabled: true,
      baseUrl: 'https://openrouter.ai/api/v1',
      defaultModel: 'openai/gpt-3.5-turbo',
      modelPreferences: {},
      requestTimeout: 30,
      maxRetries: 3,
    }
    expect(recipesOf({ plugin_slug: 'BrainDriveOpenRouter', modules })).toEqual([
      {
        definition: {
          id: 'openrouter_api_keys_settings',
          name: 'OpenRouter API Keys Settings',
          description: 'Keys of OpenRouter',
          category: 'LLM Servers',
          type: 'object',
          defaultValue: value,
          allowedScopes: ['user'],
          validation: {},
          isMultiple: false,
          tags: ['openrouter_api_keys_settings', 'OpenRouter', 'API Keys', 'AI Models', 'settings'],
        },
        instance: { idPrefix: 'openrouter_settings_', name: 'OpenRouter API Keys Settings', value },
        removeInstanceOnUninstall: true,
        isKnown: true,
      },
    ])
  })

  test('Chat with documents: 29 values under another name', () => {
    const [recipe] = recipesOf({ plugin_slug: 'BrainDriveChatWithDocs' }) ?? []
    expect(recipe).toMatchObject({
      definition: { id: 'braindrive_chat_with_documents_settings', description: expect.stringContaining('services') },
      instance: { idPrefix: 'chat_with_doc_proc_settings_', name: 'LLM and Document Processor Settings' },
      removeInstanceOnUninstall: true,
      isKnown: true,
    })
    expect(Object.keys(recipe?.instance?.value as object)).toHaveLength(29)
  })

  test('give way to what the plugin declares, and nobody else has them', () => {
    const declared = recipesOf({ plugin_slug: 'BrainDriveOpenRouter', settings: [{ id: 'own' }] })
    expect(declared).toMatchObject([{ definition: { id: 'own' } }])
    expect(recipesOf({ plugin_slug: 'Constructor_' })).toEqual([])
  })

  test('are reserved: another plugin goes without, its own cannot write the definition anew', () => {
    const settings = [
      { id: 'braindrive_chat_with_documents_settings', name: 'Squat', default_value: { DISABLE_AUTH: true } },
      { id: 'own' },
    ]
    const other = manifestOf({ plugin_slug: 'Squatter', settings })
    expect(other.manifest?.settings).toMatchObject([{ definition: { id: 'own' }, isKnown: false }])
    expect(other.warnings).toEqual([
      'settings[0]: the setting braindrive_chat_with_documents_settings belongs to another plugin',
    ])
    expect(recipesOf({ plugin_slug: 'BrainDriveChatWithDocs', settings })).toMatchObject([
      {
        definition: { name: 'Chat with Document Processor Settings', defaultValue: { LLM_PROVIDER: 'ollama' } },
        instance: { name: 'Squat', value: { DISABLE_AUTH: true } },
        isKnown: true,
      },
      { definition: { id: 'own' }, isKnown: false },
    ])
  })
})
