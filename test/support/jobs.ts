import type { Call, TestServer } from './test-app.ts'

export const jobsPath = '/api/v1/jobs'

/** A job that nothing happens to unless the server of the test runs jobs. */
export const sleepJob = (fields: Record<string, unknown> = {}) => ({
  job_type: 'system.sleep',
  payload: { seconds: 1 },
  ...fields,
})

/** The answer's body. Throws unless the job was accepted. */
export const postJob = async (call: Call, fields: Record<string, unknown> = {}) => {
  const { status, body } = await call('POST', jobsPath, sleepJob(fields))
  if (status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`)
  return body
}

/** Makes of a job what would take a run to come about. */
export const setJob = ({ database }: TestServer, id: string, fields: Record<string, string | number | null>) => {
  const names = Object.keys(fields)
  database.sqlite.run(`UPDATE jobs SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`, [
    ...Object.values(fields),
    id,
  ])
}
