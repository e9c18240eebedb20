import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { answeredAsText, documented } from '../../http/documented.ts'
import { jsonText } from '../../http/json-text.ts'
import { requireUser } from '../../http/session.ts'
import { createJob } from './create-job.service.ts'
import { jobEventsRoutes } from './job-events.routes.ts'
import * as errors from './jobs.errors.ts'
import * as schema from './jobs.schema.ts'
import { toJobFilters, toJobsText, toJobText, toNewJob } from './jobs.schema.ts'
import { cancelJob, deleteJob, getJob, retryJob } from './jobs.service.ts'
import { listJobs } from './jobs.store.ts'

const limits = [errors.tooManyJobs, errors.queueFull]

export const jobsRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.jobs', prefix: '/api/v1/jobs' })
    .use(requireUser(deps))
    .use(jobEventsRoutes(deps))
    .post('', ({ user, body }) => jsonText(toJobText(createJob(deps, user.id, toNewJob(body)).job), 202), {
      user: true,
      body: schema.CreateJob,
      response: { 202: schema.Job },
      detail: documented(
        'Queue a job',
        errors.unknownJobType,
        errors.unknownDependency,
        errors.failedDependency,
        ...limits,
      ),
    })
    .get(
      '',
      ({ user, query }) => {
        const page = { skip: (query.page - 1) * query.page_size, limit: query.page_size }
        const { rows, total } = listJobs(deps.db, user.id, toJobFilters(query), page)
        return jsonText(toJobsText(rows, total, query))
      },
      {
        user: true,
        query: schema.ListJobsQuery,
        detail: { ...documented('Your jobs, newest first'), ...answeredAsText(schema.Jobs) },
      },
    )
    .get('/:jobId', ({ user, params }) => jsonText(toJobText(getJob(deps, user.id, params.jobId))), {
      user: true,
      params: schema.JobParams,
      detail: { ...documented('One job', errors.jobNotFound), ...answeredAsText(schema.Job) },
    })
    .post(
      '/:jobId/cancel',
      ({ user, params, status }) => {
        cancelJob(deps, user.id, params.jobId)
        return status(202, { status: 'cancellation_requested' as const })
      },
      {
        user: true,
        params: schema.JobParams,
        response: { 202: schema.CancelAnswer },
        detail: documented(
          'Cancel a job: at once when it does not run yet, else as soon as it stops',
          errors.jobNotFound,
          errors.cannotCancel,
        ),
      },
    )
    .post('/:jobId/retry', ({ user, params }) => jsonText(toJobText(retryJob(deps, user.id, params.jobId))), {
      user: true,
      params: schema.JobParams,
      detail: {
        ...documented(
          'Queue a job again that failed or was cancelled; any other stays as it is',
          errors.jobNotFound,
          errors.failedDependency,
          ...limits,
        ),
        ...answeredAsText(schema.Job),
      },
    })
    .delete(
      '/:jobId',
      ({ user, params, status }) => {
        deleteJob(deps, user.id, params.jobId)
        return status(204, undefined)
      },
      {
        user: true,
        params: schema.JobParams,
        response: { 204: schema.Nothing },
        detail: documented('Delete a job that is over, with its events', errors.jobNotFound, errors.cannotDelete),
      },
    )
