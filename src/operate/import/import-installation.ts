import { collectPackages } from '../../areas/plugins/package-upkeep.service.ts'
import type { PackageStore } from '../../areas/plugins/packages/package-store.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { importAuditLog } from './tables/audit-log.ts'
import { importComponents } from './tables/components.ts'
import { importConversations, importMessages } from './tables/conversations.ts'
import { createReport, type ImportReport } from './import-report.ts'
import type { ImportRun } from './import-run.ts'
import { importJobParts } from './tables/job-parts.ts'
import { importJobs } from './tables/jobs.ts'
import { reportLeftOutTables } from './tables/left-out-tables.ts'
import { importNavigationRoutes, linkNavigationRoutes } from './tables/navigation-routes.ts'
import { createOldValueReader, type ReadOldValue } from './source/old-settings-value.ts'
import { importPages } from './tables/pages.ts'
import { importPersonas } from './tables/personas.ts'
import { openPluginFolder } from './plugins/plugin-folder.ts'
import { type FindPackage, preparePackages } from './plugins/plugin-packages.ts'
import { importPluginParts } from './plugins/plugin-parts.ts'
import { importPluginStates } from './tables/plugin-states.ts'
import { importPlugins } from './plugins/plugins.ts'
import { importSettingDefinitions } from './tables/setting-definitions.ts'
import { assertKeyFits, importSettingInstances } from './tables/setting-instances.ts'
import { copySource } from './source/source-copy.ts'
import { openSource, type SourceDatabase } from './source/source-database.ts'
import { importTags } from './tables/tags.ts'
import { importUsers } from './tables/users.ts'

export type ImportDeps = Pick<Deps, 'db' | 'secretBox' | 'config' | 'jobTypes' | 'clock' | 'packageStore'>

export interface ImportRequest {
  /** The database of the backend. Nothing is written to it, nor beside it. */
  source: string
  /** Its folder `plugins`; without it plugins come without their files. */
  plugins?: string | undefined
  /** What `ENCRYPTION_MASTER_KEY` may have been there; the first that opens a setting counts. */
  masterKeys: string[]
  /** Leaves out settings that no key opens, instead of refusing the import when there is not one that opens. */
  skipUnreadable: boolean
  /** Does everything, and takes it back. */
  dryRun: boolean
}

/** Of installations made from the template as it was (auth.md 14.2). */
const templateKey = 'your-encryption-master-key-here'

interface Tools {
  readValue: ReadOldValue
  findPackage: FindPackage
  store: PackageStore | undefined
}

/** In this order: each row finds what it refers to. */
const importAll = (run: ImportRun, { readValue, findPackage, store }: Tools): void => {
  importUsers(run)
  importSettingDefinitions(run)
  const routes = importNavigationRoutes(run)
  importPages(run)
  linkNavigationRoutes(run, routes)
  importComponents(run)
  importPersonas(run)
  importConversations(run)
  importMessages(run)
  importTags(run)
  const plugins = importPlugins(run, findPackage, store)
  importSettingInstances(run, readValue)
  importPluginParts(run, plugins)
  importPluginStates(run)
  importJobs(run)
  importJobParts(run)
  importAuditLog(run)
  reportLeftOutTables(run.source, run.report)
}

class DryRunEnd extends Error {}

/** Runs `work` in one transaction, which a dry run takes back. */
const runOnce = (deps: ImportDeps, dryRun: boolean, work: () => void): void => {
  try {
    inTransaction(deps.db, () => {
      work()
      if (dryRun) throw new DryRunEnd()
    })
  } catch (error) {
    if (error instanceof DryRunEnd) return
    // Files that were put in place for rows that are not there.
    collectPackages(deps)
    throw error
  }
}

const readSchema = (source: SourceDatabase): string | null => {
  for (const { values } of source.rows('alembic_version')) return String(values['version_num'])
  return null
}

/**
 * Imports an installation of the BrainDrive backend: everything that the import rules at the end of each file of the
 * contract name. Rows that are there already stay as they are, so that a second run changes nothing more. Throws
 * `ImportError` for what is no such database, and when the master key is a wrong one; nothing is imported then.
 */
export const importInstallation = async (deps: ImportDeps, request: ImportRequest): Promise<ImportReport> => {
  await using staged = new AsyncDisposableStack()
  // What a crash leaves in there is removed by the next start of the server.
  const { path: folder } = staged.use(await deps.packageStore.stage())
  using source = openSource(copySource(request.source, folder))
  const readValue = createOldValueReader([...request.masterKeys, templateKey])
  if (!request.skipUnreadable) assertKeyFits(source, readValue)
  const plugins = request.plugins === undefined ? undefined : await openPluginFolder(request.plugins)
  const findPackage = await preparePackages(source, plugins, deps.packageStore, staged)
  const store = request.dryRun ? undefined : deps.packageStore
  const report = createReport()
  const run: ImportRun = { deps, source, report, now: deps.clock(), users: new Set(), leftOut: new Set() }
  runOnce(deps, request.dryRun, () => importAll(run, { readValue, findPackage, store }))
  return { source: request.source, dryRun: request.dryRun, sourceSchema: readSchema(source), ...report.result() }
}
