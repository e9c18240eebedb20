import { readFile, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { normalizeVersion } from '../../../areas/plugins/manifest/plugin-identity.ts'
import { toHexId, toUuid } from '../../../shared/ids.ts'
import { ImportError } from '../import-error.ts'
import { isFields, parseLooseJson } from '../source/loose-json.ts'

const maxNoteBytes = 1_048_576

/** What may be a name of a folder: nothing that leads elsewhere. */
const isName = (text: string) => /^[\w.+@-]{1,200}$/.test(text) && !text.includes('..')

/** Where the backend noted that it had a plugin from (plugins.md B2.5). */
export interface PluginNote {
  repository: string | null
  tag: string | null
  isUpload: boolean
}

/** The folder `plugins` of the backend. */
export interface PluginFolder {
  /** The files of one version, if they are there. */
  findFiles(slug: string, version: string): Promise<string | undefined>
  findNote(userId: string, pluginId: string): Promise<PluginNote | undefined>
}

const readJson = async (path: string): Promise<Record<string, unknown> | undefined> => {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile() || found.size > maxNoteBytes) return undefined
  const value = parseLooseJson(await readFile(path, 'utf8'))
  return isFields(value) ? value : undefined
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** Versions stand with one `v`, with none, and after an update with two. */
const versionFolders = (version: string): string[] => [`v${version}`, version, `v${normalizeVersion(version)}`]

/** Throws `ImportError` when there is no such folder. */
export const openPluginFolder = async (path: string): Promise<PluginFolder> => {
  const root = await realpath(path).catch(() => {
    throw new ImportError(`There is no folder ${path}`)
  })
  /** Code of plugins could leave links in there: what they lead to would be served to everybody. */
  const inside = async (...names: string[]): Promise<string | undefined> => {
    if (!names.every(isName)) return undefined
    const found = await realpath(join(root, ...names)).catch(() => undefined)
    return found?.startsWith(root + sep) ? found : undefined
  }
  return {
    async findFiles(slug, version) {
      for (const name of versionFolders(version)) {
        const found = await inside('shared', slug, name)
        if (found && (await stat(found)).isDirectory()) return found
      }
      return undefined
    },
    async findNote(userId, pluginId) {
      for (const owner of [toHexId(userId), toUuid(userId)]) {
        for (const kind of ['remote', 'local']) {
          const file = await inside(owner, '.metadata', `${pluginId}_${kind}.json`)
          const note = file && (await readJson(file))
          if (!note) continue
          const [repoOwner, repoName] = [textOrNull(note['repo_owner']), textOrNull(note['repo_name'])]
          return {
            repository:
              textOrNull(note['repo_url']) ??
              (repoOwner && repoName ? `https://github.com/${repoOwner}/${repoName}` : null),
            tag: textOrNull(note['version']),
            isUpload: kind === 'local',
          }
        }
      }
      return undefined
    },
  }
}
