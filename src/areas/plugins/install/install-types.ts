/**
 * Where a package is to come from. `version`: `latest`, a tag with or without its `v`, or a branch. `expectedSlug`: the
 * plugin that must be in it.
 */
export type InstallSource =
  | { kind: 'repository'; url: string; version: string; expectedSlug?: string }
  | { kind: 'upload'; file: string; filename: string }

/** The steps of plugins.md B2.4, which the web client shows. */
export type InstallStep =
  | 'url_parsing'
  | 'release_lookup'
  | 'download_and_extract'
  | 'file_extraction'
  | 'plugin_validation'
  | 'lifecycle_manager_install'
  | 'setup_and_copy'

/** What a caller may watch and end. */
export interface InstallWork {
  signal?: AbortSignal
  onProgress?: (step: InstallStep) => void
  /** For the audit log, where somebody waits for the work. */
  request?: Request
}

/** Work that somebody waits for: it ends with the request, unless it is done by then. */
export const toWork = (request: Request): InstallWork => ({ request, signal: request.signal })

export interface Installed {
  pluginId: string
  pluginSlug: string
  pluginName: string
  version: string
  /** Ids. */
  modules: string[]
}

export interface Updated {
  pluginId: string
  pluginSlug: string
  pluginName: string
  previousVersion: string
  newVersion: string
  /** Ids. */
  modules: string[]
}

export interface Uninstalled {
  pluginId: string
  pluginSlug: string
  deletedModules: number
}
