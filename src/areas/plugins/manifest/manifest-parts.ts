import type { Static } from '@sinclair/typebox'
import {
  type Camelized,
  type FieldReader,
  ManifestRefusedError,
  camelize,
  isFields,
  readOptional,
  readRequired,
  warn,
} from './manifest-fields.ts'
import {
  ModuleDescription,
  ModuleIdentity,
  ServiceDescription,
  ServiceIdentity,
  maxModules,
} from './plugin-manifest.schema.ts'

/** What must be there and what has a default, under the names of the columns. */
export type CheckedFields<Identity, Description> = Camelized<Identity & Required<Description>>

export type ManifestModule = CheckedFields<Static<typeof ModuleIdentity>, Static<typeof ModuleDescription>>
export type ManifestService = CheckedFields<Static<typeof ServiceIdentity>, Static<typeof ServiceDescription>>

const readModule = (value: unknown, path: string, warnings: string[]): ManifestModule => {
  const raw = isFields(value) ? value : {}
  const name = raw['name']
  // The loader of the web client asks for `./` and the name.
  const named = typeof name === 'string' ? { ...raw, name: name.replace(/^\.\//, '') } : raw
  const reader = { raw: named, path, warnings }
  const identity = readRequired(ModuleIdentity, reader)
  const description = readOptional(ModuleDescription, reader, {
    display_name: null,
    description: null,
    icon: null,
    category: null,
    priority: 0,
    props: {},
    config_fields: {},
    messages: { sends: [], receives: [] },
    required_services: {},
    dependencies: [],
    layout: {},
    tags: [],
  })
  return camelize({ ...identity, ...description })
}

/** Of different names. Throws {@link ManifestRefusedError}: a plugin without one of its modules is broken. */
export const readModules = (values: unknown[], path: string, warnings: string[]): ManifestModule[] => {
  if (values.length > maxModules) throw new ManifestRefusedError(`Too many modules: at most ${maxModules}`)
  if (values.length === 0) warn({ warnings, path }, 'without modules the web client shows nothing of this plugin')
  const modules = values.map((value, index) => readModule(value, `${path}[${index}]`, warnings))
  const names = modules.map(({ name }) => name)
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) throw new ManifestRefusedError(`Invalid ${path}: two modules are named ${repeated}`)
  return modules
}

/** Throws {@link ManifestRefusedError}. */
export const readService = (reader: FieldReader): ManifestService => {
  const identity = readRequired(ServiceIdentity, reader)
  const description = readOptional(ServiceDescription, reader, {
    install_command: null,
    start_command: null,
    stop_command: null,
    restart_command: null,
    definition_id: null,
    required_env_vars: [],
    runtime_dir_key: null,
    env_inherit: null,
    env_overrides: {},
  })
  return camelize({ ...identity, ...description })
}
