import { Elysia } from 'elysia'
import { chatRoutes } from './areas/ai/chat.routes.ts'
import { modelRoutes } from './areas/ai/models.routes.ts'
import { providerInstanceRoutes } from './areas/ai/provider-instances.routes.ts'
import { authRoutes } from './areas/auth/auth.routes.ts'
import { componentsRoutes } from './areas/components/components.routes.ts'
import { conversationsRoutes } from './areas/conversations/conversations.routes.ts'
import { jobsRoutes } from './areas/jobs/jobs.routes.ts'
import { documentsRoutes } from './areas/documents/documents.routes.ts'
import { navigationRoutes } from './areas/navigation/navigation.routes.ts'
import { ollamaRoutes } from './areas/ollama/ollama.routes.ts'
import { pluginFilesRoutes } from './areas/plugins/files/plugin-files.routes.ts'
import { pluginsInstallRoutes } from './areas/plugins/install/plugins-install.routes.ts'
import { pluginsChangeRoutes } from './areas/plugins/plugins-change.routes.ts'
import { pluginsReadRoutes } from './areas/plugins/plugins-read.routes.ts'
import { pluginStateRoutes } from './areas/plugin-state/plugin-state.routes.ts'
import { personasRoutes } from './areas/personas/personas.routes.ts'
import { pagesRoutes } from './areas/pages/pages.routes.ts'
import { searxngRoutes } from './areas/searxng/searxng.routes.ts'
import { settingsRoutes } from './areas/settings/settings.routes.ts'
import { diagnosticsRoutes } from './areas/system/diagnostics.routes.ts'
import { metricsRoutes } from './areas/system/metrics.routes.ts'
import { systemRoutes } from './areas/system/system.routes.ts'
import { tagsRoutes } from './areas/tags/tags.routes.ts'
import type { Deps } from './deps.ts'
import { accessLog } from './http/access-log.ts'
import { createAllowedMethods } from './http/allowed-methods.ts'
import { withoutBasePath } from './http/base-path.ts'
import { jsonBody } from './http/body.ts'
import { docs } from './http/docs.ts'
import { errorEnvelope } from './http/error-envelope.ts'
import { frame } from './http/frame.ts'
import { defaultRateLimit } from './http/rate-limit.ts'
import { webClient } from './http/web-client.ts'

/** Above every limit of ours: Bun's own 413 would carry neither a body nor CORS headers. */
const maxTransportBytes = 2_147_483_648

/** What even the envelope could not catch, e.g. `throw undefined`: Bun's own page would show source lines. */
const lastResort = () => Response.json({ detail: 'Internal server error', code: 'internal' }, { status: 500 })

/** The whole API. The order matters: a hook reaches only what is mounted after it (design rule of Elysia). */
export const createApp = (deps: Deps) => {
  const app = new Elysia({
    name: 'app',
    // Elysia looks for the path from the eleventh character on, which misses it behind a host such as `pi`; the other
    // choice, from the seventh, is wrong for https.
    handler: { standardHostname: deps.config.tlsCertFile !== undefined },
    serve: { maxRequestBodySize: maxTransportBytes, development: false, error: lastResort },
  })
  if (deps.config.basePath) app.wrap(withoutBasePath(deps.config.basePath))
  return app
    .use(
      errorEnvelope(
        deps,
        createAllowedMethods(() => app.routes),
      ),
    )
    .use(frame(deps))
    .use(jsonBody(deps, () => app.routes))
    .use(accessLog(deps))
    .use(defaultRateLimit(deps))
    .use(systemRoutes(deps))
    .use(diagnosticsRoutes(deps))
    .use(metricsRoutes(deps))
    .use(authRoutes(deps))
    .use(settingsRoutes(deps))
    .use(conversationsRoutes(deps))
    .use(pagesRoutes(deps))
    .use(personasRoutes(deps))
    .use(tagsRoutes(deps))
    .use(modelRoutes(deps))
    .use(chatRoutes(deps))
    .use(providerInstanceRoutes(deps))
    .use(ollamaRoutes(deps))
    .use(navigationRoutes(deps))
    .use(componentsRoutes(deps))
    .use(pluginStateRoutes(deps))
    .use(pluginsReadRoutes(deps))
    .use(pluginsChangeRoutes(deps))
    .use(pluginFilesRoutes(deps))
    .use(pluginsInstallRoutes(deps))
    .use(jobsRoutes(deps))
    .use(searxngRoutes(deps))
    .use(documentsRoutes(deps))
    .use(docs(deps))
    .use(webClient(deps))
}

export type App = ReturnType<typeof createApp>
