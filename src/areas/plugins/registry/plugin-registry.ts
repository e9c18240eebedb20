import { stat } from 'node:fs/promises'
import { Value } from '@sinclair/typebox/value'
import type { Config } from '../../../config.ts'
import type { Deps } from '../../../deps.ts'
import { isSchemeAllowed } from '../../../shared/plain-http.ts'
import { redactAddress } from '../../../shared/redact.ts'
import { knownPlugins } from './known-plugins.ts'
import { RegistryEntry, RegistryIndex } from './plugin-registry.schema.ts'

const maxBytes = 2_097_152
const defaultTimeMs = 15_000
const maxRedirects = 3
/** A file is read again soon, since somebody may be editing it. */
const keptMs = { address: 3_600_000, file: 10_000, afterFailure: 60_000 }

/** The index of plugins that users may choose from. Never rejects. */
export interface PluginRegistry {
  list: () => Promise<RegistryEntry[]>
  /** By slug, in any letter case. */
  find: (slug: string) => Promise<RegistryEntry | undefined>
}

type RegistryDeps = Pick<Deps, 'fetch' | 'clock' | 'log'> & {
  config: Pick<Config, 'pluginRegistry' | 'privateHosts'>
  /** For the whole answer of an address. */
  timeMs?: number
}

const isAddress = (place: string) => /^https?:\/\//i.test(place)

const receive = async ({ fetch }: RegistryDeps, address: string, signal: AbortSignal, idleTimeoutMs: number) => {
  const headers = { accept: 'application/json', 'user-agent': 'BrainDrive' }
  const response = await fetch(address, 'public', { headers, signal, idleTimeoutMs, maxRedirects })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`it was answered with status ${response.status}`)
  }
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body ?? []) {
    size += piece.byteLength
    if (size > maxBytes) throw new Error('it is too long')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

const readAddress = async (deps: RegistryDeps, address: string): Promise<string> => {
  const { config, timeMs = defaultTimeMs } = deps
  if (!isSchemeAllowed(new URL(address), new Set(config.privateHosts))) throw new Error('it must begin with https://')
  const signal = AbortSignal.timeout(timeMs)
  try {
    return await receive(deps, address, signal, timeMs)
  } catch (error) {
    throw signal.aborted ? new Error(`it was not read within ${timeMs / 1000} seconds`, { cause: error }) : error
  }
}

const readFile = async (path: string): Promise<string> => {
  const { size } = await stat(path)
  if (size > maxBytes) throw new Error('it is too long')
  return Bun.file(path).text()
}

/** Throws when the text is no registry. Of two plugins with one slug the first one counts. */
const parseIndex = (text: string): RegistryEntry[] => {
  const index: unknown = JSON.parse(text)
  if (!Value.Check(RegistryIndex, index)) {
    const fault = Value.Errors(RegistryIndex, index).First()
    throw new Error(`it does not have the form of a registry${fault ? ` at ${fault.path || '/'}` : ''}`)
  }
  const bySlug = new Map<string, RegistryEntry>()
  for (const entry of index.plugins) {
    const key = entry.slug.toLowerCase()
    if (!bySlug.has(key)) bySlug.set(key, Value.Clean(RegistryEntry, entry) as RegistryEntry)
  }
  return [...bySlug.values()]
}

/**
 * What `PLUGIN_REGISTRY_URL` names, kept for an hour (a file for 10 s), else the built-in one. A registry that cannot be
 * read or is broken leaves the one that was read last, at first the built-in one, and a line in the log. Only who asks first
 * waits for an address; later on the old index answers until the new one is there.
 */
export const createPluginRegistry = (deps: RegistryDeps): PluginRegistry => {
  const { clock, log, config } = deps
  const place = config.pluginRegistry
  let current = knownPlugins
  let freshUntil = 0
  let underWay: Promise<void> | undefined
  let isFirst = true

  const load = async (from: string): Promise<void> => {
    try {
      current = parseIndex(isAddress(from) ? await readAddress(deps, from) : await readFile(from))
      freshUntil = clock() + (isAddress(from) ? keptMs.address : keptMs.file)
    } catch (error) {
      freshUntil = clock() + keptMs.afterFailure
      log.warn('the plugin registry cannot be used', { place: redactAddress(from), error })
    } finally {
      underWay = undefined
      isFirst = false
    }
  }
  const list = async () => {
    if (place === undefined) return knownPlugins
    if (clock() < freshUntil) return current
    underWay ??= load(place)
    if (isFirst || !isAddress(place)) await underWay
    return current
  }
  return {
    list,
    find: async (slug) => (await list()).find((entry) => entry.slug.toLowerCase() === slug.toLowerCase()),
  }
}
