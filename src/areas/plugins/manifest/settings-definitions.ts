import { isDeeperThan } from '../../../shared/json-depth.ts'
import {
  type FieldReader,
  ManifestRefusedError,
  type RawFields,
  readOptional,
  readRequired,
} from './manifest-fields.ts'
import { SettingDescription, SettingIdentity } from './plugin-manifest.schema.ts'
import { type SettingsRecipe, claimRecipe } from './settings-recipes.ts'

/** As for values that users store (workspace.md 3). */
const maxValueLength = 262_144
const maxDepth = 64
const jsonFields = ['default_value', 'allowed_scopes', 'validation', 'tags']

/** What a text holds, if it is JSON. */
const parseText = (value: unknown): unknown => {
  if (typeof value !== 'string') return value
  try {
    const parsed: unknown = JSON.parse(value)
    return isDeeperThan(parsed, maxDepth) ? value : parsed
  } catch {
    return value
  }
}

/** As plugins write it for the columns of the reference: JSON in texts, 0 and 1 for false and true. */
export const unpackDefinition = (raw: RawFields): RawFields => ({
  ...raw,
  ...Object.fromEntries(
    jsonFields.filter((name) => Object.hasOwn(raw, name)).map((name) => [name, parseText(raw[name])]),
  ),
  ...(typeof raw['is_multiple'] === 'number' ? { is_multiple: raw['is_multiple'] !== 0 } : {}),
})

const readRecipe = (reader: FieldReader): SettingsRecipe => {
  const { id } = readRequired(SettingIdentity, reader)
  const { remove_instance_on_uninstall, default_value, allowed_scopes, is_multiple, ...fields } = readOptional(
    SettingDescription,
    reader,
    {
      name: id,
      description: null,
      category: 'plugins',
      type: 'object',
      default_value: null,
      allowed_scopes: ['user'],
      validation: null,
      is_multiple: false,
      tags: [],
      remove_instance_on_uninstall: false,
    },
  )
  if (JSON.stringify(default_value).length > maxValueLength) {
    throw new ManifestRefusedError(`${reader.path}: the default value is too large`)
  }
  return {
    definition: {
      ...fields,
      id,
      defaultValue: default_value,
      allowedScopes: allowed_scopes,
      isMultiple: is_multiple,
    },
    instance: allowed_scopes.includes('user') ? { idPrefix: null, name: fields.name, value: default_value } : null,
    removeInstanceOnUninstall: remove_instance_on_uninstall,
    isKnown: false,
  }
}

/** `known`: the built-in settings of the plugin. Throws {@link ManifestRefusedError}, also for those of another plugin. */
export const readSettingsRecipe = (reader: FieldReader, known: SettingsRecipe[]): SettingsRecipe => {
  const recipe = readRecipe(reader)
  const claimed = claimRecipe(recipe, known)
  if (!claimed) {
    throw new ManifestRefusedError(`${reader.path}: the setting ${recipe.definition.id} belongs to another plugin`)
  }
  return claimed
}
