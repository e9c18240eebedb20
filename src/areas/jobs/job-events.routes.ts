import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { answeredAsEvents, answeredAsText, documented } from '../../http/documented.ts'
import { jsonTextList } from '../../http/json-text.ts'
import { requireUser } from '../../http/session.ts'
import { eventTexts, logTexts } from './job-event-list.ts'
import { toJobFrame } from './job-frames.ts'
import { openJobStream } from './job-stream.service.ts'
import * as errors from './jobs.errors.ts'
import * as schema from './jobs.schema.ts'
import { getJob } from './jobs.service.ts'

export const jobEventsRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.jobs.events' })
    .use(requireUser(deps))
    .get(
      '/:jobId/events',
      ({ user, params, query }) => jsonTextList(eventTexts(deps, getJob(deps, user.id, params.jobId), query)),
      {
        user: true,
        params: schema.JobParams,
        query: schema.ListEventsQuery,
        detail: {
          ...documented('What happened to a job, oldest first; go on with `since_sequence`', errors.jobNotFound),
          ...answeredAsText(schema.JobEvents),
        },
      },
    )
    .get(
      '/:jobId/logs',
      ({ user, params, query }) => jsonTextList(logTexts(deps, getJob(deps, user.id, params.jobId), query)),
      {
        user: true,
        params: schema.JobParams,
        query: schema.ListEventsQuery,
        detail: {
          ...documented('The events of type `log` and `error` alone', errors.jobNotFound),
          ...answeredAsText(schema.JobEvents),
        },
      },
    )
    .get(
      '/:jobId/events/stream',
      ({ user, params, query, request, server, set }) =>
        openJobStream({ request, server, set, query }, deps, getJob(deps, user.id, params.jobId), toJobFrame),
      {
        user: true,
        params: schema.JobParams,
        query: schema.StreamQuery,
        detail: {
          ...documented(
            'The events of a job as they happen, until it is over',
            errors.jobNotFound,
            errors.tooManyStreams,
            errors.streamsFull,
          ),
          ...answeredAsEvents(schema.JobFrame),
        },
      },
    )
