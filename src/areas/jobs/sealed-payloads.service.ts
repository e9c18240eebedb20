import type { SealedColumn } from '../../db/sealed-columns.ts'
import { payloadContext } from './job-payload.ts'
import { jobs } from './jobs.table.ts'

/** For who looks after the keys of all that is sealed. */
export const sealedPayloads: SealedColumn = {
  table: jobs,
  id: jobs.id,
  value: jobs.secrets,
  contextOf: payloadContext,
}
