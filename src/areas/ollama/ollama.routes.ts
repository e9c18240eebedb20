import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { answeredAsEvents, answeredAsText, documented } from '../../http/documented.ts'
import { jsonTextList } from '../../http/json-text.ts'
import { limited } from '../../http/rate-limit.ts'
import { requireUser } from '../../http/session.ts'
import { cannotCancel, queueFull, tooManyJobs, tooManyStreams } from '../jobs/jobs.errors.ts'
import * as install from './ollama-install.service.ts'
import * as errors from './ollama.errors.ts'
import * as schema from './ollama.schema.ts'
import { deleteModel, listModels, modelTexts, testServer } from './ollama.service.ts'

const addressErrors = [errors.invalidServerUrl, errors.urlWithCredentials]
const callErrors = [
  ...addressErrors,
  errors.addressRefused,
  errors.notConnected,
  errors.requestFailed,
  errors.serverStatus,
  errors.timedOut,
  errors.tooManyCalls,
  errors.unexpectedAnswer,
]

/** Models of Ollama servers (work.md 2). A client sends the address with each call. */
export const ollamaRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.ollama', prefix: '/api/v1/ollama' })
    .use(requireUser(deps))
    .use(limited(deps))
    .get('/test', ({ user, query, request }) => testServer(deps, { userId: user.id, request }, query), {
      user: true,
      query: schema.ServerQuery,
      response: schema.ServerTest,
      detail: documented('Whether there is an Ollama server at an address', ...callErrors),
    })
    .get(
      '/models',
      async ({ user, query, request }) =>
        jsonTextList(modelTexts(await listModels(deps, { userId: user.id, request }, query))),
      {
        user: true,
        query: schema.ServerQuery,
        detail: { ...documented('Models of a server', ...callErrors), ...answeredAsText(schema.Models) },
      },
    )
    .delete('/delete', ({ user, body, request }) => deleteModel(deps, { userId: user.id, request }, body), {
      user: true,
      body: schema.DeleteModel,
      response: schema.Deleted,
      detail: documented('Delete a model from a server', errors.modelNameRequired, ...callErrors),
    })
    .post('/install', ({ user, body }) => install.startInstall(deps, user.id, body), {
      user: true,
      limit: 'rateLimitModelInstalls',
      body: schema.InstallModel,
      response: schema.InstallStarted,
      detail: documented(
        'Install a model on a server, as a job',
        errors.modelNameRequired,
        ...addressErrors,
        tooManyJobs,
        queueFull,
      ),
    })
    .get('/install/:taskId', ({ user, params }) => install.readInstall(deps, user.id, params.taskId), {
      user: true,
      params: schema.TaskParams,
      response: schema.InstallStatus,
      detail: documented('How far an installation is', errors.taskNotFound),
    })
    .get(
      '/install/:taskId/events',
      ({ user, params, query, request, server, set }) =>
        install.openInstallStream(deps, user.id, params.taskId, { request, server, set, query }),
      {
        user: true,
        params: schema.TaskParams,
        query: schema.EventQuery,
        detail: {
          ...documented('How an installation goes on, as server-sent events', errors.taskNotFound, tooManyStreams),
          ...answeredAsEvents(schema.InstallStatus),
        },
      },
    )
    .delete('/install/:taskId', ({ user, params }) => install.cancelInstall(deps, user.id, params.taskId), {
      user: true,
      params: schema.TaskParams,
      response: schema.InstallCanceled,
      detail: documented('Stop an installation', errors.taskNotFound, cannotCancel),
    })
