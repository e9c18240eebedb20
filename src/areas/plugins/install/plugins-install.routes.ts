import { join } from 'node:path'
import { Elysia } from 'elysia'
import type { Deps } from '../../../deps.ts'
import { documented } from '../../../http/documented.ts'
import { limited } from '../../../http/rate-limit.ts'
import { requireUser } from '../../../http/session.ts'
import { readUpload, uploadBody, uploadErrors } from '../../../http/upload.ts'
import { whileConnected } from '../../../http/while-connected.ts'
import { createPerKeyLimit } from '../../../shared/per-key-limit.ts'
import { listAvailable } from './available-plugins.service.ts'
import { toWork } from './install-types.ts'
import { listUpdates, readUpdate, toSlug } from './plugin-updates.service.ts'
import * as errors from './plugins-install.errors.ts'
import * as schema from './plugins-install.schema.ts'
import { installFromForm, installFromRegistry, installFromUrl } from './plugins-install.service.ts'
import * as lifecycle from './plugins-lifecycle.errors.ts'
import { uninstallPlugin } from './uninstall.service.ts'
import { updatePlugin } from './update.service.ts'

/** Each of them may hold a whole archive on the disk. */
const formsPerUser = 4

const busy = [lifecycle.tooManyInstallsOfUser, lifecycle.tooManyInstalls]

/** Reads the form into a folder of its own, which is gone afterwards in any case. */
const installUpload = async (deps: Deps, userId: string, request: Request): Promise<schema.InstallAnswer> => {
  const { maxPluginBytes } = deps.config
  await using staging = await deps.packageStore.stage()
  const path = join(staging.path, 'upload')
  const fileTooLarge = (bytes: number) => errors.fileTooLarge(bytes, maxPluginBytes)
  const { fields, file } = await readUpload(request, schema.InstallForm, {
    path,
    maxFileBytes: maxPluginBytes,
    fileTooLarge,
  })
  return await installFromForm(deps, { userId, request }, fields, file)
}

/** plugins.md A1, A2. Installing takes as long as the source does: the server's own time limit for silence is off. */
export const pluginsInstallRoutes = (deps: Deps) => {
  const oneOfFew = createPerKeyLimit(formsPerUser, errors.tooManyOwnInstalls)
  return new Elysia({ name: 'areas.plugins.install', prefix: '/api/v1/plugins' })
    .use(requireUser(deps))
    .use(limited(deps))
    .post(
      '/install',
      async ({ user, request, server }) => {
        server?.timeout(request, 0)
        return await whileConnected(request, () => oneOfFew(user.id, () => installUpload(deps, user.id, request)))
      },
      {
        user: true,
        limit: 'rateLimitPlugins',
        parse: 'none',
        response: schema.InstallAnswer,
        detail: {
          ...documented(
            'Install a plugin from a repository, a file or the registry',
            errors.repositoryRequired,
            errors.fileRequired,
            errors.slugRequired,
            errors.unsupportedMethod,
            errors.unsupportedFormat,
            errors.fileTooLarge,
            errors.notInRegistry,
            ...busy,
            errors.tooManyOwnInstalls,
            ...uploadErrors,
          ),
          requestBody: uploadBody(schema.InstallForm, 'With `local-file`: a .zip, .tar.gz or .tgz'),
        },
      },
    )
    .post(
      '/install-from-url',
      async ({ user, request, body, server }) => {
        server?.timeout(request, 0)
        return await whileConnected(request, () => installFromUrl(deps, { userId: user.id, request }, body))
      },
      {
        user: true,
        limit: 'rateLimitPlugins',
        body: schema.InstallFromUrl,
        response: schema.InstallAnswer,
        detail: documented('Install a plugin from its Git repository', ...busy),
      },
    )
    .get(
      '/available',
      async ({ user }) => {
        const available = await listAvailable(deps, user.id)
        const total_count = Object.keys(available).length
        return { status: 'success' as const, data: { available_plugins: available, total_count } }
      },
      {
        user: true,
        response: schema.AvailableAnswer,
        detail: documented('The registry of plugins, and what you have'),
      },
    )
    .get(
      '/updates/available',
      async ({ user }) => {
        const available_updates = await listUpdates(deps, user.id)
        return { status: 'success' as const, data: { available_updates, total_count: available_updates.length } }
      },
      { user: true, response: schema.UpdatesAnswer, detail: documented('Which of your plugins have a newer version') },
    )
    .get(
      '/:pluginId/update/available',
      async ({ user, params }) => ({
        status: 'success' as const,
        data: await readUpdate(deps, user.id, params.pluginId),
      }),
      {
        user: true,
        params: schema.PluginParams,
        response: schema.FoundUpdateAnswer,
        detail: documented('Whether a plugin has a newer version'),
      },
    )
    .post(
      '/:pluginId/install',
      async ({ user, request, params, server }) => {
        server?.timeout(request, 0)
        return await whileConnected(request, () =>
          installFromRegistry(deps, { userId: user.id, request }, params.pluginId),
        )
      },
      {
        user: true,
        limit: 'rateLimitPlugins',
        params: schema.PluginParams,
        response: schema.InstallAnswer,
        detail: documented('Install a plugin of the registry', errors.notInRegistry, errors.alreadyInstalled, ...busy),
      },
    )
    .post(
      '/:pluginId/update',
      async ({ user, request, params, server }) => {
        server?.timeout(request, 0)
        const installed = toSlug(deps, user.id, params.pluginId)
        const updated = await whileConnected(request, () => updatePlugin(deps, user.id, installed, toWork(request)))
        const { pluginId, pluginSlug: slug, previousVersion, newVersion } = updated
        return {
          status: 'success' as const,
          message: `Plugin '${slug}' updated successfully`,
          data: {
            plugin_slug: slug,
            plugin_id: pluginId,
            previous_version: previousVersion,
            new_version: newVersion,
          },
        }
      },
      {
        user: true,
        limit: 'rateLimitPlugins',
        params: schema.PluginParams,
        response: schema.UpdateAnswer,
        detail: documented(
          'Update a plugin to its latest version',
          lifecycle.updateTargetNotFound,
          lifecycle.noSourceUrl,
          lifecycle.noInstallMetadata,
          ...busy,
        ),
      },
    )
    .delete(
      '/:pluginId/uninstall',
      ({ user, request, params }) => {
        const removed = uninstallPlugin(deps, user.id, toSlug(deps, user.id, params.pluginId), request)
        const { pluginId, pluginSlug: slug, deletedModules } = removed
        return {
          status: 'success' as const,
          message: `Plugin '${slug}' uninstalled successfully`,
          data: { plugin_slug: slug, plugin_id: pluginId, deleted_modules: deletedModules },
        }
      },
      {
        user: true,
        params: schema.PluginParams,
        response: schema.UninstallAnswer,
        detail: documented('Uninstall a plugin', lifecycle.notInstalled),
      },
    )
}
