import type { Deps } from '../../deps.ts'
import { type CreateJobDeps, createJob } from '../jobs/create-job.service.ts'

const idempotencyKey = (slug: string) => `default:${slug.toLowerCase()}`.slice(0, 100)

/**
 * Queues the installation of what each account begins with (contract decision 17); call it in the transaction that makes the
 * account. Never throws for what keeps a job from being queued: an account is worth more than its plugins.
 */
export const queueDefaultPlugins = (deps: CreateJobDeps & Pick<Deps, 'log'>, userId: string): void => {
  for (const slug of deps.config.defaultPlugins) {
    try {
      const payload = { plugin_slug: slug }
      createJob(deps, userId, { jobType: 'plugin_install', payload, idempotencyKey: idempotencyKey(slug) })
    } catch (error) {
      deps.log.error('a default plugin was not queued', { user: userId, plugin: slug, error })
    }
  }
}

/** For the start: tells in the log which default plugins the registry does not know. Never rejects. */
export const reportUnknownDefaults = async ({
  config,
  log,
  pluginRegistry,
}: Pick<Deps, 'config' | 'log' | 'pluginRegistry'>): Promise<void> => {
  for (const slug of config.defaultPlugins) {
    if (!(await pluginRegistry.find(slug))) log.warn('DEFAULT_PLUGINS names an unknown plugin', { plugin: slug })
  }
}
