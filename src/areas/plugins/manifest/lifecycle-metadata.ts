import { type Frame, type Names, runBlock } from './python/statements.ts'
import { type PythonSource, type SyntaxNode, childrenOf, itemsOf, parsePython } from './python/syntax.ts'
import { type JsonValue, type PythonValue, Unresolved, toJson } from './python/values.ts'
import { PythonRefusedError } from './python/budget.ts'

/** What a `lifecycle_manager.py` says about its plugin, as it stands there: nothing is checked yet. */
export interface LifecycleMetadata {
  className: string
  pluginData: Record<string, JsonValue>
  moduleData: JsonValue[]
  /** Of `self.required_services_runtime`, with everything about them. */
  services: JsonValue[]
  settingsDefinitions: JsonValue[]
  /** Where a value could not be read. It is null then. */
  notes: string[]
}

export type LifecycleResult = { ok: true; metadata: LifecycleMetadata } | { ok: false; reason: string }

interface ManagerClass {
  name: string
  instance: Names
  attributes: Names
}

const baseNames = new Set(['LifecycleManager', 'BaseLifecycleManager'])

const bodyOf = (definition: SyntaxNode) => childrenOf(definition).find((one) => one.name === 'Body')

const nameOf = (source: PythonSource, definition: SyntaxNode) => {
  const name = childrenOf(definition).find((one) => one.name === 'VariableName')
  return name ? source.textOf(name) : ''
}

/** Runs the assignments of `__init__`: on the instance, which also shows what the class has. */
const runInit = (frame: Frame, definition: SyntaxNode, { name, instance, attributes }: ManagerClass) => {
  const parameters = childrenOf(definition).find((one) => one.name === 'ParamList')
  const body = bodyOf(definition)
  if (!parameters || !body) return
  const own = itemsOf(parameters).flatMap((parameter) => parameter.find((one) => one.name === 'VariableName') ?? [])
  const names: Names = new Map(own.map((one) => [frame.source.textOf(one), new Unresolved(one.from, one.to)]))
  const [self = ''] = names.keys()
  const owners: Frame['owners'] = new Map([
    [name, [attributes]],
    [self, [instance, attributes]],
  ])
  runBlock({ source: frame.source, names, outer: frame.names, owners }, body)
}

const readClass = (module: Frame, definition: SyntaxNode): ManagerClass => {
  const found: ManagerClass = { name: nameOf(module.source, definition), instance: new Map(), attributes: new Map() }
  const body = bodyOf(definition)
  if (!body) return found
  runBlock({ source: module.source, names: found.attributes, outer: module.names }, body)
  const init = childrenOf(body).findLast(
    (one) => one.name === 'FunctionDefinition' && nameOf(module.source, one) === '__init__',
  )
  if (init) runInit(module, init, found)
  return found
}

const isDict = (value: PythonValue) => value instanceof Map
const isList = (value: PythonValue) => Array.isArray(value)

/** The first readable of: the attribute in both spellings, of the instance before the class, then the module's constant. */
const findValue = (
  attribute: string,
  isReadable: (value: PythonValue) => boolean,
  manager: ManagerClass | undefined,
  module?: Names,
) =>
  [attribute, attribute.toUpperCase()]
    .flatMap((name) => [manager?.instance.get(name), manager?.attributes.get(name)])
    .concat(module?.get(attribute.toUpperCase()), module?.get(attribute))
    .find((value) => value !== undefined && isReadable(value))

const read = (text: string): LifecycleResult => {
  const source = parsePython(text)
  const definitions: SyntaxNode[] = []
  const names: Names = new Map()
  const module: Frame = { source, names, onClass: (definition) => definitions.push(definition) }
  runBlock(module, source.root)
  // Now, not where they stand: methods run when the whole module has been loaded.
  const managers = definitions
    .filter((one) => nameOf(source, one).endsWith('LifecycleManager') && !baseNames.has(nameOf(source, one)))
    .map((one) => readClass(module, one))
  const manager = managers.findLast((one) => findValue('plugin_data', isDict, one)) ?? managers.at(-1)
  if (!manager) return { ok: false, reason: 'No valid lifecycle manager class found' }
  const notes: string[] = []
  const convert = (attribute: string, isReadable: (value: PythonValue) => boolean) => {
    const value = findValue(attribute, isReadable, manager, names)
    return value === undefined ? undefined : toJson(source, value, attribute, notes)
  }
  const pluginData = convert('plugin_data', isDict)
  if (pluginData === undefined) {
    return { ok: false, reason: `Invalid lifecycle manager: no readable plugin_data in ${manager.name}` }
  }
  const list = (attribute: string) => (convert(attribute, isList) ?? []) as JsonValue[]
  return {
    ok: true,
    metadata: {
      className: manager.name,
      pluginData: pluginData as Record<string, JsonValue>,
      moduleData: list('module_data'),
      services: list('required_services_runtime'),
      settingsDefinitions: list('plugin_settings_definitions'),
      notes,
    },
  }
}

/**
 * Reads a lifecycle manager without running it (plugins.md B1.4): of the last class that is named `…LifecycleManager`
 * and says what its plugin is, the attributes of its instance, of the class, and the module's constants. Never throws;
 * takes a second at most.
 */
export const readLifecycleMetadata = (source: string): LifecycleResult => {
  try {
    return read(source)
  } catch (error) {
    const reason = error instanceof PythonRefusedError ? error.message : 'it cannot be parsed'
    return { ok: false, reason: `Invalid lifecycle manager: ${reason}` }
  }
}
